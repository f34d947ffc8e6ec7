"""Manufacturing: the machines, from raw material to the factory gate.

Two rows for one fact. The LCA spreads a machine over its service (`amortised`); the GHG Protocol books it in full in the year
in which it is acquired (`acquisition`, category 2), and books nothing for machines acquired outside the study's period.
"""

from __future__ import annotations

from lca.activity import Case, Row, acquired, booked, bought_in_period, placed, spread_over_service
from lca.allocation import amortised_share


def rows(case: Case) -> list[Row]:
    """Machines taken by each workload, and machines acquired in the period."""
    out = []
    for use in case.hours.to_dict("records"):
        system = case.study.system(use["asset"])
        lifetime, active = system.lifetime.to("year"), system.active_share.to("dimensionless")
        scope, category = booked(system, "3", "2")
        out.append(
            Row(
                **placed(use, system),
                life_cycle_stage="manufacturing",
                component=case.name(system.product),
                product=system.product,
                amount=amortised_share(use["machine_hours"], lifetime, active),
                unit=case.unit(system.product),
                origin="derived",
                source="; ".join([use["source"], system.lifetime.source, system.active_share.source]),
                calculation=f"{use['calculation']} / ({lifetime:g} a x 8766 h/a x {active:g})",
                scope=scope,
                category=category,
                view="both",
                accounting=spread_over_service(system),
                keys=f"lifetime:{system.id};active:{system.id}",
            )
        )
    for system in case.study.systems:
        if bought_in_period(case.study, system):
            out.append(
                Row(
                    **acquired(system),
                    life_cycle_stage="manufacturing",
                    component=case.name(system.product),
                    product=system.product,
                    amount=system.count,
                    unit=case.unit(system.product),
                    origin="estimated",
                    source=system.source,
                    calculation=f"{system.count:g} machines acquired on {system.acquired}",
                    scope="3",
                    category="2",
                    view="both",
                    accounting="acquisition",
                )
            )
    return out
