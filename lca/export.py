"""The inventories, and a study's foreground, in a Brightway project of the user's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from lca import brightway, relink
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


def to_brightway(
    project: str, inventory: Inventory, a: Assessment | None = None, links: Path | None = None
) -> tuple[dict[str, int], pd.DataFrame]:
    """Write databases, parameters, methods and a study's foregrounds into the user's Brightway project of that name.

    The study has a database of its own beside `lca_inventories`; other databases of the project are left alone. `links` is a list of
    products that are taken from the user's own databases instead (see `lca.relink`). Returns counts, and the log of relinked exchanges.
    """
    import bw2data
    from bw2data.parameters import parameters

    bw2data.projects.set_current(project)
    relinked, log = relink.read(links, inventory) if links else ({}, relink.log(inventory, {}))
    extra = [foreground(a, fu.id) for fu in a.study.functional_units] if a else None
    counts = brightway.write(inventory, extra, relink=relinked)
    parameters.new_database_parameters(brightway.database_parameters(inventory), brightway.DATABASE)
    return counts, log
