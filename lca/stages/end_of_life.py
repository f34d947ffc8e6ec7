"""End of life: what becomes of the machines' mass, under each of three rules.

Who carries recycling, and who gets credit for the metal it yields, is a convention. `cut-off` ends where scrap is sold; `avoided burden`
carries the recycling and is credited the primary metal it replaces; the `circular footprint formula` of the EU shares both by
market (factor A) and quality. All three are in the ledger; the rule that the study names is in its totals, the others have the
accounting `alternative` and are in none. Credits are rows of their own.

In the GHG Protocol's view treatment belongs to the year in which a machine is retired (category 5); the study's machines are not
retired in the period, so of one's own machines only the LCA carries it. Credits are never in a GHG inventory.
"""

from __future__ import annotations

from lca.activity import END_OF_LIFE, Case, Row, booked, placed, spread_over_service
from lca.allocation import amortised_share


def rows(case: Case) -> list[Row]:
    """Kilograms treated for each workload under every rule, and the credits beside them."""
    out = []
    for use in case.hours.to_dict("records"):
        system = case.study.system(use["asset"])
        if system.end_of_life is None:
            continue
        mass = float(case.inventory.activity(system.product)["mass"])
        lifetime, active = system.lifetime.to("year"), system.active_share.to("dimensionless")
        scope, category = booked(system, "3", "5")
        for rule, products in END_OF_LIFE.items():
            mine = rule == case.study.end_of_life_rule
            for template, accounting in zip(products, (spread_over_service(system), "amortised"), strict=False):
                product = template.format(system.end_of_life)
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
                        accounting=accounting if mine else "alternative",
                        keys=f"lifetime:{system.id};active:{system.id}",
                    )
                )
    return out
