"""Facility and transport: refrigerants by their GWP, diesel by its carbon, leaks and tests of a year by hand."""

from __future__ import annotations

import pytest
from test_inventories_content import amounts

from lca import inventory as inv
from lca.factors import variant

AR6 = {
    "hfc32": 771,
    "hfc125": 3740,
    "hfc134a": 1530,
    "hfc143a": 5810,
    "hfc227ea": 3600,
    "hfo1234yf": 0.501,
    "hfo1234ze": 1.37,
    "co2_fossil": 1,
}
BLENDS = {  # mass shares of ASHRAE Standard 34
    "R134a": {"hfc134a": 1},
    "R32": {"hfc32": 1},
    "R410A": {"hfc32": 0.5, "hfc125": 0.5},
    "R407C": {"hfc32": 0.23, "hfc125": 0.25, "hfc134a": 0.52},
    "R404A": {"hfc125": 0.44, "hfc143a": 0.52, "hfc134a": 0.04},
    "R513A": {"hfo1234yf": 0.56, "hfc134a": 0.44},
    "R515B": {"hfo1234ze": 0.911, "hfc227ea": 0.089},
    "R1234yf": {"hfo1234yf": 1},
    "R1234zeE": {"hfo1234ze": 1},
    "R744": {"co2_fossil": 1},
}
# GWP100 of AR4, by which the F-gas Regulation (EU) 517/2014, annex I and IV, counts
AR4 = {"R134a": 1430, "R32": 675, "R410A": 2088, "R407C": 1774, "R404A": 3922}


@pytest.mark.parametrize("refrigerant", BLENDS)
def test_a_kilogram_leaked_is_its_gwp(inventory, real_factors, refrigerant):
    """kg of each gas x GWP100 of AR6 (table 7.SM.7); a blend is its mass shares, and they sum to 1. EF climate change the same."""
    leak = amounts(inventory, f"refrigerant_leak_{refrigerant}")
    assert leak.to_dict() == pytest.approx(BLENDS[refrigerant], rel=1e-12)
    assert leak.sum() == pytest.approx(1, rel=1e-12)
    by_hand = sum(share * AR6[gas] for gas, share in BLENDS[refrigerant].items())
    assert real_factors.table.at[f"refrigerant_leak_{refrigerant}", "gwp100"] == pytest.approx(by_hand, rel=1e-9)
    assert real_factors.table.at[f"refrigerant_leak_{refrigerant}", "ef_climate"] == pytest.approx(by_hand, rel=1e-9)


@pytest.mark.parametrize(("refrigerant", "gwp"), AR4.items())
def test_refrigerants_are_near_the_figures_of_the_regulation(real_factors, refrigerant, gwp):
    """The European F-gas rules count by AR4; AR6 gives 5 to 25 % more for these gases."""
    assert 1.0 < real_factors.table.at[f"refrigerant_leak_{refrigerant}", "gwp100"] / gwp < 1.25


def test_ammonia_and_sulfur_hexafluoride(real_factors):
    """R-717 does nothing to the climate and acidifies; 1 kg SF6 is 25 200 kg CO2e (AR6)."""
    t = real_factors.table
    assert t.at["refrigerant_leak_R717", "gwp100"] == 0
    assert t.at["refrigerant_leak_R717", "ef_acidification"] > 0
    assert t.at["sf6_leak", "gwp100"] == pytest.approx(25200, rel=1e-12)


@pytest.mark.parametrize(("year", "charge", "leak"), [("chiller_R134a", "", "chiller"), ("split_R32", "_split_ac", "ac")])
def test_a_year_of_refrigerant_by_hand(inventory, value, year, charge, leak):
    """Lost per kW and year: charge x (leak + (loss at installation + what isn't recovered at the end)/lifetime).

    Bought = lost + recovered: the mass balance of the machine over its life.
    """
    v = value
    machine = amounts(inventory, f"refrigerant_year_{year}")
    of_life = (v["refrigerant_leak_installation"] + 1 - v["refrigerant_eol_recovery"]) / v["lifetime_mechanical"]
    lost = v[f"refrigerant_charge{charge}_per_kw"] * (v[f"refrigerant_leak_{leak}_per_year"] + of_life)
    assert machine[f"refrigerant_leak_{year.split('_')[1]}"] == pytest.approx(lost, rel=1e-12)
    assert machine["refrigerant_hfc"] == pytest.approx(lost + machine["refrigerant_recovery"], rel=1e-12)


def test_a_tight_machine_that_is_emptied_loses_nothing(real_factors):
    """Leak, loss at installation and rest at the end at zero: no refrigerant in the air, only its factory's 0.16 %."""
    tight = {"refrigerant_leak_chiller_per_year": 0.0, "refrigerant_leak_installation": 0.0, "refrigerant_eol_recovery": 1.0}
    inventory = inv.with_values(real_factors.inventory, {p: (v, v, v) for p, v in tight.items()})
    assert amounts(inventory, "refrigerant_year_chiller_R134a")["refrigerant_leak_R134a"] == pytest.approx(0, abs=1e-15)
    table = variant(real_factors, {p: (v, v, v) for p, v in tight.items()}).table
    assert table.at["refrigerant_year_chiller_R134a", "gwp100"] < 0.1 * real_factors.table.at["refrigerant_year_chiller_R134a", "gwp100"]


def test_carbon_dioxide_of_a_litre_of_diesel_is_its_carbon(value):
    """0.8389 kg/L x 0.866 kg carbon per kg (CH1.85: 12.011/(12.011 + 1.85 x 1.008)) x 44.009/12.011 = 2.66 kg/L; within 2 %."""
    carbon = 12.011 / (12.011 + 1.85 * 1.008)
    assert value["diesel_density"] * carbon * 44.009 / 12.011 == pytest.approx(value["diesel_co2_per_l"], rel=0.02)


def test_burning_diesel_by_hand(inventory, real_factors, value):
    """Per MJ: (CO2 + 29.8 CH4 + 273 N2O) per litre over 38.46 MJ/L + its supply; sulfur leaves as twice its mass of SO2."""
    v, t = value, real_factors.table["gwp100"]
    burning = (v["diesel_co2_per_l"] + 29.8 * v["diesel_ch4_per_l"] + 273 * v["diesel_n2o_per_l"]) / v["diesel_energy_per_l"]
    assert t["diesel_burned_genset"] == pytest.approx(burning + t["diesel_supply"], rel=1e-9)
    per_mj = v["diesel_density"] * 15e-6 / v["diesel_energy_per_l"]
    assert amounts(inventory, "diesel_burned_genset")["so2"] == pytest.approx(per_mj * 64.066 / 32.06, rel=2e-3)


def test_a_generator_set_turns_a_third_of_its_fuel_into_power(inventory, value):
    """kWh over the heat of the litres per kWh: 28 to 42 % at each load (higher heating value); an hour of 1 MW at full load: 10.3 GJ."""
    for load in (25, 50, 75, 100):
        efficiency = 3.6 / (value[f"genset_diesel_l_per_kwh_load_{load}"] * value["diesel_energy_per_l"])
        assert 0.28 < efficiency < 0.42, load
        burnt = amounts(inventory, f"genset_test_hour_load_{load}")["diesel_burned_genset"]
        assert burnt == pytest.approx(1000 * load / 100 * 3.6 / efficiency, rel=1e-9)


def test_overhead_of_cooling_is_pue_less_one(inventory, value):
    """Electricity per kWh of IT = PUE - 1, water = WUE x IT energy, never x PUE, as make-up of which 1 - 1/C evaporates."""
    climates = {"SG": "hot", "IN": "hot", "US": "mixed", "DE": "mixed", "IE": "cool", "SE": "cool"}
    for place, climate in climates.items():
        cooling = amounts(inventory, f"cooling_tower_chiller_{place}")
        assert cooling[f"electricity_{place}"] == pytest.approx(value[f"pue_tower_chiller_{climate}"] - 1, rel=1e-12)
        assert cooling[f"cooling_water_input_{place}"] * 1000 == pytest.approx(value[f"wue_tower_chiller_{climate}"], rel=1e-12)


@pytest.mark.parametrize(
    ("mode", "low", "high"),
    [("truck", 0.05, 0.2), ("ship", 0.003, 0.03), ("plane", 0.5, 1.2), ("rail", 0.01, 0.06)],
)
def test_freight_is_in_the_range_of_the_ipcc(real_factors, mode, low, high):
    """kg CO2e per tonne-kilometre, fuel supply included: IPCC AR5 WG3, chapter 8, figure 8.6 (direct) with a fifth for the fuel supply."""
    assert low < real_factors.table.at[f"transport_{mode}", "gwp100"] < high


def test_freight_keeps_its_order(real_factors):
    """Ship < rail < truck < plane, per tonne-kilometre; a short flight burns more than a long one."""
    t = real_factors.table["gwp100"]
    assert t["transport_ship"] < t["transport_rail"] < t["transport_truck"] < t["transport_plane"] < t["transport_plane_short"]
