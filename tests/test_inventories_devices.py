"""Accelerators, processors, servers, drives, network and SpiNNaker2: each there, weighed, with the memory on its label."""

from __future__ import annotations

import pandas as pd
import pytest
from test_inventories_content import amounts

LABEL = {
    "gpu_v100_sxm2_16": 16,
    "gpu_v100_sxm2_32": 32,
    "gpu_v100_pcie_32": 32,
    "gpu_a100_sxm_40": 40,
    "gpu_a100_sxm_80": 80,
    "gpu_a100_pcie_40": 40,
    "gpu_a100_pcie_80": 80,
    "gpu_h100_sxm_80": 80,
    "gpu_h100_pcie_80": 80,
    "gpu_h200_sxm_141": 144,  # six stacks of 24 GB, of which 141 GB are sold
    "gpu_b200_sxm_192": 192,
    "gpu_mi250x_oam_128": 128,
    "gpu_mi300x_oam_192": 192,
    "gpu_l4_24": 24,
    "gpu_l40s_48": 48,
    "gpu_t4_16": 16,
    "tpu_v4": 32,
    "gaudi2_oam_96": 96,
}  # GB on the package
SERVER_GB = {
    "server_8gpu_a100_40": 1024,
    "server_8gpu_a100_80": 1024,
    "server_8gpu_h100_80": 2048,
    "server_8gpu_h200_141": 2048,
    "server_8gpu_b200_192": 2048,
    "server_8gpu_mi300x_192": 2048,
    "server_cpu_dual": 256,
    "server_cpu_dual_icelake": 512,
    "server_cpu_dual_genoa": 768,
}
SSD_GB = {"ssd_960gb": 960, "ssd_1920gb": 1920, "ssd_3840gb": 3840, "ssd_7680gb": 7680, "ssd_15360gb": 15360}
PROCESSORS = ("cpu_xeon_6148", "cpu_server", "cpu_xeon_8358", "cpu_xeon_8480c", "cpu_epyc_7742", "cpu_epyc_7763", "cpu_epyc_9654")
OTHERS = ("hdd", "rack", "switch_ib_64x400", "switch_eth_64x400", "nic_connectx6", "nic_connectx7", "dpu_bluefield3", "motherboard")
SPINNAKER = ("spinnaker2_chip", "spinnaker2_board", "spinnaker2_server", "spinnaker2_rack")
DEVICES = (*LABEL, *SERVER_GB, *SSD_GB, *PROCESSORS, *OTHERS, *SPINNAKER, "server_2gpu_v100", "server_1gpu_a100")
MEMORY = ["dram", "lpddr5", "gddr6", "hbm2", "hbm", "hbm3", "hbm3e"]


@pytest.fixture(scope="module")
def by_code(inventory) -> pd.DataFrame:
    return inventory.activities.set_index("activity")


@pytest.mark.parametrize("device", DEVICES)
def test_a_device_has_a_mass_with_a_source(inventory, by_code, device):
    """A unit of a real product with kilograms, and where these are from."""
    row = by_code.loc[device]
    assert row["unit"] == "unit"
    assert row["mass"] > 0
    assert row["mass_source"] in set(inventory.sources["source"])
    assert row["mass_locator"]


def test_a_device_weighs_what_its_parts_weigh(inventory, by_code):
    """Sum of amount x mass of each part, materials as bought less the scrap that leaves, within the tolerance that the tables state.

    Services and energy weigh nothing. The tolerance is 7 % at most but for one card whose dismantled mass is known.
    """
    stated = inventory.balances[inventory.balances["quantity"] == "mass"].set_index("activity")["tolerance"]
    devices = [d for d in DEVICES if d in stated.index]
    assert len(devices) > 40
    assert set(stated[devices][stated[devices] > 0.07].index) == {"gpu_l4_24", "tpu_v4"}
    for device in devices:
        rows = inventory.exchanges[inventory.exchanges["activity"] == device]
        bought = rows[rows["type"] == "technosphere"]
        each = pd.to_numeric(by_code["mass"]).fillna((by_code["unit"] == "kilogram").astype(float))
        parts = (bought["amount"] * bought["input"].map(each)).sum() - rows.loc[rows["input"].str.startswith("scrap"), "amount"].sum()
        assert abs(parts - by_code.at[device, "mass"]) <= stated[device] * max(parts, by_code.at[device, "mass"]), device


@pytest.mark.parametrize(("device", "gigabytes"), {**LABEL, **SERVER_GB}.items())
def test_memory_bought_is_the_memory_on_the_label(inventory, device, gigabytes):
    """GB of HBM, GDDR or DRAM in the exchanges of the device itself."""
    assert amounts(inventory, device).reindex(MEMORY).sum() == gigabytes


@pytest.mark.parametrize(("drive", "gigabytes"), SSD_GB.items())
def test_flash_bought_is_the_flash_on_the_label_and_its_spare(inventory, drive, gigabytes):
    """GB of flash times 1.0667 (512 GiB chips sold as 480 GB), with 1 GB of working memory per TB, without error-correction chips."""
    parts = amounts(inventory, drive)
    assert parts["nand_ssd"] == pytest.approx(gigabytes * 1024 / 960, rel=1e-6)
    assert 0 < parts["dram"] <= gigabytes / 1000 * (1 + 1e-12)


def test_a_server_with_eight_accelerators_holds_eight(inventory):
    """Eight of the accelerator in its name, two processors, one baseboard; every DIMM of 32 GB or more has its board."""
    for server in (s for s in SERVER_GB if s.startswith("server_8gpu")):
        parts = amounts(inventory, server)
        accelerators = parts[parts.index.str.startswith("gpu_")]
        assert list(accelerators) == [8]
        assert accelerators.index[0].split("_")[1] == server.split("_")[2]
        assert accelerators.index[0].endswith(server.split("_")[-1])
        assert parts[parts.index.str.startswith("cpu_")].sum() == 2
        assert parts[parts.index.str.startswith("baseboard_")].sum() == 1
        assert 32 <= parts["dram"] / parts["dimm_base"] <= 128


def test_a_spinnaker_rack_is_4320_chips(inventory):
    """48 chips per board, 18 boards per chassis, 5 chassis per rack: 48 x 90 = 4320."""
    chips = amounts(inventory, "spinnaker2_board")["spinnaker2_chip"]
    boards = amounts(inventory, "spinnaker2_server")["spinnaker2_board"]
    chassis = amounts(inventory, "spinnaker2_rack")["spinnaker2_server"]
    assert (chips, boards, chassis) == (48, 18, 5)
    assert chips * boards * chassis == 4320


def test_a_device_scores_the_sum_of_its_parts(inventory, real_factors):
    """Additivity, redone outside Brightway: own emissions x factors + sum of amount x score of each input, for every indicator but one.

    Rare-earth mass is left to its own test.
    """
    t = real_factors.table.drop(columns="rare_earths")
    c = real_factors.characterisation.pivot_table(index="flow", columns="indicator", values="factor", aggfunc="first")[t.columns].fillna(0)
    for device in ("gpu_h100_sxm_80", "server_8gpu_h100_80", "server_cpu_dual", "hdd", "spinnaker2_rack"):
        rows = inventory.exchanges[inventory.exchanges["activity"] == device]
        bought, own = rows[rows["type"] == "technosphere"], rows[(rows["type"] == "biosphere") & rows["input"].isin(c.index)]
        by_hand = (t.loc[bought["input"]].mul(bought["amount"].to_numpy(), axis=0)).sum()
        by_hand += (c.loc[own["input"]].mul(own["amount"].to_numpy(), axis=0)).sum()
        assert t.loc[device].to_numpy() == pytest.approx(by_hand.to_numpy(), rel=1e-8), device


def test_devices_keep_the_order_of_their_silicon_and_memory(real_factors):
    """More dies and more memory cost more: T4 < V100 < A100 < H100 < H200 < B200, and a server more than its eight modules."""
    gwp = real_factors.table["gwp100"]
    order = ("gpu_t4_16", "gpu_v100_sxm2_16", "gpu_a100_sxm_80", "gpu_h100_sxm_80", "gpu_h200_sxm_141", "gpu_b200_sxm_192")
    assert list(gwp[list(order)]) == sorted(gwp[list(order)])
    assert gwp["server_8gpu_h100_80"] > 8 * gwp["gpu_h100_sxm_80"]
    assert gwp["ssd_15360gb"] - gwp["ssd_7680gb"] == pytest.approx(2 * (gwp["ssd_7680gb"] - gwp["ssd_3840gb"]), rel=1e-2)
