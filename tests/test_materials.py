"""Elements of the machines: taken, held, recovered, lost."""

from __future__ import annotations

import pytest

from lca.statements import materials


def test_every_element_balances(example):
    """Taken and scrap = lost on the way + held; held = recovered + lost at the end; nothing is below zero."""
    for unit in example.study.functional_units:
        table = materials.balance(example, unit.id)
        table = table[table["held by the machines [g]"].notna()]
        taken, scrap, way, held, recovered, end, _ = (table[f"{c} [g]"] for c in materials.COLUMNS)
        assert (taken + scrap).to_numpy() == pytest.approx((way + held).to_numpy())
        assert held.to_numpy() == pytest.approx((recovered + end).to_numpy())
        assert (way >= -1e-9 * taken.max()).all()
        assert (recovered <= held * (1 + 1e-9)).all()


def test_copper_of_an_image_by_hand(example):
    """Sum over machines of amount x copper held per unit x scale, in grams."""
    from lca import ledger as book

    workloads, scale = book.functional_scale(example.study, "images")
    rows = book.lca_rows(example.base)
    rows = rows[rows["workload"].isin(workloads) & (rows["life_cycle_stage"] == "manufacturing")]
    by_hand = sum(r.amount * example.factors.elements.at[r.product, "content_cu"] for r in rows.itertuples()) * scale * 1000
    table = materials.balance(example, "images").set_index("element")
    assert table.at["Copper", "held by the machines [g]"] == pytest.approx(by_hand)
    assert by_hand > 0


def test_critical_materials_are_those_of_the_list(example):
    """Neodymium, copper and gallium are on the European list; gold, silver and iron are not."""
    listed = materials.critical(example)
    assert {"nd", "cu", "ga", "dy", "ta"} <= listed
    assert not {"au", "ag", "fe", "sn"} & listed


def test_the_indicator_is_the_sum_of_the_table(example):
    """Critical raw materials in products [kg] = the held column over critical elements [g] / 1000, apart from what other stages hold."""
    statement = materials.indicators(example, "images")
    value = {label: cells[0].value for label, cells in statement.lines}
    (held,) = (v for label, v in value.items() if label.startswith("critical raw materials in products"))
    table = materials.balance(example, "images")
    assert held >= table.loc[table["critical (EU)"] == "yes", "held by the machines [g]"].sum() / 1000 * (1 - 1e-9)
