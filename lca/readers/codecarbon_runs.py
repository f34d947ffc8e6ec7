"""CodeCarbon rows in time: the span of each, how much of it was sampled, and which rows of a run count."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, timedelta
from itertools import groupby, pairwise

import pandas as pd

from lca.errors import Finding
from lca.readers import clock
from lca.readers.codecarbon_rows import Row
from lca.readers.source import Remark
from lca.series import J_PER_KWH

TASK_RUN = 1.02  # more sampled than this share of the span: the span is that of the last task only


@dataclass(frozen=True)
class Placed:
    """A row in UTC, with its PUE [1], the share of its span that was sampled [1] and the flags of the whole row."""

    row: Row
    end: pd.Timestamp
    pue: float
    sampled: float
    flags: tuple[str, ...]


def ends_utc(name: str, rows: Sequence[Row], zone_name: str | None) -> tuple[list[tuple[pd.Timestamp, bool]], list[Finding], list[Remark]]:
    """The end of each row in UTC and whether its hour is ambiguous. Stamps with an offset need no declared zone."""
    naive = [i for i, row in enumerate(rows) if row.stamp.tzinfo is None]
    ends = {i: (pd.Timestamp(row.stamp).tz_convert(UTC), False) for i, row in enumerate(rows) if row.stamp.tzinfo is not None}
    if not naive:
        return [ends[i] for i in range(len(rows))], [], []
    place, findings = clock.zone(zone_name, name)
    if place is None:
        return [], findings, []
    stamps = pd.Series([rows[i].stamp for i in naive], dtype="datetime64[us]")
    utc, ambiguous, nonexistent = clock.to_utc(stamps, place)
    remarks = []
    for i, end, twice, never in zip(naive, utc, ambiguous, nonexistent, strict=True):
        ends[i] = (end, bool(twice))
        if twice or never:
            rule = "codecarbon.ambiguous_hour" if twice else "codecarbon.nonexistent_hour"
            remarks.append(Remark(rule, rows[i].line.first, rows[i].stamp.isoformat()))
    return [ends[i] for i in range(len(rows))], [], remarks


def place_row(row: Row, end: pd.Timestamp, ambiguous: bool, declared_pue: float | None) -> Placed:
    """Put a row into UTC: its PUE is the file's, else the declared one, else 1, the tool's default."""
    pue = row.pue or declared_pue or 1.0
    sampled = sampled_share(row, pue)
    marks = {
        "no_run_id": not row.run,
        "ambiguous_hour": ambiguous,
        "duration_short": sampled > TASK_RUN,
        "defaulted_location": row.defaulted_location,
    }
    return Placed(row, end, pue, sampled, tuple(name for name, true in marks.items() if true))


def sampled_share(row: Row, pue: float) -> float:
    """Sampled time over the row's span [1], from the memory model's constant power; NaN where that isn't constant."""
    energy, power = row.energy_kwh["ram"], row.power_w["ram"]
    if row.mode != "machine" or not energy or not power:
        return math.nan
    return energy * J_PER_KWH / _in_power(row, pue) / power / row.duration_s


def _in_power(row: Row, pue: float) -> float:
    """What divides an energy to make it comparable with the power columns: these contain the PUE from 3.3.1 on."""
    return 1.0 if row.version >= (3, 3, 1) else pue


def one_per_run(placed: list[Placed], options: Mapping[str, object]) -> tuple[list[Placed], list[Remark]]:
    """Rows that count: each once, and of running totals the last."""
    first: dict[tuple[str, ...], Placed] = {}
    remarks: list[Remark] = []
    for p in placed:
        if p.row.line.cells in first:
            remarks.append(Remark("codecarbon.duplicates", p.row.line.first, "a repeated row"))
        first.setdefault(p.row.line.cells, p)
    kept = [p for p in first.values() if p.row.run or options.get("blank_runs") != "drop"]
    if options.get("kind") == "task" or options.get("rows") == "increments":
        return kept, remarks
    runs = sorted((p for p in kept if p.row.run), key=lambda p: (p.row.run, p.end, p.row.line.first))
    result = [p for p in kept if not p.row.run]
    for _, group in groupby(runs, key=lambda p: p.row.run):
        totals = list(group)
        last = next((p for p in reversed(totals) if p.row.sum_kwh is not None), totals[-1])
        if len(totals) > 1:
            remarks += _not_totals(totals, last)
            remarks += [Remark("codecarbon.running_totals", p.row.line.first, "an earlier total") for p in totals if p is not last]
            last = Placed(last.row, last.end, last.pue, last.sampled, (*last.flags, "cumulative"))
        result.append(last)
    return result, remarks


def _not_totals(totals: Sequence[Placed], last: Placed) -> list[Remark]:
    """Why rows of one run can't be running totals: energy falls, or they don't start together (task runs never do)."""
    known = [p for p in totals if p.row.sum_kwh is not None]
    falls = [b for a, b in pairwise(known) if (b.row.sum_kwh or 0) < (a.row.sum_kwh or 0) * (1 - 1e-9)]
    starts = [(p.end - timedelta(seconds=p.row.duration_s)) for p in totals]
    apart = (max(starts) - min(starts)).total_seconds()
    if falls:
        return [Remark("codecarbon.run_rows", p.row.line.first, f"energy that falls in run {p.row.run}") for p in falls]
    if apart > 2 + 0.01 * last.row.duration_s and not any(p.sampled > TASK_RUN for p in totals):
        return [Remark("codecarbon.run_rows", last.row.line.first, f"starts {apart:.0f} s apart in run {last.row.run}")]
    return []


def has_part(row: Row, part: str) -> bool:
    """Whether the machine has the part: a row without GPU isn't a GPU of zero energy."""
    return part != "gpu" or bool(row.gpu_model) or row.gpu_count > 0 or bool(row.energy_kwh["gpu"])


def cpu_method(p: Placed) -> tuple[str, str]:
    """How the CPU's energy was got, and the flag that goes with it."""
    row = p.row
    energy, power = row.energy_kwh["cpu"], row.power_w["cpu"]
    if energy and power:
        constant = power * _in_power(row, p.pue) / p.pue
        explained = energy * J_PER_KWH / p.pue / constant / row.duration_s
        explained /= p.sampled if p.sampled > TASK_RUN else 1.0
        if math.isclose(constant * 2, round(constant * 2), abs_tol=1e-6) and math.isclose(explained, 1, rel_tol=0.02):
            return "estimated", "cpu_constant"
    if row.gpu_model.startswith("Apple"):
        return "gauge_integrated", ""
    return ("estimated", "cpu_method_unknown") if row.version >= (3,) else ("counter", "")
