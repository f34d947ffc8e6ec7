"""End of life: three allocation rules and their limits, the fate of each metal, and no more recovered than was built in."""

from __future__ import annotations

import math

import numpy as np
import pytest
from test_inventories_content import amounts

from lca.factors import ROUND_OFF, Factors, variant

FAMILIES = [
    "server",
    "gpu_card",
    "gpu_cold_plate",
    "circuit_board",
    "hdd",
    "memory",
    "ssd",
    "psu",
    "pdu",
    "cable",
    "rack",
    "ups_electronics",
    "mechanical",
    "transformer",
    "switchgear",
    "heat_exchanger",
    "air_handler",
    "steel_structure",
    "refrigerant_equipment",
    "air_conditioner",
    "battery_lead_acid",
    "battery_li_ion_lfp",
    "battery_li_ion_nmc",
    "building_rubble",
]
RETIRED = {
    "server": (
        "server_8gpu_a100_40",
        "server_8gpu_a100_80",
        "server_8gpu_h100_80",
        "server_8gpu_h200_141",
        "server_8gpu_b200_192",
        "server_8gpu_mi300x_192",
        "server_2gpu_v100",
        "server_1gpu_a100",
        "server_cpu_dual",
        "server_cpu_dual_icelake",
        "server_cpu_dual_genoa",
        "switch_ib_64x400",
        "switch_eth_64x400",
        "spinnaker2_server",
        "spinnaker2_rack",
    ),
    "gpu_card": (
        "gpu_v100_sxm2_32",
        "gpu_v100_pcie_32",
        "gpu_a100_sxm_80",
        "gpu_a100_pcie_80",
        "gpu_h100_sxm_80",
        "gpu_h100_pcie_80",
        "gpu_h200_sxm_141",
        "gpu_b200_sxm_192",
        "gpu_mi250x_oam_128",
        "gpu_mi300x_oam_192",
        "gpu_l4_24",
        "gpu_l40s_48",
        "gaudi2_oam_96",
        "gpu_t4_16",
    ),
    "gpu_cold_plate": ("tpu_v4",),
    "circuit_board": (
        "motherboard",
        "baseboard_hgx_a100",
        "baseboard_hgx_h100",
        "baseboard_hgx_b200",
        "baseboard_ubb_mi300x",
        "nic_connectx6",
        "nic_connectx7",
        "dpu_bluefield3",
        "spinnaker2_board",
    ),
    "hdd": ("hdd",),
    "ssd": ("ssd_960gb", "ssd_1920gb", "ssd_3840gb", "ssd_7680gb", "ssd_15360gb"),
    "memory": ("dimm_base",),
    "psu": ("psu",),
    "pdu": ("rack_pdu",),
    "cable": ("cable_copper", "rack_cabling"),
    "rack": ("rack",),
    "mechanical": ("pump_set", "genset_diesel", "coolant_distribution_unit"),
    "transformer": ("transformer_oil_2500kva", "transformer_dry_2500kva"),
    "switchgear": ("switchgear_mv_sf6", "power_distribution_kw"),
    "heat_exchanger": ("crah", "dry_cooler"),
    "air_handler": ("air_handler_adiabatic",),
    "steel_structure": ("cooling_tower", "pipework_chilled_water", "liquid_loop", "fire_suppression", "genset_enclosure", "rack_frame"),
    "refrigerant_equipment": ("chiller_air_cooled", "chiller_water_cooled"),
    "ups_electronics": ("ups_double_conversion",),
    "battery_li_ion_lfp": ("battery_pack_lfp",),
    "battery_li_ion_nmc": ("battery_pack_nmc",),
    "battery_lead_acid": ("battery_lead_acid",),
}


def with_a(base: Factors, a: float) -> Factors:
    """Factors with every allocation factor A of the Circular Footprint Formula at `a`; sorting stays with the retired product."""
    names = [p for p in base.inventory.parameters["parameter"] if p.startswith("cff_a_") and p != "cff_a_sorting"]
    assert len(names) >= 9
    return variant(base, dict.fromkeys(names, (a, a, a)))


@pytest.mark.parametrize("family", FAMILIES)
def test_cut_off_is_treatment_and_avoided_burden_adds_recycling(real_factors, family):
    """Cut-off: treatment up to the sale of scrap. Avoided burden: treatment + recycling, and the whole credit in an activity apart."""
    t = real_factors.table
    noise = 3 * ROUND_OFF * t.abs().max()
    rule = {r: t.loc[f"eol_{family}_{r}"] for r in ("treatment", "recycling", "cutoff", "avoided", "credit", "avoided_credit")}
    assert (rule["cutoff"] == rule["treatment"]).all()
    assert np.isclose(rule["avoided"], rule["treatment"] + rule["recycling"], rtol=1e-12, atol=noise).all()
    assert (rule["avoided_credit"] == rule["credit"]).all()


@pytest.mark.parametrize("family", FAMILIES)
def test_limits_of_the_circular_footprint_formula(real_factors, family):
    """A = 1: burdens of the cut-off rule, and only the credit of burned plastics. A = 0: burdens and credit of the avoided-burden rule."""
    cut, avoided = with_a(real_factors, 1.0).table, with_a(real_factors, 0.0).table
    noise = 3 * ROUND_OFF * real_factors.table.abs().max()
    assert np.isclose(cut.loc[f"eol_{family}_cff"], cut.loc[f"eol_{family}_cutoff"], rtol=1e-12, atol=noise).all()
    assert np.isclose(avoided.loc[f"eol_{family}_cff"], avoided.loc[f"eol_{family}_avoided"], rtol=1e-12, atol=noise).all()
    credit = [t.loc[f"eol_{family}_{r}"] for t, r in ((avoided, "cff_credit"), (avoided, "avoided_credit"))]
    assert np.isclose(*credit, rtol=1e-12, atol=noise).all()
    assert abs(cut.at[f"eol_{family}_cff_credit", "crustal_scarcity"]) < 0.03 * abs(avoided.at[f"eol_{family}_credit", "crustal_scarcity"])


def test_the_formula_by_hand_at_its_default(real_factors, value):
    """1 kg server, A = 0.2 for every metal, B = 0: treatment + 0.8 recycling; credit 0.8 of the metals + all of the energy."""
    assert {value[f"cff_a_{m}"] for m in ("steel", "aluminium", "copper", "boards", "precious")} == {0.2}
    assert value["cff_b"] == 0
    t = real_factors.table
    by_hand = t.loc["eol_server_treatment"] + 0.8 * t.loc["eol_server_recycling"]
    noise = 3 * ROUND_OFF * t.abs().max()
    assert np.isclose(t.loc["eol_server_cff"], by_hand, rtol=1e-12, atol=noise).all()
    energy = t.loc["eol_server_energy_credit"]
    by_hand = 0.8 * (t.loc["eol_server_credit"] - energy) + energy
    assert np.isclose(t.loc["eol_server_cff_credit"], by_hand, rtol=1e-9, atol=noise).all()


def test_a_credit_never_stands_in_a_burden(real_factors):
    """Treatment, recycling and the burden of each rule score nothing below zero; the credits nothing above it."""
    t = real_factors.table
    for family in FAMILIES:
        burdens = [f"eol_{family}_{r}" for r in ("treatment", "recycling", "cutoff", "avoided", "cff")]
        assert (t.loc[burdens] >= 0).all().all(), family
        assert (t.loc[[f"eol_{family}_credit", f"eol_{family}_cff_credit"], ["gwp100", "ced", "crustal_scarcity"]] < 0).all().all(), family


@pytest.mark.parametrize("family", FAMILIES)
def test_fate_of_every_metal(inventory, family):
    """What is retired = recovered + landfill and scattered + slag, dross and dust, metal by metal; nothing beyond the whole."""
    fate = amounts(inventory, f"eol_{family}_recovery")
    metals = [f.removeprefix("retired_") for f in fate.index if f.startswith("retired_") and f != "retired_product"]
    assert metals
    for m in metals:
        parts = [fate.get(f"{way}_{m}", 0.0) for way in ("recovered", "lost_landfill", "lost_slag")]
        assert math.fsum(parts) == pytest.approx(fate[f"retired_{m}"], rel=1e-9), m
        assert min(parts) >= 0
    assert sum(fate[f"retired_{m}"] for m in metals) <= 1


def test_recovery_of_steel_and_gold_by_hand(inventory, value):
    """Steel: collected x sorted / kg scrap per kg. Gold: collected x (by hand x 0.82 + shredded x 0.256) x 0.95 of what boards hold."""
    fate, v = amounts(inventory, "eol_server_recovery"), value
    steel = v["eol_share_steel"] * v["eol_collected"] * v["eol_sort_steel"] / v["eol_steel_scrap"]
    assert fate["recovered_fe"] == pytest.approx(steel, rel=1e-12)
    gold = v["eol_share_boards"] * v["eol_board_au"] * v["eol_collected"] * (0.8 * 0.82 + 0.2 * 0.256) * 0.95
    assert v["eol_manual"] == 0.8
    assert fate["recovered_au"] == pytest.approx(gold, rel=1e-9)


@pytest.mark.parametrize("family", RETIRED)
def test_no_more_is_recovered_than_was_built_in(inventory, real_factors, family):
    """kg of each metal that recycling returns per kg of the family x mass of the device <= kg that the device holds."""
    e, mass = real_factors.elements, inventory.activities.set_index("activity")["mass"]
    recovered = [c for c in e.columns if c.startswith("recovered_") and e.at[f"eol_{family}_recovery", c] > 0]
    assert len(recovered) >= 1
    for device in RETIRED[family]:
        for flow in recovered:
            content = f"content_{flow.removeprefix('recovered_')}"
            held = e.at[device, content] if content in e else 0.0
            assert e.at[f"eol_{family}_recovery", flow] * mass[device] <= held * (1 + 1e-9), (device, flow)


def test_switches_of_end_of_life_do_what_they_say(real_factors):
    """Twice the collection recovers twice the gold; boards taken out by hand yield more of it; magnets taken out return neodymium."""
    gold = "recovered_au"
    base = {p: (v, v, v) for p, v in (("eol_collected", 0.4), ("eol_manual", 0.0))}
    low = variant(real_factors, base).elements
    more = variant(real_factors, base | {"eol_collected": (0.8, 0.8, 0.8)}).elements
    by_hand = variant(real_factors, base | {"eol_manual": (1.0, 1.0, 1.0)}).elements
    assert more.at["eol_server_recovery", gold] == pytest.approx(2 * low.at["eol_server_recovery", gold], rel=1e-9)
    assert by_hand.at["eol_server_recovery", gold] / low.at["eol_server_recovery", gold] == pytest.approx(0.82 / 0.256, rel=1e-9)
    taken = variant(real_factors, {"eol_hdd_magnet_taken": (1.0, 1.0, 1.0)}).elements
    mass = real_factors.inventory.activities.set_index("activity")["mass"]["hdd"]
    for metal in ("nd", "pr", "dy"):
        assert real_factors.elements.at["eol_hdd_recovery", f"recovered_{metal}"] == 0
        rules = [taken.at[f"eol_hdd_{r}", f"recovered_{metal}"] for r in ("recovery", "cutoff", "avoided", "cff")]
        assert rules == pytest.approx(4 * rules[:1], rel=1e-9)
        assert 0 < mass * rules[0] < taken.at["hdd", f"content_{metal}"]


def test_remelting_scrap_saves_energy(real_factors):
    """Recycled against primary metal per kg, primary energy: aluminium below 15 %, steel below 60 %, copper below 60 % (BIR 2008).

    The Bureau of International Recycling states savings of 95, 74 and 85 % in process energy; electricity counts here as primary energy.
    """
    ced = real_factors.table["ced"]
    assert ced["aluminium_recycling"] < 0.15 * ced["aluminium_primary"]
    assert ced["steel_recycling"] < 0.60 * ced["steel_bof"]
    assert ced["copper_recycling"] < 0.60 * ced["copper"]
