"""Quantities as text: the number that is read is the number that was meant, or there is none."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lca.units import COUNTS, LONG_NAMES, convert, factor, parse, registry

AMOUNTS = st.floats(min_value=1e-9, max_value=1e9, allow_nan=False)


@pytest.mark.parametrize("ton", ["t", "ton", "tonne", "metric_ton"])
def test_every_ton_is_the_metric_ton(ton):
    """1 ton is 1000 kg, not the short ton of 907 kg."""
    assert convert(f"1 {ton}", "kg") == 1000


@pytest.mark.parametrize(
    ("text", "unit", "by_hand"),
    [
        ("1 kWh", "MJ", 3.6),  # 1000 W x 3600 s
        ("3.6 MJ", "kWh", 1.0),
        ("0.12 L/kWh", "m**3/kWh", 0.00012),  # 1 L is 0.001 m3
        ("500 W * hour", "kWh", 0.5),
        ("5 year", "hour", 43830.0),  # 5 x 365.25 x 24
        ("20 %", "dimensionless", 0.2),
        ("500 g/kWh", "kg/kWh", 0.5),
        ("2 t*km", "kg*m", 2e6),
    ],
)
def test_conversions_by_hand(text, unit, by_hand):
    """Exact definitions: no rounded constant such as 2.7778e-7 for a joule in kWh."""
    assert convert(text, unit) == by_hand


@given(AMOUNTS)
def test_there_and_back_is_the_same(amount):
    """A number turned from kWh to MJ and back is itself, to 15 digits."""
    there = convert(f"{amount!r} kWh", "MJ")
    assert math.isclose(convert(f"{there!r} MJ", "kWh"), amount, rel_tol=1e-14)


@given(AMOUNTS, AMOUNTS)
def test_conversion_keeps_sums(a, b):
    """(a + b) kWh are as many MJ as a kWh and b kWh together."""
    assert math.isclose(convert(f"{a + b!r} kWh", "MJ"), convert(f"{a!r} kWh", "MJ") + convert(f"{b!r} kWh", "MJ"), rel_tol=1e-14)


@pytest.mark.parametrize("a", COUNTS)
def test_counts_do_not_cancel_each_other(a):
    """An image isn't a token: one count converts to itself and to no other."""
    assert factor(a, a) == 1
    for b in set(COUNTS) - {a}:
        with pytest.raises(ValueError, match="not convertible"):
            convert(f"1 kWh/{a}", f"kWh/{b}")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1,5 kg", "comma"),
        ("1,000 kg", "comma"),
        ("20 bananas", "unknown unit 'bananas'"),
        ("3 kg CO2", "unknown unit 'CO2'"),
        ("", "not a number"),
        ("5 kg +", "not a number"),
        ("kg 5 (", "not a number"),
    ],
)
def test_what_is_no_quantity_is_refused_in_a_sentence(text, reason):
    """Nothing is guessed: a comma, an unknown unit and an empty cell are refused, each with its own reason."""
    with pytest.raises(ValueError, match=reason):
        parse(text)


@given(st.lists(st.sampled_from(["5", "kg", "+", "-", "*", "/", "(", ")", ".", "%", "kWh", "e", "_", "["]), max_size=6))
def test_any_jumble_is_a_quantity_or_a_refusal(words):
    """Whatever stands in the cell, its reader gets a sentence (`ValueError`) and never an exception of the parser below."""
    text = " ".join(words)
    try:
        got = parse(text)
    except ValueError as refusal:
        assert str(refusal).startswith(("unknown unit '", f"'{text}' is not a number with a unit"))
    else:
        assert isinstance(got, registry().Quantity)


def test_another_dimension_is_refused():
    """Energy per ride isn't mass: 3 kg are no kWh, and L/kWh are no L."""
    for text, unit in (("3 kg", "kWh"), ("0.1 L/kWh", "L"), ("1 m**2", "m**3"), ("1 kW", "kWh")):
        with pytest.raises(ValueError, match="not convertible"):
            convert(text, unit)


def test_long_names_of_brightway_are_units():
    """Every unit that the inventories may use is known to the one registry, and 1 kilowatt hour is 3.6 megajoule."""
    for name, short in LONG_NAMES.items():
        assert factor(name, short) == 1
    assert factor("kilowatt hour", "megajoule") == 3.6
    assert factor("ton kilometer", "kg*km") == 1000


def test_there_is_one_registry():
    """Quantities of two registries can't be added; here there is one."""
    assert registry() is registry()
    assert (parse("1 kWh") + parse("3.6 MJ")).to("kWh").magnitude == pytest.approx(2)
