"""Wafers, dies and memory redone by hand: energy by node, area balance, gases by species, layers of a stack."""

from __future__ import annotations

import itertools
import math

import pytest
from test_inventories_content import amounts

from lca import inventory as inv

NODES = ("n28", "n14", "n12", "n10", "n7", "n5", "n3")
AR5 = {"cf4": 6630, "c2f6": 11100, "hfc23": 12400, "hfc32": 677, "nf3": 16100, "sf6": 23500, "n2o": 265}  # Myhre et al. 2013, table 8.A.1
AR6 = {"cf4": 7380, "c2f6": 12400, "hfc23": 14600, "hfc32": 771, "nf3": 17400, "sf6": 25200, "n2o": 273}  # Smith et al. 2021, table 7.SM.7
SILICON = 2.329  # g/cm3


def changed(inventory: inv.Inventory, **values: float) -> inv.Inventory:
    return inv.with_values(inventory, {p: (v, v, v) for p, v in values.items()})


def test_a_smaller_node_takes_more_energy_and_gas(inventory, real_factors):
    """kWh and process gases per cm2 of wafer rise from 28 to 3 nm, and so do energy and climate change of the wafer."""
    wafers = [f"wafer_processed_{n}" for n in NODES]
    for what in ("electricity_TW", "fab_gas_release"):
        per_cm2 = [amounts(inventory, w)[what] for w in wafers]
        assert all(a < b for a, b in itertools.pairwise(per_cm2)), what
    for indicator in ("gwp100", "ced"):
        scores = list(real_factors.table.loc[wafers, indicator])
        assert all(a < b for a, b in itertools.pairwise(scores)), indicator


def test_the_place_of_a_fab_changes_its_electricity_only(inventory):
    """The same 7 nm wafer in the United States and in Ireland takes the same kWh, chemicals and water of another place."""
    here = amounts(inventory, "wafer_processed_n7")
    for place in ("US", "IE"):
        there = amounts(inventory, f"wafer_processed_n7_{place}")
        assert there[f"electricity_{place}"] == here["electricity_TW"]
        assert there[f"water_consumed_{place}"] == here["water_consumed_TW"]
        same = [i for i in here.index if not i.endswith("_TW")]
        assert there[same].to_dict() == here[same].to_dict()


@pytest.mark.parametrize(("node", "size", "side"), [("n5", "large", ""), ("n7", "mid", "_mid"), ("n14", "small", "_small")])
def test_area_balance_of_a_die_by_hand(inventory, value, node, size, side):
    """Dies on a 300 mm wafer by de Vries: pi r2/S - 2 pi r/sqrt(2 S), S the square pitch with the street; yield by Murphy plus harvest.

    cm2 of wafer per cm2 of good die = area of the wafer / (dies x yield x line yield x die area).
    """
    area, radius = value[f"die_area_{size}"], 15.0  # cm2, cm
    pitch = (math.sqrt(area) + value["die_street"] / 10) ** 2
    dies = math.pi * radius**2 / pitch - 2 * math.pi * radius / math.sqrt(2 * pitch)
    defects = area * value[f"fab_d0_{node}"]
    murphy = ((1 - math.exp(-defects)) / defects) ** 2
    good = murphy + value[f"die_harvest_{size}"] * (1 - murphy)
    by_hand = math.pi * radius**2 / (dies * good * value["line_yield"] * area)
    die = amounts(inventory, f"logic_die_{node}{side}")
    assert die[f"wafer_processed_{node}"] == pytest.approx(by_hand, rel=1e-9)
    assert die["scrap_out"] == pytest.approx((by_hand - 1) * die["content_si"], rel=1e-9)


def test_dies_per_wafer_agree_with_counting_squares(value):
    """Squares of a grid that lie whole inside the wafer less an edge of 3 mm, best of 100 offsets: within 8 % for an 8.2 cm2 die.

    The formula stands on the cautious side: it counts 62.
    """
    pitch = math.sqrt(value["die_area_large"]) + value["die_street"] / 10
    formula = math.pi * 15**2 / pitch**2 - 2 * math.pi * 15 / math.sqrt(2 * pitch**2)
    counts = []
    for dx, dy in itertools.product([i / 10 for i in range(10)], repeat=2):
        corners = [((i + dx) * pitch, (j + dy) * pitch) for i, j in itertools.product(range(-9, 9), repeat=2)]
        counts.append(sum(all(math.hypot(x + a * pitch, y + b * pitch) <= 14.7 for a in (0, 1) for b in (0, 1)) for x, y in corners))
    assert formula <= max(counts) <= 1.08 * formula


def test_limits_of_yield(inventory, value):
    """Without defects, or if every die is sold, the yield is 1 and harvest or defects don't matter; more defects take more wafer."""
    wafer = "wafer_processed_n5"
    sold = amounts(changed(inventory, die_harvest_large=1.0), "logic_die_n5")[wafer]
    perfect = amounts(changed(inventory, fab_d0_n5=1e-6), "logic_die_n5")[wafer]
    assert sold == pytest.approx(perfect, rel=1e-5)
    strict = [amounts(changed(inventory, die_harvest_large=0.0, fab_d0_n5=d), "logic_die_n5")[wafer] for d in (0.05, 0.1, 0.2)]
    assert perfect < strict[0] < strict[1] < strict[2]


def test_gases_by_species_add_up_to_what_they_were_split_from(inventory, value, real_factors):
    """1 kg CO2e by AR5, species by species, with the two perfluorocarbons that have no flow; by AR6 the same gases weigh 5 to 15 % more."""
    release = amounts(inventory, "fab_gas_release")
    lumped = (value["fab_gas_share_c4f8"] + value["fab_gas_share_c3f8"]) / sum(
        v for p, v in value.items() if p.startswith("fab_gas_share_")
    )
    by_ar5 = math.fsum(release[gas] * gwp for gas, gwp in AR5.items()) + lumped
    assert by_ar5 == pytest.approx(1, rel=1e-9)
    by_ar6 = math.fsum(release[gas] * gwp for gas, gwp in AR6.items()) + release["ghg_aggregate"]
    assert real_factors.table.at["fab_gas_release", "gwp100"] == pytest.approx(by_ar6, rel=1e-9)
    assert 1.05 < by_ar6 < 1.15


def test_abatement_runs_between_the_two_tables_of_its_source(inventory, value):
    """At 95 and 99 % the grams of ACT themselves, at 97 % their mean, by node."""
    for node in NODES:
        wafers = [amounts(changed(inventory, fab_abatement=a), f"wafer_processed_{node}") for a in (0.95, 0.97, 0.99)]
        grams = [wafer["fab_gas_release"] * 1000 for wafer in wafers]
        low, high = value[f"fab_gas95_{node}"], value[f"fab_gas99_{node}"]
        assert grams == pytest.approx([low, (low + high) / 2, high], rel=1e-9), node
        assert low > high


@pytest.mark.parametrize("stack", ["hbm2", "hbm", "hbm3", "hbm3e"])
def test_every_layer_of_a_stack_is_counted(inventory, value, stack):
    """8 memory dies and the base die: 9 x area of a die per GB, over yields of line, die and stack and what a round wafer loses."""
    area = value[f"{stack}_footprint"] * value[f"{stack}_die_fill"]
    pitch = (math.sqrt(area) + value["die_street"] / 10) ** 2
    dies = math.pi * 15**2 / pitch - 2 * math.pi * 15 / math.sqrt(2 * pitch)
    wafer_per_die = math.pi * 15**2 / dies / (value["mem_line_yield"] * value["hbm_die_yield"])
    by_hand = 9 * wafer_per_die / value["hbm_stack_yield"] / value[f"{stack}_stack_gb"]
    per_gb = amounts(inventory, stack)
    assert value["hbm_layers"] == 8
    assert per_gb["wafer_processed_dram"] == pytest.approx(by_hand, rel=1e-9)
    twelve = amounts(changed(inventory, hbm_layers=12.0), stack)["wafer_processed_dram"]
    assert twelve / per_gb["wafer_processed_dram"] == pytest.approx(13 / 9, rel=1e-9)
    thickness = per_gb["content_si"] * 1000 / SILICON / (9 * area / value[f"{stack}_stack_gb"]) * 1e4  # micrometres
    assert 30 < thickness < 120, "dies in a stack are thinned"


def test_memory_area_is_density(inventory, value):
    """1 GB of DRAM is 1.2 GB of bits with error correction over GB/cm2; flash is 1 over GB/cm2; dies weigh a full wafer's thickness."""
    assert amounts(inventory, "dram")["dram_die"] == pytest.approx(value["dram_ecc"] / value["dram_density"], rel=1e-12)
    assert amounts(inventory, "nand_ssd")["nand_die"] == pytest.approx(1 / value["nand_density"], rel=1e-12)
    for die in ("dram_die", "nand_die", "logic_die_n5", "logic_die_n28"):
        assert amounts(inventory, die)["content_si"] * 1000 == pytest.approx(0.0775 * SILICON, rel=1e-3), die  # g per cm2 at 775 um


def test_water_of_a_wafer_is_per_mask_layer(inventory, value):
    """161 L per wafer and mask layer over 706.86 cm2: a part direct, the rest as pure water; a fifth evaporates at the fab."""
    for node in NODES:
        wafer = amounts(inventory, f"wafer_processed_{node}")
        litres = 161 * value[f"fab_masks_{node}"] / (math.pi * 15**2)
        direct, pure = wafer["water_withdrawn"] * 1000, wafer["ultrapure_water_in_fab_TW"] * 1000
        assert 0 < direct < litres
        assert pure < litres - direct  # making pure water rejects some
        assert wafer["water_evaporated"] == wafer["water_consumed_TW"] == pytest.approx(0.2 * litres / 1000, rel=1e-5)


def test_fab_energy_is_of_the_size_that_others_find(real_factors):
    """7 nm logic: 1.3 (imec 2023) to 4.2 kWh/cm2 (TSMC, whole company); the wafer 1 to 4 kg CO2e/cm2, which holds what studies find."""
    wafer = real_factors.table.at["wafer_processed_n7", "gwp100"]
    assert 1.3 < amounts(real_factors.inventory, "wafer_processed_n7")["electricity_TW"] < 4.2
    assert 1 < wafer < 4
