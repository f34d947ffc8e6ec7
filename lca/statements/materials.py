"""Materials: element by element, what is taken from the ground, what the machines hold, what is recovered and what is lost.

    taken from the ground + from scrap, for making the machines = held by the machines + lost on the way there
    held by the machines  = recovered at end of life + lost at end of life

Everything is counted for the share of the machines that a functional unit wears out. What is recovered is a physical fact, counted the
same under every end-of-life rule: it is read from the rows that carry the recycling.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from lca import ledger as book
from lca.activity import END_OF_LIFE
from lca.assessment import Assessment
from lca.inventory import Inventory
from lca.inventory_checks import origins
from lca.statements import life_cycle
from lca.statements.cells import Statement, Table, cell

CRITICAL = "crm_extracted"  # indicator whose method lists the critical raw materials
COLUMNS = [
    "taken from the ground",
    "from scrap",
    "lost on the way",
    "held by the machines",
    "recovered at end of life",
    "lost at end of life",
    "taken for electricity, buildings and transport",
]
ROUND_OFF = 1e-12  # of the largest amount: what lies below is the noise of the solve


def elements(inventory: Inventory) -> dict[str, str]:
    """Symbol and name of every element that products may hold."""
    rows = inventory.flows[inventory.flows["flow"].str.startswith("content_")]
    names = zip(rows["flow"], rows["name"], strict=True)
    return {flow.removeprefix("content_"): name.removesuffix(", in product") for flow, name in names}


def critical(a: Assessment) -> set[str]:
    """Symbols of the elements on the list of critical raw materials behind the indicator."""
    scored = a.factors.characterisation
    flows = set(scored.loc[scored["indicator"] == CRITICAL, "flow"])
    return {s for s in elements(a.factors.inventory) if origins(s)[0] in flows}


def indicators(a: Assessment, functional_unit: str) -> Statement:
    """The indicators of the group `resources`, and rare earths, for one functional unit."""
    rows, scale = life_cycle.selection(a, functional_unit)
    names = list(a.indicators.loc[a.indicators["group"] == "resources", "indicator"])
    lines = [(life_cycle.heading(a, i), [cell(a, f"materials.{functional_unit}.{i}", rows, i, scale)]) for i in names]
    title = f"{life_cycle.describe(a, functional_unit)}: materials"
    return Statement(f"materials_{functional_unit}", title, ["per functional unit"], lines)


def balances(a: Assessment, functional_unit: str) -> Table:
    """The balance with its title."""
    title = f"{life_cycle.describe(a, functional_unit)}: elements; a row of the ledger times the element flow of its product, summed"
    return Table(title, balance(a, functional_unit))


def balance(a: Assessment, functional_unit: str) -> pd.DataFrame:
    """Grams of each element for one functional unit, largest first; columns as in `COLUMNS`, and whether it is critical."""
    workloads, scale = book.functional_scale(a.study, functional_unit)
    mine = a.base[a.base["workload"].isin(workloads)]
    rows = book.lca_rows(mine)
    flows = a.factors.elements

    def grams(part: pd.DataFrame, flow: str) -> float:
        if part.empty or flow not in flows.columns:
            return 0.0
        return float((flows.loc[part["product"], flow].to_numpy() * part["amount"].to_numpy()).sum()) * scale * 1000

    machines = rows[rows["life_cycle_stage"] == "manufacturing"]
    families = {m.end_of_life for m in a.study.systems if m.end_of_life}
    recycling = [END_OF_LIFE["avoided burden"][0].format(f) for f in families]
    ends = mine[mine["product"].isin(recycling) & (mine["life_cycle_stage"] == "end_of_life")]
    listed = critical(a)
    out = []
    for symbol, name in elements(a.factors.inventory).items():
        ground, scrap = (grams(machines, flow) for flow in origins(symbol))
        elsewhere = grams(rows, origins(symbol)[0]) - ground
        held, recovered = grams(machines, f"content_{symbol}"), grams(ends, f"recovered_{symbol}")
        known = "yes" if symbol in listed else "no"
        if f"content_{symbol}" not in flows.columns:  # no component says what it holds: missing, not zero
            out.append((name, known, ground, scrap, math.nan, math.nan, math.nan, math.nan, elsewhere))
        else:
            out.append((name, known, ground, scrap, ground + scrap - held, held, recovered, held - recovered, elsewhere))
    table = pd.DataFrame(out, columns=["element", "critical (EU)", *(f"{c} [g]" for c in COLUMNS)])
    amounts = [f"{c} [g]" for c in COLUMNS]
    largest = float(np.nanmax(np.abs(table[amounts].to_numpy(float)), initial=0.0))
    table[amounts] = table[amounts].where(table[amounts].abs().isna() | (table[amounts].abs() > ROUND_OFF * largest), 0.0)
    table = table[(table[amounts].fillna(0.0) != 0).any(axis=1)]
    return table.sort_values(amounts[0], ascending=False, ignore_index=True)
