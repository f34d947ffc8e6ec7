"""What a study may declare, and how its faults are told: all at once, each with line and field."""

from __future__ import annotations

import json
import re

import jsonschema
import pytest
import small
import yaml
from hypothesis import given
from hypothesis import strategies as st

from lca.declaration import load, validate, with_overrides
from lca.errors import LcaError
from lca.quantity import Quantity
from lca.study import Scenario, json_schema

SHIPPED = sorted((small.ROOT / "reports").glob("*/in/study.yaml"))


def faults(tmp_path, old: str, new: str) -> list:
    """Findings of the small study after one replacement in its text."""
    words = small.text()
    assert old in words
    with pytest.raises(LcaError) as caught:
        load(small.put(tmp_path, words.replace(old, new)))
    return caught.value.findings


def line_of(words: str, piece: str) -> int:
    return words[: words.index(piece)].count("\n") + 1


def test_the_small_study_is_valid():
    """The study that every fault below is put into has none itself."""
    assert load(small.STUDY).study == "small"


def test_every_fault_is_told_at_once_with_line_and_field(tmp_path):
    """Four faults of four kinds give four findings, each at the line where it stands in the file."""
    words = small.text()
    for old, new in {
        "    count: 2": "    count: -2",
        "    tenure: owned": "    tenure: rented",
        "    name: machine hall": "    name: machine hall\n    colour: red",
        "    power: {value: 500 W, low: 300 W, high: 500 W,": "    power: {value: 500 kWh, low: 300 kWh, high: 500 kWh,",
    }.items():
        assert old in words
        words = words.replace(old, new)
    with pytest.raises(LcaError) as caught:
        load(small.put(tmp_path, words))
    where = {f.where for f in caught.value.findings}
    assert where == {
        f"line {line_of(words, 'count: -2')}, systems.0.count",
        f"line {line_of(words, 'tenure: rented')}, systems.0.tenure",
        f"line {line_of(words, 'colour: red')}, sites.0.colour",
        f"line {line_of(words, 'power: {value: 500 kWh')}, uses.0.power",
    }


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (
            "wue: {value: 0.8 L/kWh, low: 0.5 L/kWh, high: 1.2 L/kWh",
            "wue: {value: 0.8 L, low: 0.5 L, high: 1.2 L",
            "not convertible to L/kWh",
        ),
        ("power: {value: 500 W, low: 300 W, high: 500 W", "power: {value: 500 bananas", "unknown unit 'bananas'"),
        ("device_hours: {value: 8766 hour", 'device_hours: {value: "8,766 hour"', "has a comma"),
        ("low: 0.5 L/kWh, high: 1.2 L/kWh", "low: 0.9 L/kWh, high: 1.2 L/kWh", "0.9 <= 0.8 <= 1.2 does not hold"),
        ("device_hours: {value: 8766 hour", "device_hours: {value: -8766 hour", "negative"),
        ("pue: {value: 1.25, low: 1.2", "pue: {value: 0.9, low: 0.8", "can't be below 1"),
        ("lifetime: {value: 4 year, low: 3 year", "lifetime: {value: 0 year, low: 0 year", "above 0"),
        ("active_share: {value: 0.5, low: 0.25", "active_share: {value: 0, low: 0", "above 0"),
        ("active_share: {value: 0.5, low: 0.25, high: 1", "active_share: {value: 1.5, low: 0.25, high: 2", "at most 1"),
        ("device_hours: {value: 8766 hour", "device_hours: {value: inf hour", "finite"),
        ("amount: 1000, unit: image", "amount: .inf, unit: image", "finite"),
        ("retired: true", "retired: false", "retired for the reporter"),
        ("period: 2023-01-01/2024-01-01", "period: 2024-01-01/2023-01-01", "after its start"),
        ("ai_stage: inference", "ai_stage: serving", "Input should be"),
        ("    count: 2", "    count: many", "valid number"),
    ],
)
def test_a_wrong_value_is_refused_with_the_reason(tmp_path, old, new, says):
    """A unit of another kind, an unknown unit, an interval without its centre, a life of zero: each is one finding that says why."""
    found = faults(tmp_path, old, new)
    assert len(found) == 1
    assert says in found[0].expected
    assert re.match(r"line \d+, ", found[0].where)


@pytest.mark.parametrize(
    ("old", "new", "where", "got"),
    [
        ("    site: hall\n    product: server", "    site: attic\n    product: server", "systems.node.site", "'attic'"),
        ("    asset: node\n    source: log", "    asset: mode\n    source: log", "runs.asset", "'mode'"),
        ("readings: [runs]", "readings: [walks]", "workloads.serve.readings", "'walks'"),
        ("uses: [gpu-time]", "uses: []", "workloads.train", "neither readings nor uses"),
        ("workloads: [serve]", "workloads: [nobody]", "functional_units.images", "'nobody'"),
        ("uses: [gpu-time]", "uses: [gpu-time]\n    readings: [runs]", "workloads", "'runs' in two workloads"),
        ("amount: 5000, unit: image", "amount: 5000, unit: picture", "workloads.serve.output.unit", "picture"),
        ("{id: neutral,", "{id: base,", "scenarios.base", "a scenario called base"),
        ("{id: log, citation", "{id: paper, citation", "sources", "'paper' twice"),
        ("  - id: rest", "  - id: wind", "contracts", "'wind' twice"),
    ],
)
def test_a_reference_that_names_nothing_is_refused(tmp_path, old, new, where, got):
    """Ids are unique and every reference names something; a file in two workloads would be counted twice."""
    assert (where, got) in {(f.where, f.got) for f in faults(tmp_path, old, new)}


def test_a_key_that_stands_twice_is_refused_with_the_line_of_the_second(tmp_path):
    """YAML lets the last of two equal keys win in silence; here the second is a fault."""
    words = small.text().replace("    count: 2\n", "    count: 2\n    count: 3\n")
    with pytest.raises(LcaError) as caught:
        load(small.put(tmp_path, words))
    (fault,) = caught.value.findings
    assert (fault.rule, fault.where, fault.got) == ("study.duplicate", f"line {line_of(words, 'count: 3')}", "'count' again")


@pytest.mark.parametrize("path", SHIPPED, ids=lambda p: p.parts[-3])
def test_the_schema_accepts_the_shipped_studies(path):
    """The JSON Schema that editors use and the reader agree on every study of the project."""
    load(path)
    schema = json.loads(json.dumps(json_schema()))
    jsonschema.Draft202012Validator.check_schema(schema)
    written = json.loads(json.dumps(yaml.safe_load(path.read_text(encoding="utf-8")), default=lambda day: day.isoformat()))
    assert [(list(e.absolute_path), e.message) for e in jsonschema.Draft202012Validator(schema).iter_errors(written)] == []


def test_the_schema_refuses_what_the_reader_refuses():
    """An unknown field is a fault in both."""
    d = json.loads(json.dumps(small.document(), default=lambda day: day.isoformat()))
    d["colour"] = "red"
    assert [e.validator for e in jsonschema.Draft202012Validator(json_schema()).iter_errors(d)] == ["additionalProperties"]


@pytest.mark.parametrize("path", ["sites.hall.pux", "sites.attic.pue", "sites.0.pue", "nothing", "sites.hall.pue.value.deep", "workloads"])
def test_an_override_either_changes_the_study_or_is_refused(path):
    """A path that names nothing, and a value that doesn't fit, are errors; nothing is set in silence."""
    with pytest.raises(LcaError):
        with_overrides(small.document(), Scenario(id="s", title="t", set={path: "1.3"}), "study.yaml")


def test_an_override_sets_its_field_and_no_other():
    """PUE 1.5 by scenario: the interval of the old value goes with it, its origin is `default`, all else stays."""
    before = small.study(small.document())
    after = with_overrides(small.document(), Scenario(id="s", title="t", set={"sites.hall.pue": 1.5}), "study.yaml")
    pue = after.sites[0].pue
    assert (pue.to("dimensionless"), pue.low, pue.high, pue.origin) == (1.5, None, None, "default")
    assert after.model_copy(update={"sites": before.sites}) == before


def test_an_id_with_a_dot_is_reached_by_a_backslash():
    """Ids may hold dots, which also part a path: `sites.eu\\.1.grid` is the grid of the site `eu.1`."""
    d = yaml.safe_load(
        small.text().replace("id: hall", "id: eu.1").replace("site: hall", "site: eu.1").replace("sites.hall", r"sites.eu\.1")
    )
    changed = with_overrides(d, Scenario(id="s", title="t", set={r"sites.eu\.1.grid": "YY"}), "study.yaml")
    assert changed.site("eu.1").grid == "YY"


def test_a_scenario_without_changes_is_the_study():
    """No override, no difference: the two are equal in every field."""
    assert with_overrides(small.document(), Scenario(id="s", title="t", set={}), "study.yaml") == small.study(small.document())


@given(
    st.integers(0, 10**6), st.sampled_from([("W", "kW", 1000), ("hour", "day", 24), ("L/kWh", "m**3/kWh", 1000), ("kg/kWh", "g/MWh", 1e-6)])
)
def test_a_change_of_unit_changes_no_value(n, units):
    """400 W is 0.4 kW, 184320 hour is 7680 day: n small units are n / ratio large ones, to the last of 15 digits."""
    small_unit, large_unit, ratio = units
    a = Quantity(value=f"{n} {small_unit}", origin="default", source="s")
    b = Quantity(value=f"{n / ratio!r} {large_unit}", origin="default", source="s")
    assert b.to(small_unit) == pytest.approx(a.to(small_unit), rel=1e-14)


def test_nobody_changes_a_study_once_it_is_read():
    """A study is frozen: no later step can alter what was declared."""
    study = validate(small.document(), "study.yaml")
    with pytest.raises(ValueError, match="frozen"):
        study.title = "another"
