"""Products of ours handed over to activities of the user's own databases, for example an ecoinvent project, with a log of every change.

The list is a CSV with the columns `product` (our code), `database`, `name`, `reference product`, `location`, or `code` instead of the last
three. Every line must name exactly one activity, in our product's unit; otherwise nothing is written. No number of the other
database is read: the link is to its activity.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pandas as pd

from lca.brightway import Relink
from lca.errors import Finding, LcaError
from lca.inventory import Inventory

COLUMNS = ("product", "database", "code", "name", "reference product", "location")


def read(path: Path, inventory: Inventory) -> tuple[Relink, pd.DataFrame]:
    """The links of a list, found in the current Brightway project, and the log: one row per exchange that changes.

    Raises `LcaError` with every line that names no activity, several, or one in another unit.
    """
    import bw2data

    if not path.is_file():
        raise LcaError(Finding("relink.missing", "error", str(path), "", "no such file", "a CSV", "check the path"), 2)
    lines = list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines()))
    ours = inventory.activities.set_index("activity")
    links: Relink = {}
    faults: list[Finding] = []

    def fault(number: int, column: str, got: str, expected: str, fix: str) -> None:
        faults.append(Finding("relink.line", "error", path.name, f"line {number}, {column}", got, expected, fix))

    if lines and not {"product", "database"} <= lines[0].keys():
        fault(1, "header", ", ".join(lines[0]), ", ".join(COLUMNS), "mend the header")
        raise LcaError(faults, 2)
    for number, line in enumerate(lines, 2):
        product, database = line["product"].strip(), line["database"].strip()
        if product not in ours.index:
            fault(number, "product", f"'{product}'", "the code of a product", "lca products TEXT finds it")
            continue
        if database not in bw2data.databases:
            fault(number, "database", f"'{database}'", "one of " + ", ".join(sorted(bw2data.databases)), "name a database of the project")
            continue
        found = _found(bw2data.Database(database), line)
        if len(found) != 1:
            fault(number, "name", f"{len(found)} activities", "exactly one", "give code, or name, reference product and location")
        elif found[0].get("unit") != ours.at[product, "unit"]:
            fault(number, "product", f"{product} per {ours.at[product, 'unit']}", f"{found[0].get('unit')}", "another activity")
        else:
            links[product] = found[0].key
    if faults:
        raise LcaError(sorted(set(faults)))
    return links, log(inventory, links)


def _found(database: Any, line: dict[str, str]) -> list[Any]:
    asked = {k: line[k].strip() for k in ("code", "name", "reference product", "location") if (line.get(k) or "").strip()}
    if not asked:
        return []
    return [node for node in database if all(node.get(k) == v for k, v in asked.items())]


def log(inventory: Inventory, links: Relink) -> pd.DataFrame:
    """One row per exchange that takes from the user's database instead of ours."""
    rows = [
        (e.activity, e.type, e.input, e.amount, e.unit, links[e.input][0], links[e.input][1])
        for e in inventory.exchanges.itertuples()
        if e.type != "biosphere" and e.input in links
    ]
    return pd.DataFrame(rows, columns=["activity", "type", "input", "amount", "unit", "database", "code"])
