"""A study: what is declared. Typed, frozen, nothing extra.

Quantities are text with a unit (`0.12 L/kWh`), and each says where it came from (`origin`, `source`). Ids tie the parts together:
readings name an asset, a workload names its readings, an asset its site. `json_schema` gives the schema for editors;
`lca.declaration` reads the file.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from lca.quantity import Id, Origin, Part, Quantity, Text, quantity
from lca.units import convert, parse

Stage = Literal["manufacturing", "transport", "electricity", "facility", "water", "end_of_life"]
EndOfLifeRule = Literal["cut-off", "avoided burden", "circular footprint formula"]
AiStage = Literal[
    "inception",
    "data preparation",
    "pre-training",
    "alignment",
    "customisation",
    "augmentation",
    "optimisation",
    "inference",
    "monitoring",
    "retirement",
]
Role = Literal["model developer", "model user", "operator"]
FACILITY = "data_centre_facility_kwh"  # products of a building and its plant per kWh of IT energy


class Goal(Part):
    """ISO 14044, 4.2.2: why the study is made, for whom, and whether it compares products in public."""

    application: Text
    reasons: Text
    audience: Text
    comparative_assertion: bool
    commissioner: Text
    practitioner: Text


class Exclusion(Part):
    """Something left out, why, and how large it may be."""

    what: Text
    reason: Text
    size: Text = Field(description="an estimate of the size, or why none can be given")


class Boundary(Part):
    """The life-cycle stages that are in, and everything that is out."""

    included: tuple[Stage, ...] = Field(min_length=1)
    excluded: tuple[Exclusion, ...] = ()


class Organisation(Part):
    """Who reports, and by which consolidation approach (GHG Protocol Corporate Standard, ch. 3)."""

    name: Text
    consolidation: Literal["operational control", "financial control", "equity share"]
    base_year: int
    comment: str = ""


class FunctionalUnit(Part):
    """What the results are related to: an amount of output of some workloads."""

    id: Id
    amount: float = Field(gt=0)
    unit: Text
    service: Text
    workloads: tuple[Id, ...] = Field(min_length=1)


class SiteWater(Part):
    """Water use effectiveness of a site, whether it counts water taken in or water consumed, and where the water comes from."""

    wue: quantity("L/kWh")  # type: ignore[valid-type]
    basis: Literal["withdrawal", "consumption"]
    supply: Literal["mains", "raw", "reclaimed", "desalinated"] = Field(
        "mains", description="raw: river or ground water; water taken in is known for mains alone"
    )
    region: str | None = Field(None, pattern=r"^[A-Z]{2}-[A-Z0-9]{1,3}$", description="ISO 3166-2, for example US-OR; empty: the country")


class Refrigerant(Part):
    """Cooling circuits: leakage = charge per kW of IT load x share lost per year x IT energy / 8766 h."""

    product: Id
    charge: quantity("kg/kW")  # type: ignore[valid-type]
    leak: quantity("1/year")  # type: ignore[valid-type]


class Site(Part):
    """A place with one grid zone, one facility and its overheads."""

    id: Id
    name: Text
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$", description="ISO 3166-1 alpha-2")]
    grid: Annotated[str, Field(description="zone of inventories/electricity, for example FR or US-NWPP")]
    pue: quantity("dimensionless")  # type: ignore[valid-type]
    water: SiteWater
    refrigerant: Refrigerant | None = None
    facility: Id | None = Field(
        None, description="building, power supply and cooling plant per kWh of IT energy, see lca products data_centre_facility_kwh"
    )

    @model_validator(mode="after")
    def region_lies_in_the_country(self) -> Site:
        if self.water.region and not self.water.region.startswith(f"{self.country}-"):
            raise ValueError(f"water.region {self.water.region} doesn't lie in {self.country}")
        if self.facility and not self.facility.startswith(FACILITY):
            raise ValueError(f"facility {self.facility}: the code of a product that starts with {FACILITY}")
        return self

    @field_validator("pue")
    @classmethod
    def pue_at_least_one(cls, value: Quantity) -> Quantity:
        if value.to("dimensionless") < 1:
            raise ValueError("PUE is facility energy over IT energy and can't be below 1")
        if value.to("dimensionless") == 1 and value.relative()[1] > 1:
            raise ValueError("an interval above a PUE of exactly 1 can't be scaled: declare a PUE above 1")
        return value


class Leg(Part):
    """One leg of a transport chain."""

    product: Id
    distance: quantity("km")  # type: ignore[valid-type]


class System(Part):
    """Machines of one kind at one site."""

    id: Id
    site: Id
    product: Id = Field(description="code of an inventory product, see lca products")
    count: float = Field(gt=0)
    accelerators: int = Field(ge=0, description="accelerators in one machine; device-hours are divided by it")
    acquired: dt.date
    lifetime: quantity("year")  # type: ignore[valid-type]
    active_share: quantity("dimensionless") = Field(description="share of the lifetime in which the machine serves workloads")  # type: ignore[valid-type]
    tenure: Literal["owned", "cloud"] = Field(description="owned or leased under own control, or a purchased service")
    transport: tuple[Leg, ...] = ()
    end_of_life: Id | None = Field(None, description="family of inventories/end_of_life, for example server, see lca products eol")
    source: Text
    comment: str = ""

    @field_validator("lifetime", "active_share")
    @classmethod
    def machines_serve(cls, value: Quantity) -> Quantity:
        unit = str(parse(value.value).units) or "dimensionless"
        if convert(value.value if value.low is None else value.low, unit) <= 0:
            raise ValueError("must be above 0, its lower end too: machines are spread over their service")
        return value

    @field_validator("active_share")
    @classmethod
    def share_at_most_one(cls, value: Quantity) -> Quantity:
        if convert(value.value if value.high is None else value.high, "dimensionless") > 1:
            raise ValueError("must be at most 1, its upper end too: it is a share of the lifetime")
        return value


class Accuracy(Part):
    """Relative interval of one meter's energy, 1 = as read."""

    low: float = Field(gt=0, le=1)
    high: float = Field(ge=1)
    source: Text
    comment: str = ""


class Readings(Part):
    """One file of measured data."""

    id: Id
    file: Text = Field(description="path from the folder of study.yaml")
    reader: Literal["codecarbon", "nvidia_smi"]
    timezone: Text = Field(description="IANA name of the zone of naive time stamps")
    asset: Id = Field(description="the system measured; the file covers all its machines together")
    source: Text
    options: dict[str, str | int | float | bool] = Field({}, description="options of the reader")
    accuracy: dict[str, Accuracy] = Field({}, description="by meter: gpu_board, cpu_package, dram, host")

    @field_validator("file")
    @classmethod
    def below_the_study(cls, value: str) -> str:
        if Path(value).is_absolute() or ".." in Path(value).parts:
            raise ValueError("a path below the study's folder, so that a bundle can hold the file")
        return value


class DeclaredUse(Part):
    """Use that nobody metered: device-hours times power of one device, at the boundary of the device."""

    id: Id
    asset: Id
    start: dt.date
    device_hours: quantity("hour")  # type: ignore[valid-type]
    power: quantity("W")  # type: ignore[valid-type]
    meter: Literal["gpu_board", "host"]


class Output(Part):
    """What a workload delivered over all its readings."""

    amount: float = Field(gt=0)
    unit: Text
    origin: Origin
    source: Text
    comment: str = ""


class Workload(Part):
    """A task of the AI life cycle, tied to the readings that measured it."""

    id: Id
    name: Text
    ai_stage: AiStage
    role: Role
    readings: tuple[Id, ...] = ()
    uses: tuple[Id, ...] = ()
    output: Output | None = None


class Contract(Part):
    """An electricity instrument for market-based Scope 2, with the emission rate that it conveys.

    A `certificate` or `supplier factor` covers `energy` (all of the site's if empty); a `residual mix` is the rate of what no
    instrument covers.
    """

    id: Id
    site: Id
    kind: Literal["certificate", "supplier factor", "residual mix"]
    factor: quantity("kg/kWh") = Field(description="kg CO2e per kWh at the plant that the instrument conveys")  # type: ignore[valid-type]
    energy: quantity("kWh") | None = None  # type: ignore[valid-type]
    instrument: Text
    technology: str = Field("", description="what generates the electricity")
    market: str = Field("", description="market of the instrument, which must be the site's (Scope 2 Quality Criteria)")
    registry: str = Field("", description="tracking system and number of the certificate or contract")
    vintage: int
    retired: bool = False
    source: Text

    @model_validator(mode="after")
    def certificates_are_retired(self) -> Contract:
        if self.kind == "certificate" and not self.retired:
            raise ValueError("a certificate counts only when it is retired for the reporter (Scope 2 Quality Criteria)")
        if self.kind == "residual mix" and self.energy is not None:
            raise ValueError("a residual mix covers what is left and names no energy")
        return self


class Scenario(Part):
    """Overrides of the study: dotted paths with ids, for example `sites.us-west-2.grid: FR`."""

    id: Id
    title: Text
    set: dict[str, Any] = Field(min_length=0)


class Inventories(Part):
    """The background as this study wants it: positions of switches, and parameters with values of its own."""

    choices: dict[str, str] = Field({}, description="position of a switch of inventories/*/choices.csv")
    values: dict[str, Quantity] = Field({}, description="value of a parameter of inventories/*/parameters*.csv, in its unit")


class Source(Part):
    """Where a declared value or a file comes from."""

    id: Id
    citation: Text
    url: str = ""
    licence: Text


class Uncertainty(Part):
    """Monte Carlo settings: the same seed gives the same digits."""

    draws: int = Field(1000, ge=100, le=100_000)
    seed: int = Field(ge=0)


class Study(Part):
    """The whole declaration."""

    study: Id
    title: Text
    goal: Goal
    boundary: Boundary
    end_of_life_rule: EndOfLifeRule | None = Field(
        None, description="who carries recycling and who gets credit for it; all rules are shown side by side, this one is in the totals"
    )
    inventories: Inventories = Field(default_factory=lambda: Inventories.model_validate({}))
    period: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}/\d{4}-\d{2}-\d{2}$", description="start/end, end not included")]
    organisation: Organisation
    functional_units: tuple[FunctionalUnit, ...] = Field(min_length=1)
    sites: tuple[Site, ...] = Field(min_length=1)
    systems: tuple[System, ...] = Field(min_length=1)
    readings: tuple[Readings, ...] = ()
    uses: tuple[DeclaredUse, ...] = ()
    workloads: tuple[Workload, ...] = Field(min_length=1)
    contracts: tuple[Contract, ...] = ()
    scenarios: tuple[Scenario, ...] = ()
    assumptions: tuple[Text, ...] = Field((), description="modelling choices that a reader must know, in sentences")
    sources: tuple[Source, ...] = ()
    uncertainty: Uncertainty

    @field_validator("period")
    @classmethod
    def period_runs_forward(cls, value: str) -> str:
        start, end = (dt.date.fromisoformat(part) for part in value.split("/"))
        if start >= end:
            raise ValueError("the period's end must lie after its start")
        return value

    @property
    def start(self) -> dt.date:
        return dt.date.fromisoformat(self.period.split("/")[0])

    @property
    def end(self) -> dt.date:
        return dt.date.fromisoformat(self.period.split("/")[1])

    def site(self, key: str) -> Site:
        return next(s for s in self.sites if s.id == key)

    def system(self, key: str) -> System:
        return next(s for s in self.systems if s.id == key)


def json_schema() -> dict[str, Any]:
    """JSON Schema of the study file, for editors."""
    return Study.model_json_schema() | {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "study.yaml"}
