"""The cells of a CodeCarbon file as typed rows: header versions, numbers, stamps; nothing is interpreted yet."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from lca.errors import Finding
from lca.readers.source import Line, Remark, Source
from lca.tables import listing

PARTS = ("gpu", "cpu", "ram")
_ENERGIES = tuple(f"{part}_energy" for part in PARTS)
_POWERS = tuple(f"{part}_power" for part in PARTS)
_NUMBERS = (
    "duration",
    *_ENERGIES,
    *_POWERS,
    "energy_consumed",
    "water_consumed",
    "wue",
    "pue",
    "latitude",
    "longitude",
    "gpu_count",
)
REQUIRED = ("timestamp", "project_name", "run_id", "duration", *_POWERS, *_ENERGIES, "energy_consumed")
_MISSING = {"", "nan", "none", "n/a"}


@dataclass(frozen=True)
class Row:
    """One row as written: duration [s], energies [kWh] and powers [W] of the parts, water [L]; None where the cell is
    blank."""

    line: Line
    stamp: datetime
    task: str
    project: str
    run: str
    duration_s: float
    energy_kwh: dict[str, float | None]
    power_w: dict[str, float | None]
    sum_kwh: float | None
    water_l: float | None
    wue: float | None
    pue: float | None
    version: tuple[int, ...]
    gpu_model: str
    gpu_count: float
    mode: str
    defaulted_location: bool


def kind(header: Sequence[str]) -> str:
    """What a header promises: main, task, 1.x, dashboard, or '' for another tool's file.

    >>> kind(["timestamp", "project_name", "duration", "emissions", "energy_consumed", "country_name"])
    '1.x'
    """
    names = set(header)
    if "emissions_sum" in names and "run_id" in names:
        return "dashboard"
    if set(REQUIRED) <= names:
        return "task" if header[0] == "task_name" else "main"
    return "1.x" if {"timestamp", "project_name", "emissions", "energy_consumed"} <= names and "run_id" not in names else ""


def header_findings(source: Source, header: Sequence[str], wanted: str) -> list[Finding]:
    """Why a file with this header isn't read as the declared kind (main or task); nothing if it is."""
    found = kind(header)
    if found == wanted:
        twice = sorted({c for c in header if list(header).count(c) > 1})
        return [_header_fault(source, "columns twice: " + ", ".join(twice), "mend the header")] if twice else []
    if not found:
        if any(";" in cell for cell in header):
            return [_header_fault(source, "semicolons between cells", "save with commas and decimal points")]
        lacking = listing(c for c in REQUIRED if c not in header)
        return [_header_fault(source, f"no column {lacking}", "check the path and the reader")]
    return [_header_fault(source, *REFUSED[found])]


REFUSED = {
    "task": (
        "a task file, whose energies are also in the main file emissions.csv",
        "declare the main file; or this one alone, with options kind: task and pue: the PUE set in the tool",
    ),
    "main": ("a main file, declared as a task file", "remove the option kind: task"),
    "1.x": ("a header of 1.x: one energy for all parts, no run_id", "measure again with CodeCarbon 2 or later"),
    "dashboard": ("an export of the dashboard, whose rows are increments", "declare the tracker's emissions.csv"),
}


def _header_fault(source: Source, got: str, fix: str) -> Finding:
    return source.finding("codecarbon.header", "error", [1], got, "emissions.csv of CodeCarbon 2.0.0 or later", fix)


def read_rows(source: Source, lines: Sequence[Line]) -> tuple[list[Row], list[Remark]]:
    """The rows below the header `lines[0]`, and what is wrong with the others."""
    header = lines[0].cells
    rows: list[Row] = []
    remarks: list[Remark] = []
    for line in lines[1:]:
        if line.cells == header:
            remarks.append(Remark("codecarbon.header_again", line.first, "the header"))
        elif len(line.cells) != len(header):
            cut_off = line is lines[-1] and not source.whole and len(line.cells) < len(header)
            rule = "codecarbon.truncated" if cut_off else "codecarbon.cells"
            remarks.append(Remark(rule, line.first, f"{len(line.cells)} of {len(header)} cells"))
        else:
            row, faults = _row(line, dict(zip(header, line.cells, strict=True)))
            remarks += faults
            rows += [row] if row else []
    return rows, remarks


def _row(line: Line, cells: dict[str, str]) -> tuple[Row | None, list[Remark]]:
    remarks: list[Remark] = []
    numbers: dict[str, float | None] = {}
    for column in _NUMBERS:
        numbers[column], fault = _number(cells.get(column, ""))
        negative = column not in ("latitude", "longitude") and (numbers[column] or 0.0) < 0
        if fault or negative:
            remarks.append(Remark(fault or "codecarbon.negative", line.first, f"{column} {cells[column]!r}"))
    stamp = _stamp(cells["timestamp"])
    if stamp is None:
        remarks.append(Remark("codecarbon.timestamp", line.first, repr(cells["timestamp"])))
    duration = numbers["duration"]
    if not duration and not any(r.got.startswith("duration") for r in remarks):
        remarks.append(Remark("codecarbon.duration", line.first, repr(cells["duration"])))
    if remarks or stamp is None or duration is None:
        return None, remarks
    row = Row(
        line=line,
        stamp=stamp,
        task=cells.get("task_name", ""),
        project=cells["project_name"],
        run=cells["run_id"] if cells["run_id"].lower() not in _MISSING else "",
        duration_s=duration,
        energy_kwh={part: numbers[f"{part}_energy"] for part in PARTS},
        power_w={part: numbers[f"{part}_power"] for part in PARTS},
        sum_kwh=numbers["energy_consumed"],
        water_l=numbers["water_consumed"],
        wue=numbers["wue"],
        pue=numbers["pue"],
        version=tuple(int(n) for n in re.findall(r"\d+", cells.get("codecarbon_version", ""))[:3]),
        gpu_model=cells.get("gpu_model", ""),
        gpu_count=numbers["gpu_count"] or 0.0,
        mode=cells.get("tracking_mode", ""),
        defaulted_location=(numbers["latitude"], numbers["longitude"]) == (46.8, -71.2),
    )
    return row, []


def _number(cell: str) -> tuple[float | None, str]:
    """The number of a cell, None if it is blank; and the rule that it breaks, if any."""
    if cell.lower() in _MISSING:
        return None, ""
    try:
        value = float(cell)
    except ValueError:
        comma = re.fullmatch(r"[-+]?[\d.]*,\d+([eE][-+]?\d+)?", cell)
        return None, "codecarbon.decimal_comma" if comma else "codecarbon.number"
    return (value, "") if math.isfinite(value) else (None, "codecarbon.number")


def _stamp(cell: str) -> datetime | None:
    try:
        return datetime.fromisoformat(cell)
    except ValueError:
        return None
