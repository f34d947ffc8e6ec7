"""Electricity: what the machines took, and what the facility took to serve them.

Facility energy is IT energy x PUE; IT and overhead (PUE - 1) are rows of their own, so PUE is applied once and visibly.
Each kWh is three products of the zone: what happens at the plants (Scope 2), the supply of fuel and plants, and the losses on the
way (Scope 3, category 3). Location-based Scope 2 takes the zone's plants. Market-based Scope 2 takes instruments first, then a
residual mix, then, where none is published, the zone's average (GHG Protocol Scope 2 Guidance, Table 6.3).
"""

from __future__ import annotations

from collections.abc import Iterator

from lca.activity import COMPONENTS, DECLARED_GHG, Case, Row, booked
from lca.errors import Finding, LcaError
from lca.study import Contract

SHARE_TOLERANCE = 1e-9


def rows(case: Case) -> list[Row]:
    """Direct, upstream and losses of every use, location- and market-based."""
    cover = {s.id: coverage(case, s.id) for s in case.study.sites}
    return [row for use in case.use.to_dict("records") for row in _of_use(case, use, cover[use["site"]])]


def _of_use(case: Case, use: dict, cover: list[tuple[Contract | None, float]]) -> Iterator[Row]:
    site, system = case.study.site(use["site"]), case.study.system(use["asset"])
    pue = site.pue.to("dimensionless")
    component = COMPONENTS.get(use["meter"], use["meter"])
    parts = [(component, use["energy_kwh"], use["keys"], use["calculation"], use["origin"], use["source"])]
    if pue > 1:
        words = f"{use['energy_kwh']:.10g} kWh of {component} x (PUE {pue:g} - 1)"
        keys = ";".join(k for k in (use["keys"], f"pue:{site.id}") if k)
        parts.append(
            ("facility overhead", use["energy_kwh"] * (pue - 1), keys, words, site.pue.origin, f"{use['source']}; {site.pue.source}")
        )
    for name, energy, keys, words, origin, source in parts:

        def row(kind: str, product: str, amount: float, unit: str, view: str, scope: str, category: str, note: str, key: str = "") -> Row:
            at = booked(system, scope, category)
            return Row(
                period=use["period"],
                site=site.id,
                asset=system.id,
                workload=use["workload"],
                ai_stage=use["ai_stage"],
                role=use["role"],
                life_cycle_stage="electricity",
                component=f"{name}: {kind}",  # noqa: B023
                product=product,
                amount=amount,
                unit=unit,
                origin=origin,  # noqa: B023
                source=source if not note else f"{source}; {note}",  # noqa: B023
                calculation=words,  # noqa: B023
                scope=at[0],
                category=at[1],
                view=view,
                accounting="both",
                keys=";".join(k for k in (keys, key) if k),  # noqa: B023
            )

        kwh = "kilowatt hour"
        yield row("power plants", f"electricity_direct_{site.grid}", energy, kwh, "location", "2", "", "")
        for contract, share in cover:
            if contract is None:
                yield row("power plants, no instrument", f"electricity_direct_{site.grid}", energy * share, kwh, "market", "2", "", "")
            else:
                factor = contract.factor.to("kg/kWh")
                amount, key = energy * share * factor, f"contract:{contract.id}"
                yield row(contract.instrument, DECLARED_GHG, amount, "kilogram", "market", "2", "", contract.source, key)
        yield row("fuel and plants", f"electricity_upstream_{site.grid}", energy, kwh, "both", "3", "3", "")
        yield row("transmission losses", f"electricity_losses_{site.grid}", energy, kwh, "both", "3", "3", "")


def coverage(case: Case, site: str) -> list[tuple[Contract | None, float]]:
    """Which instrument covers which share of the site's facility energy; None is what nothing covers. Shares sum to 1.

    Raises `LcaError` if instruments claim more energy than the site took.
    """
    place = case.study.site(site)
    total = float(case.use[case.use["site"] == site]["energy_kwh"].sum()) * place.pue.to("dimensionless")
    contracts = [c for c in case.study.contracts if c.site == site]
    covered: list[tuple[Contract | None, float]] = []
    left = 1.0
    for c in [c for c in contracts if c.kind != "residual mix"]:
        share = left if c.energy is None else (c.energy.to("kWh") / total if total else 0.0)
        if share > left * (1 + SHARE_TOLERANCE):
            got, most = f"{share * total:.6g} kWh", f"at most {left * total:.6g} kWh"
            raise LcaError(Finding("contract.energy", "error", "study.yaml", f"contracts.{c.id}", got, most, "claim no more than was used"))
        share = min(share, left)
        covered.append((c, share))
        left -= share
    rest: Contract | None = next((c for c in contracts if c.kind == "residual mix"), None)
    if left > SHARE_TOLERANCE:
        covered.append((rest, left))
    return covered
