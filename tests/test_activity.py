"""From declared and measured use to energy and machine-hours: conservation, scaling, units, the turn of the year."""

from __future__ import annotations

import math

import pandas as pd
import pytest
import small
from hypothesis import given, settings
from hypothesis import strategies as st

from lca.activity import by_year, condense, products_exist, sources_exist, spread, union_hours
from lca.allocation import amortised_share, shares
from lca.errors import LcaError

PROPERTY = settings(max_examples=25, deadline=None)


def used(**changes: str) -> tuple[float, float]:
    """Energy [kWh] and machine-hours of one declared use with the given quantities."""
    d = small.unmetered()
    for field, value in changes.items():
        d["uses"][0][field] = {"value": value, "origin": "supplier", "source": "paper"}
    case = small.case(d)
    return math.fsum(case.use["energy_kwh"]), math.fsum(case.hours["machine_hours"])


def test_device_hours_times_power_is_energy():
    """8766 h x 500 W = 4 383 000 Wh = 4383 kWh; four devices to a machine: 8766 / 4 = 2191.5 machine-hours."""
    assert used() == (4383.0, 2191.5)


@pytest.mark.parametrize(
    ("one", "other"),
    [({"power": "400 W"}, {"power": "0.4 kW"}), ({"device_hours": "184320 hour"}, {"device_hours": "7680 day"})],
)
def test_a_change_of_unit_changes_nothing(one, other):
    """400 W = 0.4 kW and 184320 hour = 7680 day give the same energy and hours, digit for digit."""
    assert used(**one) == used(**other)


@PROPERTY
@given(st.integers(1, 1000), st.integers(1, 10_000))
def test_n_machines_take_n_times_one(n, hours):
    """Twice the device-hours is twice the energy and twice the machine-hours."""
    one, many = used(device_hours=f"{hours} hour"), used(device_hours=f"{n * hours} hour")
    assert many == pytest.approx((n * one[0], n * one[1]), rel=1e-12)


def test_readings_give_their_own_sum():
    """1 h + 2 h at 800 W, 42.5 W and 96 W: 2.4, 0.1275 and 0.288 kWh; two machines for 3 h are 6 machine-hours."""
    case = small.assessed().cases["base"]
    mine = case.use[case.use["workload"] == "serve"].set_index("meter")["energy_kwh"]
    assert mine.to_dict() == pytest.approx({"gpu_board": 2.4, "cpu_package": 0.1275, "dram": 0.288}, rel=1e-12)
    assert float(case.hours[case.hours["workload"] == "serve"]["machine_hours"].iloc[0]) == pytest.approx(6.0)


def test_what_was_measured_and_what_was_estimated_is_told_apart():
    """The board has a counter; the processor's constant and the memory's model are estimates; declared use is the supplier's."""
    use = small.assessed().cases["base"].use.set_index("meter")["origin"].to_dict()
    assert use == {"gpu_board": "measured", "cpu_package": "estimated", "dram": "estimated", "host": "supplier"}


def records(*rows: tuple[str, str, float]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["start", "end", "value"])
    return frame.assign(start=pd.to_datetime(frame["start"], utc=True), end=pd.to_datetime(frame["end"], utc=True))


def test_a_record_over_the_turn_of_the_year_is_cut_in_proportion_to_time():
    """18 h to midnight and 6 h after it: three quarters of 100 kWh are in 2023, one quarter in 2024."""
    cut = by_year(records(("2023-12-31T06:00", "2024-01-01T06:00", 100.0)))
    assert cut.set_index("period")["value"].to_dict() == {"2023": 75.0, "2024": 25.0}


def test_a_record_over_three_years_is_cut_at_both_turns():
    """365 days lie in 2023; one day lies before and one after: 367 kWh at 1 kWh a day are 1, 365 and 1."""
    cut = by_year(records(("2022-12-31", "2024-01-02", 367.0)))
    assert cut.groupby("period")["value"].sum().to_dict() == pytest.approx({"2022": 1.0, "2023": 365.0, "2024": 1.0})


@PROPERTY
@given(st.integers(0, 800 * 24), st.integers(1, 800 * 24), st.floats(0.001, 1e6))
def test_cutting_by_year_loses_no_energy_and_no_time(first, hours, value):
    """The parts' energy and time are the record's, wherever it lies."""
    start = pd.Timestamp("2022-01-01", tz="UTC") + pd.Timedelta(first, "h")
    whole = records((start.isoformat(), (start + pd.Timedelta(hours, "h")).isoformat(), value))
    cut = by_year(whole)
    assert math.fsum(cut["value"]) == pytest.approx(value, rel=1e-12)
    assert union_hours(cut) == pytest.approx(hours, rel=1e-12)
    assert all(s.year == int(p) for s, p in zip(cut["start"], cut["period"], strict=True))


def test_meters_of_one_run_count_its_time_once():
    """0-2 h and 1-3 h and again 0-2 h cover 3 h, not 6; a pause from 3 h to 5 h isn't counted."""
    runs = records(
        ("2023-01-01T00:00", "2023-01-01T02:00", 1),
        ("2023-01-01T01:00", "2023-01-01T03:00", 1),
        ("2023-01-01T00:00", "2023-01-01T02:00", 1),
        ("2023-01-01T05:00", "2023-01-01T06:00", 1),
    )
    assert union_hours(runs) == 4.0


def test_readings_outside_the_period_are_an_error(tmp_path):
    """A file of March in a study of April to June: nothing is dropped in silence."""
    d = small.text().replace("period: 2023-01-01/2024-01-01", "period: 2023-04-01/2024-01-01")
    from lca.assessment import check

    rules = {(f.rule, f.severity) for f in check(small.put(tmp_path, d), small.INVENTORIES)}
    assert ("study.period", "error") in rules


def test_a_declared_use_outside_the_period_is_an_error():
    """Use that starts in May isn't part of a study of June to December."""
    d = small.unmetered() | {"period": "2023-06-01/2024-01-01"}
    with pytest.raises(LcaError, match=r"study\.period"):
        small.case(d)


def test_unknown_products_are_named_with_what_is_close(tmp_path):
    """A grid, a machine and a leg that the inventories don't know: three kinds of finding in one go, never a default."""
    d = small.document()
    d["sites"][0]["grid"] = "ZZ"
    d["systems"][0]["product"] = "serverr"
    d["systems"][0]["transport"][0]["product"] = "metal"
    found = products_exist(small.study(d), small.factors().inventory, "study.yaml")
    said = {(f.rule, f.where, f.got) for f in found}
    assert {("study.product", "sites.hall.grid", f"'electricity_{k}_ZZ'") for k in ("direct", "upstream", "losses")} <= said
    assert ("study.product", "systems.node.product", "'serverr'") in said
    assert ("study.product_unit", "systems.node.transport", "metal per kilogram") in said
    assert any("electricity_direct_XX" in f.fix for f in found)


def test_an_unknown_source_is_named():
    """A value whose source isn't listed is an error at its path."""
    d = small.document()
    d["sites"][0]["pue"]["source"] = "rumour"
    found = sources_exist(small.study(d), small.factors().inventory, "study.yaml")
    assert [(f.where, f.got, f.severity) for f in found] == [("sites.hall.pue", "'rumour'", "error")]


def test_the_interval_of_a_pue_is_that_of_its_overhead():
    """PUE 1.25 (1.2 to 1.4) is an overhead of 0.25 (0.2 to 0.4): 0.8 to 1.6 of the central one."""
    assert spread(small.study(small.document()))["pue:hall"] == pytest.approx((0.8, 1.6))


def test_a_longer_life_makes_the_share_smaller():
    """4 years (3 to 6) divide: 4/6 to 4/3 of the central share."""
    assert spread(small.study(small.document()))["lifetime:node"] == pytest.approx((4 / 6, 4 / 3))


def test_spans_of_rows_are_joined():
    """Rows 2, 3 and 5 of one file are told as 2-3,5."""
    assert condense(pd.Series(["a@h#rows 2-2", "a@h#rows 3-3", "a@h#rows 5-5"])) == "a@h#rows 2-3,5-5"


@PROPERTY
@given(st.dictionaries(st.text(min_size=1), st.floats(0, 1e6), min_size=1).filter(lambda w: sum(w.values()) > 0))
def test_shares_sum_to_one(weights):
    """Whatever the weights, the parts are the whole and none is negative."""
    got = shares(weights)
    assert math.fsum(got.values()) == pytest.approx(1.0, rel=1e-12)
    assert min(got.values()) >= 0


@pytest.mark.parametrize("weights", [{}, {"a": 0.0}, {"a": 2.0, "b": -1.0}])
def test_nothing_to_share_by_is_an_error(weights):
    """No weight, only zeros, or a negative one: refused, never an even split."""
    with pytest.raises(LcaError):
        shares(weights)


@PROPERTY
@given(st.floats(1, 1e6), st.floats(0.5, 20), st.floats(0.01, 1))
def test_a_whole_life_is_one_machine(hours, lifetime, active):
    """All machine-hours of a life together make one machine; a longer life takes less of it."""
    whole = lifetime * 8766 * active
    assert amortised_share(whole, lifetime, active) == pytest.approx(1.0)
    assert amortised_share(hours, lifetime * 2, active) == pytest.approx(amortised_share(hours, lifetime, active) / 2)
