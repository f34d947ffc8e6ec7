"""Facility: what the building itself emits for the IT load, and the building, power supply and cooling plant themselves.

Leakage of refrigerant (Scope 1) = charge per kW of IT load x share lost per year x IT energy / 8766 h: a load that runs all year bears
a year's leak. The plant is spread over what it serves: a product per kWh of IT energy. As capital goods it was booked in the year
in which it was built, so of one's own site only the LCA carries it.
"""

from __future__ import annotations

from lca.activity import COMPONENTS, HOURS_PER_YEAR, Case, Row, booked, placed, spread_over_service


def rows(case: Case) -> list[Row]:
    """Kilograms of refrigerant lost, and the share of the plant, for every use."""
    out = []
    for use in case.use.to_dict("records"):
        site, system = case.study.site(use["site"]), case.study.system(use["asset"])
        if site.facility:
            scope, category = booked(system, "3", "2")
            out.append(
                Row(
                    **placed(use, system),
                    life_cycle_stage="facility",
                    component=f"building and plant for {COMPONENTS.get(use['meter'], use['meter'])}",
                    product=site.facility,
                    amount=use["energy_kwh"],
                    unit=case.unit(site.facility),
                    origin="default",
                    source=use["source"],
                    calculation=f"{use['energy_kwh']:.10g} kWh of IT energy",
                    scope=scope,
                    category=category,
                    view="both",
                    accounting=spread_over_service(system),
                    keys=use["keys"],
                )
            )
        cooling = site.refrigerant
        if cooling is None:
            continue
        charge, leak = cooling.charge.to("kg/kW"), cooling.leak.to("1/year")
        scope, category = booked(system, "1", "")
        out.append(
            Row(
                **placed(use, system),
                life_cycle_stage="facility",
                component=f"refrigerant for {COMPONENTS.get(use['meter'], use['meter'])}",
                product=cooling.product,
                amount=use["energy_kwh"] / HOURS_PER_YEAR * charge * leak,
                unit=case.unit(cooling.product),
                origin=cooling.leak.origin,
                source=f"{use['source']}; {cooling.charge.source}; {cooling.leak.source}",
                calculation=f"{use['energy_kwh']:.10g} kWh / 8766 h x {charge:g} kg/kW x {leak:g} per year",
                scope=scope,
                category=category,
                view="both",
                accounting="both",
                keys=";".join(k for k in (use["keys"], f"charge:{site.id}", f"leak:{site.id}") if k),
            )
        )
    return out
