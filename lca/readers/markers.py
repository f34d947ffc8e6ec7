"""Marks of a workload beside a power log: the window that counts, and a test of the log's declared time zone."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from lca.errors import Finding, LcaError
from lca.readers.source import Source, open_source
from lca.tables import listing

QUARTER_S = 900  # every zone's offset is a whole number of quarters of an hour


def window(
    log: Path, source: Source, first: pd.Timestamp, last: pd.Timestamp, name: object
) -> tuple[tuple[float, float] | None, list[Finding]]:
    """The time [epoch s] from the first to the last mark of the file `name`, which lies beside the log or at that path.

    Marks are epoch microseconds, so they know no zone: if they lie outside the log, from `first` to `last`, the
    declared zone is wrong, and the finding says which offset would be right. None without a name, or with findings.
    """
    if name is None:
        return None, []
    beside = log.parent / str(name)
    try:
        marks = open_source(beside if beside.is_file() else Path(str(name)))
        cells = [line.cells[0] for line in marks.lines()]
    except LcaError as error:
        return None, error.findings
    stamps = cells if cells[0].isdigit() else cells[1:]
    epochs = [float(cell) / 1e6 for cell in stamps if cell.isdigit()]
    if len(epochs) < max(2, len(stamps)) or not 1e9 < min(epochs) < max(epochs) < 1e10:
        expected, fix = "two or more epochs in microseconds", "write time.time_ns() // 1000 at the start and at the end"
        got = listing(cells, 3)
        return None, [marks.finding("nvidia_smi.markers", "error", [], got, expected, fix)]
    start, end, begins, ends = min(epochs), max(epochs), first.timestamp(), last.timestamp()
    if begins <= start and end <= ends:
        return (start, end), []
    fits = [q for q in range(-56, 57) if begins - q * QUARTER_S <= start and end <= ends - q * QUARTER_S]
    fix = "no whole quarter of an hour brings them together: check that both files are of one run"
    if fits:
        shifts = listing((f"{q / 4:+g} h" for q in sorted(fits, key=abs)), 4)
        fix = f"declare a timezone whose offset to UTC is the declared one's and {shifts}"
    got = f"markers {_iso(start)} to {_iso(end)} outside the log {_iso(begins)} to {_iso(ends)}"
    return None, [source.finding("readings.timezone", "error", [], got, "markers inside the log", fix)]


def _iso(epoch: float) -> str:
    return f"{datetime.fromtimestamp(epoch, UTC):%Y-%m-%dT%H:%M:%SZ}"
