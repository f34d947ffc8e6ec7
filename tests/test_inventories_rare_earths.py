"""Rare earths: chemistry, allocation in both positions of the switch, and the mass chain from ore to magnet."""

from __future__ import annotations

import math

import pytest
from test_inventories_content import amounts

from lca import inventory as inv
from lca.factors import Factors, variant

ATOMS = {
    "la": (138.905, 2, 3),
    "ce": (140.116, 1, 2),
    "pr": (140.908, 6, 11),
    "nd": (144.242, 2, 3),
    "sm": (150.36, 2, 3),
    "eu": (151.964, 2, 3),
    "gd": (157.25, 2, 3),
    "tb": (158.925, 4, 7),
    "dy": (162.500, 2, 3),
    "ho": (164.930, 2, 3),
    "er": (167.259, 2, 3),
    "yb": (173.045, 2, 3),
    "lu": (174.967, 2, 3),
    "y": (88.906, 2, 3),
}  # atomic mass, atoms of metal and of oxygen in the oxide of trade
OXYGEN = 15.999
ROUTES = {
    "": ("reo_mixed_CN", "CN"),
    "clay_": ("reo_clay_mixed_CN", "clay_CN"),
    "mp_": ("reo_mixed_US", "US"),
    "mw_": ("reo_mixed_MY", "MY"),
}
MARKET = {"": "bo", "clay_": "clay", "mp_": "mp", "mw_": "mw"}  # tonnes of oxide of each route


@pytest.fixture(scope="module", params=["by value", "by mass"])
def position(request, real_factors) -> Factors:
    """The factors in each position of the switch `rare_earth_allocation`."""
    choice = inv.chosen(real_factors.inventory, {"rare_earth_allocation": request.param.removeprefix("by ")})
    return variant(real_factors, {p: (v, v, v) for p, v in choice.items()})


def split(value: dict[str, float], route: str) -> dict[str, float]:
    """kg of each oxide in 1 kg of the mixed oxide of a route, as shares of 1."""
    of = {e: value[f"split_{route}{e}"] for e in ATOMS if f"split_{route}{e}" in value}
    return {e: share / math.fsum(of.values()) for e, share in of.items()}


def test_metal_in_oxides_is_that_of_the_atoms(value):
    """Nd2O3: 2 x 144.242 / (2 x 144.242 + 3 x 15.999) = 0.8574; so for the oxide that each element is traded as."""
    for element, (mass, metal, oxygen) in ATOMS.items():
        by_atoms = metal * mass / (metal * mass + oxygen * OXYGEN)
        assert value[f"stoich_{element}"] == pytest.approx(by_atoms, abs=2e-5), element


@pytest.mark.parametrize("route", ROUTES, ids=["Bayan Obo", "clay", "Mountain Pass", "Mt Weld"])
def test_oxides_of_a_route_share_out_its_mixed_oxide_once(position, value, route):
    """Sum over the oxides of (share in mixed oxide) x (mixed oxide that 1 kg carries) = 1, by value and by mass."""
    mixed, ending = ROUTES[route]
    carried = [share * amounts(position.inventory, f"{e}_oxide_{ending}")[mixed] for e, share in split(value, route).items()]
    assert math.fsum(carried) == pytest.approx(1, rel=1e-12)


def test_by_mass_every_oxide_carries_the_same(real_factors, value):
    """1 kg of mixed oxide per kg, whatever its price; by value dysprosium carries more than neodymium, and that more than cerium."""
    by_mass = inv.with_values(real_factors.inventory, {"ree_by_mass": (1, 1, 1)})
    for route, (mixed, ending) in ROUTES.items():
        carried = {e: amounts(real_factors.inventory, f"{e}_oxide_{ending}")[mixed] for e in split(value, route)}
        assert [amounts(by_mass, f"{e}_oxide_{ending}")[mixed] for e in carried] == pytest.approx([1.0] * len(carried), rel=1e-12)
        assert carried["ce"] < carried["nd"] < carried.get("dy", math.inf)
        prices = {e: value[f"price_{e}"] for e in carried}
        assert carried["nd"] / carried["ce"] == pytest.approx(prices["nd"] / prices["ce"], rel=1e-12)


@pytest.mark.parametrize("route", ROUTES, ids=["Bayan Obo", "clay", "Mountain Pass", "Mt Weld"])
def test_the_burden_of_a_route_is_conserved(position, value, route):
    """Sum over co-products of share x their score = the score of the mixed oxide, for energy, climate, water, acid and thorium."""
    mixed, ending = ROUTES[route]
    t = position.table
    for indicator in ("ced", "gwp100", "water_consumption", "ef_acidification", "thorium_in_waste"):
        shared = math.fsum(share * t.at[f"{e}_oxide_{ending}", indicator] for e, share in split(value, route).items())
        assert shared == pytest.approx(t.at[mixed, indicator], rel=1e-9), indicator


@pytest.mark.parametrize("route", ["clay_", "mp_", "mw_"], ids=["clay", "Mountain Pass", "Mt Weld"])
def test_allocation_moves_burdens_and_makes_none(real_factors, value, route):
    """Where no iron ore comes along, all oxides of a route together score the same by value and by mass.

    To 1e-5: the background holds a little of the magnets itself (wind turbines in electricity).
    """
    by_mass = variant(real_factors, {"ree_by_mass": (1, 1, 1)})
    _, ending = ROUTES[route]
    for indicator in ("ced", "gwp100"):
        totals = [
            math.fsum(share * f.table.at[f"{e}_oxide_{ending}", indicator] for e, share in split(value, route).items())
            for f in (real_factors, by_mass)
        ]
        assert totals[0] == pytest.approx(totals[1], rel=1e-5), indicator


def test_iron_ore_takes_the_rest_of_bayan_obo(inventory, value):
    """Ore per kg concentrate follows the share of the rare earths: 0.80 of it by value, 0.074 by mass; iron has 0.20 and 0.926."""
    ore = amounts(inventory, "ree_concentrate_CN")["ree_ore_CN"]
    by_mass = amounts(inv.with_values(inventory, {"ree_by_mass": (1, 1, 1)}), "ree_concentrate_CN")["ree_ore_CN"]
    all_of_it = value["ree_ore_per_reo"] / value["ree_concentrate_per_reo"]
    assert ore / all_of_it == pytest.approx(0.80, rel=1e-12)
    assert by_mass / all_of_it == pytest.approx(0.074, rel=1e-12)
    reo = value["ree_ore_per_reo"] * value["ree_iron_ore_per_ore"]  # kg iron ore beside 1 kg oxide in 2.41 kg concentrate
    assert value["ree_concentrate_per_reo"] / (value["ree_concentrate_per_reo"] + reo) == pytest.approx(0.081, abs=0.01)


def test_market_shares_of_an_oxide_are_tonnes_of_the_routes(inventory, value):
    """Nd from a route = tonnes of oxide x share of Nd in them / the same over all routes; 1 in sum, most of it Bayan Obo."""
    for element in ("nd", "dy", "ce"):
        tonnes = {r: value[f"ree_market_{m}"] * split(value, r).get(element, 0) for r, m in MARKET.items()}
        mix = amounts(inventory, f"{element}_oxide_GLO")
        assert mix.sum() == pytest.approx(1, rel=1e-12)
        for route, (_, ending) in ROUTES.items():
            by_hand = tonnes[route] / math.fsum(tonnes.values())
            assert mix.get(f"{element}_oxide_{ending}", 0) == pytest.approx(by_hand, rel=1e-12), (element, route)


def test_neodymium_from_ore_to_magnet_by_hand(position, value):
    """Backwards: share in alloy, over grinding, milling and casting; metal to oxide; oxide to ore at each route's recovery.

    The element in the ground follows physics, so the figure is the same by value and by mass; 1e-5 is left for the magnets that
    the electricity of the chain needs itself.
    """
    v = value
    alloy = (1 - v["ree_nickel_share"]) * v["ree_grind_input"] * v["ree_grind_alloc"] / v["ree_mill_yield"]
    metal = alloy * v["ree_cast_input"] * v["ree_mag_nd"]
    oxide = metal * (v["ree_el_oxide"] + v["ree_el_fluoride"] * v["ree_nd_in_fluoride"] / v["stoich_nd"])
    ore_per_element = {
        "": v["ree_ore_per_reo"] * v["ree_ore_grade"],
        "clay_": 1 / v["ree_clay_recovery"],
        "mp_": 1 / (v["ree_mp_flotation_recovery"] * v["ree_hydro_recovery"]),
        "mw_": 1 / (v["ree_mw_flotation_recovery"] * v["ree_hydro_recovery"]),
    }
    tonnes = {r: v[f"ree_market_{m}"] * split(v, r)["nd"] for r, m in MARKET.items()}
    lost = math.fsum(tonnes[r] * ore_per_element[r] for r in MARKET) / math.fsum(tonnes.values())
    by_hand = oxide * v["stoich_nd"] * lost
    assert position.elements.at["ndfeb_magnet", "nd_ground"] == pytest.approx(by_hand, rel=1e-5)
    in_magnet = (1 - v["ree_nickel_share"]) * v["ree_mag_nd"]
    assert position.elements.at["ndfeb_magnet", "content_nd"] == pytest.approx(in_magnet, rel=1e-12)
    assert in_magnet < by_hand


def test_a_magnet_weighs_what_its_elements_weigh(inventory, value):
    """Contents of 1 kg magnet sum to 1 kg but for the carbon of the boron carbide, 0.011 x 0.217 kg."""
    magnet = amounts(inventory, "ndfeb_magnet")
    held = magnet[magnet.index.str.startswith("content_")].sum()
    carbon = (1 - value["ree_nickel_share"]) * value["ree_mag_b4c"] * (1 - value["ree_b_in_b4c"])
    assert held == pytest.approx(1 - carbon, rel=1e-9)


def test_electrolysis_needs_what_chemistry_needs(inventory, value):
    """Reducing Nd2O3 takes at least 1808 kJ/mol (enthalpy of formation, CRC Handbook) less 3/2 x 393.5 for CO2 of the anode: 1.2 kWh/kg.

    And carbon: 1.5 C per 2 Nd leave as CO2 at the least, 0.0625 kg; the anode holds 0.17 kg.
    """
    least = (1808 - 1.5 * 393.5) / (2 * 144.242 / 1000) / 3600  # kWh per kg
    assert 1 < least < value["ree_el_electricity"] < 15
    carbon = 1.5 * 12.011 / (2 * 144.242)
    cell = amounts(inventory, "nd_metal_CN")
    assert carbon < cell["graphite_anode_CN"]
    assert carbon < 12.011 / 44.009 * cell["co2_fossil"] + 12.011 / 28.010 * cell["co_fossil"] < cell["graphite_anode_CN"]


def test_elements_from_the_ground_are_those_in_the_ore(inventory, value):
    """The nine oxides of 1 kg mixed oxide take what 65.74 kg of ore with 4.1 % oxides hold: 2.245 kg of elements, no more."""
    of = split(value, "")
    taken = math.fsum(share * amounts(inventory, f"{e}_oxide_CN")[f"{e}_ground"] for e, share in of.items())
    held = 65.74 * 0.041 * math.fsum(share * value[f"stoich_{e}"] for e, share in of.items())
    assert taken == pytest.approx(held, rel=1e-9)
    assert held == pytest.approx(2.245, abs=5e-4)
