"""From samples to energy: pure arithmetic on time stamps in seconds and power in watts; opens no file.

Rules. A power gauge is integrated by trapezoids between neighbouring samples. Nothing is bridged: a step longer than
`max_gap_s`, a sample whose power isn't known, and a clock that runs backwards each end a segment, and what lies between
segments is a gap, not zero. A counter's rises are added; a fall is a reset, or one turn of a counter of known modulus.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

J_PER_KWH = 3.6e6  # exact: 1000 W x 3600 s
SECONDS_PER_HOUR = 3600.0
GAP_STEPS = 3.0  # a step longer than this many median steps is a gap, unless a number of seconds is given

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Segment:
    """Neighbouring samples that were joined: rising times [s] and known power [W], two or more of each."""

    times_s: Floats
    power_w: Floats


@dataclass(frozen=True, eq=False)
class Integration:
    """The energy of a sampled power, and what stood against it.

    `energy_kwh` [kWh] is NaN when nothing could be joined: no energy known is not no energy used. `measured_s` [s] is
    the time under the trapezoids, `gaps` the times that weren't. `duplicates` counts samples that repeated their
    neighbour and were dropped, `conflicts` the stamps that gave two different powers, neither of which is used,
    `missing` the samples without a power, `clock_jumps` the stamps [s] at which the clock ran backwards.
    """

    energy_kwh: float
    measured_s: float
    gaps: tuple[tuple[float, float], ...]
    segments: tuple[Segment, ...]
    duplicates: int
    conflicts: int
    missing: int
    clock_jumps: tuple[float, ...]
    max_gap_s: float


def integrate_power(times_s: Sequence[float] | Floats, power_w: Sequence[float] | Floats, max_gap_s: float | None = None) -> Integration:
    """Integrate power [W] over irregular times [s] to energy [kWh].

    E = sum of (t[i+1] - t[i]) (p[i] + p[i+1]) / 2 / 3.6e6 over all neighbours that may be joined. `max_gap_s` [s] is
    the longest step that is joined; without it, three times the median step. Raises `ValueError` for times that
    aren't finite, lengths that differ and a `max_gap_s` that isn't positive.

    >>> integrate_power([0, 1800, 3600], [100, 300, 100]).energy_kwh
    0.2
    >>> broken = integrate_power([0, 10, 20, 90, 100], [360, 360, 360, 360, 360])
    >>> broken.measured_s, broken.gaps
    (30.0, ((20.0, 90.0),))
    """
    times, power = np.asarray(times_s, dtype=float), np.asarray(power_w, dtype=float)
    if times.shape != power.shape or times.ndim != 1:
        raise ValueError(f"{times.size} times and {power.size} powers: one power for each time is needed")
    if not np.isfinite(times).all():
        raise ValueError("a time that is not a finite number of seconds")
    if max_gap_s is not None and not max_gap_s > 0:
        raise ValueError(f"max_gap_s is {max_gap_s}: it must be above 0 s")
    times, power, duplicates, conflicts, missing = _one_per_stamp(times, power)
    steps = np.diff(times)
    rising = steps[steps > 0]
    # a billionth more than the limit still counts as it: differences of stamps carry round-off
    longest = float(max_gap_s if max_gap_s is not None else GAP_STEPS * np.median(rising) if rising.size else math.inf)
    joined = (steps > 0) & (steps <= longest * (1 + 1e-9)) & np.isfinite(power[:-1]) & np.isfinite(power[1:])
    segments = tuple(Segment(times[a : b + 1], power[a : b + 1]) for a, b in _runs(joined))
    return Integration(
        energy_kwh=_energy(segments),
        measured_s=math.fsum(steps[joined]),
        gaps=tuple((float(times[a]), float(times[b])) for a, b in _runs(~joined & (steps > 0))),
        segments=segments,
        duplicates=duplicates,
        conflicts=conflicts,
        missing=missing,
        clock_jumps=tuple(float(t) for t in times[1:][steps < 0]),
        max_gap_s=longest,
    )


def energy_between(segments: Sequence[Segment], start_s: float, end_s: float) -> tuple[float, float]:
    """Energy [kWh] and measured time [s] between two times [s]; power at a cut is interpolated, so that parts sum to
    the whole.

    The energy is NaN when nothing was measured between them.

    >>> whole = integrate_power([0, 3600], [0, 1000])
    >>> energy_between(whole.segments, 0, 1800), energy_between(whole.segments, 1800, 3600)
    ((0.125, 1800.0), (0.375, 1800.0))
    """
    cut = [part for segment in segments if (part := _clip(segment, start_s, end_s)) is not None]
    return _energy(cut), math.fsum(float(part.times_s[-1] - part.times_s[0]) for part in cut)


def hours(start_s: float, end_s: float) -> list[tuple[float, float]]:
    """Cut the interval [s] at whole hours.

    >>> hours(3000, 8000)
    [(3000, 3600.0), (3600.0, 7200.0), (7200.0, 8000)]
    """
    first, last = math.floor(start_s / SECONDS_PER_HOUR) + 1, math.ceil(end_s / SECONDS_PER_HOUR)
    edges = [start_s, *(hour * SECONDS_PER_HOUR for hour in range(first, last)), end_s]
    return list(pairwise(edges)) if end_s > start_s else []


@dataclass(frozen=True)
class CounterRise:
    """How far a counter rose, in the counter's unit; after a reset it is the least that it can have been."""

    rise: float
    resets: int
    turns: int


def counter_energy(values: Sequence[float] | Floats, modulus: float | None = None) -> CounterRise:
    """Add the rises of a counter; the unit stays the counter's own.

    On a fall, a counter of known `modulus` has made one turn. Any other has been reset: what it shows now has been
    counted since, what it counted before the reset isn't known, so the rise is a lower bound. Values that are missing
    (NaN) lose nothing, since the next one has counted on. Fewer than two known values give NaN. Raises `ValueError`
    for values below 0 or not below the modulus.

    >>> counter_energy([10, 15, 3, 4])
    CounterRise(rise=9.0, resets=1, turns=0)
    >>> counter_energy([10, 15, 3, 4], modulus=16)
    CounterRise(rise=10.0, resets=0, turns=1)
    """
    array = np.asarray(values, dtype=float)
    known = array[~np.isnan(array)]
    if (known < 0).any() or np.isinf(known).any():
        raise ValueError("a counter shows finite values from 0 upwards")
    if modulus is not None and (known >= modulus).any():
        raise ValueError(f"a counter of modulus {modulus} shows values below it")
    if known.size < 2:
        return CounterRise(math.nan, 0, 0)
    steps = np.diff(known)
    falls = steps < 0
    steps = np.where(falls, known[1:] if modulus is None else steps + modulus, steps)
    count = int(falls.sum())
    return CounterRise(math.fsum(steps), 0 if modulus is not None else count, count if modulus is not None else 0)


def stuck(times_s: Sequence[float] | Floats, values: Sequence[float] | Floats, seconds: float) -> list[tuple[float, float]]:
    """The stretches [s] of at least `seconds` in which every sample shows the same value.

    >>> stuck([0, 1, 2, 3, 4], [7.0, 5.0, 5.0, 5.0, 6.0], seconds=2)
    [(1.0, 3.0)]
    """
    times, array = np.asarray(times_s, dtype=float), np.asarray(values, dtype=float)
    same = np.diff(array) == 0
    return [(float(times[a]), float(times[b])) for a, b in _runs(same) if times[b] - times[a] >= seconds]


def negatives(values: Sequence[float] | Floats) -> int:
    """How many values lie below zero.

    >>> negatives([1.0, -0.5, float("nan")])
    1
    """
    return int((np.asarray(values, dtype=float) < 0).sum())


def _energy(segments: Sequence[Segment]) -> float:
    """Energy [kWh] under segments; NaN if there are none."""
    if not segments:
        return math.nan
    parts = (np.diff(s.times_s) * (s.power_w[:-1] + s.power_w[1:]) / 2 for s in segments)
    return math.fsum(x for part in parts for x in part.tolist()) / J_PER_KWH


def _clip(segment: Segment, start_s: float, end_s: float) -> Segment | None:
    times, power = segment.times_s, segment.power_w
    low, high = max(start_s, float(times[0])), min(end_s, float(times[-1]))
    if high <= low:
        return None
    a, b = int(np.searchsorted(times, low, side="right")), int(np.searchsorted(times, high, side="left"))
    ends = np.interp([low, high], times, power)
    cut_times = np.concatenate([[low], times[a:b], [high]])
    return Segment(cut_times, np.concatenate([ends[:1], power[a:b], ends[1:]]))


def _one_per_stamp(times: Floats, power: Floats) -> tuple[Floats, Floats, int, int, int]:
    """Merge neighbours of equal time: equal powers to one, different powers to none (NaN); count both, and the
    missing."""
    missing = int(np.isnan(power).sum())
    if times.size < 2:
        return times, power, 0, 0, missing
    first = np.concatenate([[0], np.flatnonzero(np.diff(times) != 0) + 1])
    sizes = np.diff(np.concatenate([first, [times.size]]))
    low, high = np.minimum.reduceat(power, first), np.maximum.reduceat(power, first)
    differ = (sizes > 1) & (low != high) & ~np.isnan(low)
    duplicates = int((sizes - 1)[~differ].sum())
    return times[first], np.where(differ, np.nan, low), duplicates, int(differ.sum()), missing


def _runs(mask: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Runs of true as pairs (first, one past the last)."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
