"""Products of ours handed over to activities of the user's own databases, for example an ecoinvent project, with a log of every change.

The list is a CSV with the columns `product` (our code), `database`, `name`, `reference product`, `location`, or `code` instead of the last
three. Every line must name exactly one activity, in our product's unit; otherwise nothing is written. No number of the other
database is read: the link is to its activity.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pandas as pd

from lca.brightway import BIOSPHERE, DATABASE, Relink
from lca.errors import Finding, LcaError
from lca.inventory import Inventory
from lca.tables import read_text

COLUMNS = ("product", "database", "code", "name", "reference product", "location")


def read(path: Path, inventory: Inventory) -> tuple[Relink, pd.DataFrame]:
    """The links of a list, found in the current Brightway project, and the log: one row per exchange that changes.

    Raises `LcaError` with every line that names no activity, several, or one in another unit.
    """
    import bw2data

    if not path.is_file():
        raise LcaError(Finding("relink.missing", "error", str(path), "", "no such file", "a CSV", "check the path"), 2)
    text, unread = read_text(path)
    if text is None:
        raise LcaError(unread, 2)
    lines = [{k: v or "" for k, v in line.items() if k} for line in csv.DictReader(io.StringIO(text, newline=""))]
    ours = inventory.activities.set_index("activity")
    links: Relink = {}
    faults: list[Finding] = []

    def fault(number: int, column: str, got: str, expected: str, fix: str) -> None:
        faults.append(Finding("relink.line", "error", path.name, f"line {number}, {column}", got, expected, fix))

    if not lines or not {"product", "database"} <= lines[0].keys():
        fault(1, "header", ", ".join(lines[0]) if lines else "no lines", ", ".join(COLUMNS), "mend the header")
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
        elif database in (DATABASE, BIOSPHERE):
            fault(number, "database", f"'{database}'", "a database of your own", "that one is ours")
        elif any(float(e["amount"]) < 0 for e in found[0].production()):
            got = "a waste treatment with a negative production amount"
            fault(number, "name", got, "an activity that makes its product", "leave ours: it is bought with a positive amount")
        elif links.setdefault(product, found[0].key) != found[0].key:
            fault(number, "product", f"'{product}' again", "one line for each product", "delete one")
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
