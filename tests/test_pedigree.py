"""Intervals computed from facts about a number, and the weakest link of a formula."""

from __future__ import annotations

import math
import shutil
from pathlib import Path

import pytest

from lca import brightway, pedigree
from lca import inventory as inv


def changed(tiny: Path, tmp_path: Path, file: str, old: str, new: str) -> inv.Inventory:
    root = Path(shutil.copytree(tiny, tmp_path / "inventories"))
    text = (root / file).read_text(encoding="utf-8")
    assert text.count(old) == 1
    (root / file).write_text(text.replace(old, new), encoding="utf-8")
    return inv.load(root)


def spread_of(inventory: inv.Inventory, activity: str, flow: str) -> pedigree.Spread:
    rows = inventory.exchanges[(inventory.exchanges["activity"] == activity) & (inventory.exchanges["input"] == flow)]
    return pedigree.spreads(inventory)[1][int(rows.index[0])]


def test_the_factor_is_the_root_of_the_sum_of_squared_logarithms(tiny):
    """A study of the same year and place, read: ln f = sqrt(ln 1.2^2 + ln 1.54^2 + ln 1.04^2), reliability 2 and completeness 3."""
    s = spread_of(inv.load(tiny), "electricity_direct_XX", "water_evaporated")
    factor = math.exp(math.sqrt(math.log(1.2) ** 2 + math.log(1.54) ** 2 + math.log(1.04) ** 2))
    middle = 0.002 * math.exp(-((math.log(factor) / 1.959963984540054) ** 2) / 2)  # the median that gives a mean of 0.002
    assert s.scores == (2, 3, 1, 1, 1)
    assert (s.distribution, s.low, s.high) == ("lognormal", pytest.approx(middle / factor), pytest.approx(middle * factor))


@pytest.mark.parametrize(
    ("old", "new", "scores"),
    [
        ("0.002,cubic meter,,,,,hand,row 6,read,2023,XX,,\nelectricity_direct_XX,biosphere,water_consumed", None, (2, 3, 1, 1, 1)),
        ("row 6,read,2023", "row 6,read,2012", (2, 3, 4, 1, 1)),
        ("row 6,read,2023,XX", "row 6,read,2023,YY", (2, 3, 1, 4, 1)),
        ("row 6,read,2023,XX,,", "row 6,read,,,proxy,", (2, 3, 5, 5, 4)),
        ("row 6,read", "row 6,assumed", (5, 5, 1, 1, 1)),
    ],
)
def test_each_score_follows_from_one_fact(tiny, tmp_path, old, new, scores):
    """Age, place, technology and basis move their own score and no other; nothing known is the worst."""
    line = "water_evaporated,0.002,cubic meter,,,,,hand,"
    inventory = inv.load(tiny) if new is None else changed(tiny, tmp_path, "electricity/exchanges.csv", f"{line}{old}", f"{line}{new}")
    assert spread_of(inventory, "electricity_direct_XX", "water_evaporated").scores == scores


def test_a_stated_interval_and_a_definition_stay_as_they_are(tiny):
    """0.4 to 0.6 as the row says; a sum of parts has no width."""
    inventory = inv.load(tiny)
    assert spread_of(inventory, "electricity_direct_XX", "co2_fossil") == pedigree.Spread("uniform", 0.4, 0.6)
    assert spread_of(inventory, "electricity_XX", "electricity_losses_XX") == pedigree.Spread("none", 1.0, 1.0)


def test_brightway_gets_the_pedigree_by_its_own_names(tiny):
    """Five scores under bw2io's names; scale is that of the 95 % interval, and the one without pedigree is narrower."""
    (data,) = (d for d in brightway.datasets(inv.load(tiny)) if d["code"] == "electricity_upstream_XX")
    (exchange,) = (e for e in data["exchanges"] if e["type"] == "biosphere")
    assert exchange["pedigree"] == {
        "reliability": 2,
        "completeness": 3,
        "temporal correlation": 1,
        "geographical correlation": 1,
        "further technological correlation": 1,
    }
    assert exchange["uncertainty type"] == 2
    assert math.exp(exchange["loc"] + exchange["scale"] ** 2 / 2) == pytest.approx(0.1)  # the mean
    assert exchange["scale without pedigree"] == pytest.approx(math.log(1.2) / 1.959963984540054)
    assert exchange["scale"] > exchange["scale without pedigree"]


def test_a_formula_is_as_weak_as_its_weakest_parameter(tiny, tmp_path):
    """The losses say `derived`; with an assumed loss they are assumed."""
    inventory = changed(tiny, tmp_path, "electricity/parameters.csv", "hand,row 4,read,2023,XX,,", "hand,row 4,assumed,2023,XX,,a guess")
    by_row = dict(
        zip(zip(inventory.exchanges["activity"], inventory.exchanges["input"], strict=True), pedigree.bases(inventory), strict=True)
    )
    assert by_row["electricity_losses_XX", "electricity_direct_XX"] == "assumed"
    assert by_row["electricity_XX", "electricity_direct_XX"] == "derived"
    assert by_row["server", "electricity_XX"] == "read"
