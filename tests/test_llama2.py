"""Llama 2's published energy and carbon, recomputed from its ledger, with the impacts that the publication leaves out beside them.

Touvron et al. (2023), Table 2: GPU hours x W x 1.1 gives 81.10, 162.20, 399.76 and 756.94 MWh; x 0.385 kg/kWh gives the printed tonnes.
"""

from __future__ import annotations

import functools
import math

import pytest
import small

from lca import ledger as book
from lca.assessment import Assessment, assess
from lca.statements import ghg_protocol

# workload: GPU hours, W, printed t CO2e
PUBLISHED = {
    "llama2-7b": (184320, 400, 31.22),
    "llama2-13b": (368640, 400, 62.44),
    "llama2-34b": (1038336, 350, 153.90),
    "llama2-70b": (1720320, 400, 291.42),
}
MWH = {"llama2-7b": 81.10, "llama2-13b": 162.20, "llama2-34b": 399.76, "llama2-70b": 756.94}


@functools.cache
def llama() -> Assessment:
    return assess(small.ROOT / "reports" / "llama2" / "in" / "study.yaml")


def of(workload: str, **where: str):
    rows = llama().base
    for column, value in ({"workload": workload} | where).items():
        rows = rows[rows[column] == value]
    return rows


def energy(workload: str) -> float:
    """Facility energy [kWh]."""
    return math.fsum(of(workload, life_cycle_stage="electricity", view="location")["amount"])


@pytest.mark.parametrize("workload", PUBLISHED)
def test_energy_is_hours_times_power_times_pue(workload):
    """184 320 h x 400 W x 1.1 = 81 100.8 kWh, and so on; rounded to 0.01 MWh they are the published energies."""
    hours, watts, _ = PUBLISHED[workload]
    assert energy(workload) == pytest.approx(hours * watts / 1000 * 1.1, rel=1e-12)
    assert round(energy(workload) / 1000, 2) == MWH[workload]


def test_the_whole_family_took_1400_mwh():
    """81.10 + 162.20 + 399.76 + 756.94 = 1400.00 MWh."""
    assert round(math.fsum(energy(w) for w in PUBLISHED) / 1000, 2) == 1400.00


@pytest.mark.parametrize("workload", PUBLISHED)
def test_the_published_factor_gives_the_published_carbon(workload):
    """Market-based, at the supplier's 0.385 kg/kWh: within one unit of the last printed digit (147.456 x 1.1 x 0.385 = 62.4476; 62.44)."""
    hours, watts, printed = PUBLISHED[workload]
    tonnes = book.total(of(workload, view="market", scope="2"), "gwp100") / 1000
    assert tonnes == pytest.approx(hours * watts / 1e6 * 1.1 * 0.385, rel=1e-7)
    assert abs(tonnes - printed) <= 0.01


def test_scope_2_of_the_statement_is_the_sum_of_the_models():
    """Market-based Scope 2 of the family: 1 400 002.56 kWh x 0.385 = 539 001 kg; location-based is another number."""
    total = {label: cells[-1].value for label, cells in ghg_protocol.statement(llama()).lines}
    assert total["Scope 2, market-based"] == pytest.approx(math.fsum(energy(w) for w in PUBLISHED) * 0.385, rel=1e-7)
    location = total["Scope 2, location-based"]
    grid = float(llama().factors.table.at["electricity_direct_US", "gwp100"])
    assert location == pytest.approx(math.fsum(energy(w) for w in PUBLISHED) * grid)
    assert abs(location / total["Scope 2, market-based"] - 1) > 0.01


@pytest.mark.parametrize("workload", PUBLISHED)
def test_what_the_publication_leaves_out_stands_beside_it(workload):
    """Machines by the hour (hours / 8 / (5 x 8766 x 0.8) servers), cooling water (0.19 L/kWh of IT energy), fuels, metals: none is zero."""
    hours, watts, _ = PUBLISHED[workload]
    servers = of(workload, life_cycle_stage="manufacturing")
    assert math.fsum(servers["amount"]) == pytest.approx(hours / 8 / (5 * 8766 * 0.8))
    server = float(llama().factors.table.at["server_8gpu_a100_80", "gwp100"])
    assert 500 < server < 20000
    assert book.total(servers, "gwp100") == pytest.approx(math.fsum(servers["amount"]) * server)
    water = of(workload, life_cycle_stage="water")
    assert math.fsum(water["amount"]) == pytest.approx(hours * watts / 1000 * 0.19 / 1000)
    rows = book.lca_rows(of(workload))
    for indicator in ("ced", "water_consumption", "water_scarcity", "ef_minerals", "crustal_scarcity", "rare_earths"):
        assert book.total(rows, indicator) > 0, indicator


def test_the_results_scale_with_the_work():
    """13B took twice the hours of 7B at the same power: every indicator is twice as large."""
    one, two = (book.lca_rows(of(w)) for w in ("llama2-7b", "llama2-13b"))
    for i in book.indicators_of(one):
        assert book.total(two, i) == pytest.approx(2 * book.total(one, i), rel=1e-12)


def test_a_lower_power_is_a_lower_result_and_hours_of_machines_stay():
    """At 60 % of peak power, electricity is 60 % and manufacturing is unchanged."""
    base, low = llama().base, book.scenario_rows(llama().ledger, "power-60")
    for stage, share in (("electricity", 0.6), ("manufacturing", 1.0)):
        before, after = (book.total(book.lca_rows(x[x["life_cycle_stage"] == stage]), "gwp100") for x in (base, low))
        assert after == pytest.approx(share * before)
