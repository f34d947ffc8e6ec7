"""Transport: from the factory gate to the site, mass x distance for each leg.

Spread over the machines' service for the LCA, in full in the year of acquisition for the GHG Protocol (category 4).
"""

from __future__ import annotations

from typing import Any

from lca.activity import Case, Row, acquired, booked, bought_in_period, placed, spread_over_service
from lca.allocation import amortised_share
from lca.study import Leg, System


def rows(case: Case) -> list[Row]:
    """Ton kilometres of each leg, amortised and as acquired."""
    out = []
    for system in case.study.systems:
        lifetime, active = system.lifetime.to("year"), system.active_share.to("dimensionless")
        uses = case.hours[case.hours["asset"] == system.id].to_dict("records")
        for i, leg in enumerate(system.transport, 1):
            mass, distance = float(case.inventory.activity(system.product)["mass"]), leg.distance.to("km")
            per_machine, words = mass / 1000 * distance, f"{mass:g} kg / 1000 x {distance:g} km"
            key = f"distance:{system.id}:{i}"
            for use in uses:
                amount = per_machine * amortised_share(use["machine_hours"], lifetime, active)
                spelt = f"{words} x {use['calculation']} / ({lifetime:g} a x 8766 h/a x {active:g})"
                keys, source = f"lifetime:{system.id};active:{system.id};{key}", f"{use['source']}; {leg.distance.source}"
                out.append(_leg(case, system, leg, placed(use, system), amount, spelt, spread_over_service(system), keys, source))
            if bought_in_period(case.study, system):
                amount, spelt = per_machine * system.count, f"{words} x {system.count:g} machines"
                out.append(_leg(case, system, leg, acquired(system), amount, spelt, "acquisition", key, leg.distance.source))
    return out


def _leg(
    case: Case, system: System, leg: Leg, at: dict[str, Any], amount: float, words: str, accounting: str, keys: str, source: str
) -> Row:
    scope, category = booked(system, "3", "4")
    return Row(
        **at,
        life_cycle_stage="transport",
        component=case.name(leg.product),
        product=leg.product,
        amount=amount,
        unit=case.unit(leg.product),
        origin=leg.distance.origin,
        source=source,
        calculation=words,
        scope=scope,
        category=category,
        view="both",
        accounting=accounting,
        keys=keys,
    )
