"""The cells of an nvidia-smi query log as typed samples: header, stamps, watts; nothing is interpreted yet."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from lca.errors import Finding
from lca.readers.source import Line, Remark, Source

DRAWS = ("power.draw", "power.draw.average", "power.draw.instant")
IDS = ("uuid", "gpu_uuid", "pci.bus_id", "gpu_bus_id", "index")
MISSING = re.compile(r"\[.*\]|N/A|ERR!|")
POWER = re.compile(r"(module\.|enforced\.)?power\.")
STAMP = re.compile(r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d(\.\d+)?")


@dataclass(frozen=True)
class Log:
    """The cells that matter, one row a sample: local stamp, device, power [W] (NaN if missing), caps, line of the
    file."""

    samples: pd.DataFrame
    named: bool
    caps: tuple[str, ...]


def column_name(cell: str) -> str:
    """The name of a header cell without its unit.

    >>> column_name(" power.draw [W]")
    'power.draw'
    """
    return re.sub(r"\s*\[.*\]$", "", cell.strip())


def header(source: Source, lines: Sequence[Line], options: Mapping[str, object]) -> tuple[list[str], str, list[Finding]]:
    """The names of the columns, and which of them is the power."""
    declared = options.get("columns")
    declared = declared.split(",") if isinstance(declared, str) else declared
    if declared is not None and not (isinstance(declared, list | tuple) and all(isinstance(c, str) for c in declared)):
        fault = source.finding("readings.option", "error", [], f"options.columns {declared!r}", "a list of names", "mend the option")
        return [], "", [fault]
    raw = [str(c) for c in declared] if isinstance(declared, list | tuple) else list(lines[0].cells)
    names = [column_name(cell) for cell in raw]
    fix = "query timestamp,uuid,power.draw; for a log written with noheader declare options columns"
    if "timestamp" not in names:
        return (
            [],
            "",
            [source.finding("nvidia_smi.header", "error", [1], "no column timestamp", "a header with timestamp", fix)],
        )
    draws = [name for name in DRAWS if name in names]
    wanted = options.get("power_column") or ("power.draw" if "power.draw" in draws or len(draws) != 1 else draws[0])
    if wanted not in draws:
        got = f"power column {wanted}" + ("" if wanted in names else ", which the log lacks")
        expected = "one of " + ", ".join(draws) if draws else "a column power.draw, not a limit or a module's power"
        return [], "", [source.finding("nvidia_smi.power_column", "error", [1], got, expected, fix)]
    unit = re.search(r"\[(.*)\]$", raw[names.index(str(wanted))])
    if unit and unit[1] != "W":
        return (
            [],
            "",
            [source.finding("nvidia_smi.unit", "error", [1], unit[1], "[W]", "log with nvidia-smi's own header")],
        )
    return names, str(wanted), []


def parse(source: Source, lines: Sequence[Line], names: list[str], column: str) -> tuple[Log, list[Remark]]:
    """The samples of a log and what is wrong with its other lines; `column` is the power.

    The device is the first column of `IDS` that names one in every line.
    """
    remarks: list[Remark] = []
    good: list[Line] = []
    last = lines[-1] if lines else None
    for line in lines:
        if [column_name(c) for c in line.cells] == names:
            remarks.append(Remark("nvidia_smi.header_again", line.first, "the header"))
        elif line is last and not source.whole and _cut_off(line, good[-1] if good else None, len(names)):
            remarks.append(Remark("nvidia_smi.truncated", line.first, repr(line.cells[-1])))
        elif len(line.cells) != len(names):
            remarks.append(Remark("nvidia_smi.cells", line.first, f"{len(line.cells)} of {len(names)} cells"))
        else:
            good.append(line)
    at_stamp, at_power = names.index("timestamp"), names.index(column)
    ids = [names.index(name) for name in IDS if name in names]
    at_id = next((i for i in ids if not any(MISSING.fullmatch(x.cells[i]) for x in good)), None)
    caps = tuple(name for name in names if name.endswith("limit") and name.startswith(("power.", "enforced.power.")))
    cells = pd.Series([x.cells[at_stamp] for x in good], dtype="str")
    stamps = pd.to_datetime(cells, format="%Y/%m/%d %H:%M:%S.%f", errors="coerce")
    stamps = stamps.fillna(pd.to_datetime(cells, format="%Y/%m/%d %H:%M:%S", errors="coerce"))
    samples = pd.DataFrame({"stamp": stamps.astype("datetime64[us]"), "line": [x.first for x in good]})
    samples["device"] = [x.cells[at_id] for x in good] if at_id is not None else ""
    samples["power"], bad = _watts([x.cells[at_power] for x in good])
    for cap in caps:
        samples[cap], _ = _watts([x.cells[names.index(cap)] for x in good])
    undated = [x for x, na in zip(good, stamps.isna(), strict=True) if na]
    remarks += [Remark("nvidia_smi.timestamp", x.first, repr(x.cells[at_stamp])) for x in undated]
    remarks += [Remark("nvidia_smi.power", good[i].first, repr(good[i].cells[at_power])) for i in bad]
    return Log(samples, at_id is not None, caps), remarks


def _watts(cells: Sequence[str]) -> tuple[list[float], list[int]]:
    """Powers [W], NaN where the tool has none, and which cells are neither a power nor one of its words for none."""
    numbers: list[float] = []
    bad: list[int] = []
    for i, cell in enumerate(cells):
        try:
            value = float(cell.removesuffix("W").rstrip())
        except ValueError:
            value = math.nan
            if not MISSING.fullmatch(cell):
                bad.append(i)
        numbers.append(value if math.isfinite(value) else math.nan)
    return numbers, bad


def _cut_off(line: Line, before: Line | None, width: int) -> bool:
    """Whether an unended last line lacks something that the line before has: cells, a unit, decimals."""
    if len(line.cells) != width or before is None:
        return len(line.cells) < width

    def shape(cell: str) -> tuple[bool, int, str]:
        number = re.fullmatch(r"-?\d+(\.\d+)?(\D*)", cell)
        return (True, len(number[1] or ""), number[2].strip()) if number else (False, 0, cell[-1:] if cell.endswith("]") else "")

    return shape(line.cells[-1]) != shape(before.cells[-1])
