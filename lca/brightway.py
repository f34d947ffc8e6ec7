"""The inventories as Brightway databases and methods.

Databases are written by bw2io's importer, with every exchange linked or the work stops. `biosphere3` is bw2io's own; flows of ours
are in `lca_biosphere`. Bundled LCIA methods are read from bw2io's file: its own installer fails with bw2data 4.8, because
the file gives flow keys as lists where tuples are wanted. Only the methods that the reports use are written.

Brightway keeps the amounts of its matrices in single precision, a round-off of up to 6e-8 of each number. `write` puts them there
again in double, so that a functional unit solved in Brightway equals a ledger to 1e-9. Brightway itself rounds again when
somebody edits a database there.

This module writes into Brightway's *current* project. Who calls it chooses the project: `lca.factors` a private one that is
thrown away, `lca.export` one that the user names.
"""

from __future__ import annotations

import importlib.util
import io
import json
import math
import zipfile
from collections import defaultdict
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lca.errors import Finding, LcaError
from lca.inventory import Inventory
from lca.pedigree import INDICATORS, Z95, Spread, spreads

DATABASE = "lca_inventories"
BIOSPHERE = "lca_biosphere"
Relink = dict[str, tuple[str, str]]  # product of ours: database and code of the user's activity
Entries = dict[tuple[int, int], list[float]]  # amounts by row and column of a matrix, in Brightway's ids
FACTS = ("formula", "low", "high", "distribution", "source", "locator", "basis", "year", "geography", "technology")  # kept with a number
ACTIVITY_FACTS = ("year", "mass", "mass_source", "mass_locator", "mass_basis")


@lru_cache(maxsize=1)
def _bundled() -> dict[tuple[str, ...], list[tuple[tuple[str, str], float]]]:
    spec = importlib.util.find_spec("bw2io")
    assert spec and spec.submodule_search_locations
    archive = Path(spec.submodule_search_locations[0]) / "data" / "lcia" / "lcia_39_ecoinvent.zip"
    with zipfile.ZipFile(archive) as packed:
        methods = json.loads(packed.read("data.json"))
    return {tuple(m["name"]): [((str(e["input"][0]), str(e["input"][1])), float(e["amount"])) for e in m["exchanges"]] for m in methods}


def method_key(method: str) -> tuple[str, ...]:
    """`a::b::c` as Brightway's tuple."""
    return tuple(method.split("::"))


def method_factors(inventory: Inventory) -> dict[str, list[tuple[tuple[str, str], float]]]:
    """Per indicator all characterisation factors, by flow key: the bundled ones, and ours for flows that a bundle lacks.

    Raises `LcaError` if a bundled method isn't in bw2io's file.
    """
    key_of = {r.flow: (r.database, r.code) for r in inventory.flows.itertuples()}
    own = inventory.characterisation
    out: dict[str, list[tuple[tuple[str, str], float]]] = {}
    missing = []
    for row in inventory.indicators.itertuples():
        factors = [(key_of[f.flow], float(f.factor)) for f in own[own["method"] == row.method].itertuples()]
        if row.origin == "bw2io":
            bundled = _bundled().get(method_key(row.method))
            if bundled is None:
                missing.append(Finding("method.missing", "error", row.file, f"line {row.line}", row.method, "a bundled method", "mend it"))
                continue
            mine = {key for key, _ in factors}
            factors = [(key, value) for key, value in bundled if key not in mine] + factors
        out[row.indicator] = factors
    if missing:
        raise LcaError(missing)
    return out


def characterisation(inventory: Inventory) -> pd.DataFrame:
    """The factors of the flows that the inventories use: columns indicator, flow, factor, and the spread of our own factors."""
    flow_of = {(r.database, r.code): r.flow for r in inventory.flows.itertuples()}
    rows = [
        (indicator, flow_of[key], value)
        for indicator, factors in method_factors(inventory).items()
        for key, value in factors
        if key in flow_of
    ]
    table = pd.DataFrame(rows, columns=["indicator", "flow", "factor"])
    own = inventory.characterisation.merge(inventory.indicators[["indicator", "method"]], on="method")
    spread = own[["indicator", "flow", "low", "high", "distribution"]].astype({"low": float, "high": float})
    return table.merge(spread, on=["indicator", "flow"], how="left").fillna({"distribution": ""})


def _uncertainty(spread: Spread, amount: float) -> dict[str, Any]:
    """Fields of stats_arrays (2 lognormal about its mean, 4 uniform, 5 triangular, 0 none), and the pedigree as bw2io writes it."""
    if spread.distribution == "lognormal":
        scale = math.log(spread.high / spread.low) / (2 * Z95)
        fields: dict[str, Any] = {
            "uncertainty type": 2,
            "loc": math.log(abs(amount)) - scale**2 / 2,
            "scale": scale,
            "negative": amount < 0,
        }
        if spread.scores:
            fields |= {
                "pedigree": dict(zip(INDICATORS, spread.scores, strict=True)),
                "scale without pedigree": math.log(spread.basic) / Z95,
            }
        return fields
    if spread.distribution == "triangular":
        return {"uncertainty type": 5, "loc": spread.mode, "minimum": spread.low, "maximum": spread.high}
    if spread.distribution == "uniform":
        return {"uncertainty type": 4, "minimum": spread.low, "maximum": spread.high}
    return {"uncertainty type": 0}


def datasets(inventory: Inventory) -> list[dict[str, Any]]:
    """The activities as bw2io data, exchanges not yet linked: by `code` within, by flow key to the biosphere."""
    spread = dict(zip(inventory.exchanges.index, spreads(inventory)[1], strict=True))
    flow = {r.flow: r for r in inventory.flows.itertuples()}
    unit = dict(zip(inventory.activities["activity"], inventory.activities["unit"], strict=True))
    product = dict(zip(inventory.activities["activity"], inventory.activities["product"], strict=True))
    by_activity = dict(list(inventory.exchanges.groupby("activity")))
    out = []
    for act in inventory.activities.itertuples():
        exchanges: list[dict[str, Any]] = [
            {"type": "production", "code": act.activity, "name": act.name, "amount": 1.0, "unit": act.unit, "uncertainty type": 0}
        ]
        for index, row in by_activity[act.activity].iterrows():
            amount = float(row["amount"])
            facts = {name: row[name] for name in FACTS if not pd.isna(row[name]) and row[name] != ""}
            common = facts | {
                "type": row["type"],
                "amount": amount,
                "unit": row["unit"],
                "comment": f"{row['source']}, {row['locator']}, {row['basis']}. {row['comment']}".strip(),
                "remark": row["comment"],
                **_uncertainty(spread[index], amount),
            }
            if row["type"] == "biosphere":
                f = flow[row["input"]]
                place = {"name": f.name, "code": f.code, "database": f.database, "categories": tuple(f.categories.split("::"))}
                exchanges.append(common | place | {"flow": f.flow})
            else:
                exchanges.append(common | {"name": product[row["input"]], "code": row["input"], "unit": unit[row["input"]]})
        out.append(
            {
                "database": DATABASE,
                "code": act.activity,
                "name": act.name,
                "reference product": act.product,
                "unit": act.unit,
                "location": act.geography,
                "production amount": 1.0,
                "type": "processwithreferenceproduct",
                "comment": act.comment,
                **{name: getattr(act, name) for name in ACTIVITY_FACTS if not pd.isna(getattr(act, name)) and getattr(act, name) != ""},
                "exchanges": exchanges,
            }
        )
    return out


def database_parameters(inventory: Inventory) -> list[dict[str, Any]]:
    """The parameters as Brightway's database parameters, with their intervals and facts."""
    rows = zip(inventory.parameters.to_dict("records"), spreads(inventory)[0], strict=True)
    return [
        {
            "name": row["parameter"],
            "amount": float(row["value"]),
            **{n: row[n] for n in ("unit", *FACTS, "comment") if n in row and not pd.isna(row[n]) and row[n] != ""},
            **{k: v for k, v in _uncertainty(spread, float(row["value"])).items() if k != "pedigree"},
        }
        for row, spread in rows
    ]


def _in_double_precision(package: Path, matrix: str, entries: Entries) -> None:
    """Put the amounts of one matrix into Brightway's processed file again, in double precision.

    Several entries of one place are kept in ascending order, as bw_processing sorts them. Raises `ArithmeticError` if the file
    holds other amounts than `entries` rounded to single precision.
    """
    with zipfile.ZipFile(package) as packed:
        members = {name: packed.read(name) for name in packed.namelist()}
    description = json.loads(members["datapackage.json"])
    path = {r["kind"]: r["path"] for r in description["resources"] if r.get("matrix") == matrix}
    indices, kept = np.load(io.BytesIO(members[path["indices"]])), np.load(io.BytesIO(members[path["data"]]))
    waiting = {place: iter(sorted(amounts)) for place, amounts in entries.items()}
    exact = np.array([next(waiting.get((int(row), int(col)), iter(())), math.nan) for row, col in indices])
    if not np.array_equal(exact.astype(kept.dtype), kept):
        raise ArithmeticError(f"{package.name} holds other amounts than were written")
    changed = io.BytesIO()
    np.save(changed, exact)
    members[path["data"]] = changed.getvalue()
    with zipfile.ZipFile(package, "w") as packed:
        for name, content in members.items():
            packed.writestr(name, content)


def _amounts_in_double_precision(name: str, data: list[dict[str, Any]]) -> None:
    import bw2data

    matrices: dict[str, Entries] = {"technosphere_matrix": defaultdict(list), "biosphere_matrix": defaultdict(list)}
    for dataset in data:
        column = bw2data.get_id((dataset["database"], dataset["code"]))
        for exchange in dataset["exchanges"]:
            matrix = "biosphere_matrix" if exchange["type"] == "biosphere" else "technosphere_matrix"
            matrices[matrix][bw2data.get_id(exchange["input"]), column].append(exchange["amount"])
    for matrix, entries in matrices.items():
        _in_double_precision(bw2data.Database(name).filepath_processed(), matrix, entries)


def _write_database(name: str, data: list[dict[str, Any]], links: dict[str, set[str]]) -> tuple[int, int]:
    """Write activities as a database: linked by code within it and to the databases in `links` (name: kinds of exchanges).

    Returns activities and exchanges. Raises `LcaError` naming every exchange that stays unlinked; then nothing is written.
    """
    import bw2data
    from bw2io.importers.base_lci import LCIImporter
    from bw2io.strategies import link_iterable_by_fields

    importer = LCIImporter(name)
    importer.data = data
    goods = {"technosphere", "production", "substitution"}
    importer.apply_strategy(lambda d: link_iterable_by_fields(d, fields=["code"], internal=True, kind=goods))
    for other, kinds in links.items():
        there = bw2data.Database(other)
        importer.apply_strategy(lambda d, there=there, kinds=kinds: link_iterable_by_fields(d, other=there, fields=["code"], kind=kinds))
    unlinked = list(importer.unlinked)
    if unlinked:
        expected, fix = "a linked exchange", "mend the code"
        raise LcaError(
            Finding("inventory.unlinked", "error", name, str(e.get("name")), str(e.get("code")), expected, fix) for e in unlinked
        )
    importer.write_database()
    _amounts_in_double_precision(name, data)
    return len(data), sum(len(d["exchanges"]) for d in data)


def write(
    inventory: Inventory,
    foregrounds: list[dict[str, Any]] | None = None,
    whole_methods: bool = True,
    relink: Relink | None = None,
) -> dict[str, int]:
    """Write biosphere, inventories and methods into the current project; returns bw2io's counts.

    `foregrounds` are further activities, as `datasets` makes them, each in the database that it names: a study's own, so that
    another study's stays. Without `whole_methods`, only the factors of flows that the inventories use are written: the scores
    are the same and the writing takes a tenth of the time. `relink` hands chosen products over to activities of the user's own
    databases. Raises `LcaError` naming every unlinked exchange.
    """
    import bw2data
    import bw2io

    if "biosphere3" not in bw2data.databases:
        bw2io.create_default_biosphere3()
    own = inventory.flows[inventory.flows["database"] == BIOSPHERE]
    kind = {
        "air": "emission",
        "water": "emission",
        "soil": "emission",
        "inventory indicator": "inventory indicator",
        "technosphere": "inventory indicator",
    }
    bw2data.Database(BIOSPHERE).write(
        {
            (BIOSPHERE, f.code): {
                "name": f.name,
                "categories": tuple(f.categories.split("::")),
                "unit": f.unit,
                "type": kind.get(f.categories.split("::")[0], "natural resource"),
            }
            for f in own.itertuples()
        }
    )
    elementary = {"biosphere3": {"biosphere"}, BIOSPHERE: {"biosphere"}}
    data = datasets(inventory)
    for dataset in data:
        for exchange in dataset["exchanges"]:
            if relink and exchange["type"] in ("technosphere", "substitution") and exchange["code"] in relink:
                exchange["input"] = relink[exchange["code"]]
    activities, exchanges = _write_database(DATABASE, data, elementary)
    for name in sorted({d["database"] for d in foregrounds or []}):
        mine = [d for d in foregrounds or [] if d["database"] == name]
        more = _write_database(name, mine, {DATABASE: {"technosphere"}})
        activities, exchanges = activities + more[0], exchanges + more[1]
    everywhere = bw2data.geomapping[bw2data.config.global_location]
    used = {(r.database, r.code) for r in inventory.flows.itertuples()}
    for indicator, factors in method_factors(inventory).items():
        row = inventory.indicators[inventory.indicators["indicator"] == indicator].iloc[0]
        method = bw2data.Method(method_key(row["method"]))
        method.register(unit=row["unit"])
        written = factors if whole_methods else [f for f in factors if f[0] in used]
        method.write(written)
        entries: Entries = defaultdict(list)
        for flow_key, factor in written:
            entries[bw2data.get_id(flow_key), everywhere].append(factor)
        _in_double_precision(method.filepath_processed(), method.matrix, entries)
    return {"activities": activities, "exchanges": exchanges, "unlinked": 0}
