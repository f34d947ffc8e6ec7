"""The ledger: a sum, whose parts are the whole, in every view; and its bridge, to the last digit."""

from __future__ import annotations

import ast
import copy
import math

import numpy as np
import pandas as pd
import pytest
import small
from hypothesis import given, settings
from hypothesis import strategies as st

from lca import ledger as book
from lca.assessment import assess

PROPERTY = settings(max_examples=20, deadline=None)


def two_workloads() -> dict:
    """The unmetered study with a second use of 100 device-hours at 250 W."""
    d = small.unmetered()
    d["uses"].append(copy.deepcopy(d["uses"][0]) | {"id": "more"})
    d["uses"][1]["device_hours"] = {"value": "100 hour", "origin": "supplier", "source": "paper"}
    d["uses"][1]["power"] = {"value": "250 W", "origin": "supplier", "source": "paper"}
    d["workloads"].append(copy.deepcopy(d["workloads"][0]) | {"id": "tune", "uses": ["more"]})
    return d


def only(d: dict, workload: str) -> dict:
    """The study of one of its workloads."""
    d = copy.deepcopy(d)
    d["workloads"] = [w for w in d["workloads"] if w["id"] == workload]
    kept = d["workloads"][0]["uses"]
    d["uses"] = [u for u in d["uses"] if u["id"] in kept]
    d["functional_units"][0]["workloads"] = [workload]
    return d


def totals(rows: pd.DataFrame) -> dict[str, float]:
    return {i: book.total(rows, i) for i in book.indicators_of(rows)}


def test_the_life_cycle_total_by_hand():
    """Per 4383 kWh: plants 5478.75 x 0.5, fuel x 0.1, losses x 0.15; server 12.5, truck 0.25, refrigerant 15, treatment 0.625 kg CO2e."""
    rows = book.lca_rows(small.ledger(small.unmetered()))
    by_hand = 5478.75 * (0.5 + 0.1 + 0.15) + 12.5 + 0.25 + 15 + 0.625
    assert book.total(rows, "gwp100") == pytest.approx(by_hand)


def test_the_ghg_total_by_hand():
    """Goods in full instead of spread: 2 servers at 100 kg and 20 t km at 0.2 kg; treatment waits for the year of retirement."""
    rows = book.ghg_rows(small.ledger(small.unmetered()), "location")
    assert book.total(rows, "gwp100") == pytest.approx(5478.75 * 0.75 + 200 + 4 + 15)


def test_a_study_of_two_workloads_is_the_sum_of_two_studies():
    """Rows of both studies of one workload together sum to the study of both, every indicator to the last digit."""
    d = two_workloads()
    both = book.lca_rows(small.ledger(d))
    apart = [book.lca_rows(small.ledger(only(d, w))) for w in ("train", "tune")]
    assert totals(both) == totals(pd.concat(apart))


@PROPERTY
@given(st.integers(1, 1000))
def test_n_times_the_work_is_n_times_the_impact(n):
    """n x 8766 device-hours give n times every indicator of the life-cycle view."""
    d = small.unmetered()
    d["uses"][0]["device_hours"]["value"] = f"{n * 8766} hour"
    one, many = totals(book.lca_rows(small.ledger(small.unmetered()))), totals(book.lca_rows(small.ledger(d)))
    assert many == pytest.approx({i: n * x for i, x in one.items()}, rel=1e-12)


def test_a_change_of_unit_changes_no_row():
    """0.5 kW for 365.25 days is 500 W for 8766 hours: the same rows, digit for digit."""
    d = small.unmetered()
    d["uses"][0]["device_hours"] = {"value": "365.25 day", "origin": "supplier", "source": "paper"}
    d["uses"][0]["power"] = {"value": "0.5 kW", "origin": "supplier", "source": "paper"}
    pd.testing.assert_frame_equal(small.ledger(d), small.ledger(small.unmetered()), check_exact=True)


def test_parts_are_the_whole_in_every_indicator_and_view():
    """Sums by stage, by workload and by scope are the total, and none of them exceeds it."""
    a = small.assessed()
    for rows in [pick(a.base, view) for pick in (book.lca_rows, book.ghg_rows) for view in ("location", "market")]:
        names = book.indicators_of(rows)
        for column in ("life_cycle_stage", "workload", "scope"):
            parts = book.by(rows, [column], names)
            for i in names:
                assert math.fsum(parts[i]) == pytest.approx(book.total(rows, i), rel=1e-14)
                assert parts[i].max() <= book.total(rows, i) * (1 + 1e-12)


@pytest.mark.parametrize("view", ["location", "market"])
def test_scopes_sum_to_the_statement(view):
    """Scope 1 + 2 + 3 is the whole view; no row is without a scope, none is in two."""
    rows = book.ghg_rows(small.assessed().base, view)
    scopes = [rows[rows["scope"] == s] for s in ("1", "2", "3")]
    assert sum(len(s) for s in scopes) == len(rows)
    assert math.fsum(x for s in scopes for x in s["gwp100"]) == book.total(rows, "gwp100")


def test_location_and_market_differ_in_scope_2_alone():
    """2 742.40 kg at the grid's 0.5 against the instruments' rate, and nothing else differs."""
    a = small.assessed()
    location, market = book.ghg_rows(a.base, "location"), book.ghg_rows(a.base, "market")
    energy = (4383 + 2.4 + 0.1275 + 0.288) * 1.25
    assert book.total(location[location["scope"] == "2"], "gwp100") == pytest.approx(energy * 0.5)
    assert book.total(market[market["scope"] == "2"], "gwp100") == pytest.approx((energy - 1000) * 0.6)
    assert list(location[location["scope"] != "2"]["row"]) == list(market[market["scope"] != "2"]["row"])


@pytest.mark.parametrize("view", ["location", "market"])
def test_the_bridge_explains_everything_to_the_last_digit(view):
    """End - start - steps is 0.0 exactly, in every indicator; every step is the sum of rows that are in one view only."""
    a = small.assessed()
    start, end = book.lca_rows(a.base), book.ghg_rows(a.base, view)
    steps = book.bridge(start, end)
    for i in book.indicators_of(a.base):
        assert book.residual(start, steps, end, i) == 0.0
    one = set(start["row"]) ^ set(end["row"])
    assert sorted(r for s in steps for r in s.rows["row"]) == sorted(one)


def test_a_missing_step_shows_as_a_residual():
    """Leave one step out and the residual is that step: the check can fail."""
    a = small.assessed()
    start, end = book.lca_rows(a.base), book.ghg_rows(a.base, "market")
    first, *others = book.bridge(start, end)
    assert book.residual(start, others, end, "gwp100") == pytest.approx(first.amount("gwp100"))
    assert first.amount("gwp100") != 0


def test_nothing_is_negative_without_a_credit():
    """Only credits are below zero, and under the cut-off rule they are in no view."""
    a = small.assessed()
    names = book.indicators_of(a.base)
    negative = a.base[(a.base[names] < 0).any(axis=1)]
    assert set(negative["product"]) == {"eol_server_avoided_credit", "eol_server_cff_credit"}
    for rows in (book.lca_rows(a.base), book.ghg_rows(a.base, "location"), book.ghg_rows(a.base, "market")):
        assert not set(rows["row"]) & set(negative["row"])


def test_every_row_is_its_amount_times_the_factor_of_its_product():
    """No row has an impact from elsewhere."""
    a = small.assessed()
    names = book.indicators_of(a.ledger)
    for r in a.ledger.to_dict("records"):
        for i in names:
            assert r[i] == r["amount"] * a.factors.table.at[r["product"], i]


def test_a_neutral_scenario_equals_the_base_exactly():
    """A scenario that sets nothing, and one that sets the PUE to the value that it has: equal amounts and impacts, and equal draws."""
    a = small.assessed()
    base, neutral = a.base, book.scenario_rows(a.ledger, "neutral")
    same = [c for c in base.columns if c not in ("row", "scenario")]
    pd.testing.assert_frame_equal(base[same], neutral[same].reset_index(drop=True), check_exact=True)
    one, other = a.draws(book.lca_rows(base), "gwp100"), a.draws(book.lca_rows(neutral), "gwp100")
    assert np.array_equal(one, other)


def test_a_scenario_really_changes_the_result():
    """Another grid: a tenth of XX's factors for the site's electricity, and nothing else of the study moves."""
    a = small.assessed()
    base, moved = book.lca_rows(a.base), book.lca_rows(book.scenario_rows(a.ledger, "grid-yy"))
    power = "electricity"
    before = book.total(base[base["life_cycle_stage"] == power], "gwp100")
    after = book.total(moved[moved["life_cycle_stage"] == power], "gwp100")
    assert after == pytest.approx(before / 10)
    assert book.total(base[base["life_cycle_stage"] != power], "gwp100") == book.total(moved[moved["life_cycle_stage"] != power], "gwp100")


def test_the_functional_unit_scales_by_its_output():
    """1000 of 5000 images are a fifth of the workload's amounts and impacts; other workloads don't enter."""
    a = small.assessed()
    rows = book.lca_rows(a.base)
    mine = book.per_functional_unit(rows, a.study, "images")
    assert set(mine["workload"]) == {"serve"}
    assert book.total(mine, "gwp100") == pytest.approx(book.total(rows[rows["workload"] == "serve"], "gwp100") / 5)


def test_the_measured_share_is_of_facility_energy_by_origin():
    """2.4 kWh of the boards were measured, 0.4155 kWh estimated; the overhead (a quarter more) and 4383 kWh are the supplier's."""
    share = book.measured_share(small.assessed().base)
    whole = (4383 + 2.8155) * 1.25
    assert share.to_dict() == pytest.approx({"measured": 2.4 / whole, "estimated": 0.4155 / whole, "supplier": 1 - 2.8155 / whole})


@pytest.mark.parametrize("draws", [100, 250])
def test_n_draws_are_n(tmp_path, draws):
    """n iterations means n, and the same seed gives the same digits."""
    words = small.text().replace("draws: 200", f"draws: {draws}")
    path = small.put(tmp_path, words)
    a, again = assess(path, small.INVENTORIES), assess(path, small.INVENTORIES)
    first = a.draws(book.lca_rows(a.base), "gwp100")
    assert first.shape == (draws,)
    assert np.array_equal(first, again.draws(book.lca_rows(again.base), "gwp100"))


def test_another_seed_gives_other_digits(tmp_path):
    """The seed is used."""
    a, b = small.assessed(), assess(small.put(tmp_path, small.text().replace("seed: 7", "seed: 8")), small.INVENTORIES)
    assert not np.array_equal(a.draws(book.lca_rows(a.base), "gwp100"), b.draws(book.lca_rows(b.base), "gwp100"))


def test_draws_of_parts_sum_to_the_draws_of_the_whole():
    """In every single draw the stages add up: one draw of a quantity moves all rows that depend on it."""
    a = small.assessed()
    rows = book.lca_rows(a.base)
    parts = [a.draws(part, "gwp100") for _, part in rows.groupby("life_cycle_stage")]
    assert np.sum(parts, axis=0) == pytest.approx(a.draws(rows, "gwp100"), rel=1e-12)


def test_no_module_asks_for_the_time():
    """Results depend on the inputs alone: nothing in lca/ calls today() or now(), so a lifetime can't depend on the day."""
    calls = []
    for path in sorted((small.ROOT / "lca").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr in ("today", "now", "utcnow", "time_ns", "localtime", "gmtime"):
                calls.append(f"{path.name}:{node.lineno}")
    assert calls == []
