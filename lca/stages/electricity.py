"""Electricity: what the machines took, and what the facility took to serve them.

Facility energy is IT energy x PUE; IT and overhead (PUE - 1) are rows of their own, so PUE is applied once and visibly.
Each kWh is three products of the zone: what happens at the plants (Scope 2), the supply of fuel and plants, and the losses on the
way (Scope 3, category 3). Location-based Scope 2 takes the zone's plants. Market-based Scope 2 takes instruments first, then a
residual mix, then, where none is published, the zone's average (GHG Protocol Scope 2 Guidance, Table 6.3).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lca.activity import COMPONENTS, DECLARED_GHG, Case, Row, booked, placed
from lca.errors import Finding, LcaError
from lca.study import Contract

SHARE_TOLERANCE = 1e-9
REST = "rest"  # key of the energy that instruments of a fixed amount leave uncovered
Cover = list[tuple[Contract | None, float]]


def rows(case: Case) -> list[Row]:
    """Direct, upstream and losses of every use, location- and market-based."""
    cover = {s.id: coverage(case, s.id) for s in case.study.sites}
    return [row for use in case.use.to_dict("records") for row in _of_use(case, use, cover[use["site"]])]


def _of_use(case: Case, use: dict[str, Any], cover: Cover) -> Iterator[Row]:
    """Rows of the machine's energy and, where PUE is above 1, of the facility's overhead for it."""
    site = case.study.site(use["site"])
    pue, energy = site.pue.to("dimensionless"), use["energy_kwh"]
    component = COMPONENTS.get(use["meter"], use["meter"])
    yield from _of_energy(case, use, cover, component, energy)
    if pue > 1:
        overhead = use | {
            "keys": ";".join(k for k in (use["keys"], f"pue:{site.id}") if k),
            "calculation": f"{energy:.10g} kWh of {component} x (PUE {pue:g} - 1)",
            "origin": site.pue.origin,
            "source": f"{use['source']}; {site.pue.source}",
        }
        yield from _of_energy(case, overhead, cover, "facility overhead", energy * (pue - 1))


def _of_energy(case: Case, use: dict[str, Any], cover: Cover, name: str, energy: float) -> Iterator[Row]:
    """One amount of facility energy as products: plants in both views, fuel supply, losses."""
    grid, system = case.study.site(use["site"]).grid, case.study.system(use["asset"])

    fixed = any(c and c.energy for c, _ in cover)

    def row(
        kind: str, product: str, amount: float, view: str, booking: tuple[str, str], contract: Contract | None = None, words: str = ""
    ) -> Row:
        scope, category = booked(system, *booking)
        source, key = (contract.source, f"contract:{contract.id}") if contract else ("", "")
        meters = use["keys"]
        if view == "market" and fixed:  # an instrument's kWh don't move with the meter; what is left does
            meters = "" if contract and contract.energy else f"{REST}:{use['site']}"
        return Row(
            **placed(use, system),
            life_cycle_stage="electricity",
            component=f"{name}: {kind}",
            product=product,
            amount=amount,
            unit=case.unit(product),
            origin=use["origin"],
            source="; ".join(s for s in (use["source"], source) if s),
            calculation=f"{use['calculation']}{words}",
            scope=scope,
            category=category,
            view=view,
            accounting="both",
            keys=";".join(k for k in (meters, key) if k),
        )

    plants, scope_2, fuel_and_energy = f"electricity_direct_{grid}", ("2", ""), ("3", "3")
    yield row("power plants", plants, energy, "location", scope_2)
    for contract, share in cover:
        part = f" x {share:.6g} of the site's energy"
        if contract is None:
            yield row("power plants, no instrument", plants, energy * share, "market", scope_2, None, f"{part} without an instrument")
        else:
            factor = contract.factor.to("kg/kWh")
            words = f"{part} under {contract.id} x {factor:g} kg/kWh"
            yield row(contract.instrument, DECLARED_GHG, energy * share * factor, "market", scope_2, contract, words)
    yield row("fuel and plants", f"electricity_upstream_{grid}", energy, "both", fuel_and_energy)
    yield row("transmission losses", f"electricity_losses_{grid}", energy, "both", fuel_and_energy)


def coverage(case: Case, site: str) -> Cover:
    """Which instrument covers which share of the site's facility energy; None is what nothing covers. Shares sum to 1.

    Raises `LcaError` if instruments claim more energy than the site took.
    """
    place = case.study.site(site)
    total = float(case.use[case.use["site"] == site]["energy_kwh"].sum()) * place.pue.to("dimensionless")
    contracts = [c for c in case.study.contracts if c.site == site]
    covered: Cover = []
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
