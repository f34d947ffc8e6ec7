"""Statements: what is printed is the exact sum of its rows, what is missing is named and never zero."""

from __future__ import annotations

import math

import numpy as np
import pytest
import small

from lca import ledger as book
from lca.statements import Statement, evidence, ghg_protocol, life_cycle
from lca.statements.everything import statements


def printed(s: Statement) -> dict[str, list[float]]:
    return {label: [c.value for c in cells] for label, cells in s.lines}


def test_every_cell_is_the_exact_sum_of_its_rows():
    """math.fsum of the rows' impacts x the factor, for every figure of every statement; rows that are taken off say so."""
    a = small.assessed()
    by_row = a.ledger.set_index("row")
    seen = 0
    for s in statements(a):
        for c in s.cells():
            terms = [by_row.at[r, c.indicator] * c.scale for r in c.row_numbers]
            terms += [-by_row.at[r, c.indicator] * c.taken_off_scale for r in c.minus_numbers]
            assert c.value == pytest.approx(math.fsum(terms), rel=1e-12, abs=1e-12)
            seen += 1
    assert seen > 100


def test_every_figure_has_a_name_of_its_own():
    """No two printed figures share an id, or a link would lead to the wrong rows."""
    ids = [c.id for s in statements(small.assessed()) for c in s.cells()]
    assert len(ids) == len(set(ids))


def test_stages_by_hand():
    """One model: server 12.5, truck 0.25, power 5478.75 x 0.75, refrigerant 15, water 0 CO2e, treatment 0.625; then all of it."""
    got = {k: v[0] for k, v in printed(life_cycle.by_stage(small.assessed(), "model")).items()}
    assert got == pytest.approx(
        {
            "Manufacturing": 12.5,
            "Transport": 0.25,
            "Electricity": 4109.0625,
            "Facility": 15,
            "Cooling water": 0,
            "End of life": 0.625,
            "All": 4137.4375,
        }
    )


@pytest.mark.parametrize("table", [life_cycle.by_stage, life_cycle.by_component])
@pytest.mark.parametrize("unit", ["model", "images"])
def test_lines_sum_to_the_line_all(table, unit):
    """In every column the parts are the whole."""
    frame = table(small.assessed(), unit).frame()
    assert frame.drop(index="All").sum().to_numpy() == pytest.approx(frame.loc["All"].to_numpy(), rel=1e-12)


def test_intervals_hold_the_median_and_lie_in_order():
    """low <= median <= high for every figure that has rows, and the interval has a width where something is uncertain."""
    cells = [c for s in statements(small.assessed()) for c in s.cells() if not c.empty]
    assert all(c.low <= c.median <= c.high for c in cells if c.scale > 0)
    assert sum(c.low < c.high for c in cells) > len(cells) / 2


def test_a_figure_without_rows_says_why():
    """An empty selection is `not assessed` or the like, never a silent zero."""
    for s in statements(small.assessed()):
        for c in s.cells():
            assert (len(c.rows) > 0) != bool(c.empty)


def test_the_ghg_statement_by_hand():
    """Scope 1 15.010 kg, category 2 200 kg, category 4 4 kg; category 5 waits for retirement; category 7 isn't assessed."""
    a = small.assessed()
    s = ghg_protocol.statement(a)
    total = {label: cells[-1] for label, cells in s.lines}
    it = 4383 + 2.8155
    assert total["Scope 1: refrigerants"].value == pytest.approx(it / 8766 * 0.3 * 0.1 * 1000)
    assert total["Scope 3, category 2: capital goods"].value == pytest.approx(200)
    assert total["Scope 3, category 3: fuel- and energy-related activities"].value == pytest.approx(it * 1.25 * 0.25)
    assert total["Scope 3, category 4: upstream transportation and distribution"].value == pytest.approx(4)
    assert total["Scope 3, category 5: waste generated in operations"].empty == "no machine was retired in this period"
    assert total["Scope 3, category 7: employee commuting"].empty.startswith("not assessed")


def test_scopes_of_the_statement_sum_to_its_total():
    """Scope 1 + scope 2 + scope 3 is the total, in both views; the categories are scope 3."""
    total = {label: cells[-1].value for label, cells in ghg_protocol.statement(small.assessed()).lines}
    one, three = total["Scope 1: refrigerants"], total["Scope 3, all categories assessed"]
    for view in ("location", "market"):
        assert one + total[f"Scope 2, {view}-based"] + three == pytest.approx(total[f"All scopes, {view}-based"], rel=1e-14)
    assert math.fsum(v for k, v in total.items() if k.startswith("Scope 3, category")) == pytest.approx(three, rel=1e-14)


@pytest.mark.parametrize("view", ["location", "market"])
def test_the_printed_bridge_adds_up(view):
    """Start plus the signed steps is the end, and the note says 0 unexplained."""
    s = ghg_protocol.bridge(small.assessed(), view)
    first, *steps, last = [cells[0].value for _, cells in s.lines]
    assert math.fsum([first, *steps]) == pytest.approx(last, rel=1e-13)
    assert s.notes[0].startswith("Unexplained: 0 kg CO2e")


def test_end_of_life_is_shown_under_three_rules():
    """1.25 kg: cut-off 0.625; avoided burden 1.0 and -1.25; the formula 0.925 and -1.0; the whole differs by just that."""
    a = small.assessed()
    statement = life_cycle.end_of_life_rules(a, "model")
    at = {label.replace(", in the totals", ""): cells[0].value for label, cells in statement.lines}
    assert at["cut-off: treatment and recycling"] == pytest.approx(0.625)
    assert at["avoided burden: credit for recovered materials"] == pytest.approx(-1.25)
    cut, avoided = at["cut-off: whole result under this rule"], at["avoided burden: whole result under this rule"]
    assert avoided - cut == pytest.approx(1.0 - 1.25 - 0.625)
    assert at["circular footprint formula: whole result under this rule"] - cut == pytest.approx(0.925 - 1.0 - 0.625)
    whole = life_cycle.by_stage(a, "model").lines[-1][1][0].value
    assert cut == pytest.approx(whole)


def test_the_difference_of_a_scenario_is_scenario_minus_base():
    """Grid YY has a tenth of XX's 0.75 kg/kWh: 5478.75 x (0.075 - 0.75) per model, lower in every draw; nothing changed: 0 exactly."""
    lines = dict(life_cycle.differences(small.assessed(), "model", "gwp100").lines)
    (moved,) = lines["grid-yy (lower than base in 100 % of draws)"]
    (same,) = lines["neutral (lower than base in 0 % of draws)"]
    assert moved.value == pytest.approx(5478.75 * -0.675)
    assert (same.value, same.low, same.high) == (0.0, 0.0, 0.0)


def test_stages_of_the_ai_life_cycle_without_data_are_missing():
    """Two of ten stages have data; the others are empty cells that say `missing`, not zeros."""
    frame = life_cycle.ai_stages(small.assessed())
    lacking = frame[frame["remark"] != ""]
    assert set(frame["AI life-cycle stage"]) - set(lacking["AI life-cycle stage"]) == {"pre-training", "inference"}
    assert lacking["facility energy [kWh]"].isna().all()
    assert len(lacking) == 8


def test_processes_sum_to_the_life_cycle_total():
    """What each process emits itself, over all processes, is the ledger's sum: two ways to one number."""
    a = small.assessed()
    frame = life_cycle.processes(a, "gwp100")
    assert math.fsum(frame["impact"]) == pytest.approx(book.total(book.lca_rows(a.base), "gwp100"), rel=1e-7)
    assert math.fsum(frame["share [%]"]) == pytest.approx(100)


def test_a_tree_adds_up():
    """The server's 100 kg: electricity 75, metal 8, its own 17; every branch is its inputs plus what it emits itself."""
    (server,) = [t for t in life_cycle.trees(small.assessed(), "gwp100", 0.0, largest=20) if t.nodes[0].product == "server"]
    root, *branches = server.nodes
    first = [n for n in branches if n.level == 1]
    assert math.fsum(n.impact for n in first) + root.direct == pytest.approx(root.impact)
    assert {n.product: n.share for n in first} == pytest.approx({"electricity_XX": 0.75, "metal": 0.08})
    assert root.direct == pytest.approx(0.17 * root.impact)


def test_declared_values_are_all_listed_with_their_source():
    """The 17 quantities of the study with value, interval, origin and source; those without an interval say so."""
    frame = evidence.declared(small.assessed()).set_index("field")
    assert frame.at["sites.hall.pue", "interval"] == "1.2 to 1.4"
    assert frame.at["contracts.wind.factor", "interval"] == "not declared"
    assert (frame["source"] != "").all()
    assert len(frame) == small.text().count("{value:")


def test_the_headline_is_the_total_of_the_functional_unit():
    """Page one prints the same figure as the table by stage."""
    a = small.assessed()
    cards = {c.id: c.value for _, _, c in life_cycle.headlines(a).cards}
    assert cards["headline.model.gwp100"] == life_cycle.by_stage(a, "model").frame().loc["All"].iloc[0]


def test_draws_scatter_about_the_central_value():
    """The central value lies inside the range of the draws of the total."""
    a = small.assessed()
    rows = book.lca_rows(a.base)
    drawn = a.draws(rows, "gwp100")
    assert drawn.min() < book.total(rows, "gwp100") < drawn.max()
    assert np.isfinite(drawn).all()
