"""The inventories: read, checked, and as plain matrices.

`load` reads the tidy tables of `inventories/` and raises every fault of form at once; `lca.inventory_checks` holds the rules that
concern content. `with_values` gives the inventories with other parameter values: a switch in another position, a what-if. `matrices`
lays the exchanges out as technosphere, biosphere and characterisation matrices, in the order of the tables; it opens no file and
knows nothing of Brightway, so it can stand as the independent calculation beside it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from lca import formulas
from lca.errors import Finding, raise_errors
from lca.tables import listing, read_dictionary, read_table

SYSTEMS = ("electricity", "hardware", "rare_earths", "materials", "water", "facility", "end_of_life", "transport")
TABLES = ("activities", "parameters", "exchanges", "compositions", "balances", "choices")  # of each system


@dataclass(frozen=True, eq=False)
class Inventory:
    """All tables, each row with its file and line; `state` is the hash of their content."""

    root: Path
    state: str
    sources: pd.DataFrame
    flows: pd.DataFrame
    spread: pd.DataFrame
    pedigree: pd.DataFrame
    indicators: pd.DataFrame
    characterisation: pd.DataFrame
    activities: pd.DataFrame
    parameters: pd.DataFrame
    exchanges: pd.DataFrame
    compositions: pd.DataFrame
    balances: pd.DataFrame
    choices: pd.DataFrame

    @cached_property
    def _by_code(self) -> dict[str, dict[str, Any]]:
        return {str(row["activity"]): row for row in self.activities.to_dict("records")}

    def activity(self, code: str) -> dict[str, Any]:
        """The row of one activity; `KeyError` if there is none."""
        return self._by_code[code]

    def value(self, parameter: str) -> float:
        """The central value of a parameter."""
        rows = self.parameters[self.parameters["parameter"] == parameter]
        if rows.empty:
            raise KeyError(parameter)
        return float(rows.iloc[0]["value"])


@dataclass(frozen=True)
class Matrices:
    """Technosphere A (products x activities), biosphere B (flows x activities), characterisation C (indicators x flows)."""

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
        pedigree=collect("pedigree", [root / "pedigree.csv"]),
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
        got, expected = (
            "a table that nothing reads",
            "activities*, parameters*, exchanges*, compositions*, balances* or choices* in " + ", ".join(SYSTEMS),
        )
        findings.append(Finding("inventory.unread", "error", path.relative_to(root).as_posix(), "", got, expected, "rename or move it"))
    raise_errors(findings)
    return inventory


def parameter_values(inventory: Inventory) -> dict[str, float]:
    """Central values of all parameters, for formulas."""
    return dict(zip(inventory.parameters["parameter"], inventory.parameters["value"].astype(float), strict=True))


def with_values(inventory: Inventory, values: Mapping[str, tuple[float, float, float]]) -> Inventory:
    """The inventories with other parameter values, (central, low, high) each; `low` equal to `high` is a definite value.

    Every amount that a formula makes of them follows. The state is another one, so nothing kept of the plain inventories is taken
    for it. `KeyError` for a name that is no parameter; `LcaError` where a value makes an amount negative.
    """
    if not values:
        return inventory
    parameters, exchanges = inventory.parameters.copy(), inventory.exchanges.copy()
    row_of = {name: i for i, name in zip(parameters.index, parameters["parameter"], strict=True)}
    for name, (central, low, high) in values.items():
        i = row_of[name]
        parameters.loc[i, "value"] = central
        parameters.loc[i, ["low", "high"]] = (None, None) if low == high else (low, high)
        parameters.loc[i, "distribution"] = "none" if low == high else "lognormal" if low > 0 else "triangular"
    changed = replace(inventory, parameters=parameters)
    known, faults = parameter_values(changed), list[Finding]()
    for i, formula in exchanges.loc[exchanges["formula"] != "", "formula"].items():
        if formulas.names(formula) & values.keys():
            amount = float(formulas.evaluate(formula, known))
            if not np.isfinite(amount) or amount < 0:
                row, used = exchanges.loc[i], ", ".join(sorted(formulas.names(formula) & values.keys()))
                got, where = f"{row['activity']} would take {amount:g} {row['unit']} of {row['input']}", f"line {row['line']}, {used}"
                faults.append(Finding("inventory.value", "error", row["file"], where, got, "zero or more", f"another value of {used}"))
            exchanges.loc[i, "amount"] = amount
    raise_errors(faults)
    told = json.dumps({k: list(v) for k, v in values.items()}, sort_keys=True)
    return replace(changed, exchanges=exchanges, state=hashlib.sha256((inventory.state + told).encode()).hexdigest())


def chosen(inventory: Inventory, choices: Mapping[str, str]) -> dict[str, float]:
    """The parameter values that positions of switches set; `KeyError` for a switch or a position that isn't in the choices tables."""
    out: dict[str, float] = {}
    for choice, option in choices.items():
        rows = inventory.choices[(inventory.choices["choice"] == choice) & (inventory.choices["option"] == option)]
        if rows.empty:
            raise KeyError(f"{choice}: {option}")
        out |= dict(zip(rows["parameter"], rows["value"].astype(float), strict=True))
    return out


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
