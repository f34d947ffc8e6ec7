"""Activity data: from what was declared and measured to how much of which product the study took.

`use_of` lays readings and declared uses out as one table: energy and machine-hours by workload, asset, meter and calendar year.
`Case` holds that table with its study and inventories; every module in `lca.stages` turns a case into `Row`s. A row's amount is
`calculation` in words that a reader can redo; `keys` names the uncertain quantities that the amount is proportional to, so that one
draw of a quantity moves every row that depends on it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

import pandas as pd

from lca.declaration import SCENARIO
from lca.errors import Finding, LcaError
from lca.inventory import Inventory
from lca.quantity import Quantity
from lca.study import Site, Study, System

HOURS_PER_YEAR = 8766.0  # 365.25 days
DECLARED_GHG = "declared_ghg"  # product: 1 kg CO2e as a supplier declares it
END_OF_LIFE: dict[str, tuple[str, ...]] = {  # by rule: burden and, if it gives one, credit; activities that every family of wastes has
    "cut-off": ("eol_{}_cutoff",),
    "avoided burden": ("eol_{}_avoided", "eol_{}_avoided_credit"),
    "circular footprint formula": ("eol_{}_cff", "eol_{}_cff_credit"),
}
COMPONENTS = {"gpu_board": "accelerators", "cpu_package": "processors", "dram": "memory", "host": "whole machine"}
ORIGIN_OF_METHOD = {"counter": "measured", "gauge_integrated": "measured", "estimated": "estimated", "declared": "supplier"}
USE_COLUMNS = ["workload", "ai_stage", "role", "asset", "site", "period", "meter", "energy_kwh", "origin", "source", "keys", "calculation"]
HOUR_COLUMNS = ["workload", "ai_stage", "role", "asset", "site", "period", "machine_hours", "origin", "source", "calculation"]


@dataclass(frozen=True)
class Row:
    """One line of activity data. Amounts are in the unit of the product."""

    period: str
    site: str
    asset: str
    workload: str
    ai_stage: str
    role: str
    life_cycle_stage: str
    component: str
    product: str
    amount: float
    unit: str
    origin: str
    source: str
    calculation: str
    scope: str
    category: str
    view: str
    accounting: str
    keys: str = ""


ROW_COLUMNS = [f.name for f in fields(Row)]


@dataclass(frozen=True)
class Case:
    """What a stage needs: the study, the inventories, and the use table; `spread` is low and high of every uncertain quantity,
    relative to its central value."""

    study: Study
    inventory: Inventory
    use: pd.DataFrame
    hours: pd.DataFrame
    spread: dict[str, tuple[float, float]] = field(default_factory=dict)

    def name(self, product: str) -> str:
        return str(self.inventory.activity(product)["name"])

    def unit(self, product: str) -> str:
        return str(self.inventory.activity(product)["unit"])


def to_frame(rows: list[Row]) -> pd.DataFrame:
    """Rows as a table, columns in the order of `Row`."""
    return pd.DataFrame([asdict(r) for r in rows], columns=ROW_COLUMNS)


def placed(use: Mapping[str, Any], system: System) -> dict[str, Any]:
    """Who, where and when of a row: the fields that every stage takes over from a use of a machine."""
    return {
        "period": use["period"],
        "site": system.site,
        "asset": system.id,
        "workload": use["workload"],
        "ai_stage": use["ai_stage"],
        "role": use["role"],
    }


def acquired(system: System) -> dict[str, Any]:
    """The same for a machine that was bought and belongs to no workload."""
    return placed({"period": str(system.acquired.year), "workload": "", "ai_stage": "", "role": ""}, system)


def bought_in_period(study: Study, system: System) -> bool:
    """Whether the GHG Protocol books this machine as capital goods of the study's period."""
    return study.start <= system.acquired < study.end and system.tenure == "owned"


def booked(system: System, scope: str, category: str) -> tuple[str, str]:
    """Scope and Scope 3 category of a row: a machine used as a cloud service is a purchased service (category 1) in all its parts."""
    return (scope, category) if system.tenure == "owned" else ("3", "1")


def spread_over_service(system: System) -> str:
    """Accounting of a machine's spread share: for a machine of one's own the LCA's alone, since the GHG Protocol books it in the year of
    purchase; for a purchased service it is what was purchased, so it belongs to both views."""
    return "amortised" if system.tenure == "owned" else "both"


def products_exist(study: Study, inventory: Inventory, name: str) -> list[Finding]:
    """Every product that the study names or implies is in the inventories, with the unit that the stages expect."""
    units = dict(zip(inventory.activities["activity"], inventory.activities["unit"], strict=True))
    wanted: list[tuple[str, str, str]] = []
    for s in study.sites:
        for kind in ("direct", "upstream", "losses"):
            wanted.append((f"sites.{s.id}.grid", f"electricity_{kind}_{s.grid}", "kilowatt hour"))
        wanted.append((f"sites.{s.id}.water", cooling_product(s), "cubic meter"))
        if s.refrigerant:
            wanted.append((f"sites.{s.id}.refrigerant.product", s.refrigerant.product, "kilogram"))
        if s.facility:
            wanted.append((f"sites.{s.id}.facility", s.facility, "kilowatt hour"))
    for m in study.systems:
        wanted.append((f"systems.{m.id}.product", m.product, "unit"))
        wanted += [(f"systems.{m.id}.transport", leg.product, "ton kilometer") for leg in m.transport]
        if m.end_of_life:  # one of the family's codes stands for all: a name mistyped is one fault
            codes = [p.format(m.end_of_life) for parts in END_OF_LIFE.values() for p in parts]
            there = [code for code in codes if code in units]
            wanted += [(f"systems.{m.id}.end_of_life", code, "kilogram") for code in (codes if there else codes[:1])]
    if study.contracts:
        wanted.append(("contracts", DECLARED_GHG, "kilogram"))
    faults = []
    for where, product, unit in wanted:
        if product not in units:
            near = [code for code in units if code.split("_")[0] == product.split("_")[0]]
            fix = "lca products lists them" + (f"; close: {', '.join(sorted(near)[:6])}" if near else "")
            faults.append(Finding("study.product", "error", name, where, f"'{product}'", "a product of the inventories", fix))
        elif units[product] != unit:
            faults.append(Finding("study.product_unit", "error", name, where, f"{product} per {units[product]}", unit, "another product"))
    for m in study.systems:
        known = m.product in units
        if known and (m.transport or m.end_of_life) and pd.isna(inventory.activity(m.product)["mass"]):
            got = f"{m.product} without a mass"
            faults.append(
                Finding("study.mass", "error", name, f"systems.{m.id}", got, "a mass in activities.csv", "add it with its source")
            )
    return faults


def sources_exist(study: Study, inventory: Inventory, name: str) -> list[Finding]:
    """Every declared value names a source that the study or the inventories list."""
    known = {s.id for s in study.sources} | set(inventory.sources["source"]) | {SCENARIO}

    def named(value: object, path: str) -> Iterator[tuple[str, str]]:
        if isinstance(value, dict):
            if isinstance(value.get("source"), str):
                yield path, value["source"]
            for key, part in value.items():
                yield from named(part, f"{path}.{key}" if path else key)
        elif isinstance(value, list | tuple):
            for part in value:
                yield from named(part, f"{path}.{part['id']}" if isinstance(part, dict) and "id" in part else path)

    found = named(study.model_dump(mode="json"), "")
    fix = "add it to sources:"
    return [Finding("study.source", "error", name, path, f"'{key}'", "an id under sources", fix) for path, key in found if key not in known]


def cooling_product(site: Site) -> str:
    """Product for site water: per m3 taken in, or per m3 consumed, of the declared supply and place."""
    kind = "" if site.water.supply == "mains" else f"_{site.water.supply}"
    taken_in = "_input" if site.water.basis == "withdrawal" else ""
    return f"cooling_water{taken_in}{kind}_{site.water.region or site.country}"


def spread(study: Study) -> dict[str, tuple[float, float]]:
    """Low and high of every uncertain quantity of the study, relative to 1.

    PUE enters as overhead, so its key is the interval of PUE - 1; lifetime and active share divide, so theirs are inverted.
    """
    out: dict[str, tuple[float, float]] = {}

    def put(key: str, q: Quantity | None, offset: float = 0.0, inverse: bool = False) -> None:
        if q is None:
            return
        low, high = q.relative(offset)
        out[key] = (1 / high, 1 / low) if inverse else (low, high)

    for s in study.sites:
        put(f"pue:{s.id}", s.pue, offset=1.0)
        put(f"wue:{s.id}", s.water.wue)
        if s.refrigerant:
            put(f"charge:{s.id}", s.refrigerant.charge)
            put(f"leak:{s.id}", s.refrigerant.leak)
    for m in study.systems:
        put(f"lifetime:{m.id}", m.lifetime, inverse=True)
        put(f"active:{m.id}", m.active_share, inverse=True)
        for i, leg in enumerate(m.transport, 1):
            put(f"distance:{m.id}:{i}", leg.distance)
    for r in study.readings:
        for meter, accuracy in r.accuracy.items():
            out[f"meter:{r.id}:{meter}"] = (accuracy.low, accuracy.high)
    for u in study.uses:
        put(f"hours:{u.id}", u.device_hours)
        put(f"power:{u.id}", u.power)
    for c in study.contracts:
        put(f"contract:{c.id}", c.factor)
    return {key: ends for key, ends in out.items() if ends != (1.0, 1.0)}


def use_of(study: Study, readings: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Energy and machine-hours by workload, asset and calendar year (UTC), from readings and declared uses.

    `readings` is the canonical table with one more column, `reading`, the id of its declaration. Raises `LcaError` for readings
    outside the study's period: nothing is dropped in silence.
    """
    energy: list[dict[str, object]] = []
    hours: list[dict[str, object]] = []
    outside: list[Finding] = []
    start, end = (pd.Timestamp(d, tz="UTC") for d in (study.start, study.end))
    for w in study.workloads:
        for key in w.readings:
            declared = next(r for r in study.readings if r.id == key)
            mine = readings[(readings["reading"] == key) & (readings["quantity"] == "energy")]
            late = mine[(mine["start"] < start) | (mine["end"] > end)]
            if len(late):
                got = f"{len(late)} records from {late['start'].min():%Y-%m-%d} to {late['end'].max():%Y-%m-%d}"
                outside.append(Finding("study.period", "error", declared.file, "", got, study.period, "widen the period or cut the file"))
            system = study.system(declared.asset)
            common = {"workload": w.id, "ai_stage": w.ai_stage, "role": w.role, "asset": system.id, "site": system.site}
            parts = by_year(mine)
            known = parts[parts["value"].notna()]
            for (year, meter, method), group in known.groupby(["period", "meter", "method"], sort=True):
                factor_key = f"meter:{key}:{meter}" if meter in declared.accuracy else ""
                energy.append(
                    common
                    | {
                        "period": year,
                        "meter": meter,
                        "energy_kwh": float(group["value"].sum()),
                        "origin": ORIGIN_OF_METHOD[str(method)],
                        "source": condense(group["source"]),
                        "keys": factor_key,
                        "calculation": _summed(group, parts, str(year), str(meter), declared.file),
                    }
                )
            for year, group in parts.groupby("period", sort=True):
                run_hours = union_hours(group)
                hours.append(
                    common
                    | {
                        "period": year,
                        "machine_hours": run_hours * system.count,
                        "origin": "measured",
                        "source": condense(group["source"]),
                        "calculation": f"{run_hours:.6g} h of run time x {system.count:g} machine{'s' if system.count != 1 else ''}",
                    }
                )
        for key in w.uses:
            u = next(x for x in study.uses if x.id == key)
            system = study.system(u.asset)
            if not study.start <= u.start < study.end:
                fix = "widen the period or mend the start"
                outside.append(Finding("study.period", "error", "study.yaml", f"uses.{u.id}.start", str(u.start), study.period, fix))
            device_hours, watts = u.device_hours.to("hour"), u.power.to("W")
            common = {
                "workload": w.id,
                "ai_stage": w.ai_stage,
                "role": w.role,
                "asset": system.id,
                "site": system.site,
                "period": str(u.start.year),
                "origin": u.power.origin,
                "source": "; ".join(sorted({u.device_hours.source, u.power.source})),
            }
            energy.append(
                common
                | {
                    "meter": u.meter,
                    "energy_kwh": device_hours * watts / 1000,
                    "keys": f"hours:{u.id};power:{u.id}",
                    "calculation": f"{device_hours:.10g} device-hours x {watts:.10g} W / 1000",
                }
            )
            machines = device_hours / max(system.accelerators, 1)
            words = f"{device_hours:.10g} device-hours / {max(system.accelerators, 1)} devices per machine"
            hours.append(common | {"machine_hours": machines, "calculation": words})
    if outside:
        raise LcaError(outside)
    return pd.DataFrame(energy, columns=USE_COLUMNS), pd.DataFrame(hours, columns=HOUR_COLUMNS)


def _summed(known: pd.DataFrame, parts: pd.DataFrame, year: str, meter: str, file: str) -> str:
    """What a sum of records holds, and how many records without a value it lacks."""
    lacking = int(((parts["period"] == year) & (parts["meter"] == meter) & parts["value"].isna()).sum())
    gap = f"; {lacking} records without a value are missing, not filled" if lacking else ""
    return f"sum of {len(known)} record{'s' if len(known) != 1 else ''} of meter {meter} in {file}{gap}"


def by_year(readings: pd.DataFrame) -> pd.DataFrame:
    """Records cut at the turn of the year, energy in proportion to time; adds the column `period`."""
    out = readings.assign(period=readings["start"].dt.year.astype(str))
    crossing = readings["start"].dt.year != (readings["end"] - pd.Timedelta(1, "ns")).dt.year
    if not crossing.any():
        return out
    parts = [out[~crossing]]
    for _, row in readings[crossing].iterrows():
        turn = pd.Timestamp(dt.datetime(row["start"].year + 1, 1, 1), tz="UTC")
        share = (turn - row["start"]) / (row["end"] - row["start"])
        first = row.to_dict() | {"end": turn, "value": row["value"] * share, "period": str(row["start"].year)}
        rest = row.to_dict() | {"start": turn, "value": row["value"] * (1 - share), "period": str(turn.year)}
        parts.append(pd.DataFrame([first, rest]))
    return by_year(pd.concat(parts, ignore_index=True))  # again: the rest may cross the next turn


def union_hours(readings: pd.DataFrame) -> float:
    """Hours covered by at least one record: several meters on one run count once."""
    total, reached = pd.Timedelta(0), None
    for start, end in sorted(zip(readings["start"], readings["end"], strict=True)):
        begin = start if reached is None or start > reached else reached
        if reached is None or end > reached:
            total += max(end - begin, pd.Timedelta(0))
            reached = end
    return float(total / pd.Timedelta(1, "h"))


def condense(sources: pd.Series) -> str:
    """`file@hash#rows 2-2` and `... 3-3` become `file@hash#rows 2-3`; several files are joined by `; `."""
    spans: dict[str, list[tuple[int, int]]] = {}
    for text in sorted(set(sources)):
        name, _, rows = text.partition("#rows ")
        first, _, last = rows.partition("-")
        spans.setdefault(name, []).append((int(first), int(last or first)))
    out = []
    for name in sorted(spans):
        merged: list[list[int]] = []
        for first, last in sorted(spans[name]):
            if merged and first <= merged[-1][1] + 1:
                merged[-1][1] = max(merged[-1][1], last)
            else:
                merged.append([first, last])
        out.append(f"{name}#rows " + ",".join(f"{a}-{b}" for a, b in merged))
    return "; ".join(out)
