"""Rules over a calculated study: each is silent on a sound study and speaks on the fault that it is for."""

# ruff: noqa: E501  (tables of faults, one to a line)
from __future__ import annotations

import dataclasses
import math

import pytest
import small

from lca import checks
from lca.assessment import assess


def rules(a, severity: str | None = None) -> set[str]:
    return {f.rule for f in checks.run(a) if severity is None or f.severity == severity}


def variant(tmp_path, *pairs: tuple[str, str]):
    words = small.text()
    for old, new in pairs:
        assert old in words
        words = words.replace(old, new)
    return assess(small.put(tmp_path, words), small.INVENTORIES)


def test_the_small_study_has_no_error():
    """Its remarks are the exclusion that it declares, the share measured, and a machine that its log sees in part."""
    assert rules(small.assessed(), "error") == set()
    assert {"boundary.excluded", "data.measured"} <= rules(small.assessed())


def test_findings_come_worst_first():
    """Errors, then warnings, then notes."""
    order = [f.severity for f in checks.run(small.assessed())]
    assert order == sorted(order, key=["error", "warning", "note"].index)


def test_a_missing_impact_is_an_error():
    """One NaN in the ledger stops the report."""
    a = small.assessed()
    broken = a.ledger.copy()
    broken.loc[3, "gwp100"] = math.nan
    assert "ledger.finite" in rules(dataclasses.replace(a, ledger=broken), "error")


def test_a_negative_impact_that_is_no_credit_is_an_error():
    """A row below zero outside the credits is named with its number."""
    a = small.assessed()
    broken = a.ledger.copy()
    broken.loc[3, "gwp100"] = -1.0
    found = [f for f in checks.run(dataclasses.replace(a, ledger=broken)) if f.rule == "ledger.sign"]
    assert [f.where for f in found] == ["ledger row 4"]


def test_a_row_without_a_scope_is_an_error():
    """Scopes that don't sum to the statement stop the report, in both views."""
    a = small.assessed()
    broken = a.ledger.copy()
    broken.loc[broken["life_cycle_stage"] == "facility", "scope"] = ""
    found = [f for f in checks.run(dataclasses.replace(a, ledger=broken)) if f.rule == "ledger.bridge"]
    assert {f.where for f in found} == {"location", "market"}


@pytest.mark.parametrize(
    ("rule", "old", "new"),
    [
        ("site.pue", "pue: {value: 1.25, low: 1.2, high: 1.4", "pue: {value: 2.1, low: 2, high: 2.2"),
        ("data.power", "power: {value: 500 W, low: 300 W, high: 500 W", "power: {value: 500 kW, low: 300 kW, high: 500 kW"),
        ("data.boundary", "    meter: host", "    meter: gpu_board"),
        ("boundary.stage", "electricity, facility, water, end_of_life]", "electricity, facility, end_of_life]"),
        ("data.accuracy", "      dram: {low: 0.5, high: 1.5, source: paper}\n", ""),
        ("goal.comparison", "comparative_assertion: false", "comparative_assertion: true"),
        ("ghg.capital_goods", "acquired: 2023-02-01", "acquired: 2020-02-01"),
        ("scope2.residual", "kind: residual mix\n    factor: {value: 0.6 kg/kWh", "kind: supplier factor\n    energy: {value: 1 kWh, origin: supplier, source: paper}\n    factor: {value: 0.6 kg/kWh"),
    ],
)  # fmt: skip
def test_a_rule_speaks_when_its_fault_is_there_and_not_before(tmp_path, rule, old, new):
    """A PUE of 2.1, 500 kW per board, a board instead of the machine, water left out, and so on: one fault, one rule."""
    assert rule not in rules(small.assessed())
    assert rule in rules(variant(tmp_path, (old, new)))


def test_a_record_without_a_value_is_said_with_its_hours():
    """One hour of the log has no value: a warning says so, the sum doesn't hold it, and nothing is put in its place."""
    a = small.assessed()
    gap = a.readings.copy()
    first = gap.index[gap["meter"] == "gpu_board"][0]
    gap.loc[first, "value"] = math.nan
    found = [f for f in checks.run(dataclasses.replace(a, readings=gap)) if f.rule == "data.gap"]
    assert [(f.where, f.got) for f in found] == [("readings.runs", "1 records of gpu_board without a value, 1 h")]
    from lca.activity import use_of

    use, _ = use_of(a.study, gap)
    boards = use[use["meter"] == "gpu_board"]
    assert boards["energy_kwh"].tolist() == pytest.approx([1.6])
    assert "1 records without a value are missing, not filled" in boards["calculation"].iloc[0]


def test_a_meter_that_saw_nothing_is_absent_and_not_zero():
    """All records of the boards without a value: no row with 0 kWh, no row at all."""
    from lca.activity import use_of

    a = small.assessed()
    gap = a.readings.copy()
    gap.loc[gap["meter"] == "gpu_board", "value"] = math.nan
    use, _ = use_of(a.study, gap)
    assert "gpu_board" not in set(use["meter"])
