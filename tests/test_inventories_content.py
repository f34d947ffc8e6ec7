"""The project's own inventories: clean, sourced, open, and right where arithmetic can tell."""

from __future__ import annotations

import math
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from lca import brightway, formulas
from lca import inventory as inv
from lca.assessment import INVENTORIES

ROOT = Path(__file__).parents[1]
RARE_EARTHS = ("la", "ce", "pr", "nd", "sm", "eu", "gd", "tb", "dy")
LICENSED = re.compile(r"ecoinvent|gabi|sphera|negaoctet|eime|idemat|agribalyse", re.IGNORECASE)
OPEN = re.compile(r"CC0|CC BY|MIT|Apache-2\.0|BSD|US public domain|EU reuse|as this project|package MIT; data CC BY 4\.0|facts$")
CLOSED = re.compile(r"\bNC\b|non-?commercial|no licen[cs]e|all rights reserved|proprietary", re.IGNORECASE)


@pytest.fixture(scope="module")
def inventory() -> inv.Inventory:
    return inv.load(INVENTORIES)


@pytest.fixture(scope="module")
def value(inventory) -> dict[str, float]:
    return inv.parameter_values(inventory)


def zones(inventory: inv.Inventory) -> list[str]:
    prefix = "electricity_direct_"
    return [a.removeprefix(prefix) for a in inventory.activities["activity"] if a.startswith(prefix)]


def amounts(inventory: inv.Inventory, activity: str) -> pd.Series:
    """Inputs and emissions of one activity."""
    rows = inventory.exchanges[inventory.exchanges["activity"] == activity]
    return rows.groupby("input")["amount"].sum()


def test_lca_check_inventories_is_clean():
    """The command exits 0 and reports no error and no warning."""
    done = subprocess.run([sys.executable, "-m", "lca.cli", "check", "inventories"], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stdout
    assert "0 errors, 0 warnings" in done.stdout


def test_every_formula_is_its_amount(inventory, value):
    """Redone outside the check: Python's own arithmetic on each formula cell gives the cell beside it to 1e-9."""
    rows = inventory.exchanges[inventory.exchanges["formula"] != ""]
    functions = {"exp": math.exp, "log": math.log, "sqrt": math.sqrt, "min": min, "max": max}
    assert len(rows) > 1000
    for row in rows.itertuples():
        by_python = eval(row.formula, {"__builtins__": {}}, functions | value)
        assert math.isclose(by_python, row.amount, rel_tol=1e-9), (row.file, row.line)


def test_every_parameter_of_a_formula_exists(inventory):
    """No formula names what no table defines, and formulas use most of what is defined."""
    used = set().union(*(formulas.names(f) for f in inventory.exchanges["formula"] if f))
    defined = set(inventory.parameters["parameter"])
    assert used - defined == set()
    assert len(used) > 0.9 * len(defined)


def test_nothing_is_unlinked(inventory, real_factors):
    """Every input is an activity or a flow of the tables, and Brightway's importer counts no unlinked exchange."""
    known = set(inventory.activities["activity"]) | set(inventory.flows["flow"])
    assert set(inventory.exchanges["input"]) - known == set()
    assert real_factors.statistics["unlinked"] == 0
    assert real_factors.statistics["activities"] == len(inventory.activities)
    assert real_factors.statistics["exchanges"] == len(inventory.exchanges) + len(inventory.activities)  # and one production each


def test_every_number_has_a_source_and_a_place_in_it(inventory):
    """Parameters, exchanges, characterisation factors and masses: source and locator are filled; `none` only where nothing was read."""
    known = set(inventory.sources["source"])
    for frame in (inventory.parameters, inventory.exchanges, inventory.characterisation):
        assert set(frame["source"]) <= known
        assert (frame["locator"].str.strip() != "").all()
        assert set(frame.loc[frame["locator"] == "none", "source"]) <= {"own_assumption"}
    with_mass = inventory.activities[inventory.activities["mass"].notna()]
    assert set(with_mass["mass_source"]) <= known
    assert (with_mass["mass_locator"] != "").all()
    assert with_mass["mass_basis"].isin(["read", "derived", "assumed"]).all()


def test_every_assumption_gives_its_reason(inventory):
    """`assumed` without a comment is a guess that nobody can judge."""
    for frame in (inventory.parameters, inventory.exchanges):
        assumed = frame[frame["basis"] == "assumed"]
        assert len(assumed) > 0
        assert (assumed["comment"].str.len() > 3).all()


def test_no_licensed_database_is_shipped(inventory):
    """No source whose citation or licence is one is redistributed as values, and what is redistributed has an open licence."""
    shipped = inventory.sources[inventory.sources["redistribution"] == "values"]
    for row in shipped.itertuples():
        assert not LICENSED.search(f"{row.source} {row.citation} {row.licence}"), row.source
        assert OPEN.match(row.licence), (row.source, row.licence)
        assert not CLOSED.search(row.licence), (row.source, row.licence)


def test_every_source_is_used(inventory):
    """As the source of a number or a mass, or named in a row's locator or comment as what it was compared with."""
    tables = (inventory.parameters, inventory.exchanges, inventory.characterisation)
    named = set(inventory.activities["mass_source"]).union(*(t["source"] for t in (*tables, inventory.pedigree, inventory.compositions)))
    words = " ".join(text for t in (*tables, inventory.activities) for c in ("locator", "comment") if c in t for text in t[c])
    assert [s for s in inventory.sources["source"] if s not in named and not re.search(rf"\b{re.escape(s)}\b", words)] == []


def test_the_zones_have_their_four_products(inventory):
    """direct, upstream, losses and their sum for each zone; the consumer's product is 1 of each part."""
    codes = set(inventory.activities["activity"])
    assert len(zones(inventory)) == 44
    for zone in zones(inventory):
        parts = [f"electricity_{part}_{zone}" for part in ("direct", "upstream", "losses")]
        assert codes.issuperset([*parts, f"electricity_{zone}"])
        assert amounts(inventory, f"electricity_{zone}").to_dict() == dict.fromkeys(parts, 1.0)


def test_shares_of_each_zone_sum_to_one(inventory):
    """Technologies of the fuel-supply product, which every technology has, are all of the kWh; of cooling, no more than all."""
    for zone in zones(inventory):
        supply = amounts(inventory, f"electricity_upstream_{zone}")
        technologies = supply[supply.index.str.fullmatch(r"electricity_[a-z]+_upstream")]
        assert math.isclose(technologies.sum(), 1, rel_tol=1e-12), (zone, technologies.sum())
        plants = amounts(inventory, f"electricity_direct_{zone}")
        for part in ("combustion", "cooling"):
            shares = plants[plants.index.str.endswith(part)]
            assert shares.sum() <= 1 + 1e-12
            of_supply = technologies.reindex(shares.index.str.replace(part, "upstream"))
            assert of_supply.to_numpy() == pytest.approx(shares.to_numpy(), rel=1e-12), (zone, part)


def test_direct_upstream_and_losses_are_the_consumers_product(inventory, real_factors, value):
    """For every zone and indicator the three parts sum to the product, and losses are loss/(1-loss) of the first two."""
    t = real_factors.table
    for zone in zones(inventory):
        direct, upstream, losses = (t.loc[f"electricity_{part}_{zone}"] for part in ("direct", "upstream", "losses"))
        loss = value["loss_" + zone.replace("-", "_")]
        together = (direct + upstream).to_numpy()
        assert (direct + upstream + losses).to_numpy() == pytest.approx(t.loc[f"electricity_{zone}"].to_numpy(), rel=1e-12, abs=0)
        assert losses.to_numpy() == pytest.approx(together * loss / (1 - loss), rel=1e-12, abs=0)


def test_primary_energy_of_a_kilowatt_hour_by_technology(real_factors, value):
    """Converted energy counts 3.6 MJ per kWh; reactors and coal plants count their heat, which is 3.6 MJ over their efficiency."""
    ced = {
        t: real_factors.table.at[f"electricity_{t}_upstream", "ced"] for t in ("hydro", "wind", "solar", "geothermal", "nuclear", "coal")
    }
    assert [ced[t] for t in ("hydro", "wind", "solar", "geothermal")] == pytest.approx([3.6] * 4, rel=1e-12)
    assert ced["nuclear"] == pytest.approx(value["heat_rate_nuclear"], rel=1e-12)
    assert ced["coal"] == pytest.approx(value["heat_rate_coal"], rel=1e-12)
    assert 0.30 < 3.6 / ced["nuclear"] < 0.37  # reactors turn a third of their heat into power
    assert 0.28 < 3.6 / ced["coal"] < 0.45


def test_primary_energy_of_every_zone_is_its_mix(inventory, real_factors, value):
    """Sum of share x technology's MJ, over 1 - loss: delivered kWh carry the losses. Norway is near 3.6/(1 - loss), France near 10."""
    ced = real_factors.table["ced"]
    for zone in zones(inventory):
        mix = amounts(inventory, f"electricity_upstream_{zone}")
        at_plants = math.fsum(share * ced[technology] for technology, share in mix.items())
        burning = math.fsum(share * ced.get(t, 0) for t, share in amounts(inventory, f"electricity_direct_{zone}").items())
        by_hand = (at_plants + burning) / (1 - value["loss_" + zone.replace("-", "_")])
        assert ced[f"electricity_{zone}"] == pytest.approx(by_hand, rel=1e-9), zone
        assert 3.6 <= ced[f"electricity_{zone}"] <= 20, zone
    assert ced["electricity_NO"] < 4.2
    assert ced["electricity_FR"] > 8


def test_climate_of_coal_and_of_zones_keeps_its_order(real_factors):
    """Coal's CO2 per kWh is its heat rate times the CO2 of its fuel, near 1 kg; Poland > world > France > Norway."""
    gwp = real_factors.table["gwp100"]
    assert gwp["electricity_coal_combustion"] == pytest.approx(1.0061 + 1.1849e-4 * 27.9 + 1.7248e-5 * 273, rel=1e-3)
    assert gwp["electricity_PL"] > gwp["electricity_GLO"] > gwp["electricity_FR"] > gwp["electricity_NO"]


def test_rare_earth_allocation_shares_out_everything_once(inventory, value):
    """Sum over the nine oxides of their share in mixed oxide times what 1 kg of each carries of it: exactly 1, by value."""
    total = math.fsum(value[f"split_{e}"] for e in RARE_EARTHS)
    carried = [value[f"split_{e}"] / total * amounts(inventory, f"{e}_oxide_CN")["reo_mixed_CN"] for e in RARE_EARTHS]
    assert math.fsum(carried) == pytest.approx(1, rel=1e-12)


def test_rare_earth_allocation_by_mass_shares_out_everything_too(inventory, value):
    """With the switch at 0 each oxide carries 1 kg of mixed oxide per kg, whatever its price."""
    by_mass = value | {"ree_alloc_economic": 0.0}
    rows = inventory.exchanges[inventory.exchanges["input"] == "reo_mixed_CN"]
    assert len(rows) == len(RARE_EARTHS)
    assert [float(formulas.evaluate(f, by_mass)) for f in rows["formula"]] == pytest.approx([1.0] * len(RARE_EARTHS), rel=1e-12)


def test_rare_earths_of_a_magnet_are_its_mass_balance(inventory, real_factors, value):
    """Magnet back to ore: 0.9 kg alloy, /0.98 milled, x 1.43 ground, x 1.003 cast; metal to oxide to ore by the neodymium balance.

    1 kg of metal takes 1.13 kg oxide and 0.048 kg fluoride, 1.00 kg of neodymium, of which 0.371 is recovered from ore: per kg of
    magnet 0.816 kg neodymium, and 0.229 + 0.027 + 0.014 instead of 0.229 for all rare earths.
    """
    v = value
    alloy = (1 - v["ree_coat_share"]) * v["ree_grind_input"] / v["ree_mill_yield"] * v["ree_cast_input"]
    element_per_metal = v["ree_el_oxide"] * v["stoich_nd"] + v["ree_el_fluoride"] * v["ree_nd_in_fluoride"]
    ore_per_element = v["ree_ore_per_reo"] * v["ree_ore_grade"]
    neodymium = alloy * v["ree_mag_nd"] * element_per_metal * ore_per_element
    everything = neodymium * (v["ree_mag_nd"] + v["ree_mag_pr"] + v["ree_mag_dy"]) / v["ree_mag_nd"]
    assert neodymium == pytest.approx(0.8156, abs=5e-5)  # as the dataset card prints it
    assert real_factors.table.at["ndfeb_magnet", "rare_earths"] == pytest.approx(everything, rel=1e-9)


def test_elements_from_the_ground_are_those_in_the_ore(inventory, value):
    """The nine oxides of 1 kg mixed oxide take what 65.74 kg of ore with 4.1 % oxides hold: 2.245 kg of elements, no more."""
    total = math.fsum(value[f"split_{e}"] for e in RARE_EARTHS)
    taken = math.fsum(value[f"split_{e}"] / total * amounts(inventory, f"{e}_oxide_CN")[f"{e}_ground"] for e in RARE_EARTHS)
    held = 65.74 * 0.041 * math.fsum(value[f"split_{e}"] / total * value[f"stoich_{e}"] for e in RARE_EARTHS)
    assert taken == pytest.approx(held, rel=1e-9)
    assert held == pytest.approx(2.245, abs=5e-4)


def test_ef_31_scores_neodymium_as_zero_and_crustal_scarcity_does_not(inventory):
    """A known gap of EF v3.1, not ours: no factor for Nd, Pr or Dy in the ground; CSI scores them 14000, 5800 and 79000."""
    key = inventory.flows.set_index("flow")
    factors = {i: dict(f) for i, f in brightway.method_factors(inventory).items() if i in ("ef_minerals", "crustal_scarcity")}
    of = {e: (key.at[f"{e}_ground", "database"], key.at[f"{e}_ground", "code"]) for e in ("nd", "pr", "dy")}
    assert {e: factors["ef_minerals"].get(k, 0.0) for e, k in of.items()} == {"nd": 0.0, "pr": 0.0, "dy": 0.0}
    assert {e: factors["crustal_scarcity"][k] for e, k in of.items()} == {"nd": 14000, "pr": 5800, "dy": 79000}
    indicator = inventory.indicators.set_index("indicator").loc["ef_minerals"]
    assert "rare earths as zero" in indicator["comment"], "a reader is told"


def test_flows_that_no_method_scores_are_known(real_factors):
    """Biogenic CO2 counts zero by convention; nickel to groundwater and thorium have no factor. Nothing else goes unscored in silence."""
    assert real_factors.statistics["flows_in_no_method"] == ["co2_biogenic", "ni_groundwater", "th232_air", "th232_water"]


def test_aggregates_score_one_and_are_counted(real_factors):
    """1 kg CO2e of a published total is 1 kg CO2e, in both climate methods, and its share of a product can be read off."""
    c = real_factors.characterisation
    aggregate = c[c["flow"] == "ghg_aggregate"].set_index("indicator")["factor"]
    assert aggregate[["gwp100", "ef_climate", "aggregated_ghg"]].tolist() == [1, 1, 1]
    t = real_factors.table
    plain = t.index[~t.index.str.contains("credit")]
    assert (t.loc[plain, "aggregated_ghg"] <= t.loc[plain, "gwp100"] * (1 + 1e-12)).all()


def test_every_system_has_its_card(inventory):
    """A folder of tables without a README would be numbers without a boundary."""
    for system in {f.split("/")[0] for f in inventory.activities["file"]}:
        assert (INVENTORIES / system / "README.md").stat().st_size > 500
