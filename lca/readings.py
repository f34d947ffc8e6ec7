"""What is measured: any supported export, as the one table of readings (columns in `lca.readers.record`).

`recognise` says which reader a file is for and why, `read` reads one file, `ingest` reads all that a study declares
and looks for what only shows between files, `quality` says how good the measurement is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

import pandas as pd

from lca.errors import Finding, LcaError
from lca.readers import codecarbon, nvidia_smi
from lca.readers.record import COLUMNS, DTYPES, FLAGS, KEY, METERS, METHODS, UNITS, Reading, ReadResult, check, frame
from lca.readers.source import open_source

__all__ = [
    "COLUMNS",
    "DTYPES",
    "FLAGS",
    "KEY",
    "METERS",
    "METHODS",
    "READERS",
    "RECOGNISERS",
    "UNITS",
    "Declaration",
    "ReadResult",
    "Reading",
    "Recognition",
    "check",
    "frame",
    "ingest",
    "overlaps",
    "quality",
    "read",
    "recognise",
]


class Reader(Protocol):
    """How every reader is called."""

    def __call__(
        self, path: Path, *, asset: str, timezone: str | None = None, options: Mapping[str, object] | None = None
    ) -> ReadResult: ...


READERS: dict[str, Reader] = {"codecarbon": codecarbon.read, "nvidia_smi": nvidia_smi.read}
RECOGNISERS: dict[str, Callable[[Sequence[str]], tuple[bool, str]]] = {
    "codecarbon": codecarbon.recognise,
    "nvidia_smi": nvidia_smi.recognise,
}

OVERLAP_S = 1.0  # stamps of whole seconds can overlap by less than one


@dataclass(frozen=True)
class Recognition:
    """The reader that a file is for, and what shows it."""

    reader: str
    why: str


@dataclass(frozen=True)
class Declaration:
    """One file as a study declares it: where it is, what it measured, the clock that it was written by."""

    file: Path
    asset: str
    reader: str | None = None
    timezone: str | None = None
    options: Mapping[str, object] = field(default_factory=dict)


def recognise(path: Path) -> Recognition:
    """Which reader a file is for. Raises `LcaError` if it is for none or for several; the finding says why not for
    each."""
    lines = open_source(path).text.splitlines()[:20]
    answers = {name: said(lines) for name, said in RECOGNISERS.items()}
    yes = [name for name, (ours, _) in answers.items() if ours]
    if len(yes) == 1:
        return Recognition(yes[0], answers[yes[0]][1])
    got = "; ".join(f"{name}: {why}" for name, (ours, why) in answers.items() if ours or not yes)
    expected, fix = "an export of one of " + ", ".join(READERS), "check the path, or declare the reader"
    raise LcaError(Finding("readings.recognise", "error", path.name, "", got, expected, fix))


def read(
    path: Path,
    reader: str | None = None,
    *,
    asset: str,
    timezone: str | None = None,
    options: Mapping[str, object] | None = None,
) -> ReadResult:
    """Read one file as readings of `asset`; a declared reader wins over recognition.

    Raises `LcaError` when no trustworthy table can be made; findings of severity error that are returned (coverage,
    overlapping intervals) leave a table that a report refuses.
    """
    if not asset:
        raise LcaError(Finding("readings.asset", "error", path.name, "", "no asset", "the id of what was measured", "declare asset"))
    if reader is not None and reader not in READERS:
        expected = "one of " + ", ".join(READERS)
        raise LcaError(Finding("readings.reader", "error", path.name, "", f"reader {reader!r}", expected, "mend the reader's name"))
    name = reader or recognise(path).reader
    given = dict(options or {})
    accepted = given.pop("accept_truncated", False) is True
    result = READERS[name](path, asset=asset, timezone=timezone, options=given)
    found = [f if accepted or not f.rule.endswith(".truncated") else _refused(f) for f in result.findings]
    return ReadResult(result.readings, found + check(result.readings) + overlaps(result.readings))


def _refused(cut: Finding) -> Finding:
    """A file that was cut off lacks energy of work that the study may count."""
    return replace(cut, severity="error", fix=f"{cut.fix}; if the loss is known and accepted, set the option accept_truncated: true")


def ingest(declarations: Iterable[Declaration]) -> ReadResult:
    """Read all declared files into one table; raises `LcaError` with the faults of all of them at once."""
    tables: list[pd.DataFrame] = []
    findings: list[Finding] = []
    faults: list[Finding] = []
    for d in declarations:
        try:
            result = read(d.file, d.reader, asset=d.asset, timezone=d.timezone, options=d.options)
        except LcaError as error:
            faults += error.findings
        else:
            tables.append(result.readings)
            findings += result.findings
    if faults:
        raise LcaError(faults)
    if not tables:
        return ReadResult(frame([]), findings)
    together = pd.concat(tables, ignore_index=True)
    together = together.sort_values([*KEY, "start", "end", "source"], kind="stable", ignore_index=True)
    seen = set(findings)
    return ReadResult(together, findings + [f for f in overlaps(together) if f not in seen])


def overlaps(readings: pd.DataFrame) -> list[Finding]:
    """Energy that is counted twice: one meter's intervals that are the same, or that overlap by more than a second.

    Shares of single processes (flag `process_scope`) may overlap each other: they are parts of one machine.
    """
    findings = []
    whole = readings[~readings["quality"].str.contains("process_scope", regex=False) & readings["value"].notna()]
    for key, group in whole.groupby(KEY, sort=True):
        g = group.sort_values(["start", "end"], kind="stable")
        where = " ".join(str(part) for part in key if part)
        twice = g.duplicated(["start", "end", "value"])
        for rule, (rows, first, got) in {
            "readings.duplicate": (
                g[twice],
                g[g.duplicated(["start", "end", "value"], keep=False)],
                "the same reading again",
            ),
            "readings.overlap": _overlapping(g[~twice]),
        }.items():
            if len(rows):
                got = f"{got} ({len(rows)}), such as {first['source'].iloc[0]} and {rows['source'].iloc[0]}"
                fix = "declare one of the two files, options that leave rows out, or two assets"
                findings.append(Finding(rule, "error", "readings", where, got, "each interval of a meter once", fix))
    return findings


def _overlapping(g: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, str]:
    """Intervals that begin before an earlier one has ended, what they overlap, and by how much in all."""
    reached = g["end"].cummax().shift()
    lost = (g["end"].where(g["end"] < reached, reached) - g["start"]).dt.total_seconds()
    rows = g[lost > OVERLAP_S]
    before = g[g["end"].eq(reached[rows.index[0]])] if len(rows) else rows
    return rows, before, f"intervals that overlap by {lost[lost > OVERLAP_S].sum():.1f} s in all"


_MEASURES = (
    "records",
    "runs",
    "start",
    "end",
    "energy_kwh",
    "water_l",
    "covered",
    "untimed",
    "estimated",
    "gaps",
    "duplicates",
    "negative",
    "stuck",
    "resets",
    "methods",
    "flags",
)


def quality(readings: pd.DataFrame) -> pd.DataFrame:
    """How well each meter of each asset was measured: one row for each asset, device, meter and quantity.

    `records` and `runs` are counts, `energy_kwh` [kWh] and `water_l` [L] sum what is known. `covered` is the measured
    share of the time [0..1] of those records whose coverage is known, `untimed` counts the others. `estimated` is the
    share of the value that is estimated or declared [0..1]. `gaps` counts records without a value; `duplicates`,
    `negative`, `stuck` and `resets` count records with that flag; `flags` lists all.
    """
    rows = []
    for key, g in readings.groupby(KEY, sort=True):
        seconds = (g["end"] - g["start"]).dt.total_seconds()
        has = {flag: g["quality"].map(lambda text, flag=flag: flag in text.split(";")) for flag in FLAGS}
        timed = g["coverage"].notna()
        total = g["value"].sum(min_count=1)
        soft = g.loc[g["method"].isin(["estimated", "declared"]), "value"].sum()
        energy = key[KEY.index("quantity")] == "energy"
        rows.append(
            dict(zip(KEY, key, strict=True))
            | {
                "records": len(g),
                "runs": int(g.loc[g["run"] != "", "run"].nunique() + has["no_run_id"].sum()),
                "start": g["start"].min(),
                "end": g["end"].max(),
                "energy_kwh": total if energy else float("nan"),
                "water_l": total if not energy else float("nan"),
                "covered": (g["coverage"] * seconds).sum() / seconds[timed].sum() if timed.any() else float("nan"),
                "untimed": int((~timed).sum()),
                "estimated": soft / total if total else float("nan"),
                "gaps": int(has["gap"].sum()),
                "duplicates": int(has["duplicates"].sum()),
                "negative": int(has["negative"].sum()),
                "stuck": int(has["stuck"].sum()),
                "resets": int(has["reset"].sum()),
                "methods": ";".join(sorted(set(g["method"]))),
                "flags": ";".join(flag for flag in FLAGS if has[flag].any()),
            }
        )
    return pd.DataFrame(rows, columns=[*KEY, *_MEASURES])
