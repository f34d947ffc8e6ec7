"""The canonical readings table: its columns, its words, its rules. Every reader returns this table and nothing else.

One row is one meter over one half-open interval of time. A row whose value isn't known stays, with the value NaN and
the flag `gap`: what wasn't measured is never zero.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from datetime import datetime

import pandas as pd

from lca.errors import Finding

METERS = ("chip", "gpu_board", "cpu_package", "dram", "host", "node_dc", "node_ac", "rack", "it_total", "facility")
METHODS = ("counter", "gauge_integrated", "estimated", "declared")
UNITS = {"energy": "kWh", "water": "L"}

FLAGS = {
    "gap": "nothing was measured: the value is NaN, not zero",
    "cumulative": "the last of several running totals of one run",
    "no_run_id": "the row names no run; it may repeat another row's energy",
    "coverage_below_0.98": "less than 98 % of the interval was measured",
    "coverage_below_0.9": "less than 90 % of the interval was measured",
    "duration_short": "more time was measured than the row's span: its start is later than the true one",
    "ambiguous_hour": "the local clock shows this hour twice; the first is taken",
    "defaulted_location": "the tool's fallback location, not an observed one",
    "ram_model": "watts per memory size, not a measurement",
    "cpu_constant": "a constant share of the rated power, not a measurement",
    "cpu_method_unknown": "counter or load model: the file doesn't say which",
    "process_scope": "one process's share of the machine",
    "wue_model": "water as declared WUE times energy, not a meter",
    "clock_jump": "the clock ran backwards inside the interval",
    "duplicates": "repeated samples were dropped",
    "conflicts": "two powers at one time: neither is used",
    "negative": "powers below zero were taken as missing",
    "stuck": "one and the same value for longer than is plausible",
    "reset": "a counter fell: the value is a lower bound",
    "truncated": "the file ends inside a line; that line is dropped",
    "clipped": "only the part inside the work window",
}

_SOURCE = re.compile(r"[^#]+@sha256:[0-9a-f]{12}#rows [1-9]\d*-[1-9]\d*")
_TEXT = "str"
_TIME = "datetime64[us, UTC]"


@dataclass(frozen=True)
class Reading:
    """One record interval of one meter.

    `start` and `end` are UTC and half-open. `value` is in `unit`: energy [kWh] or water [L]. `coverage` is the share
    of the interval that was measured [0..1], NaN if unknown. `pue_in_source` is the PUE that the tool had multiplied
    in and that is divided out of `value` again [1]. `label` is the tool's own name of the work, `device` the part of
    the asset (one GPU), both '' if there is none.
    """

    asset: str
    run: str
    meter: str
    method: str
    quantity: str
    start: datetime
    end: datetime
    value: float
    unit: str
    coverage: float
    quality: str
    pue_in_source: float
    source: str
    label: str = ""
    device: str = ""


DTYPES: dict[str, str] = {
    f.name: _TIME if f.name in ("start", "end") else "float64" if f.name in ("value", "coverage", "pue_in_source") else _TEXT
    for f in fields(Reading)
}
COLUMNS = tuple(DTYPES)
KEY = ["asset", "device", "meter", "quantity"]  # one meter: its intervals may not overlap


@dataclass(frozen=True, eq=False)
class ReadResult:
    """What a reader found: the readings, and findings that leave a table standing.

    A fault that leaves no table raises `LcaError` instead. A finding of severity error here (coverage below what was
    declared acceptable, overlapping intervals) doesn't spoil the table, but a report has to refuse it:
    `lca.errors.raise_errors`.
    """

    readings: pd.DataFrame
    findings: list[Finding]


def frame(rows: Iterable[Reading]) -> pd.DataFrame:
    """The table of these rows, typed, in order of meter, start and source; empty but typed if there are none.

    >>> list(frame([]).columns) == list(COLUMNS)
    True
    """
    table = pd.DataFrame([asdict(row) for row in rows], columns=list(COLUMNS)).astype(DTYPES)
    return table.sort_values([*KEY, "start", "end", "source"], kind="stable", ignore_index=True)


def flags(*names: str) -> str:
    """Join flags as the column `quality` has them: each once, in the order of `FLAGS`.

    >>> flags("cumulative", "", "gap", "gap")
    'gap;cumulative'
    """
    wanted = {name for name in names if name}
    if not wanted <= FLAGS.keys():
        raise ValueError(f"unknown flag {sorted(wanted - FLAGS.keys())}: add it to FLAGS with its meaning")
    return ";".join(name for name in FLAGS if name in wanted)


def coverage_flag(coverage: float) -> str:
    """The flag that a coverage earns; none at 98 % and above, none if it isn't known.

    >>> coverage_flag(0.95), coverage_flag(0.5), coverage_flag(float("nan"))
    ('coverage_below_0.98', 'coverage_below_0.9', '')
    """
    return "coverage_below_0.9" if coverage < 0.9 else "coverage_below_0.98" if coverage < 0.98 else ""


def check(readings: pd.DataFrame) -> list[Finding]:
    """Whether a table is a readings table: one finding for each rule that it breaks, naming the rows."""
    columns = list(readings.columns)
    if columns != list(COLUMNS):
        got, expected = ", ".join(map(str, columns)), ", ".join(COLUMNS)
        return [Finding("readings.columns", "error", "readings", "", got, expected, "let a reader make the table")]
    wrong = {c: str(t) for c, t in readings.dtypes.items() if str(t) != DTYPES[str(c)]}
    if wrong:
        expected = ", ".join(f"{c} {DTYPES[str(c)]}" for c in wrong)
        return [Finding("readings.dtypes", "error", "readings", "", str(wrong), expected, "make the table with record.frame")]
    r = readings
    known = r["quality"].map(lambda text: text == "" or set(text.split(";")) <= FLAGS.keys())
    is_gap = r["quality"].map(lambda text: "gap" in text.split(";"))
    rules = {
        "asset": (r["asset"] == "", "the id of an asset"),
        "meter": (~r["meter"].isin(METERS), "one of " + ", ".join(METERS)),
        "method": (~r["method"].isin(METHODS), "one of " + ", ".join(METHODS)),
        "quantity": (~r["quantity"].isin(UNITS), "one of " + ", ".join(UNITS)),
        "unit": (r["unit"] != r["quantity"].map(UNITS), "kWh for energy, L for water"),
        "end": (~(r["start"] < r["end"]), "an end after the start"),
        "value": (
            (r["value"].isna() != is_gap) | r["value"].lt(0) | r["value"].abs().eq(float("inf")),
            "finite, or NaN and gap",
        ),
        "coverage": (r["coverage"].notna() & ~r["coverage"].between(0, 1), "0 to 1, or NaN"),
        "quality": (~known, "flags of lca.readers.record.FLAGS"),
        "pue_in_source": (~(r["pue_in_source"].ge(1) & r["pue_in_source"].lt(float("inf"))), "1 or more"),
        "source": (~r["source"].map(lambda text: bool(_SOURCE.fullmatch(text))), "file@sha256:…#rows a-b"),
    }
    return [
        Finding(
            "readings." + name,
            "error",
            "readings",
            f"rows {list(r.index[bad])}",
            str(list(r.loc[bad, name])[:3]),
            expected,
            "mend the reader",
        )
        for name, (bad, expected) in rules.items()
        if bad.any()
    ]
