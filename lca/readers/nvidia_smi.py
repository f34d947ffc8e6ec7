"""Logs of `nvidia-smi --query-gpu=… --format=csv[,noheader][,nounits]` as readings: one for each device and UTC hour.

Power is integrated by trapezoids (`lca.series`). `timestamp` is the host's local clock. Power columns are
alternatives, never summed: `power.draw` is a one-second mean on Ampere and later and instantaneous before,
`power.draw.average` and `power.draw.instant` say which. Limits (`power.limit` and the like) are caps, not power, and
`module.power.draw` is another boundary. On A100 and H100 the sensor sees about a quarter of the time (arXiv
2312.02741): short runs need repeats. The unit stands in the header even where cells have none.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from lca.errors import Finding, LcaError, raise_errors
from lca.readers import clock, markers, record
from lca.readers import nvidia_smi_rows as rows
from lca.readers.record import Reading, ReadResult
from lca.readers.source import Remark, Rule, Source, check_options, gather, number_option, open_source
from lca.series import Integration, energy_between, hours, integrate_power, negatives, stuck
from lca.tables import listing

OPTIONS = {
    "power_column": "power.draw, power.draw.average or power.draw.instant; power.draw",
    "columns": "the queried names in order, for a log written with noheader",
    "max_gap_s": "seconds: longer steps are gaps; three median steps, at least 1",
    "devices": "1: the log is of one GPU although it names none",
    "markers": "a file of epoch microseconds beside the log: only the time between the first and the last counts",
    "min_coverage": "0 to 1: the coverage below which readings are refused; 0.9",
}
LEAST_GAP_S = 1.0  # the sensor itself averages over a second: jitter of a faster polling is no gap
STUCK_S = 300.0  # an idle board's reading still moves by hundredths of a watt within minutes
BURST = 5.0  # steps of one polled device spread less than this (90th over 10th percentile); bursts of several spread more

RULES = {
    "nvidia_smi.cells": Rule("error", "as many cells as the header", "remove the broken lines or export again"),
    "nvidia_smi.timestamp": Rule("error", "a stamp such as 2024/05/31 10:39:13.250", "query timestamp; a spreadsheet rewrites dates"),
    "nvidia_smi.power": Rule("error", "watts with a decimal point", "mend the cells"),
    "nvidia_smi.nonexistent_hour": Rule("error", "a time that the local clock showed", "check the declared timezone"),
    "nvidia_smi.ambiguous_hour": Rule("warning", "an hour that the clock shows once", "the first showing is taken"),
    "nvidia_smi.truncated": Rule("warning", "a whole line", "the log was cut off; its last line is left out"),
    "nvidia_smi.header_again": Rule("note", "one header", "logs were joined; the line is left out"),
}


def recognise(lines: Sequence[str]) -> tuple[bool, str]:
    """Whether these first lines are a query log, with or without header, and why.

    >>> recognise(["timestamp, index, power.draw [W]", "2024/05/31 10:39:13.250, 0, 61.20 W"])
    (True, 'a query header with timestamp and power.draw')
    """
    cells = [rows.column_name(cell) for cell in lines[0].split(",")] if lines else []
    if "timestamp" in cells and any(rows.POWER.match(cell) for cell in cells):
        return True, "a query header with timestamp and " + next(c for c in cells if rows.POWER.match(c))
    if len(cells) > 1 and any(rows.STAMP.fullmatch(cell.strip()) for cell in lines[0].split(",")):
        return True, "stamps as nvidia-smi writes them, without a header"
    if lines and lines[0].startswith("# gpu"):
        return False, "nvidia-smi dmon, which has no time stamps: log with --query-gpu=timestamp,uuid,power.draw"
    if any("nvidia_smi_log" in line for line in lines):
        return False, "nvidia-smi XML: log with --query-gpu=timestamp,uuid,power.draw --format=csv"
    return False, "no header with timestamp and power.draw"


def read(path: Path, *, asset: str, timezone: str | None = None, options: Mapping[str, object] | None = None) -> ReadResult:
    """Read a query log as GPU board readings of `asset`, whose devices are in the column `device` (see `OPTIONS`).

    Raises `LcaError` with all findings that leave no trustworthy table. Returned findings of severity error
    (coverage) are for the report to refuse.
    """
    options = options or {}
    source = open_source(path)
    findings = check_options(source.name, "nvidia_smi", options, OPTIONS)
    max_gap_s, gap_findings = number_option(source.name, options, "max_gap_s", 1e-6, 86400)
    least, coverage_findings = number_option(source.name, options, "min_coverage", 0, 1)
    place, zone_findings = clock.zone(timezone, source.name)
    lines = source.lines()
    names, column, header_findings = rows.header(source, lines, options)
    raise_errors(findings + gap_findings + coverage_findings + zone_findings + header_findings)
    if place is None:
        raise LcaError(zone_findings)
    log, remarks = rows.parse(source, lines if options.get("columns") else lines[1:], names, column)
    stamps, ambiguous, nonexistent = clock.to_utc(log.samples["stamp"], place)
    for rule, mask in {"nvidia_smi.ambiguous_hour": ambiguous, "nvidia_smi.nonexistent_hour": nonexistent}.items():
        shown = log.samples[mask]
        remarks += [Remark(rule, int(n), f"{t:%Y/%m/%d %H}h") for n, t in zip(shown["line"], shown["stamp"], strict=True)]
    findings = raise_errors(gather(source, remarks, RULES))
    if log.samples.empty:
        got = "a header and no samples"
        raise LcaError(source.finding("nvidia_smi.empty", "error", [], got, "samples", "log with -l or -lms"))
    samples = log.samples.assign(stamp=stamps, ambiguous=ambiguous)
    first, last = samples["stamp"].min(), samples["stamp"].max()
    window, marker_findings = markers.window(path, source, first, last, options.get("markers"))
    raise_errors(_device_findings(source, samples, log, options) + marker_findings)
    truncated = any(r.rule == "nvidia_smi.truncated" for r in remarks)
    readings: list[Reading] = []
    for device, part in samples.groupby("device", sort=True):
        integration = _integrate(part, max_gap_s)
        findings += _sample_findings(source, str(device), part, integration, log.caps)
        readings += _readings(source, asset, str(device), part, integration, window, truncated)
    raise_errors(findings)
    refused = _coverage_findings(source, readings, 0.9 if least is None else least)
    return ReadResult(record.frame(readings), findings + refused)


def _device_findings(source: Source, samples: pd.DataFrame, log: rows.Log, options: Mapping[str, object]) -> list[Finding]:
    """Whether rows can be told apart by device; without a column for it, only a log of surely one GPU is read."""
    fix = "log with uuid (or index, pci.bus_id); if it was one GPU, declare options devices: 1"
    one = options.get("devices")
    if one not in (None, 1):
        return [source.finding("readings.option", "error", [], f"options.devices {one!r}", "1", fix)]
    if log.named and one == 1 and samples["device"].nunique() > 1:
        got = f"{samples['device'].nunique()} devices in the log, and options devices: 1"
        return [source.finding("nvidia_smi.devices", "error", [], got, "one device, as declared", "remove the option devices")]
    if log.named or one == 1 or len(samples) < 3:
        return []
    steps = samples["stamp"].diff().dt.total_seconds().to_numpy()[1:]
    low, high = np.percentile(steps, [10, 90])
    if low > 0 and high / low < BURST:
        return []
    got = "rows in bursts and no column that names the device: several GPUs in one log"
    return [source.finding("nvidia_smi.devices", "error", [], got, "a column uuid, pci.bus_id or index", fix)]


def _integrate(part: pd.DataFrame, max_gap_s: float | None) -> Integration:
    """Integrate one device's samples; times are epoch seconds of the hour in which they start, so that hours cut
    evenly."""
    times = (part["stamp"] - part["stamp"].min().floor("h")).dt.total_seconds().to_numpy()
    power = part["power"].to_numpy()
    power = np.where(power < 0, np.nan, power)
    integration = integrate_power(times, power, max_gap_s)
    if max_gap_s is None and integration.max_gap_s < LEAST_GAP_S:
        return integrate_power(times, power, LEAST_GAP_S)
    return integration


def _still(integration: Integration) -> list[tuple[float, float]]:
    """Stretches without any change; a gap ends a stretch."""
    return [stretch for s in integration.segments for stretch in stuck(s.times_s, s.power_w, STUCK_S)]


def _sample_findings(source: Source, device: str, part: pd.DataFrame, integration: Integration, caps: Sequence[str]) -> list[Finding]:
    """What a device's samples show: no energy at all, a cap instead of a power, gaps, repeats, jumps, stuck values."""
    which = f" of device {device}" if device else ""
    power = part["power"].dropna()
    if math.isnan(integration.energy_kwh):
        got = f"{len(part)} samples{which}, no two that can be joined"
        return [
            source.finding(
                "nvidia_smi.no_energy",
                "error",
                [],
                got,
                "two or more samples with power",
                "log for longer with -l or -lms",
            )
        ]
    cap = next((c for c in caps if len(power) > 2 and power.nunique() == 1 and (part[c] == part["power"]).all()), None)
    if cap:
        got = f"a constant power{which} equal to {cap}"
        return [source.finding("nvidia_smi.cap", "error", [], got, "a measured power", "a cap is not a power: log another column")]
    lost = math.fsum(b - a for a, b in integration.gaps)
    still = _still(integration)
    counts = {
        "nvidia_smi.gaps": (
            len(integration.gaps),
            f"gaps{which}, {lost:.3f} s in all",
            "no step above " + f"{integration.max_gap_s:.3g} s",
        ),
        "nvidia_smi.missing": (integration.missing, f"samples{which} without power", "a power in each sample"),
        "nvidia_smi.duplicates": (integration.duplicates, f"repeated samples{which}, left out", "each sample once"),
        "nvidia_smi.conflicts": (
            integration.conflicts,
            f"times{which} with two powers, neither used",
            "one power at a time",
        ),
        "nvidia_smi.clock_jump": (
            len(integration.clock_jumps),
            f"times{which} at which the clock ran backwards",
            "a rising clock",
        ),
        "nvidia_smi.negative": (
            negatives(part["power"].to_numpy()),
            f"powers{which} below 0 W, taken as missing",
            "0 W or more",
        ),
        "nvidia_smi.stuck": (
            len(still),
            f"stretches{which} of {STUCK_S:g} s and more without any change",
            "a power that moves",
        ),
    }
    return [
        source.finding(rule, "warning", [], f"{n} {got}", expected, "see the coverage") for rule, (n, got, expected) in counts.items() if n
    ]


def _readings(
    source: Source,
    asset: str,
    device: str,
    part: pd.DataFrame,
    whole: Integration,
    window: tuple[float, float] | None,
    truncated: bool,
) -> list[Reading]:
    """One reading for each UTC hour, inside the work window if there is one; an hour without any sample is a gap."""
    base = part["stamp"].min().floor("h")
    times = (part["stamp"] - base).dt.total_seconds().to_numpy()
    lines = part["line"].to_numpy()
    low, high = float(times.min()), float(times.max())
    if window:
        low, high = max(low, window[0] - base.timestamp()), min(high, window[1] - base.timestamp())
    marks = {
        "ambiguous_hour": bool(part["ambiguous"].any()),
        "truncated": truncated,
        "clipped": window is not None,
        "duplicates": whole.duplicates > 0,
        "conflicts": whole.conflicts > 0,
        "negative": negatives(part["power"].to_numpy()) > 0,
    }
    still = _still(whole)
    result = []
    for start, end in hours(low, high):
        energy, measured = energy_between(whole.segments, start, end)
        coverage = min(1.0, measured / (end - start))
        inside = lines[(times >= start) & (times <= end)]
        near = inside if len(inside) else lines[[max(0, int(np.searchsorted(times, start)) - 1)]]
        here = {
            "gap": math.isnan(energy),
            "clock_jump": any(start <= t <= end for t in whole.clock_jumps),
            "stuck": any(a < end and b > start for a, b in still),
        }
        names = [name for name, true in {**marks, **here}.items() if true]
        result.append(
            Reading(
                asset=asset,
                run="",
                meter="gpu_board",
                method="gauge_integrated",
                quantity="energy",
                start=(base + pd.Timedelta(start, "s")).round("us"),
                end=(base + pd.Timedelta(end, "s")).round("us"),
                value=energy,
                unit="kWh",
                coverage=coverage,
                quality=record.flags(*names, "" if math.isnan(energy) else record.coverage_flag(coverage)),
                pue_in_source=1.0,
                source=source.rows(int(near.min()), int(near.max())),
                device=device,
            )
        )
    return result


def _coverage_findings(source: Source, readings: Sequence[Reading], least: float) -> list[Finding]:
    low = [r for r in readings if r.coverage < least]
    if not low:
        return []
    got = listing((f"{r.coverage:.4f} in the hour of {r.start:%Y-%m-%dT%HZ} {r.device}".strip() for r in low), 4)
    fix = "measure again, or declare options min_coverage and say why"
    return [source.finding("readings.coverage", "error", [], got, f"a coverage of {least:g} or more", fix)]
