"""CodeCarbon's `emissions.csv`, versions 2.0.0 to 3.3.2, as readings: one each for GPU boards, CPU packages and
memory of a run.

What the columns mean, read in the tool's code:

- `timestamp` is the local time at the END of the span. Rows of one `run_id` are running totals: the last one counts.
- `pue` is multiplied into every energy, and into the powers from 3.3.1 on. It is divided out: readings are IT energy.
- `water_consumed` is `wue` times energy with PUE in it. Cooling water is WUE times IT energy, so PUE is divided out
  as well.
- GPU energy comes from the board's counter. Memory is watts per size, never measured; its power doesn't change, so
  its energy tells how much of the span was sampled: the coverage. CPU is a counter, a load model (from 3.0.0) or a
  constant: the file doesn't say which. An even half watt that explains the energy is the constant.
- `emissions` isn't used: factors belong to the inventory.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from lca.errors import Finding, LcaError, raise_errors
from lca.readers import record
from lca.readers.codecarbon_rows import PARTS, Row, header_findings, kind, read_rows
from lca.readers.codecarbon_runs import TASK_RUN, Placed, cpu_method, ends_utc, has_part, one_per_run, place_row
from lca.readers.record import Reading, ReadResult
from lca.readers.source import Remark, Rule, Source, check_options, choice_option, gather, number_option, open_source
from lca.series import J_PER_KWH

OPTIONS = {
    "kind": "main or task: which of the tool's files this is; main",
    "pue": "the PUE set in the tool, for files without that column",
    "cpu_method": "counter, gauge_integrated or estimated: how CPU energy was got",
    "rows": "cumulative or increments: what rows of one run_id are; cumulative",
    "blank_runs": "keep or drop rows without run_id; keep",
    "min_coverage": "0 to 1: the coverage below which readings are refused; 0.9",
}
CHOICES = {"kind": ("main", "task"), "rows": ("cumulative", "increments"), "blank_runs": ("keep", "drop")}
METER = {"gpu": "gpu_board", "cpu": "cpu_package", "ram": "dram"}
# Above these no hardware of today goes [W]: a part that does is given in another unit. Boards are per GPU.
PLAUSIBLE_W = {"gpu": 2500.0, "cpu": 5000.0, "ram": 5000.0}
OTHER_UNITS = {"Wh": 1e3, "kJ": 3.6e3, "J": 3.6e6, "MWh": 1e-3}  # what 1 kWh reads as in each

RULES = {
    "codecarbon.cells": Rule("error", "as many cells as the header", "export again; a row of another version shifts its columns"),
    "codecarbon.number": Rule("error", "a number with a decimal point", "mend the cells"),
    "codecarbon.decimal_comma": Rule("error", "decimal points", "save with decimal points, not commas"),
    "codecarbon.negative": Rule("error", "0 or more", "mend the cells"),
    "codecarbon.timestamp": Rule("error", "a stamp such as 2024-05-31T10:39:13", "export again: a spreadsheet rewrites dates"),
    "codecarbon.duration": Rule("error", "seconds above 0", "remove the rows or mend the cells"),
    "codecarbon.pue": Rule("error", "a PUE of 1 or more", "mend the column pue, or where there is none declare the option pue"),
    "codecarbon.nonexistent_hour": Rule("error", "a time that the local clock showed", "check the declared timezone"),
    "codecarbon.sum": Rule("error", "cpu + gpu + ram = energy_consumed", "look for edited cells or mixed units"),
    "codecarbon.units": Rule("error", "kWh and W", "look for a changed unit in the energy or power columns"),
    "codecarbon.implausible_power": Rule("error", "a power that the hardware can draw", "look for a changed unit"),
    "codecarbon.run_rows": Rule(
        "error", "running totals of one run: one start, energy that never falls", "declare options rows: increments"
    ),
    "codecarbon.truncated": Rule("warning", "a line end", "copy the file again; the last line is left out"),
    "codecarbon.ambiguous_hour": Rule("warning", "an hour that the clock shows once", "the first showing is taken"),
    "codecarbon.pue_unknown": Rule("warning", "a column pue", "1 is taken, the tool's default; declare options pue"),
    "codecarbon.gap": Rule("warning", "an energy above 0", "the part isn't counted: fill the gap in the study"),
    "codecarbon.no_run_id": Rule("warning", "a run_id", "each row counts as a run; options blank_runs: drop leaves them out"),
    "codecarbon.duration_short": Rule("warning", "the span of all tasks", "a task run: the start is too late, the energy is whole"),
    "codecarbon.default_location": Rule("warning", "an observed location", "the tool had no network: declare the site in the study"),
    "codecarbon.cpu_method": Rule("note", "a declared method", "taken as estimated; declare options cpu_method"),
    "codecarbon.duplicates": Rule("note", "each row once", "the repeated rows are left out"),
    "codecarbon.running_totals": Rule("note", "one row for each run", "earlier totals of a run are left out"),
    "codecarbon.header_again": Rule("note", "one header", "files were joined; the line is left out"),
}


def recognise(lines: Sequence[str]) -> tuple[bool, str]:
    """Whether these first lines are a CodeCarbon file, of whatever version or kind, and why.

    >>> recognise(["timestamp,project_name,duration,emissions,energy_consumed,country_name"])
    (True, 'a CodeCarbon 1.x header')
    """
    found = kind([cell.strip().strip('"') for cell in lines[0].split(",")]) if lines else ""
    return bool(found), f"a CodeCarbon {found} header" if found else "no columns run_id, cpu_energy, ram_energy …"


def read(path: Path, *, asset: str, timezone: str | None = None, options: Mapping[str, object] | None = None) -> ReadResult:
    """Read a CodeCarbon file as readings of `asset`; stamps are local times of `timezone`, options those of `OPTIONS`.

    Raises `LcaError` with all findings that leave no trustworthy table. Returned findings of severity error
    (coverage) are for the report to refuse.
    """
    options = options or {}
    source = open_source(path)
    lines = source.lines()
    settings, findings = _settings(source.name, options)
    findings += header_findings(source, lines[0].cells, str(options.get("kind") or "main"))
    raise_errors(findings)
    rows, remarks = read_rows(source, lines)
    if not rows and not remarks:
        raise LcaError(source.finding("codecarbon.empty", "error", [], "a header and no rows", "rows", "export it again"))
    ends, zone_findings, faults = ends_utc(source.name, rows, timezone)
    findings += zone_findings
    remarks += faults
    has_pue = "pue" in lines[0].cells
    remarks += _pue_faults(rows, has_pue, options)
    if _broken(remarks) or any(f.severity == "error" for f in findings):
        raise LcaError([f for f in findings + gather(source, remarks, RULES) if f.severity == "error"])
    placed = [place_row(row, *end, settings.pue) for row, end in zip(rows, ends, strict=True)]
    placed, faults = one_per_run(placed, options)
    remarks += faults + [r for p in placed for r in _row_remarks(p, has_pue, options)]
    findings += raise_errors(gather(source, remarks, RULES))
    readings = [reading for p in placed for reading in _readings(p, source, asset, settings.cpu_method)]
    return ReadResult(record.frame(readings), findings + _coverage_findings(source, placed, settings.min_coverage))


@dataclass(frozen=True)
class _Settings:
    pue: float | None
    cpu_method: str
    min_coverage: float


def _settings(name: str, options: Mapping[str, object]) -> tuple[_Settings, list[Finding]]:
    findings = check_options(name, "codecarbon", options, OPTIONS)
    for option, choices in CHOICES.items():
        findings += choice_option(name, options, option, choices)[1]
    cpu_method, more = choice_option(name, options, "cpu_method", ("counter", "gauge_integrated", "estimated"))
    pue, pue_findings = number_option(name, options, "pue", 1, 10)
    least, coverage_findings = number_option(name, options, "min_coverage", 0, 1)
    settings = _Settings(pue, cpu_method, 0.9 if least is None else least)
    return settings, findings + more + pue_findings + coverage_findings


def _pue_faults(rows: Iterable[Row], has_pue: bool, options: Mapping[str, object]) -> list[Remark]:
    if has_pue:
        both = [Remark("codecarbon.pue", 1, "a column pue and an option pue")] if options.get("pue") is not None else []
        return both + [Remark("codecarbon.pue", r.line.first, str(r.pue or "blank")) for r in rows if r.pue is None or r.pue < 1]
    if options.get("kind") == "task" and options.get("pue") is None:
        return [Remark("codecarbon.pue", 1, "a task file, whose energies contain a PUE that it doesn't show")]
    return []


def _broken(remarks: Iterable[Remark]) -> bool:
    return any(RULES[r.rule].severity == "error" for r in remarks)


def _row_remarks(p: Placed, has_pue: bool, options: Mapping[str, object]) -> list[Remark]:
    row, line = p.row, p.row.line.first
    known = [e for e in row.energy_kwh.values() if e is not None]
    total = row.sum_kwh
    unsound = total is not None and len(known) == len(PARTS) and not math.isclose(sum(known), total, rel_tol=1e-3, abs_tol=1e-12)
    other = [unit for unit, factor in OTHER_UNITS.items() if math.isclose(p.sampled, factor, rel_tol=0.1)]
    gaps = [f"no {part} energy" for part in PARTS if has_part(row, part) and not row.energy_kwh[part]]
    unknown = cpu_method(p)[1] == "cpu_method_unknown"
    cases = [
        ("codecarbon.sum", unsound, f"{sum(known):.6g} and {total} kWh"),
        ("codecarbon.units", bool(other), "energies that look like " + "".join(other[:1])),
        ("codecarbon.gap", bool(gaps), ", ".join(gaps)),
        ("codecarbon.no_run_id", not row.run, "no run_id"),
        ("codecarbon.duration_short", p.sampled > TASK_RUN and not other, f"{p.sampled:.3g} times the span"),
        ("codecarbon.default_location", row.defaulted_location, "46.8, -71.2 (Quebec)"),
        ("codecarbon.cpu_method", unknown and not options.get("cpu_method"), "counter or load model"),
        ("codecarbon.pue_unknown", not has_pue and bool(row.version) and options.get("pue") is None, "no PUE"),
    ]
    remarks = [Remark(rule, line, got) for rule, true, got in cases if true]
    for part in PARTS:
        span = row.duration_s * (p.sampled if p.sampled > TASK_RUN else 1.0)
        mean = (row.energy_kwh[part] or 0.0) / p.pue * J_PER_KWH / span
        if row.duration_s >= 1 and mean > PLAUSIBLE_W[part] * (max(1.0, row.gpu_count) if part == "gpu" else 1.0):
            remarks.append(Remark("codecarbon.implausible_power", line, f"{part} {mean:.3g} W"))
    return remarks


def _readings(p: Placed, source: Source, asset: str, declared_cpu: str) -> list[Reading]:
    row = p.row
    start = p.end - timedelta(seconds=row.duration_s)
    coverage = min(p.sampled, 1.0) if p.sampled <= TASK_RUN else math.nan
    methods = {
        "gpu": ("gauge_integrated" if row.gpu_model.startswith("Apple") else "counter", ""),
        "cpu": (declared_cpu, "") if declared_cpu else cpu_method(p),
        "ram": ("estimated", "ram_model"),
    }
    label = f"{row.project}/{row.task}" if row.task else row.project

    def reading(meter: str, quantity: str, method: str, value: float | None, *extra: str) -> Reading:
        known = bool(value)
        return Reading(
            asset=asset,
            run=row.run,
            meter=meter,
            method=method,
            quantity=quantity,
            start=start.floor("us"),
            end=p.end,
            value=value / p.pue if value else math.nan,
            unit=record.UNITS[quantity],
            coverage=coverage if known else 0.0,
            quality=record.flags(*p.flags, *extra, record.coverage_flag(coverage) if known else "gap"),
            pue_in_source=p.pue,
            source=source.rows(row.line.first, row.line.last),
            label=label,
        )

    result = [
        reading(METER[part], "energy", methods[part][0], row.energy_kwh[part], methods[part][1], *_scope(row, part))
        for part in PARTS
        if has_part(row, part)
    ]
    return result + ([reading("facility", "water", "estimated", row.water_l, "wue_model")] if row.water_l else [])


def _scope(row: Row, part: str) -> tuple[str, ...]:
    """A whole GPU is charged even to one process; CPU and memory are that process's share."""
    return ("process_scope",) if row.mode == "process" and part != "gpu" else ()


def _coverage_findings(source: Source, placed: Iterable[Placed], least: float) -> list[Finding]:
    rows = list(placed)
    refused = [Remark("readings.coverage", p.row.line.first, f"{p.sampled:.4f}") for p in rows if p.sampled < least]
    low = [Remark("readings.low_coverage", p.row.line.first, f"{p.sampled:.4f}") for p in rows if least <= p.sampled < 0.98]
    fix = "measure again, or declare options min_coverage and say why"
    rules = {
        "readings.coverage": Rule("error", f"a coverage of {least:g} or more", fix),
        "readings.low_coverage": Rule("warning", "a coverage of 0.98 or more", "energy was lost to gaps of the sampling"),
    }
    return gather(source, refused + low, rules)
