"""Electricity: zones, mixes, losses, and technologies redone by hand from their parameters."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from test_inventories_content import amounts

from lca import inventory as inv
from lca.factors import ROUND_OFF, variant

EU = set("AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split())  # noqa: SIM905
OTHERS = ["GB", "NO", "CH", "US", "CN", "IN", "JP", "KR", "TW", "SG", "BR", "ZA", "AU", "AE", "SA", "GLO"]
CH4_FOSSIL, CH4_BIOGENIC, N2O = 29.8, 27.0, 273.0  # AR6, table 7.15
WATER = {"water_consumption", "water_withdrawal", "water_scarcity", "water_scarcity_unspecified", "ef_water"}


def zones(inventory: inv.Inventory) -> list[str]:
    prefix = "electricity_direct_"
    return [a.removeprefix(prefix) for a in inventory.activities["activity"] if a.startswith(prefix)]


def place(zone: str) -> str:
    """Zone as parameters spell it; a residual mix loses what its country's grid loses."""
    return zone.removeprefix("residual_").replace("-", "_")


def shared(code: str) -> str:
    """Technology without its country: `electricity_coal_upstream_CN` becomes `electricity_coal_upstream`."""
    return re.sub(r"^(electricity_[a-z]+_(?:combustion|pollutants|cooling|upstream))_[A-Z]+$", r"\1", code)


def heat_rates(value: dict[str, float]) -> list[tuple[str, str, float]]:
    """(fuel, country or nothing, MJ/kWh) of every heat rate that a country has of its own, and of the shared ones."""
    found = [(re.fullmatch(r"heat_rate_(coal|lignite|gas|oil)(_[A-Z]+)?", name), number) for name, number in value.items()]
    return [(m[1], m[2] or "", number) for m, number in found if m]


def test_the_zones_that_studies_need_are_there(inventory):
    """At least 60 zones, among them all 27 members of the EU, the large economies and places of data centres, and eGRID subregions."""
    known = {z for z in zones(inventory) if not z.startswith("residual_")}
    assert len(EU) == 27
    assert len(known) >= 60
    assert {*EU, *OTHERS} - known == set()
    assert sum(z.startswith("US-") for z in known) >= 22


def test_austria_has_no_residual_mix(inventory):
    """Full disclosure leaves nothing over: no product, rather than a product of zero. Other countries have theirs."""
    residual = {z.removeprefix("residual_") for z in zones(inventory) if z.startswith("residual_")}
    assert len(residual) >= 10
    assert "AT" not in residual
    assert residual < EU


def test_the_zones_have_their_four_products(inventory):
    """direct, upstream, losses and their sum for each zone and residual mix; the consumer's product is 1 of each part."""
    codes = set(inventory.activities["activity"])
    for zone in zones(inventory):
        parts = [f"electricity_{part}_{zone}" for part in ("direct", "upstream", "losses")]
        assert codes.issuperset([*parts, f"electricity_{zone}"])
        assert amounts(inventory, f"electricity_{zone}").to_dict() == dict.fromkeys(parts, 1.0)


def test_shares_of_each_zone_sum_to_one(inventory):
    """Technologies of the fuel-supply product are all of the kWh; at the plants each has the same share as upstream."""
    for zone in zones(inventory):
        supply = amounts(inventory, f"electricity_upstream_{zone}")
        technologies = supply[supply.index.str.fullmatch(r"electricity_[a-z]+_upstream(_[A-Z]+)?")].rename(shared)
        assert math.isclose(technologies.sum(), 1, rel_tol=1e-12), (zone, technologies.sum())
        plants = amounts(inventory, f"electricity_direct_{zone}")
        for part in ("combustion", "cooling", "pollutants"):
            shares = plants[plants.index.str.fullmatch(rf"electricity_[a-z]+_{part}(_[A-Z]+|_sea)?")]
            if part == "cooling":  # fresh and sea water together
                shares = shares.groupby(shares.index.str.removesuffix("_sea"), sort=False).sum()
            of_supply = technologies.reindex(shares.index.str.replace(rf"{part}.*", "upstream", regex=True))
            assert of_supply.to_numpy() == pytest.approx(shares.to_numpy(), rel=1e-12), (zone, part)


def test_every_fossil_kilowatt_hour_has_its_carbon_dioxide(inventory):
    """At the plants, either each burning technology is bought, or the zone states its own CO2 (eGRID, residual mix); never both."""
    for zone in zones(inventory):
        plants = set(amounts(inventory, f"electricity_direct_{zone}").index.map(shared))
        supply = amounts(inventory, f"electricity_upstream_{zone}").rename(shared)
        fossil = {t for t in ("coal", "lignite", "gas", "oil") if supply.get(f"electricity_{t}_upstream", 0) > 0}
        bought = {t for t in fossil if f"electricity_{t}_combustion" in plants}
        assert bought == (set() if "co2_fossil" in plants else fossil), zone


def test_direct_upstream_and_losses_are_the_consumers_product(inventory, real_factors, value):
    """For every zone and indicator the three parts sum to the product, and losses are loss/(1-loss) of the first two.

    What lies below 5e-14 of an indicator's largest factor is cut to zero, so sums agree to three times that.
    """
    t = real_factors.table
    noise = 3 * ROUND_OFF * t.abs().max()
    for zone in zones(inventory):
        direct, upstream, losses = (t.loc[f"electricity_{part}_{zone}"] for part in ("direct", "upstream", "losses"))
        loss = value[f"loss_{place(zone)}"]
        assert 0.01 < loss < 0.3, zone
        assert np.isclose(direct + upstream + losses, t.loc[f"electricity_{zone}"], rtol=1e-12, atol=noise).all(), zone
        assert np.isclose(losses, (direct + upstream) * loss / (1 - loss), rtol=1e-12, atol=noise).all(), zone


def test_a_lossy_grid_generates_more(real_factors):
    """With 20 % lost, 1/(1 - 0.2) = 1.25 kWh are generated per kWh delivered: the losses are a quarter of the generation."""
    lossy = variant(real_factors, {"loss_DE": (0.2, 0.2, 0.2)}).table["gwp100"]
    generated = lossy["electricity_direct_DE"] + lossy["electricity_upstream_DE"]
    assert lossy["electricity_DE"] == pytest.approx(1.25 * generated, rel=1e-9)
    assert lossy["electricity_losses_DE"] == pytest.approx(0.25 * generated, rel=1e-9)


def test_climate_change_of_burning_is_heat_rate_times_gases(real_factors, value):
    """kg CO2e/kWh = MJ/kWh x (CO2 + 29.8 CH4 + 273 N2O per MJ), AR6; wood counts 27 x its methane and no CO2."""
    t = real_factors.table["gwp100"]
    for fuel, country, heat_rate in heat_rates(value):
        of_fuel = value[f"co2_per_mj_{fuel}"] + CH4_FOSSIL * value[f"ch4_per_mj_{fuel}"] + N2O * value[f"n2o_per_mj_{fuel}"]
        assert t[f"electricity_{fuel}_combustion{country}"] == pytest.approx(heat_rate * of_fuel, rel=1e-9), (fuel, country)
    wood = value["heat_rate_biomass"] * (CH4_BIOGENIC * value["ch4_per_mj_wood"] + N2O * value["n2o_per_mj_wood"])
    assert t["electricity_biomass_combustion"] == pytest.approx(wood, rel=1e-9)


def test_first_law_at_the_plants(inventory, value):
    """Fuel burnt = 3.6 MJ of electricity + waste heat, and no plant beats 62 % or falls below 25 % of the higher heating value."""
    plants = [(fuel, fuel, country) for fuel, country, _ in heat_rates(value)]
    for fuel, flow, country in [*plants, ("biomass", "wood", "")]:
        plant = amounts(inventory, f"electricity_{fuel}_combustion{country}")
        assert plant[f"fuel_{flow}_burnt"] == pytest.approx(3.6 + plant["heat_waste"], rel=1e-12)
        assert 0.25 < 3.6 / plant[f"fuel_{flow}_burnt"] < 0.62, (fuel, country)
    assert 0.30 < 3.6 / value["heat_rate_nuclear"] < 0.37  # reactors turn a third of their heat into power


def test_a_country_with_its_own_plants_burns_emits_and_buys_by_its_own_heat_rate(inventory, real_factors, value):
    """Gases, stack emissions and fuel bought all follow the fuel: country over shared process = ratio of the heat rates.

    Stack emissions of coal in China are its own but for the metals. The zone buys the country's processes and no shared one of that fuel.
    """
    t = real_factors.table
    own = [(fuel, country, number / value[f"heat_rate_{fuel}"]) for fuel, country, number in heat_rates(value) if country]
    assert len(own) >= 10
    for fuel, country, ratio in own:
        burning, stack = f"electricity_{fuel}_combustion", f"electricity_{fuel}_pollutants"
        assert t.at[burning + country, "gwp100"] == pytest.approx(ratio * t.at[burning, "gwp100"], rel=1e-9)
        if (fuel, country) != ("coal", "_CN"):
            assert t.at[stack + country, "ef_acidification"] == pytest.approx(ratio * t.at[stack, "ef_acidification"], rel=1e-9)
        supply = amounts(inventory, f"electricity_{fuel}_upstream{country}")
        assert supply[f"{fuel}_supply"] == pytest.approx(ratio * value[f"heat_rate_{fuel}"], rel=1e-9)
        bought = {i for part in ("direct", "upstream") for i in amounts(inventory, f"electricity_{part}{country}").index}
        assert not bought & {burning, stack, f"electricity_{fuel}_upstream"}, country
        assert bought >= {burning + country, stack + country, f"electricity_{fuel}_upstream{country}"}


def test_carbon_of_the_fuels_is_that_of_chemistry(value):
    """kg CO2 per MJ (HHV): methane 2.743/55.5 = 0.0494; coals, oil and wood within 5 % of the defaults of the IPCC guidelines 2006.

    The defaults per lower heating value (volume 2, table 2.2: 94.6 bituminous, 101 lignite, 77.4 residual oil, 112 wood) are turned to
    the higher one with 0.95 for solids and oil, 0.90 for lignite and 0.80 for moist wood. None of them was used to build.
    """
    assert value["co2_per_mj_gas"] == pytest.approx(0.0494, rel=0.03)
    for fuel, lower, ratio in (("coal", 0.0946, 0.95), ("lignite", 0.101, 0.90), ("oil", 0.0774, 0.95), ("wood", 0.112, 0.80)):
        assert value[f"co2_per_mj_{fuel}"] == pytest.approx(lower * ratio, rel=0.06), fuel


def test_primary_energy_of_a_kilowatt_hour_by_technology(inventory, real_factors, value):
    """Converted energy counts 3.6 MJ, a reactor its heat, coal its supply per MJ of heat; on top comes the plant, below 0.3 MJ."""
    ced = real_factors.table["ced"]
    for renewable in ("hydro", "wind", "solar", "geothermal"):
        plant = ced[f"electricity_{renewable}_plant"]
        assert ced[f"electricity_{renewable}_upstream"] == pytest.approx(3.6 + plant, rel=1e-12)
        assert 0 < plant < 0.3
    for fuel in ("coal", "gas"):
        of_fuel = value[f"heat_rate_{fuel}"] * amounts(inventory, f"electricity_{fuel}_upstream").get(f"{fuel}_supply", 0)
        assert of_fuel == pytest.approx(value[f"heat_rate_{fuel}"] ** 2, rel=1e-12)
        by_hand = value[f"heat_rate_{fuel}"] * ced[f"{fuel}_supply"] + ced[f"electricity_{fuel}_plant"]
        assert ced[f"electricity_{fuel}_upstream"] == pytest.approx(by_hand, rel=1e-12)
    assert ced["electricity_nuclear_upstream"] > value["heat_rate_nuclear"]
    assert ced["electricity_nuclear_upstream"] < 1.02 * value["heat_rate_nuclear"]


def test_primary_energy_of_every_zone_is_its_mix(inventory, real_factors, value):
    """Sum of share x technology's MJ, over 1 - loss: delivered kWh carry the losses. Norway is near 3.6/(1 - loss), France near 10."""
    ced = real_factors.table["ced"]
    for zone in zones(inventory):
        at_plants = math.fsum(share * ced[t] for t, share in amounts(inventory, f"electricity_upstream_{zone}").items())
        burning = math.fsum(share * ced.get(t, 0) for t, share in amounts(inventory, f"electricity_direct_{zone}").items())
        by_hand = (at_plants + burning) / (1 - value[f"loss_{place(zone)}"])
        assert ced[f"electricity_{zone}"] == pytest.approx(by_hand, rel=1e-9), zone
        assert 3.6 <= ced[f"electricity_{zone}"] <= 20, zone
    assert ced["electricity_NO"] < 4.3
    assert ced["electricity_FR"] > 8


def test_climate_of_zones_keeps_its_order(real_factors):
    """What everybody knows of grids: Poland > world > France > Norway, South Africa > Germany, and a residual mix above its country."""
    gwp = real_factors.table["gwp100"]
    assert gwp["electricity_PL"] > gwp["electricity_GLO"] > gwp["electricity_FR"] > gwp["electricity_NO"]
    assert gwp["electricity_ZA"] > gwp["electricity_DE"]
    assert gwp["electricity_residual_DE"] > gwp["electricity_DE"]


def test_hydropower_water_moves_water_and_nothing_else(real_factors, value):
    """Without evaporation of reservoirs only water changes; at Norway's plants by share x litres x the country's AWARE factor."""
    litres = value["water_consumption_hydro"]
    dry, wet = (variant(real_factors, {"water_consumption_hydro": (v, v, v)}).table for v in (0.0, litres))
    moved = ((dry - wet).abs() > 1e-9 * wet.abs().max()).any()
    assert set(moved.index[moved]) == WATER
    evaporated = value["share_NO_hydro"] * litres
    change = wet.loc["electricity_direct_NO"] - dry.loc["electricity_direct_NO"]
    c = real_factors.characterisation
    aware = c[(c["indicator"] == "water_scarcity") & (c["flow"] == "water_consumed_NO")]["factor"].item()
    assert change["water_consumption"] == pytest.approx(evaporated, rel=1e-9)
    assert change["water_withdrawal"] == pytest.approx(evaporated, rel=1e-9)
    assert change["water_scarcity"] == pytest.approx(evaporated * aware, rel=1e-9)


@pytest.mark.parametrize(
    ("zone", "official"),
    [("US", 0.375), ("GB", 0.177), ("DE", 0.380), ("SG", 0.42), ("IN", 0.727), ("CN", 0.5366), ("TW", 0.494), ("FR", 0.032)],
    ids=["eGRID 2022", "UK conversion factors 2025", "UBA 2023", "EMA 2022", "CEA 2023-24", "MEE 2022", "MOEA 2023", "RTE 2023"],
)
def test_direct_emissions_are_near_the_official_factors(real_factors, zone, official):
    """Built from a mix of 2023 and the heat rates of fleets, so within 15 % of the regulators' own figures, none of which was used.

    United States: EPA eGRID2022, national output rate. Great Britain: government conversion factors 2025, for generation of 2023.
    Germany: Umweltbundesamt, direct CO2 of 2023. Singapore: Energy Market Authority, operating margin of 2022. India: Central Electricity
    Authority, CO2 baseline version 20, weighted average 2023-24 with renewables. China: Ministry of Ecology and Environment, 2022. Taiwan:
    Ministry of Economic Affairs, 2023, per kWh sold. France: RTE, mainland, 2023.
    The heat rates of coal in India, and of coal and gas in Taiwan, are the same authorities' figures by fuel: there the mix is tested.
    """
    assert real_factors.table.at[f"electricity_direct_{zone}", "gwp100"] == pytest.approx(official, rel=0.15)
