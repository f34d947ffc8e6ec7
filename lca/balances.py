"""What goes into a process comes out of it: mass, carbon, water, energy or a chemical element.

`compositions` says how much of a quantity one unit of a product or flow holds (kg, or MJ for energy); `balances` names the processes that
are to close, and how far. Inputs and resources come in; the product, emissions and the wastes that a process hands over go out.
Mass needs no row for what is counted in kilograms; the content of a product that is itself counted `in stock` doesn't count twice,
because flows that are no substance streams (`content_`, `recovered_`, aggregates, places of water consumption) are left out unless
a composition says what they stand for.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from lca.inventory import Inventory

NO_SUBSTANCE = ("inventory indicator::in stock", "inventory indicator::recovered")
NOT_BALANCED = ("ghg_aggregate", "adp_aggregate", "energy_aggregate")
MASS = "mass"


@dataclass(frozen=True)
class Balance:
    """One quantity of one process, per unit of its product; `error` is the difference over the larger side."""

    activity: str
    quantity: str
    incoming: float
    outgoing: float
    tolerance: float
    file: str
    line: int

    @property
    def error(self) -> float:
        larger = max(self.incoming, self.outgoing)
        return abs(self.incoming - self.outgoing) / larger if larger else 0.0


def balances(inventory: Inventory) -> list[Balance]:
    """Every stated balance, in the order of the tables."""
    held = {(r.item, r.quantity): (float(r.amount), str(r.side)) for r in inventory.compositions.itertuples()}
    flow_unit = dict(zip(inventory.flows["flow"], inventory.flows["unit"], strict=True))
    compartment = dict(zip(inventory.flows["flow"], inventory.flows["categories"], strict=True))
    unit = dict(zip(inventory.activities["activity"], inventory.activities["unit"], strict=True))
    exchanges_of = dict(list(inventory.exchanges.groupby("activity", sort=False)))

    def content(item: str, quantity: str, item_unit: str) -> tuple[float, str]:
        known = held.get((item, quantity))
        if known is not None:
            return known
        return (1.0, "") if quantity == MASS and item_unit == "kilogram" and item not in NOT_BALANCED else (0.0, "")

    out = []
    for row in inventory.balances.itertuples():
        incoming, outgoing = 0.0, content(row.activity, row.quantity, unit.get(row.activity, ""))[0]
        for e in exchanges_of.get(row.activity, pd.DataFrame(columns=["type", "input", "amount"])).itertuples():
            biosphere = e.type == "biosphere"
            place = compartment.get(e.input, "") if biosphere else ""
            stated = (e.input, row.quantity) in held
            if not stated and (place.startswith(NO_SUBSTANCE) or (biosphere and e.input.startswith("water_consumed_"))):
                continue
            amount, side = content(e.input, row.quantity, flow_unit.get(e.input, "") if biosphere else unit.get(e.input, ""))
            side = side or ("out" if e.type == "substitution" or (biosphere and not place.startswith("natural resource")) else "in")
            if side == "in":
                incoming += e.amount * amount
            else:
                outgoing += e.amount * amount
        out.append(Balance(row.activity, row.quantity, incoming, outgoing, float(row.tolerance), row.file, int(row.line)))
    return out
