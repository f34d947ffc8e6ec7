"""End of life: treatment of the machines' mass, and what is recovered from it.

Treatment and recycling are in the totals; recovered materials are credits that are shown apart (`accounting` is `credit`) and never
netted. That is stricter than the cut-off rule, which would leave the recycler's burden to the next user of the material. In the
GHG Protocol's view treatment belongs to the year in which a machine is retired (category 5); the study's machines are not
retired in the period, so of one's own machines only the LCA carries it.
"""

from __future__ import annotations

from lca.activity import Case, Row, booked, placed, spread_over_service
from lca.allocation import amortised_share


def rows(case: Case) -> list[Row]:
    """Kilograms treated for each workload, and the credit beside it."""
    out = []
    for use in case.hours.to_dict("records"):
        system = case.study.system(use["asset"])
        for product, accounting in ((system.end_of_life, spread_over_service(system)), (system.recovery_credit, "credit")):
            if product is None:
                continue
            mass = float(case.inventory.activity(system.product)["mass"])
            lifetime, active = system.lifetime.to("year"), system.active_share.to("dimensionless")
            scope, category = booked(system, "3", "5")
            out.append(
                Row(
                    **placed(use, system),
                    life_cycle_stage="end_of_life",
                    component=case.name(product),
                    product=product,
                    amount=mass * amortised_share(use["machine_hours"], lifetime, active),
                    unit="kilogram",
                    origin="derived",
                    source="; ".join([use["source"], system.lifetime.source]),
                    calculation=f"{mass:g} kg x {use['calculation']} / ({lifetime:g} a x 8766 h/a x {active:g})",
                    scope=scope,
                    category=category,
                    view="both",
                    accounting=accounting,
                    keys=f"lifetime:{system.id};active:{system.id}",
                )
            )
    return out
