"""Inventories as a study wants them: switches, and parameters with other values."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import small
import yaml

from lca import inventory as inv
from lca.assessment import assess, check
from lca.errors import LcaError
from lca.factors import compiled, variant

SWITCH = "choice,option,parameter,value,comment\nlosses,real,loss_XX,0.2,as sourced\nlosses,none,loss_XX,0,no losses on the way\n"


@pytest.fixture
def root(tmp_path) -> Path:
    """The small inventories with a switch for losses."""
    copy = Path(shutil.copytree(small.INVENTORIES, tmp_path / "inventories"))
    (copy / "electricity" / "choices.csv").write_text(SWITCH, encoding="utf-8")
    return copy


def written(tmp_path: Path, changes: dict) -> Path:
    path = small.put(tmp_path)
    d = yaml.safe_load(path.read_text(encoding="utf-8")) | changes
    path.write_text(yaml.safe_dump(d), encoding="utf-8")
    return path


def test_other_values_move_the_formulas_and_nothing_else(tiny):
    """A loss of a half: 0.5/(1-0.5) = 1 kWh lost per kWh; the rest is as it was, and the state is another."""
    plain = inv.load(tiny)
    changed = inv.with_values(plain, {"loss_XX": (0.5, 0.5, 0.5)})
    formulas = (plain.exchanges["formula"] != "").to_numpy()
    assert list(changed.exchanges.loc[formulas, "amount"]) == [1.0, 1.0]
    assert np.array_equal(changed.exchanges.loc[~formulas, "amount"], plain.exchanges.loc[~formulas, "amount"])
    assert changed.state != plain.state
    assert inv.with_values(plain, {}) is plain


def test_factors_with_other_values_by_hand(tiny_factors):
    """Loss a half: a consumer's kWh is (0.5 + 0.1) x 2 = 1.2 kg CO2e, a server 100 x 1.2 + 25 = 145; unchanged values change nothing."""
    table = variant(tiny_factors, {"loss_XX": (0.5, 0.5, 0.5)}).table["gwp100"]
    assert table["electricity_XX"] == pytest.approx(1.2)
    assert table["server"] == pytest.approx(145)
    same = variant(tiny_factors, {"loss_XX": (0.2, 0.1, 0.3)}).table
    assert np.allclose(same, tiny_factors.table, rtol=1e-12, atol=0)


def test_a_switch_and_a_value_say_the_same(root, tmp_path):
    """Losses switched off and a loss of 0 give the same ledger; both lack the 0.15 kg/kWh of losses that the base has."""
    scenarios = [
        {"id": "switch", "title": "no losses", "set": {"inventories.choices.losses": "none"}},
        {"id": "value", "title": "no losses", "set": {"inventories.values.loss_XX": "0"}},
        {"id": "percent", "title": "as sourced", "set": {"inventories.values.loss_XX": "20 percent"}},
    ]
    a = assess(written(tmp_path, {"scenarios": scenarios}), root)
    used = a.ledger[a.ledger["life_cycle_stage"] == "electricity"]
    totals = used.groupby("scenario")["gwp100"].sum()
    lost = a.base[a.base["product"].str.startswith("electricity_losses_XX")]["gwp100"].sum()
    assert totals["switch"] == pytest.approx(totals["value"], rel=1e-12)
    assert totals["base"] - totals["switch"] == pytest.approx(lost)
    assert totals["percent"] == pytest.approx(totals["base"], rel=1e-12)


def test_an_interval_of_a_value_is_drawn_and_a_bare_value_is_not(root, tmp_path):
    """With a loss of exactly 0.2 the draws of a consumer's losses narrow."""
    from lca.uncertainty import factor_draws

    plain = compiled(root)
    fixed = variant(plain, {"loss_XX": (0.2, 0.2, 0.2)})
    place = list(plain.table.index).index("electricity_losses_XX")
    column = list(plain.table.columns).index("gwp100")
    assert factor_draws(fixed, 100, 1)[place, :, column].std() < factor_draws(plain, 100, 1)[place, :, column].std()


@pytest.mark.parametrize(
    ("inventories", "rule", "says"),
    [
        ({"choices": {"losses": "some"}}, "study.choice", "losses: none"),
        ({"choices": {"gains": "none"}}, "study.choice", "losses: real"),
        ({"values": {"loss_ZZ": {"value": "0.1", "origin": "default", "source": "paper"}}}, "study.parameter", "loss_XX"),
        ({"values": {"loss_XX": {"value": "3 kg", "origin": "default", "source": "paper"}}}, "study.parameter", "dimensionless"),
    ],
)
def test_what_the_inventories_do_not_have_is_refused(root, tmp_path, inventories, rule, says):
    """An unknown switch, position, parameter or unit is named, with what there is."""
    path = written(tmp_path, {"inventories": inventories})
    (finding,) = [f for f in check(path, root) if f.rule == rule]
    assert says in finding.expected
    with pytest.raises(LcaError, match=says):
        assess(path, root)


def test_a_switch_needs_exactly_one_position_as_default(root):
    """Two positions that are both the tables' values, or none, say nothing about the default."""
    from lca import inventory_checks

    assert not [f for f in inventory_checks.check(inv.load(root)) if f.rule == "inventory.choice"]
    path = root / "electricity" / "choices.csv"
    path.write_text(SWITCH.replace("none,loss_XX,0,", "none,loss_XX,0.2,"), encoding="utf-8")
    assert [f.rule for f in inventory_checks.choices_set_parameters(inv.load(root))] == ["inventory.choice"]
