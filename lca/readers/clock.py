"""From the local clock of a log to UTC. A stamp without a zone needs a declared zone; none is ever assumed."""

from __future__ import annotations

import re
from datetime import timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd

from lca.errors import Finding

_OFFSET = re.compile(r"(?:UTC)?([+-])(\d\d):?(\d\d)")


def zone(name: str | None, file: str) -> tuple[tzinfo | None, list[Finding]]:
    """The declared time zone: a name such as Europe/Paris, or a fixed offset such as +05:30.

    >>> zone("+05:30", "log.csv")[0]
    datetime.timezone(datetime.timedelta(seconds=19800))
    """
    fix = "declare timezone: the clock of the machine that wrote the file, such as Europe/Paris, UTC or +05:30"
    if not name:
        return None, [Finding("readings.timezone", "error", file, "", "local stamps and no declared zone", "a time zone", fix)]
    offset = _OFFSET.fullmatch(name)
    if offset and int(offset[2]) < 24 and int(offset[3]) < 60:
        shift = timedelta(hours=int(offset[2]), minutes=int(offset[3]))
        return timezone(-shift if offset[1] == "-" else shift), []
    try:
        return ZoneInfo(name), []
    except (KeyError, ValueError, OSError):
        return None, [Finding("readings.timezone", "error", file, "", f"unknown zone {name!r}", "a name of the IANA list", fix)]


def to_utc(stamps: pd.Series, place: tzinfo) -> tuple[pd.Series, npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Local stamps, in the order they were written, as UTC; with masks of the ambiguous and of the nonexistent ones.

    In the hour that a clock shows twice, stamps count as the first showing until the clock is seen to jump back, and
    as the second from there. A mask of ambiguity is all false where that jump was seen, since it settles them. Stamps
    in the hour that a clock skips become NaT.

    >>> paris = ZoneInfo("Europe/Paris")
    >>> stamps = pd.Series(pd.to_datetime(["2024-10-27 02:50", "2024-10-27 02:10", "2024-10-27 03:10"]))
    >>> [t.strftime("%H:%M") for t in to_utc(stamps, paris)[0]]
    ['00:50', '01:10', '02:10']
    """
    first = stamps.dt.tz_localize(place, ambiguous=np.ones(len(stamps), dtype=bool), nonexistent="NaT")
    strict = stamps.dt.tz_localize(place, ambiguous="NaT", nonexistent="NaT")
    nonexistent = (first.isna() & stamps.notna()).to_numpy()
    ambiguous = (strict.isna() & first.notna()).to_numpy()
    second, settled = _second_showing(stamps, ambiguous)
    local = stamps.dt.tz_localize(place, ambiguous=~second, nonexistent="NaT")
    return local.dt.tz_convert("UTC"), ambiguous & ~settled, nonexistent


def _second_showing(stamps: pd.Series, ambiguous: npt.NDArray[np.bool_]) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Which ambiguous stamps follow a jump back on their own day, and which days are settled by one."""
    second, settled = np.zeros(len(stamps), dtype=bool), np.zeros(len(stamps), dtype=bool)
    days = stamps.dt.normalize()
    for day in days[ambiguous].unique():
        at = np.flatnonzero(ambiguous & (days == day).to_numpy())
        steps = stamps.iloc[at].diff().to_numpy()
        back = at[steps < np.timedelta64(-10, "m")]  # a jump of an hour less one step, not a nudge of the clock
        if len(back):
            second[at[at >= back[0]]] = True
            settled[at] = True
    return second, settled
