"""The arithmetic from samples to energy: worked cases, then properties that hold for any log."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lca.series import (
    J_PER_KWH,
    counter_energy,
    energy_between,
    hours,
    integrate_power,
    negatives,
    stuck,
)

NAN = math.nan


def test_constant_power_times_time_is_energy():
    """1000 W for 3600 s is 1 kWh, and 3.6e6 J are 1 kWh exactly."""
    assert integrate_power([0, 3600], [1000, 1000], max_gap_s=3600).energy_kwh == 1.0
    assert J_PER_KWH == 1000 * 3600


def test_trapezoid_on_irregular_steps():
    """(10 s x (0 + 100) / 2 + 20 s x (100 + 200) / 2) W = 500 J + 3000 J."""
    assert integrate_power([0, 10, 30], [0, 100, 200]).energy_kwh == 3500 / 3.6e6


def test_gap_longer_than_three_median_steps_is_not_bridged():
    """Steps of 10, 10, 31, 10 s: the median is 10 s, so the 31 s are a gap and 30 s were measured."""
    result = integrate_power([0, 10, 20, 51, 61], [100] * 5)
    assert result.gaps == ((20.0, 51.0),)
    assert result.measured_s == 30.0
    assert result.energy_kwh == pytest.approx(100 * 30 / 3.6e6)


def test_declared_longest_step_wins_over_the_default():
    """The same log is whole when steps up to 31 s are declared to be none, and all gaps at 5 s."""
    times = [0, 10, 20, 51, 61]
    assert integrate_power(times, [100] * 5, max_gap_s=31).gaps == ()
    assert math.isnan(integrate_power(times, [100] * 5, max_gap_s=5).energy_kwh)


def test_missing_power_is_a_gap_not_zero():
    """A sample without power breaks the intervals on both its sides; they join to one gap."""
    result = integrate_power([0, 10, 20, 30], [100, 100, NAN, 100])
    assert (result.measured_s, result.gaps, result.missing) == (10.0, ((10.0, 30.0),), 1)


@pytest.mark.parametrize("power", [[], [100.0], [NAN, NAN]])
def test_nothing_measured_is_not_zero_energy(power: list[float]):
    """Without two joined samples the energy is unknown."""
    result = integrate_power(range(len(power)), power)
    assert math.isnan(result.energy_kwh)
    assert result.measured_s == 0


def test_identical_duplicates_are_dropped_and_counted():
    """The same sample twice changes nothing."""
    once, twice = integrate_power([0, 10, 20], [1, 2, 3]), integrate_power([0, 10, 10, 20], [1, 2, 2, 3])
    assert twice.energy_kwh == once.energy_kwh
    assert (twice.duplicates, twice.conflicts) == (1, 0)


def test_conflicting_duplicates_are_not_averaged():
    """Two powers at one time: neither is known to be right, so the intervals that touch it are a gap."""
    result = integrate_power([0, 10, 10, 20, 30], [1, 2, 3, 3, 3])
    assert (result.conflicts, result.gaps, result.measured_s) == (1, ((0.0, 20.0),), 10.0)


def test_clock_that_runs_backwards_splits_and_is_told():
    """Nothing is joined across the jump; both sides count, since both were measured."""
    result = integrate_power([0, 10, 20, 5, 15], [100] * 5)
    assert result.clock_jumps == (5.0,)
    assert result.measured_s == 30.0


@pytest.mark.parametrize(
    ("times", "power", "gap"),
    [([0, 1], [1], None), ([0, NAN], [1, 1], None), ([0, 1], [1, 1], 0), ([0, 1], [1, 1], NAN)],
)
def test_senseless_calls_are_refused(times: list[float], power: list[float], gap: float | None):
    """Lengths that differ, times that aren't numbers and a longest step that isn't positive raise."""
    with pytest.raises(ValueError, match=r"needed|finite|above"):
        integrate_power(times, power, gap)


logs = st.lists(st.tuples(st.integers(1, 600_000), st.one_of(st.floats(0, 1500), st.just(NAN))), min_size=2, max_size=40).map(
    lambda steps: (np.cumsum([s for s, _ in steps]) / 1000, np.array([p for _, p in steps]))
)


def same(left: float, right: float) -> bool:
    """Equal energies, unknown ones counting as nothing."""
    return math.isclose(np.nan_to_num(left), np.nan_to_num(right), rel_tol=1e-9, abs_tol=1e-12)


@given(logs, st.floats(0, 1))
def test_energy_is_conserved_when_the_time_is_split(log, share):
    """[a, c] is [a, b] and [b, c], wherever b lies."""
    times, power = log
    whole = integrate_power(times, power, max_gap_s=60)
    a, c = times[0], times[-1]
    b = a + share * (c - a)
    left, right = energy_between(whole.segments, a, b), energy_between(whole.segments, b, c)
    assert same(np.nan_to_num(left[0]) + np.nan_to_num(right[0]), whole.energy_kwh)
    assert math.isclose(left[1] + right[1], whole.measured_s, abs_tol=1e-6)


@given(logs, st.data())
def test_energy_is_conserved_when_the_log_is_split_at_a_sample(log, draw):
    """Two files that share their border sample hold the energy of one."""
    times, power = log
    k = draw.draw(st.integers(0, len(times) - 1))
    parts = [integrate_power(t, p, 60).energy_kwh for t, p in ((times[: k + 1], power[: k + 1]), (times[k:], power[k:]))]
    assert same(float(np.nansum(parts)), integrate_power(times, power, 60).energy_kwh)


@given(logs)
def test_energy_is_conserved_when_it_is_sampled_more_finely(log):
    """A sample between two others, on the line between them, adds nothing."""
    times, power = log
    fine_times = np.sort(np.concatenate([times, (times[1:] + times[:-1]) / 2]))
    fine_power = np.empty(len(fine_times))
    fine_power[::2], fine_power[1::2] = power, (power[1:] + power[:-1]) / 2
    assert same(integrate_power(fine_times, fine_power, 1e9).energy_kwh, integrate_power(times, power, 1e9).energy_kwh)


@given(logs, st.integers(1, 16), st.floats(0, 1e9))
def test_n_boards_use_n_times_one_and_the_epoch_does_not_matter(log, n, epoch):
    """Scaling the power scales the energy; shifting the clock by whole seconds doesn't."""
    times, power = log
    one = integrate_power(times, power, 60)
    assert same(integrate_power(times, n * power, 60).energy_kwh, n * one.energy_kwh)
    shifted = integrate_power(times + math.floor(epoch), power, 60)
    assert math.isclose(np.nan_to_num(shifted.energy_kwh), np.nan_to_num(one.energy_kwh), rel_tol=1e-3, abs_tol=1e-9)


@given(logs)
def test_energy_lies_between_least_and_most_power_and_times_add_up(log):
    """min(p) x measured <= E <= max(p) x measured; measured time and gaps fill the span."""
    times, power = log
    result = integrate_power(times, power, 60)
    assert math.isclose(result.measured_s + sum(b - a for a, b in result.gaps), times[-1] - times[0], rel_tol=1e-9)
    if result.segments:
        joules = result.energy_kwh * J_PER_KWH
        assert np.nanmin(power) * result.measured_s <= joules * (1 + 1e-9) + 1e-9
        assert joules <= np.nanmax(power) * result.measured_s * (1 + 1e-9) + 1e-9


@given(st.integers(0, 10**9).map(lambda ms: ms / 1000), st.integers(0, 10**8).map(lambda ms: ms / 1000))
def test_hours_tile_the_interval(start, length):
    """The pieces touch, none crosses a whole hour, and together they are the interval."""
    pieces = hours(start, start + length)
    if length == 0:
        assert pieces == []
        return
    assert (pieces[0][0], pieces[-1][1]) == (start, start + length)
    assert all(left[1] == right[0] for left, right in pairwise(pieces))
    assert all(math.floor(a / 3600) == math.ceil(b / 3600) - 1 for a, b in pieces)


def test_counter_without_a_fall_is_last_minus_first():
    """A missing value loses nothing: the counter has counted on."""
    assert counter_energy([100, NAN, 130, 130, 190]).rise == 90


def test_counter_reset_gives_a_lower_bound():
    """100 -> 150 -> (reset) 20 -> 60: 50 + 20 + 40, and one reset is told."""
    result = counter_energy([100, 150, 20, 60])
    assert (result.rise, result.resets) == (110, 1)


def test_counter_of_known_modulus_is_unwrapped():
    """A 32-bit counter from 2^32 - 10 to 5 has risen by 15; a fall is never made positive."""
    result = counter_energy([2**32 - 10, 5], modulus=2**32)
    assert (result.rise, result.resets, result.turns) == (15, 0, 1)


@given(st.lists(st.integers(0, 1000), min_size=2, max_size=50))
def test_counter_of_known_modulus_recovers_the_true_rise(steps):
    """Whatever rises by less than a turn between readings is recovered whole."""
    true = np.cumsum(steps)
    assert counter_energy(true % 1001, modulus=1001).rise == true[-1] - true[0]


def test_counter_with_one_reading_has_no_rise():
    """One reading has no difference: unknown, not zero."""
    assert math.isnan(counter_energy([5, NAN]).rise)


@pytest.mark.parametrize(("values", "modulus"), [([1, -2], None), ([1, 300], 256), ([1, math.inf], None)])
def test_impossible_counters_are_refused(values, modulus):
    """A counter is finite, at least 0 and below its modulus."""
    with pytest.raises(ValueError, match="counter"):
        counter_energy(values, modulus)


def test_stuck_and_negative_values():
    """A value that holds for the stated time is stuck; a NaN is neither equal nor negative."""
    assert stuck([0, 60, 120, 180], [5, 5, 5, 6], seconds=120) == [(0.0, 120.0)]
    assert stuck([0, 60, 120, 180], [5, NAN, NAN, 6], seconds=60) == []
    assert negatives([-1, 0, NAN, 2]) == 1
