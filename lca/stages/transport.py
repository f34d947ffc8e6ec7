"""Transport: from the factory gate to the site, mass x distance for each leg.

Spread over the machines' service for the LCA, in full in the year of acquisition for the GHG Protocol (category 4).
"""

from __future__ import annotations

from lca.activity import Case, Row, booked
from lca.allocation import amortised_share


def rows(case: Case) -> list[Row]:
    """Ton kilometres of each leg, amortised and as acquired."""
    out = []
    for system in case.study.systems:
        for i, leg in enumerate(system.transport, 1):
            mass = float(case.inventory.activity(system.product)["mass"])
            distance = leg.distance.to("km")
            per_machine = mass / 1000 * distance
            words = f"{mass:g} kg / 1000 x {distance:g} km"

            def row(period: str, use: dict, amount: float, calculation: str, accounting: str, keys: str) -> Row:
                scope, category = booked(system, "3", "4")  # noqa: B023
                return Row(
                    period=period,
                    site=system.site,  # noqa: B023
                    asset=system.id,  # noqa: B023
                    workload=use.get("workload", ""),
                    ai_stage=use.get("ai_stage", ""),
                    role=use.get("role", ""),
                    life_cycle_stage="transport",
                    component=case.name(leg.product),  # noqa: B023
                    product=leg.product,  # noqa: B023
                    amount=amount,
                    unit="ton kilometer",
                    origin=leg.distance.origin,  # noqa: B023
                    source="; ".join(s for s in (use.get("source", ""), leg.distance.source) if s),  # noqa: B023
                    calculation=calculation,
                    scope=scope,
                    category=category,
                    view="both",
                    accounting=accounting,
                    keys=keys,
                )

            for use in case.hours[case.hours["asset"] == system.id].to_dict("records"):
                lifetime, active = system.lifetime.to("year"), system.active_share.to("dimensionless")
                share = amortised_share(use["machine_hours"], lifetime, active)
                calculation = f"{words} x {use['calculation']} / ({lifetime:g} a x 8766 h/a x {active:g})"
                keys = f"lifetime:{system.id};active:{system.id};distance:{system.id}:{i}"
                out.append(row(use["period"], use, per_machine * share, calculation, "amortised", keys))
            if case.study.start <= system.acquired < case.study.end and system.tenure == "owned":
                amount = per_machine * system.count
                year, keys = str(system.acquired.year), f"distance:{system.id}:{i}"
                out.append(row(year, {}, amount, f"{words} x {system.count:g} machines", "acquisition", keys))
    return out
