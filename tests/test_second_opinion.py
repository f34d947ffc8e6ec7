"""Published figures beside ours: arithmetic of the comparison, faults by file and line, and that the comparison is blind."""

from __future__ import annotations

import csv
import math
import re
from pathlib import Path

import pandas as pd
import pytest
from conftest import ROOT

from lca import second_opinion as so
from lca.assessment import INVENTORIES
from lca.errors import LcaError
from lca.inventory import load

PUBLISHED = ROOT / "notebooks" / "explain" / "second_opinion_published.csv"
ROW = {
    "section": "server",
    "product": "server",
    "published": "maker",
    "indicator": "gwp100",
    "value": "150",
    "low": "",
    "high": "",
    "unit": "kg CO2e",
    "per": "unit",
    "boundary": "cradle to gate",
    "year": "2023",
    "source": "by hand",
    "locator": "row 1",
    "licence": "none",
    "basis": "read",
    "note": "",
}


def table(folder: Path, *changes: dict[str, str]) -> pd.DataFrame:
    """The table of published figures that one writes by hand: one row per set of changes."""
    path = folder / "published.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(ROW), lineterminator="\n")
        writer.writeheader()
        writer.writerows([ROW | change for change in changes])
    return so.published(path)


def test_ratio_is_theirs_over_ours(tiny_factors, tmp_path):
    """A tiny server is 100 kg and its kilowatt hour 0.75 kg: 150 / 100 = 1.5 and 0.3 / 0.75 = 0.4."""
    rows = table(tmp_path, {}, {"product": "electricity_XX", "per": "kilowatt hour", "value": "0.3"})
    compared = so.compare(tiny_factors, rows)
    assert list(compared["ours"]) == pytest.approx([100, 0.75], rel=1e-12)
    assert list(compared["ratio"]) == pytest.approx([1.5, 0.4], rel=1e-12)


def test_several_products_are_compared_together(tiny_factors, tmp_path):
    """Two servers and 1000 kWh are 2 x 100 + 1000 x 0.75 = 950 kg; the draws add up as the values do."""
    rows = table(tmp_path, {"product": "2 server + 1000 electricity_XX", "per": "sum", "value": "950"}, {})
    together, one = (row for _, row in so.compare(tiny_factors, rows).iterrows())
    assert together["ours"] == pytest.approx(950, rel=1e-12)
    assert together["ratio"] == pytest.approx(1, rel=1e-12)
    assert together["ours_high"] > 2 * one["ours_high"]


def test_intervals_meet_or_not(tiny_factors, tmp_path):
    """No draw of the server is below 25 or above 250 kg: a point at 100 meets, 10 and 1000 don't, unless their own interval reaches in."""
    cases = [("100", "", ""), ("10", "", ""), ("1000", "", ""), ("10", "5", "100"), ("1000", "100", "2000")]
    rows = table(tmp_path, *({"value": v, "low": low, "high": high} for v, low, high in cases))
    compared = so.compare(tiny_factors, rows)
    assert list(compared["overlap"]) == [True, False, False, True, True]
    assert compared["ours_low"].min() > 25
    assert compared["ours_high"].max() < 250
    assert (compared["ours_low"] < compared["ours_median"]).all()
    assert (compared["ours_median"] < compared["ours_high"]).all()


@pytest.mark.parametrize(
    ("change", "rule", "column"),
    [
        ({"product": "sever"}, "opinion.product", "product"),
        ({"product": "2 server + sever", "per": "sum"}, "opinion.product", "product"),
        ({"indicator": "gwp20"}, "opinion.indicator", "indicator"),
        ({"unit": "g CO2e"}, "opinion.unit", "unit"),
        ({"per": "kilogram"}, "opinion.per", "per"),
        ({"product": "2 server"}, "opinion.per", "per"),
        ({"low": "200"}, "opinion.interval", "value"),
        ({"value": "0"}, "opinion.interval", "value"),
    ],
)
def test_what_cannot_be_compared_is_an_error_with_file_and_line(tiny_factors, tmp_path, change, rule, column):
    """The third line of the file is at fault, and the finding says so; the first row is sound."""
    with pytest.raises(LcaError) as raised:
        so.compare(tiny_factors, table(tmp_path, {}, change))
    (finding,) = raised.value.findings
    assert (finding.rule, finding.where) == (rule, f"line 3, {column}")
    assert finding.file.endswith("published.csv")


def test_faults_of_form_come_all_at_once(tmp_path):
    """A word where a number belongs and an unknown basis are two findings of one reading."""
    with pytest.raises(LcaError) as raised:
        table(tmp_path, {"value": "much"}, {"basis": "heard"})
    assert [f.where for f in raised.value.findings] == ["line 2, value", "line 3, basis"]


def test_components_by_hand(tiny_factors):
    """Of 100 kg of the server 100 kWh x 0.75 = 75 kg are electricity and 25 kg its own."""
    parts = so.by_component(tiny_factors, "server", "gwp100")
    assert list(parts["component"]) == ["electricity_XX", "itself"]
    assert list(parts["impact"]) == pytest.approx([75, 25], rel=1e-12)
    assert list(parts["share"]) == pytest.approx([0.75, 0.25], rel=1e-12)


def test_components_of_several_products_sum_to_their_result(tiny_factors):
    """Two servers and 1000 kWh: 150 kg and 50 kg of the servers, and the electricity in its own three parts of 0.5, 0.1 and 0.15."""
    parts = so.by_component(tiny_factors, "2 server + 1000 electricity_XX", "gwp100").set_index("component")["impact"]
    expected = {
        "electricity_direct_XX": 500,
        "electricity_losses_XX": 150,
        "electricity_XX": 150,
        "electricity_upstream_XX": 100,
        "itself": 50,
    }
    assert parts.to_dict() == pytest.approx(expected, rel=1e-12)


def test_small_components_are_one_line_and_nothing_is_lost(tiny_factors):
    """Below 30 % the server's own 25 kg are the one small line; the shares still sum to 1."""
    shown = so.components(tiny_factors, ["server"], least=0.3)
    assert list(shown["name"]) == ["electricity for consumers", "1 smaller"]
    assert math.fsum(shown["share"]) == pytest.approx(1, rel=1e-12)


def test_an_unknown_product_has_no_components(tiny_factors):
    with pytest.raises(LcaError, match="sever"):
        so.by_component(tiny_factors, "sever", "gwp100")


def test_a_figure_shows_one_indicator_with_its_unit(tiny_factors, tmp_path):
    """The axis is logarithmic and says the unit; each published figure has a label of its own."""
    rows = table(tmp_path, {}, {"published": "another"}, {"indicator": "water_consumption", "unit": "m3", "value": "0.2"})
    compared = so.compare(tiny_factors, rows)
    drawing = so.opinions(compared[compared["indicator"] == "gwp100"], "Servers")
    (axes,) = drawing.figure.axes
    assert axes.get_xscale() == "log"
    assert "gwp100 [kg CO2e]" in axes.get_xlabel()
    assert [label.get_text() for label in axes.get_yticklabels()] == ["server [per unit]", "maker", "another"]
    assert drawing.caption == "Servers: 0 of 2 published figures meet our 95 % interval"
    with pytest.raises(ValueError, match="gwp100, water_consumption"):
        so.opinions(compared)


def test_every_published_figure_can_be_compared(real_factors):
    """Products, indicators and units of the project's own table are those of the inventories."""
    rows = so.published(PUBLISHED)
    assert so.faults(real_factors, rows) == []
    assert set(rows["section"]) == {"device", "server", "component", "material", "electricity"}
    assert not rows.duplicated(["product", "published", "indicator"]).any()


def test_a_derived_figure_says_what_of():
    """A figure that was not printed as such has its arithmetic or its call in locator or note."""
    rows = so.published(PUBLISHED)
    derived = rows[rows["basis"] == "derived"]
    assert (
        derived["locator"].str.contains(r"\d| x |sum|key|mean|criterion|carbon_intensity|wue|csv|adp") | derived["note"].str.contains(r"\d")
    ).all()


def test_the_table_is_not_part_of_the_inventories():
    """What is compared lies apart from what is built with: no file of that name, and no column of published totals, under inventories."""
    assert not PUBLISHED.is_relative_to(INVENTORIES)
    assert not list(INVENTORIES.rglob("*published*"))


def keys(text: str) -> set[str]:
    """What two citations of one work have in common: DOI, arXiv number, repository, package, address."""
    patterns = (
        r"10\.\d{4,}/[^\s;,]+",
        r"arxiv:?\s?(\d{4}\.\d{4,})",
        r"github(?:\.com/|\s)([\w.-]+/[\w.-]+)",
        r"pypi (?:package )?(\w+)",
        r"https?://([^\s;,]+)",
    )
    return {m if isinstance(m, str) else m[0] for p in patterns for m in re.findall(p, text.lower())}


def test_the_comparison_is_blind():
    """No published total stands in the inventories: no number there has the same source at the same locator, or the same value from it."""
    inventory = load(INVENTORIES)
    cited = {s.source: keys(f"{s.citation} {s.doi_or_url}") for s in inventory.sources.itertuples()}
    numbers = pd.concat(
        [
            inventory.parameters[["source", "locator", "value", "file", "line"]],
            inventory.exchanges[["source", "locator", "amount", "file", "line"]].rename(columns={"amount": "value"}),
        ]
    )
    alike, compared = [], 0
    for row in so.published(PUBLISHED).itertuples():
        own = keys(row.source)
        same = {source for source, theirs in cited.items() if own & theirs}
        found = numbers[numbers["source"].isin(same)]
        compared += len(found) > 0
        at_the_place = found["locator"].str.strip().str.lower() == row.locator.strip().lower()
        same_value = [any(math.isclose(v, f * row.value, rel_tol=1e-6) for f in (1, 1000, 0.001)) for v in found["value"]]
        alike += [
            f"{row.file}, line {row.line}: {n.file}, line {n.line}"
            for n in found[at_the_place | pd.Series(same_value, index=found.index, dtype=bool)].itertuples()
        ]
    assert compared > 20, "works that both cite are what this test is about"
    assert alike == []
