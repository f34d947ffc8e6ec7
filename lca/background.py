"""The inventories as a study wants them: switches set, parameters with values of its own.

A study may declare, and a scenario may change, `inventories.choices.<switch>` and `inventories.values.<parameter>`. Values are converted to
the parameter's unit; an interval replaces the parameter's, and a value without one is definite.
"""

from __future__ import annotations

from lca.errors import Finding
from lca.inventory import Inventory, chosen
from lca.study import Study
from lca.tables import listing
from lca.units import convert

Values = dict[str, tuple[float, float, float]]


def values_of(study: Study, inventory: Inventory, name: str) -> tuple[Values, list[Finding]]:
    """(central, low, high) of every parameter that the study sets, and what is wrong with what it declares."""
    values: Values = {}
    faults: list[Finding] = []
    for choice, option in study.inventories.choices.items():
        try:
            for p, v in chosen(inventory, {choice: option}).items():
                if p in values or p in study.inventories.values:
                    where, fix = f"inventories.choices.{choice}", "take out one of them"
                    faults.append(Finding("study.choice", "error", name, where, f"{p} is set twice", "one value for it", fix))
                values[p] = (v, v, v)
        except KeyError:
            known = sorted({f"{r.choice}: {r.option}" for r in inventory.choices.itertuples()})
            where = f"inventories.choices.{choice}"
            faults.append(Finding("study.choice", "error", name, where, f"'{option}'", listing(known, 20), "take one of these"))
    unit_of = dict(zip(inventory.parameters["parameter"], inventory.parameters["unit"], strict=True))
    for parameter, q in study.inventories.values.items():
        where = f"inventories.values.{parameter}"
        if parameter not in unit_of:
            near = sorted(p for p in unit_of if parameter.split("_")[0] in p)
            expected = "a parameter of the inventories" + (f", close: {listing(near, 6)}" if near else "")
            faults.append(Finding("study.parameter", "error", name, where, f"'{parameter}'", expected, "see inventories/*/parameters*.csv"))
            continue
        unit = "dimensionless" if unit_of[parameter] == "1" else unit_of[parameter]
        try:
            central = q.to(unit)
            ends = [central if end is None else convert(end, unit) for end in (q.low, q.high)]
        except ValueError as error:
            faults.append(Finding("study.parameter", "error", name, where, q.value, f"a value in {unit}: {error}", "mend the unit"))
            continue
        values[parameter] = (central, ends[0], ends[1])
    return values, faults
