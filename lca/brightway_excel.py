"""The inventories as a workbook in Brightway's layout, and such a workbook as tidy tables.

Written and read by bw2io, in a process with a private Brightway folder. Every fact about a number (source, locator, basis, year, place,
technology, interval, formula) is a column of its own, which Brightway carries along, so that nothing is lost on the way there and back;
parameters are Brightway's database parameters, and formulas its formulas.

A workbook of another author lacks some of these columns: its cells stay empty, and `lca check inventories` names what has to be filled.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lca import apart
from lca.brightway import DATABASE, FACTS, database_parameters
from lca.brightway import write as write_brightway
from lca.errors import Finding, LcaError, raise_errors
from lca.inventory import Inventory, load
from lca.tables import read_dictionary, write_csv

TABLES = ("activities", "parameters", "exchanges", "flows")
UNITS = {
    "kWh": "kilowatt hour",
    "kg": "kilogram",
    "MJ": "megajoule",
    "m3": "cubic meter",
    "m2": "square meter",
    "tkm": "ton kilometer",
    "kilo Becquerel": "kilobecquerel",
}


def export(inventory: Inventory, path: Path) -> None:
    """Write activities, exchanges and parameters as Brightway's Excel layout."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".writing-") as scratch:
        out = Path(scratch) / path.name
        apart.run(__name__, "write", str(inventory.root.resolve()), str(out.resolve()), subject=str(path), fix="run lca check inventories")
        out.replace(path)


def read(path: Path, inventory: Inventory) -> dict[str, pd.DataFrame]:
    """The workbook as tidy tables: activities, parameters, exchanges, and the flows that the inventories don't have yet.

    Raises `LcaError` for a file that isn't in Brightway's layout.
    """
    if not path.is_file():
        raise LcaError(Finding("import.missing", "error", str(path), "", "no such file", "a workbook", "check the path"), 2)
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch) / "data.json"
        apart.run(__name__, "read", str(path.resolve()), str(out), subject=str(path), fix="give a workbook in Brightway's Excel layout")
        data = json.loads(out.read_text(encoding="utf-8"))
    return _tables(data["activities"], data["parameters"], inventory)


def changed(tables: dict[str, pd.DataFrame], inventory: Inventory) -> dict[str, pd.DataFrame]:
    """The rows that the inventories don't have just so: what was added or changed in the workbook."""
    out = {}
    for name, table in tables.items():
        mine: pd.DataFrame = getattr(inventory, name)
        rows = list(mine[list(table.columns)].itertuples(index=False, name=None))
        known = {_plain(row, shift) for row in rows for shift in (1 - 1e-13, 1 + 1e-13)}  # whichever way a last digit was rounded
        out[name] = table[[_plain(row) not in known for row in table.itertuples(index=False, name=None)]]
    return out


def _plain(row: tuple[Any, ...], shift: float = 1.0) -> tuple[str, ...]:
    """Cells as text to twelve digits, empty ones alike, so that a number that went through a spreadsheet is the same."""

    def text(cell: Any) -> str:
        if cell is None or pd.isna(cell):
            return ""
        return f"{cell * shift:.12g}" if isinstance(cell, int | float | np.number) else str(cell)

    return tuple(map(text, row))


def write_tables(tables: dict[str, pd.DataFrame], folder: Path, stem: str) -> list[Path]:
    """Write the tables as `activities_<stem>.csv` and so on; refuses to overwrite. Returns the paths."""
    paths = {name: folder / f"{name}_{stem}.csv" for name, table in tables.items() if len(table)}
    there = [p for p in paths.values() if p.exists()]
    if there:
        fix = "give another name, or move them"
        raise LcaError([Finding("import.exists", "error", str(p), "", "a file", "no file of that name", fix) for p in there], 2)
    folder.mkdir(parents=True, exist_ok=True)
    for name, path in paths.items():
        write_csv(tables[name], path)
    return list(paths.values())


def _tables(activities: list[dict[str, Any]], parameters: list[dict[str, Any]], inventory: Inventory) -> dict[str, pd.DataFrame]:
    dictionary = read_dictionary(inventory.root / "columns.csv")
    flow_of = {(r.database, r.code): r.flow for r in inventory.flows.itertuples()}
    code_of = {(a["name"], a.get("reference product", ""), a.get("location", "")): a["code"] for a in activities}
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in TABLES}
    faults: list[Finding] = []
    for a in activities:
        known = {"activity": a["code"], "product": a.get("reference product", a["name"]), "geography": a.get("location", "")}
        rows["activities"].append(a | known)
        for e in a["exchanges"]:
            if e.get("type") == "production":
                continue
            unit = UNITS.get(e.get("unit", ""), e.get("unit", ""))
            for column in ("type", "amount"):
                if column not in e:
                    where = f"{a['name']}, {e.get('name', 'an exchange')}"
                    faults.append(Finding("import.cell", "error", "workbook", where, f"no {column}", "a value", "fill the cell"))
            if "type" not in e or "amount" not in e:
                continue
            row = {k: e[k] for k in FACTS if k in e} | {"activity": a["code"], "type": e["type"], "amount": e["amount"], "unit": unit}
            row["comment"] = e.get("remark", "" if "source" in e else e.get("comment", ""))
            if e["type"] == "biosphere":
                key = (e.get("database", "biosphere3"), e.get("code", ""))
                row["input"] = flow_of.get(key) or e.get("flow") or e["name"]
                if key not in flow_of:
                    compartments = "::".join(e["categories"]) if isinstance(e.get("categories"), list) else str(e.get("categories", ""))
                    flow = {"flow": row["input"], "name": e["name"], "categories": compartments, "unit": unit, "database": key[0]}
                    rows["flows"].append(flow | {"code": key[1]})
            else:
                place = (e.get("name"), e.get("reference product", ""), e.get("location", ""))
                row["input"] = e.get("code") or code_of.get(place, e.get("name"))
            rows["exchanges"].append(row)
    for p in parameters:  # a bare 1 comes back as a number: it is the unit of a ratio
        unit = "1" if p.get("unit") in (1, 1.0) else p.get("unit", "")
        rows["parameters"].append(p | {"parameter": p["name"], "value": p["amount"], "unit": unit})
    raise_errors(faults)
    out = {}
    for name, found in rows.items():
        columns = list(dictionary.loc[dictionary["table"] == name, "column"])
        out[name] = pd.DataFrame(found).reindex(columns=columns).drop_duplicates() if found else pd.DataFrame(columns=columns)
        if "year" in columns:
            out[name]["year"] = pd.to_numeric(out[name]["year"], errors="coerce").astype("Int64")
    return out


def _write(root: Path, path: Path) -> None:
    import bw2data
    from bw2data.parameters import parameters
    from bw2io.export.excel import write_lci_excel

    inventory = load(root)
    bw2data.projects.set_current("excel")
    write_brightway(inventory, whole_methods=False)
    parameters.new_database_parameters(database_parameters(inventory), DATABASE)
    Path(write_lci_excel(DATABASE, dirpath=str(path.parent))).replace(path)


def _read(path: Path, out: Path) -> None:
    from bw2io.importers.excel import ExcelImporter
    from bw2io.strategies import (
        csv_add_missing_exchanges_section,
        csv_drop_unknown,
        csv_numerize,
        csv_restore_booleans,
        csv_restore_tuples,
        set_code_by_activity_hash,
    )

    importer = ExcelImporter(str(path))
    data = importer.data
    for strategy in (csv_restore_tuples, csv_restore_booleans, csv_numerize, csv_drop_unknown, csv_add_missing_exchanges_section):
        data = strategy(data)
    coded = list(set_code_by_activity_hash(data))
    out.write_text(json.dumps({"activities": coded, "parameters": importer.database_parameters or []}), encoding="utf-8")


if __name__ == "__main__":
    {"write": _write, "read": _read}[sys.argv[1]](Path(sys.argv[2]), Path(sys.argv[3]))
