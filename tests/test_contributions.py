"""Contributions are parts of their whole: branches and own emissions sum to the parent, processes to the total."""

from __future__ import annotations

import math

import pytest

from lca.contributions import Node, by_process, tree

DEEP = {"cutoff": 0.0, "depth": 2}


def children(nodes: list[Node], parent: int) -> list[Node]:
    """The branches one level below a node, in a list that is laid out depth first."""
    below = []
    for node in nodes[parent + 1 :]:
        if node.level <= nodes[parent].level:
            break
        if node.level == nodes[parent].level + 1:
            below.append(node)
    return below


def test_the_tree_of_the_tiny_server_by_hand(tiny_factors):
    """100 kWh at 0.75 kg are 75 kg, 25 kg are its own; of 75 kg the plants emit 50, fuel supply 10 and losses 15."""
    nodes = tree(tiny_factors, "server", "gwp100", cutoff=0.0)
    assert [(n.level, n.product) for n in nodes[:3]] == [(0, "server"), (1, "electricity_XX"), (2, "electricity_direct_XX")]
    assert nodes[0].impact == pytest.approx(100, rel=1e-12)
    assert nodes[0].direct == 25
    assert {n.product: pytest.approx(n.impact, rel=1e-12) for n in nodes if n.level == 2} == {
        "electricity_direct_XX": 50,
        "electricity_upstream_XX": 10,
        "electricity_losses_XX": 15,
    }
    assert nodes[1].share == pytest.approx(0.75, rel=1e-12)


@pytest.mark.parametrize("product", ["server_8gpu_a100_80", "ndfeb_magnet", "electricity_FR", "eol_server_credit"])
def test_branches_and_own_emissions_are_the_parent(real_factors, product):
    """With no cut-off, the impact of every node above the last level is its own emissions plus its branches."""
    compared = 0
    for indicator in ("gwp100", "ced", "water_scarcity", "crustal_scarcity"):
        nodes = tree(real_factors, product, indicator, **DEEP)
        largest = max(abs(n.impact) for n in nodes)
        for i in [i for i, n in enumerate(nodes) if n.level < DEEP["depth"]]:
            parts = [nodes[i].direct, *(n.impact for n in children(nodes, i))]
            assert math.fsum(parts) == pytest.approx(nodes[i].impact, rel=1e-9, abs=1e-12 * largest), (nodes[i].product, indicator)
            compared += len(parts) > 1
    assert compared >= 3


def test_a_cut_off_only_takes_branches_away(real_factors):
    """At 5 % every branch shown has 5 % of the root or more, and is the same branch as without a cut-off."""
    all_nodes = tree(real_factors, "server_8gpu_a100_80", "gwp100", cutoff=0.0, depth=3)
    shown = tree(real_factors, "server_8gpu_a100_80", "gwp100", cutoff=0.05, depth=3)
    assert 1 < len(shown) < len(all_nodes)
    assert all(abs(n.share) >= 0.05 for n in shown)
    assert set(shown) <= set(all_nodes)


def test_n_units_have_n_times_the_tree(real_factors):
    """Amounts, impacts and own emissions scale with the demand; shares don't change."""
    one, seven = (tree(real_factors, "server_1gpu_a100", "gwp100", amount=a) for a in (1, 7))
    for a, b in zip(one, seven, strict=True):
        assert (b.product, b.share) == (a.product, pytest.approx(a.share, rel=1e-12))
        assert [b.amount, b.impact, b.direct] == pytest.approx([7 * a.amount, 7 * a.impact, 7 * a.direct], rel=1e-12)


def test_processes_sum_to_the_total_by_hand(tiny_factors):
    """One server: plants 125 kWh x 0.5, fuel 125 kWh x 0.1, the server's own 25 kg; together 100."""
    table = by_process(tiny_factors, {"server": 1.0}, "gwp100").set_index("process")["impact"]
    assert table.to_dict() == pytest.approx({"electricity_direct_XX": 62.5, "electricity_upstream_XX": 12.5, "server": 25}, rel=1e-12)


def test_processes_sum_to_the_total_of_a_mixed_demand(real_factors):
    """2 servers and 3000 kWh: the column sums to 2 x and 3000 x the factors, for every indicator, to 1e-9."""
    demand = {"server_8gpu_a100_80": 2.0, "electricity_PL": 3000.0}
    for indicator in real_factors.table.columns:
        whole = math.fsum(real_factors.table.at[p, indicator] * a for p, a in demand.items())
        round_off = 5e-14 * 3000 * real_factors.table[indicator].abs().max()  # what the solve can't tell from zero
        got = math.fsum(by_process(real_factors, demand, indicator)["impact"])
        assert got == pytest.approx(whole, rel=1e-9, abs=round_off), indicator
