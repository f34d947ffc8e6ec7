"""Inventories and a study's foreground in the formats of the ecosystem: a Brightway project, a Brightway Excel workbook."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from lca import brightway
from lca import ledger as book
from lca.assessment import Assessment
from lca.inventory import Inventory


def foreground(a: Assessment, functional_unit: str) -> dict[str, Any]:
    """One activity that takes what one functional unit takes, from the ledger's LCA rows, one exchange per product."""
    workloads, scale = book.functional_scale(a.study, functional_unit)
    rows = book.lca_rows(a.base)
    amounts = rows[rows["workload"].isin(workloads)].groupby("product", sort=True)["amount"].sum() * scale
    activities = a.factors.inventory.activities.set_index("activity")
    code, unit = f"{a.study.study}_{functional_unit}", f"{functional_unit}, functional unit"
    exchanges: list[dict[str, Any]] = [
        {"type": "production", "code": code, "name": unit, "amount": 1.0, "unit": "unit", "uncertainty type": 0}
    ]
    for product, amount in amounts.items():
        name, long_unit = activities.at[product, "product"], activities.at[product, "unit"]
        exchanges.append(
            {"type": "technosphere", "code": product, "name": name, "amount": float(amount), "unit": long_unit, "uncertainty type": 0}
        )
    return {
        "database": f"lca_{a.study.study}",
        "code": code,
        "name": f"{a.study.title}: {functional_unit}",
        "reference product": unit,
        "unit": "unit",
        "location": "GLO",
        "production amount": 1.0,
        "type": "processwithreferenceproduct",
        "comment": "foreground of an audit report",
        "exchanges": exchanges,
    }


def to_brightway(project: str, inventory: Inventory, a: Assessment | None = None) -> dict[str, int]:
    """Write databases, methods and a study's foregrounds into the user's Brightway project of that name.

    The study has a database of its own beside `lca_inventories`; other databases of the project are left alone.
    """
    import bw2data

    bw2data.projects.set_current(project)
    extra = [foreground(a, fu.id) for fu in a.study.functional_units] if a else None
    return brightway.write(inventory, extra)


def to_excel(inventory: Inventory, path: Path) -> None:
    """The inventories as tables of one workbook, one sheet per table; a spreadsheet view of the CSV files."""
    with pd.ExcelWriter(path, engine="openpyxl") as writer:
        for name in ("activities", "exchanges", "parameters", "flows", "sources", "indicators", "characterisation"):
            getattr(inventory, name).to_excel(writer, sheet_name=name, index=False)
