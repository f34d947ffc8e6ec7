"""Shares sum to one and follow their weights; a machine's life is spread over its service."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lca.allocation import amortised_share, shares
from lca.errors import LcaError

WEIGHTS = st.dictionaries(st.text(min_size=1, max_size=5), st.floats(min_value=1e-3, max_value=1e6), min_size=1, max_size=10)
POSITIVE = st.floats(min_value=1e-3, max_value=1e6)


@given(WEIGHTS)
def test_shares_sum_to_one_and_keep_the_order_of_weights(weights):
    """Nothing is lost or made: the sum is 1, each share is its weight over the sum."""
    got = shares(weights)
    assert math.isclose(math.fsum(got.values()), 1, rel_tol=1e-12)
    total = math.fsum(weights.values())
    assert all(math.isclose(got[k], w / total, rel_tol=1e-12) for k, w in weights.items())


@given(WEIGHTS, POSITIVE)
def test_shares_do_not_depend_on_the_unit_of_the_weights(weights, unit):
    """Hours or seconds: the same shares."""
    other = shares({k: w * unit for k, w in weights.items()})
    assert all(math.isclose(other[k], s, rel_tol=1e-9) for k, s in shares(weights).items())


def test_a_weight_of_zero_gets_nothing():
    """0 of 4 is 0, and the others share as if it were not there."""
    assert shares({"a": 0.0, "b": 1.0, "c": 3.0}) == {"a": 0.0, "b": 0.25, "c": 0.75}


@pytest.mark.parametrize("weights", [{}, {"a": 0.0}, {"a": 2.0, "b": -1.0}, {"a": math.nan}])
def test_nothing_to_share_by_is_an_error(weights):
    """No weights, only zeros, a negative or a missing one: an error, never equal shares by default."""
    with pytest.raises(LcaError, match=r"allocation\.shares"):
        shares(weights)


def test_a_whole_life_is_one_machine():
    """4 years at half of their 8766 hours are 17532 working hours; using all of them takes one machine, twice them two."""
    assert amortised_share(17532, lifetime_years=4, active_share=0.5) == 1
    assert amortised_share(2 * 17532, lifetime_years=4, active_share=0.5) == 2


@given(POSITIVE, POSITIVE, st.floats(min_value=0.01, max_value=1), st.integers(min_value=1, max_value=1000))
def test_n_machines_take_n_times_the_share_and_a_longer_life_takes_less(hours, years, active, n):
    """n machine-hours in place of one scale the share by n; twice the life halves it; idle hours burden the working ones."""
    one = amortised_share(hours, years, active)
    assert math.isclose(amortised_share(n * hours, years, active), n * one, rel_tol=1e-12)
    assert math.isclose(amortised_share(hours, 2 * years, active), one / 2, rel_tol=1e-12)
    assert amortised_share(hours, years, 1.0) <= one
