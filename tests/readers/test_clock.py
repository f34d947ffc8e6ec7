"""Local clocks: what a declared zone makes of a stamp, above all in the two odd hours of a year."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from lca.readers.clock import to_utc, zone

PARIS = ZoneInfo("Europe/Paris")


def utc(*stamps: str) -> tuple[list[str], list[bool], list[bool]]:
    times, ambiguous, nonexistent = to_utc(pd.Series(pd.to_datetime(list(stamps))), PARIS)
    return [f"{t:%m-%d %H:%M}" if t == t else "" for t in times], list(ambiguous), list(nonexistent)


def test_summer_and_winter_offsets():
    """Paris is 1 h ahead in January and 2 h ahead in July."""
    assert utc("2024-01-10 12:00", "2024-07-10 12:00")[0] == ["01-10 11:00", "07-10 10:00"]


def test_skipped_hour_does_not_exist():
    """On 31 March 2024 the clock went from 02:00 to 03:00."""
    assert utc("2024-03-31 01:59", "2024-03-31 02:30") == (["03-31 00:59", ""], [False, False], [False, True])


def test_repeated_hour_is_told_and_taken_as_the_first():
    """On 27 October 2024 the clock showed 02:30 twice; a lone stamp may be either."""
    assert utc("2024-10-27 01:30", "2024-10-27 02:30") == (
        ["10-26 23:30", "10-27 00:30"],
        [False, True],
        [False, False],
    )


def test_repeated_hour_is_settled_by_the_jump_back():
    """A log that runs through the night shows the jump from 02:59 to 02:00, and then nothing is ambiguous."""
    times, ambiguous, _ = utc("2024-10-27 02:30", "2024-10-27 02:59", "2024-10-27 02:01", "2024-10-27 03:01")
    assert times == ["10-27 00:30", "10-27 00:59", "10-27 01:01", "10-27 02:01"]
    assert not any(ambiguous)


@pytest.mark.parametrize(("name", "hours"), [("UTC", 0), ("+05:30", 5.5), ("UTC-08:00", -8), ("Asia/Kolkata", 5.5)])
def test_zones_by_name_and_by_offset(name: str, hours: float):
    """IANA names and fixed offsets are understood."""
    place, findings = zone(name, "log.csv")
    assert place is not None
    assert findings == []
    assert pd.Timestamp("2024-01-01", tz=place).utcoffset() == pd.Timedelta(hours, "h")


@pytest.mark.parametrize("name", [None, "", "Mars/Olympus", "Europe", "../etc/passwd", "+25:00"])
def test_zone_is_never_assumed(name: str | None):
    """No zone and no such zone are errors that ask for one."""
    place, findings = zone(name, "log.csv")
    assert place is None
    assert [(f.rule, f.severity) for f in findings] == [("readings.timezone", "error")]
