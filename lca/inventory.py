"""The inventories: read, checked, and as plain matrices.

`load` reads the tidy tables of `inventories/` and raises every fault of form at once. `check` applies the rules that concern
content, one function per rule. `matrices` lays the exchanges out as technosphere, biosphere and characterisation matrices, in
the order of the tables; it opens no file and knows nothing of Brightway, so it can stand as the independent calculation beside it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse

from lca import formulas
from lca.errors import Finding, raise_errors
from lca.tables import listing, read_dictionary, read_table
from lca.units import LONG_NAMES

SYSTEMS = ("electricity", "hardware", "rare_earths", "materials", "water", "facility", "end_of_life", "transport")
FORMULA_TOLERANCE = 1e-9


@dataclass(frozen=True)
class Inventory:
    """All tables, each row with its file and line; `state` is the hash of their content."""

    root: Path
    state: str
    sources: pd.DataFrame
    flows: pd.DataFrame
    spread: pd.DataFrame
    indicators: pd.DataFrame
    characterisation: pd.DataFrame
    activities: pd.DataFrame
    parameters: pd.DataFrame
    exchanges: pd.DataFrame
    compositions: pd.DataFrame
    balances: pd.DataFrame
    choices: pd.DataFrame

    def activity(self, code: str) -> pd.Series:
        """The row of one activity; `KeyError` if there is none."""
        rows = self.activities[self.activities["activity"] == code]
        if rows.empty:
            raise KeyError(code)
        return rows.iloc[0]

    def value(self, parameter: str) -> float:
        """The central value of a parameter."""
        rows = self.parameters[self.parameters["parameter"] == parameter]
        if rows.empty:
            raise KeyError(parameter)
        return float(rows.iloc[0]["value"])


@dataclass(frozen=True)
class Matrices:
    """Technosphere A (products x activities), biosphere B (flows x activities), characterisation C (indicators x flows).

    `technosphere_entries` and `biosphere_entries` tie the exchange rows to matrix positions: (exchange row, row, column, sign).
    """

    activities: list[str]
    flows: list[str]
    indicators: list[str]
    technosphere: sparse.csc_matrix
    biosphere: sparse.csc_matrix
    characterisation: sparse.csr_matrix


def files(root: Path) -> list[Path]:
    """Every CSV that belongs to the inventories, sorted."""
    return sorted(p for p in root.rglob("*.csv") if not any(part.startswith(".") for part in p.relative_to(root).parts))


def state(root: Path) -> str:
    """SHA-256 over the names and contents of all tables: the same content gives the same state, anywhere."""
    digest = hashlib.sha256()
    for path in files(root):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def load(root: Path) -> Inventory:
    """Read all tables. Raises `LcaError` with every fault of form: columns, types, missing cells.

    The tables of one state are read once per process; nobody changes an `Inventory`.
    """
    return _load(Path(root), state(Path(root)))


@lru_cache(maxsize=4)
def _load(root: Path, content: str) -> Inventory:
    if not (root / "columns.csv").is_file():
        fault = Finding("inventory.missing", "error", str(root), "", "no columns.csv", "a folder of inventories", "check the path")
        raise_errors([fault])
    dictionary = read_dictionary(root / "columns.csv")
    findings: list[Finding] = []
    read = {root / "columns.csv"}

    def collect(table: str, paths: Iterable[Path]) -> pd.DataFrame:
        frames = []
        for path in paths:
            frame, found = read_table(path, table, dictionary)
            read.add(path)
            findings.extend(found)
            frames.append(frame)
        filled = [f for f in frames if not f.empty] or frames[:1]
        columns = [*dictionary.loc[dictionary["table"] == table, "column"], "file", "line"]
        return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=columns)

    def of_systems(stem: str) -> Iterator[Path]:
        for system in SYSTEMS:
            yield from sorted((root / system).glob(f"{stem}*.csv"))

    own_methods = [p for p in sorted((root / "methods").glob("*.csv")) if p.name != "indicators.csv"]
    inventory = Inventory(
        root=root,
        state=content,
        sources=collect("sources", [root / "sources.csv"]),
        flows=collect("flows", [root / "flows.csv"]),
        spread=collect("spread", [root / "spread.csv"]),
        indicators=collect("indicators", [root / "methods" / "indicators.csv"]),
        characterisation=collect("factors", own_methods),
        activities=collect("activities", of_systems("activities")),
        parameters=collect("parameters", of_systems("parameters")),
        exchanges=collect("exchanges", of_systems("exchanges")),
        compositions=collect("compositions", of_systems("compositions")),
        balances=collect("balances", of_systems("balances")),
        choices=collect("choices", of_systems("choices")),
    )
    for path in sorted(set(files(root)) - read):
        got, expected = "a table that nothing reads", "activities*, parameters*, exchanges*, compositions*, balances* or choices* in " + ", ".join(SYSTEMS)
        findings.append(Finding("inventory.unread", "error", path.relative_to(root).as_posix(), "", got, expected, "rename or move it"))
    raise_errors(findings)
    return inventory


def parameter_values(inventory: Inventory) -> dict[str, float]:
    """Central values of all parameters, for formulas."""
    return dict(zip(inventory.parameters["parameter"], inventory.parameters["value"].astype(float), strict=True))


def spread_of(row: pd.Series, factors: dict[str, float], central: float) -> tuple[str, float, float]:
    """(distribution, low, high) of a parameter or exchange; the rule of its basis where the row gives none."""
    if row["distribution"]:
        kind = str(row["distribution"])
        return kind, float(row["low"]) if kind != "none" else central, float(row["high"]) if kind != "none" else central
    factor = factors[row["basis"]]
    low, high = sorted((central / factor, central * factor))
    return ("lognormal", low, high) if central != 0 else ("none", central, central)


def spread_factors(inventory: Inventory) -> dict[str, float]:
    """The factor of each basis: the 95 % interval of a number without one is amount/factor to amount x factor."""
    return dict(zip(inventory.spread["basis"], inventory.spread["factor"].astype(float), strict=True))


# --- rules -------------------------------------------------------------------------------------------------------------


def check(inventory: Inventory) -> list[Finding]:
    """Every finding of every rule of content."""
    return [finding for rule in RULES for finding in rule(inventory)]


def _finding(rule: str, row: pd.Series, column: str, got: object, expected: str, fix: str, severity: str = "error") -> Finding:
    return Finding(rule, severity, row["file"], f"line {row['line']}, {column}", str(got), expected, fix)  # type: ignore[arg-type]


def codes_are_unique(inventory: Inventory) -> Iterator[Finding]:
    """No activity, flow, parameter, source or indicator is defined twice."""
    for name, column in (
        ("activities", "activity"),
        ("flows", "flow"),
        ("parameters", "parameter"),
        ("sources", "source"),
        ("indicators", "indicator"),
    ):
        frame: pd.DataFrame = getattr(inventory, name)
        for _, row in frame[frame[column].duplicated(keep="first")].iterrows():
            yield _finding("inventory.duplicate", row, column, f"'{row[column]}' again", "a new name", "rename or delete one")


def sources_exist(inventory: Inventory) -> Iterator[Finding]:
    """Every number names a source that is in sources.csv."""
    known = set(inventory.sources["source"])
    for name in ("parameters", "exchanges", "characterisation"):
        frame: pd.DataFrame = getattr(inventory, name)
        for _, row in frame[~frame["source"].isin(known)].iterrows():
            yield _finding("inventory.source", row, "source", f"'{row['source']}'", "a key of sources.csv", "add the source there")
    named = inventory.activities[inventory.activities["mass"].notna()]
    for _, row in named[~named["mass_source"].isin(known)].iterrows():
        yield _finding("inventory.source", row, "mass_source", f"'{row['mass_source']}'", "a key of sources.csv", "add it there")


def references_resolve(inventory: Inventory) -> Iterator[Finding]:
    """Every exchange belongs to an activity and names an existing input, in that input's unit."""
    unit_of_activity = dict(zip(inventory.activities["activity"], inventory.activities["unit"], strict=True))
    unit_of_flow = dict(zip(inventory.flows["flow"], inventory.flows["unit"], strict=True))
    for _, row in inventory.exchanges.iterrows():
        if row["activity"] not in unit_of_activity:
            yield _finding("inventory.orphan", row, "activity", f"'{row['activity']}'", "an activity", "add the activity")
        units = unit_of_flow if row["type"] == "biosphere" else unit_of_activity
        if row["input"] not in units:
            kind = "flow of flows.csv" if row["type"] == "biosphere" else "activity"
            yield _finding("inventory.unlinked", row, "input", f"'{row['input']}'", f"the code of a {kind}", "mend the code")
        elif row["unit"] != units[row["input"]]:
            yield _finding("inventory.unit", row, "unit", row["unit"], units[row["input"]], "convert the amount")
    flows, known = inventory.characterisation, set(unit_of_flow)
    for _, row in flows[~flows["flow"].isin(known)].iterrows():
        yield _finding("inventory.unlinked", row, "flow", f"'{row['flow']}'", "a flow of flows.csv", "mend the name")


def units_are_known(inventory: Inventory) -> Iterator[Finding]:
    """Units of products and flows are Brightway's long names."""
    for frame in (inventory.activities, inventory.flows):
        for _, row in frame[~frame["unit"].isin(LONG_NAMES)].iterrows():
            yield _finding("inventory.unit_name", row, "unit", row["unit"], "one of " + ", ".join(LONG_NAMES), "use the long name")


def every_activity_has_exchanges(inventory: Inventory) -> Iterator[Finding]:
    """An activity without exchanges would be a silent zero."""
    used = set(inventory.exchanges["activity"])
    for _, row in inventory.activities[~inventory.activities["activity"].isin(used)].iterrows():
        yield _finding("inventory.empty", row, "activity", f"'{row['activity']}' without exchanges", "at least one", "add them")


def formulas_equal_amounts(inventory: Inventory) -> Iterator[Finding]:
    """The amount beside a formula is the formula's value to 1e-9, relative."""
    values = parameter_values(inventory)
    for _, row in inventory.exchanges[inventory.exchanges["formula"] != ""].iterrows():
        try:
            with np.errstate(all="ignore"):  # what is not finite is a finding below
                value = float(formulas.evaluate(row["formula"], values))
        except ValueError as error:
            yield _finding("inventory.formula", row, "formula", str(error), "arithmetic over parameters", "mend the formula")
            continue
        if not np.isfinite(value) or abs(value - row["amount"]) > FORMULA_TOLERANCE * max(abs(value), abs(row["amount"])):
            yield _finding("inventory.formula", row, "amount", row["amount"], repr(value), "write the formula's value")


def intervals_hold_their_centre(inventory: Inventory) -> Iterator[Finding]:
    """A stated distribution has low <= central <= high, and a lognormal is positive."""
    for frame, column in ((inventory.parameters, "value"), (inventory.exchanges, "amount")):
        stated = frame[~frame["distribution"].isin(["", "none"])]
        for _, row in stated.iterrows():
            low, high, centre = row["low"], row["high"], row[column]
            if low is None or high is None or pd.isna(low) or pd.isna(high):
                yield _finding("inventory.interval", row, "low, high", "an empty cell", "both ends", "fill them")
            elif not low <= centre <= high:
                yield _finding("inventory.interval", row, "low, high", f"{low} to {high}", f"to hold {centre}", "mend the ends")
            elif row["distribution"] == "lognormal" and low <= 0:
                yield _finding("inventory.interval", row, "low", low, "above zero for a lognormal", "use triangular")


def amounts_are_positive(inventory: Inventory) -> Iterator[Finding]:
    """Credits are substitution exchanges of activities named credit; nothing else is negative."""
    for _, row in inventory.exchanges.iterrows():
        if row["amount"] < 0:
            yield _finding("inventory.sign", row, "amount", row["amount"], "zero or more", "use type substitution for a credit")
        if row["type"] == "substitution" and "credit" not in row["activity"]:
            yield _finding("inventory.credit", row, "type", "substitution", "an activity named credit", "move the credit there")


def assumptions_have_reasons(inventory: Inventory) -> Iterator[Finding]:
    """An assumed number says why in its comment."""
    for name in ("parameters", "exchanges", "characterisation"):
        frame: pd.DataFrame = getattr(inventory, name)
        for _, row in frame[(frame["basis"] == "assumed") & (frame["comment"] == "")].iterrows():
            yield _finding("inventory.reason", row, "comment", "an assumption without a reason", "a reason", "write it")


def indicators_have_factors(inventory: Inventory) -> Iterator[Finding]:
    """Every own indicator has characterisation factors."""
    methods = set(inventory.characterisation["method"])
    own = inventory.indicators[inventory.indicators["origin"] == "own"]
    for _, row in own[~own["method"].isin(methods)].iterrows():
        yield _finding("inventory.method", row, "method", row["method"], "factors in methods/", "add the factors")


def scarcity_follows_consumption(inventory: Inventory) -> Iterator[Finding]:
    """Per activity, water that evaporates is also listed by country, with the same amount."""
    water = inventory.exchanges[inventory.exchanges["input"].str.startswith("water_")]
    for activity, rows in water.groupby("activity"):
        evaporated = rows[rows["input"] == "water_evaporated"]["amount"].sum()
        by_country = rows[rows["input"].str.startswith("water_consumed_")]["amount"].sum()
        cooling = str(activity).endswith("_cooling")  # technologies have no place: the zone lists the country
        zone = str(activity).startswith("electricity_direct_")
        if not cooling and not zone and abs(evaporated - by_country) > 1e-9 * max(evaporated, by_country):
            got = f"{evaporated:g} evaporated, {by_country:g} by country"
            yield _finding("inventory.water", rows.iloc[0], str(activity), got, "equal amounts", "add water_consumed_XX")


RULES = (
    codes_are_unique,
    sources_exist,
    references_resolve,
    units_are_known,
    every_activity_has_exchanges,
    formulas_equal_amounts,
    intervals_hold_their_centre,
    amounts_are_positive,
    assumptions_have_reasons,
    indicators_have_factors,
    scarcity_follows_consumption,
)


# --- matrices ----------------------------------------------------------------------------------------------------------


def matrices(inventory: Inventory, characterisation: pd.DataFrame, amounts: np.ndarray | None = None) -> Matrices:
    """Lay the exchanges out as matrices; `amounts` replaces the table's amounts, one per exchange row.

    `characterisation` has the columns indicator, flow, factor. The diagonal of the technosphere is 1, the production of one unit.
    """
    activities = list(inventory.activities["activity"])
    flows = list(inventory.flows["flow"])
    indicators = list(inventory.indicators["indicator"])
    column = {code: i for i, code in enumerate(activities)}
    flow_row = {name: i for i, name in enumerate(flows)}
    indicator_row = {name: i for i, name in enumerate(indicators)}
    exchanges = inventory.exchanges
    values = exchanges["amount"].to_numpy(float) if amounts is None else amounts
    kind = exchanges["type"].to_numpy()
    columns = exchanges["activity"].map(column).to_numpy(int)
    technical = kind != "biosphere"
    sign = np.where(kind[technical] == "substitution", 1.0, -1.0)
    size = len(activities)
    rows = exchanges["input"][technical].map(column).to_numpy(int)
    a = sparse.coo_matrix((sign * values[technical], (rows, columns[technical])), shape=(size, size)).tocsc()
    b = sparse.coo_matrix(
        (values[~technical], (exchanges["input"][~technical].map(flow_row).to_numpy(int), columns[~technical])),
        shape=(len(flows), size),
    ).tocsc()
    c = sparse.coo_matrix(
        (
            characterisation["factor"].to_numpy(float),
            (characterisation["indicator"].map(indicator_row).to_numpy(int), characterisation["flow"].map(flow_row).to_numpy(int)),
        ),
        shape=(len(indicators), len(flows)),
    ).tocsr()
    return Matrices(activities, flows, indicators, (sparse.identity(size, format="csc") + a).tocsc(), b, c)


def describe(inventory: Inventory) -> dict[str, object]:
    """Counts for reports: activities, exchanges, and how many numbers were read, derived, assumed."""
    basis = pd.concat([inventory.exchanges["basis"], inventory.parameters["basis"]]).value_counts()
    total = int(basis.sum())
    return {
        "activities": len(inventory.activities),
        "exchanges": len(inventory.exchanges),
        "parameters": len(inventory.parameters),
        "sources": len(inventory.sources),
        "numbers": total,
        **{f"{kind}_share": float(basis.get(kind, 0)) / total if total else 0.0 for kind in ("read", "derived", "assumed")},
        "systems": listing(sorted({f.split("/")[0] for f in inventory.activities["file"]}), 20),
    }
