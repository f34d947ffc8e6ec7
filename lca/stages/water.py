"""Water of the site: WUE x IT energy, never x PUE (ISO/IEC 30134-9).

A WUE counts either water taken in or water consumed; the study says which, and the product differs.
"""

from __future__ import annotations

from lca.activity import COMPONENTS, Case, Row, booked, cooling_product, placed


def rows(case: Case) -> list[Row]:
    """Cubic metres of cooling water for every use."""
    out = []
    for use in case.use.to_dict("records"):
        site, system = case.study.site(use["site"]), case.study.system(use["asset"])
        wue = site.water.wue.to("L/kWh")
        if wue == 0:
            continue
        scope, category = booked(system, "3", "1")
        component = COMPONENTS.get(use["meter"], use["meter"])
        product = cooling_product(site)
        out.append(
            Row(
                **placed(use, system),
                life_cycle_stage="water",
                component=f"cooling for {component}",
                product=product,
                amount=use["energy_kwh"] * wue / 1000,
                unit=case.unit(product),
                origin=site.water.wue.origin,
                source=f"{use['source']}; {site.water.wue.source}",
                calculation=f"{use['energy_kwh']:.10g} kWh x WUE {wue:g} L/kWh / 1000",
                scope=scope,
                category=category,
                view="both",
                accounting="both",
                keys=";".join(k for k in (use["keys"], f"wue:{site.id}") if k),
            )
        )
    return out
