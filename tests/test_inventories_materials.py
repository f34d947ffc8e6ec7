"""Materials against chemistry, thermodynamics and other people's figures, none of which was used to build them."""

from __future__ import annotations

import pytest
from test_inventories_content import amounts

CARBON, OXYGEN, CO2 = 12.011, 15.999, 44.009  # g/mol


@pytest.mark.parametrize(
    ("product", "low", "high"),
    [
        ("aluminium_primary", 13, 19),
        ("steel_bof", 1.8, 2.4),
        ("copper", 2.5, 5.0),
        ("cement", 0.8, 1.1),
        ("concrete", 0.08, 0.20),
        ("glass_flat", 0.8, 1.6),
        ("ammonia", 1.6, 2.4),
        ("hydrogen", 9, 12),
        ("silicon_metal", 5, 16),
        ("zinc", 2.5, 4.5),
        ("lead", 0.8, 2.5),
        ("polypropylene", 1.5, 2.5),
        ("gold", 12000, 40000),
    ],
)
def test_climate_change_is_in_the_range_that_others_find(real_factors, product, low, high):
    """kg CO2e per kg, cradle to gate: rounded ranges of what industry and agencies publish. None of them set a number here.

    Aluminium of China: International Aluminium Institute, coal-fired smelting, 13 to 19. Steel by blast furnace: worldsteel, near 2.3.
    Copper: International Copper Association, near 4. Portland cement: declarations of the Portland Cement Association, near 0.92 to 1.04.
    Ammonia and hydrogen from gas: International Energy Agency, 1.8 to 2.4 and 9 to 11 with upstream gas. Zinc: International Zinc
    Association, near 3.6. Gold: World Gold Council, near 26 t/kg. The others are wide ranges of text books.
    """
    assert low <= real_factors.table.at[product, "gwp100"] <= high


def test_aluminium_needs_what_electrolysis_needs(inventory, value):
    """Enthalpy of 2 Al2O3 + 3 C = 4 Al + 3 CO2 (960 C): 6.2 kWh/kg at the least; carbon 3 x 12.011/(4 x 26.982) = 0.334; Al2O3 1.890 kg."""
    cell = amounts(inventory, "aluminium_liquid_CN")
    assert 6.2 < cell["electricity_CN"] < 15
    assert 3 * CARBON / (4 * 26.982) < cell["anode_prebaked_CN"] < 0.5
    assert (2 * 26.982 + 3 * OXYGEN) / (2 * 26.982) < cell["alumina_CN"] < 2.0
    carbon_in = cell["anode_prebaked_CN"] * value["mat_c_anode"]
    assert cell["co2_fossil"] == pytest.approx(carbon_in * CO2 / CARBON, rel=1e-3)


def test_chlorine_and_caustic_need_their_voltage(inventory):
    """2.19 V x 96485 C per 35.45 g chlorine, 40.00 g sodium hydroxide and 1.008 g hydrogen: 0.77 kWh per kg of products; salt 0.764 kg."""
    products = 35.45 + 39.997 + 1.008
    least = 2.19 * 96485 / 3.6e6 / products * 1000
    cell = amounts(inventory, "chlor_alkali_products_CN")
    assert least < cell["electricity_CN"] < 2 * least
    assert 58.44 / products < cell["nacl_ground"] < 1.3 * 58.44 / products


def test_lime_and_cement_lose_the_carbon_dioxide_of_their_stone(inventory, value):
    """CaCO3 = CaO + CO2: 0.785 kg CO2 per kg CaO at most, from 1.785 kg stone or more. Cement: no more than 0.44 of its limestone."""
    lime = amounts(inventory, "quicklime")
    assert 0.9 * CO2 / 56.077 < lime["co2_fossil"] <= CO2 / 56.077
    assert lime["calcite_ground"] >= 100.086 / 56.077 * lime["co2_fossil"] / (CO2 / 56.077)
    assert value["mat_cement_calcination"] <= CO2 / 100.086 * value["mat_cement_limestone"]


def test_hydrogen_from_methane_keeps_its_carbon(inventory, value):
    """CH4 feed x 44.009/16.043 leaves as CO2; at least 2 kg methane per kg hydrogen (CH4 + 2 H2O = CO2 + 4 H2: 16.043/8.064)."""
    assert value["chem_h2_feed"] > 16.043 / 8.064
    assert amounts(inventory, "hydrogen")["co2_fossil"] == pytest.approx(value["chem_h2_feed"] * CO2 / 16.043, rel=0.02)


def test_silicon_needs_more_energy_than_its_oxide_holds(inventory, real_factors):
    """Enthalpy of SiO2: 910.9 kJ/mol over 28.085 g = 32.4 MJ/kg. Furnace power and carbon bring more; 2 C per Si leave as CO2 at least."""
    furnace = amounts(inventory, "silicon_metal")
    oxide = 910.9 / 28.085
    carbon = (furnace["co2_fossil"] + furnace["co2_biogenic"]) * CARBON / CO2
    assert furnace["electricity_CN"] * 3.6 + carbon * 32.8 > oxide  # 32.8 MJ per kg carbon burnt
    assert carbon > 2 * CARBON / 28.085
    assert furnace["si_ground"] >= 1


def test_iron_takes_the_carbon_that_its_oxide_needs(inventory, value):
    """Fe2O3 + 3 CO = 2 Fe + 3 CO2: 1.5 C per Fe, 0.32 kg carbon per kg iron at the least. CO2 + carbon of the iron = coke + coal."""
    v = value
    carbon = v["mat_bf_coke"] * v["mat_c_coke"] + v["mat_bf_coal"] * v["mat_c_coal_pci"]
    assert carbon > 1.5 * CARBON / 55.845
    furnace = amounts(inventory, "pig_iron")
    assert furnace["co2_fossil"] * CARBON / CO2 + v["mat_c_pig_iron"] == pytest.approx(carbon, rel=1e-3)


def test_every_step_of_purification_costs_more(real_factors):
    """Silicon: metal < solar polysilicon < electronic polysilicon < ingot, in energy and climate; aluminium mix < primary."""
    for indicator in ("gwp100", "ced"):
        t = real_factors.table[indicator]
        assert t["silicon_metal"] < t["polysilicon"] < t["polysilicon_electronic"] < t["silicon_ingot"]
        assert t["aluminium_mix"] < t["aluminium_primary"] < t["aluminium_extrusion"] + t["aluminium_primary"]


def test_the_mix_of_aluminium_is_its_shares(inventory, real_factors, value):
    """Bought primary and recycled metal sum to the mix; with no recycled metal it scores as primary metal does."""
    mix = amounts(inventory, "aluminium_mix")
    assert mix["aluminium_primary"] == pytest.approx(1 - value["mat_al_recycled_share"], rel=1e-9)
    of_parts = sum(amount * real_factors.table.at[part, "gwp100"] for part, amount in mix.items() if part in real_factors.table.index)
    assert real_factors.table.at["aluminium_mix", "gwp100"] == pytest.approx(of_parts, rel=1e-9)


def test_primary_energy_covers_the_fossil_part(real_factors):
    """CED (higher heating value) >= fossil resources of EF (lower heating value) for every metal, mineral, polymer and chemical."""
    t = real_factors.table
    materials = real_factors.inventory.activities
    materials = materials.loc[materials["file"].str.startswith("materials/"), "activity"]
    assert len(materials) > 80
    assert (t.loc[materials, "ced"] * (1 + 1e-9) >= t.loc[materials, "ef_fossils"]).all()
