"""A raw export: its text, its hash, its lines, and the words for the faults that any text file can have."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from lca.errors import Finding, LcaError, Severity
from lca.tables import listing, read_text


@dataclass(frozen=True)
class Line:
    """One record: its cells, stripped, and the lines of the file that it takes (a quoted cell may span several)."""

    first: int
    last: int
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Source:
    """One raw file, read whole."""

    name: str
    digest: str
    text: str

    @property
    def whole(self) -> bool:
        """Whether the last line is ended; a log that was cut off isn't."""
        return self.text.endswith(("\n", "\r"))

    def rows(self, first: int, last: int) -> str:
        """Where a reading comes from: file, hash and lines, as a text editor counts them."""
        return f"{self.name}@sha256:{self.digest[:12]}#rows {first}-{last}"

    def lines(self) -> list[Line]:
        """The records of a comma-separated file, blank lines left out; raises `LcaError` if there are none."""
        reader = csv.reader(io.StringIO(self.text, newline=""), skipinitialspace=True)
        before, lines = 0, []
        try:
            for cells in reader:
                if any(cell.strip() for cell in cells):
                    lines.append(Line(before + 1, reader.line_num, tuple(cell.strip() for cell in cells)))
                before = reader.line_num
        except csv.Error as error:
            fix = "look for a quotation mark that isn't closed"
            raise LcaError(self.finding("table.csv", "error", [before + 1], str(error), "comma-separated text", fix)) from None
        if not lines:
            raise LcaError(self.finding("table.empty", "error", [], "only empty cells", "a header and rows", "export it again"))
        return lines

    def finding(self, rule: str, severity: Severity, lines: Iterable[int], got: str, expected: str, fix: str) -> Finding:
        """A finding about lines of this file; about the whole file if none are given."""
        numbers = list(lines)
        where = ("line " if len(numbers) == 1 else "lines ") + listing(numbers) if numbers else ""
        return Finding(rule, severity, self.name, where, got, expected, fix)


@dataclass(frozen=True)
class Rule:
    """A rule about lines of a file: how severe, what is expected, how to mend it."""

    severity: Severity
    expected: str
    fix: str


@dataclass(frozen=True)
class Remark:
    """One line that breaks a rule, and what it shows."""

    rule: str
    line: int
    got: str


def gather(source: Source, remarks: Iterable[Remark], rules: Mapping[str, Rule]) -> list[Finding]:
    """One finding for each rule that is broken, naming all its lines: a thousand like faults are one message."""
    by_rule: dict[str, list[Remark]] = {}
    for remark in sorted(remarks, key=lambda r: r.line):
        by_rule.setdefault(remark.rule, []).append(remark)
    return [
        source.finding(
            name,
            rule.severity,
            [r.line for r in broken],
            listing(dict.fromkeys(r.got for r in broken), 4),
            rule.expected,
            rule.fix,
        )
        for name, rule in rules.items()
        if (broken := by_rule.get(name))
    ]


def open_source(path: Path) -> Source:
    """Read a file; raises `LcaError` if it is missing, empty, binary or not UTF-8."""
    text, findings = read_text(path)
    if text is None:
        raise LcaError(findings)
    if "\0" in text:
        got, expected = "a zero byte: a binary or UTF-16 file", "UTF-8 text"
        raise LcaError(Finding("table.encoding", "error", path.name, "", got, expected, "save the file as UTF-8"))
    return Source(re.sub(r"[#\r\n]", "_", path.name), hashlib.sha256(path.read_bytes()).hexdigest(), text)


def check_options(name: str, reader: str, options: Mapping[str, object], known: Mapping[str, str]) -> list[Finding]:
    """A finding for each option that the reader doesn't know; an option that did nothing would be a lie."""
    return [
        Finding(
            "readings.option",
            "error",
            name,
            f"options.{option}",
            f"an option that {reader} doesn't know",
            "one of " + ", ".join(f"{k} ({v})" for k, v in known.items()),
            "remove or rename it",
        )
        for option in options
        if option not in known
    ]


def number_option(name: str, options: Mapping[str, object], option: str, low: float, high: float) -> tuple[float | None, list[Finding]]:
    """An option that must be a number in [low, high]; None if it isn't given."""
    value = options.get(option)
    if value is None:
        return None, []
    if isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high:
        return float(value), []
    expected = f"a number from {low:g} to {high:g}"
    return None, [Finding("readings.option", "error", name, f"options.{option}", repr(value), expected, "mend the option")]


def choice_option(name: str, options: Mapping[str, object], option: str, choices: tuple[str, ...]) -> tuple[str, list[Finding]]:
    """An option that must be one of `choices`; '' if it isn't given."""
    value = options.get(option, "")
    if value == "" or value in choices:
        return str(value), []
    return "", [
        Finding(
            "readings.option",
            "error",
            name,
            f"options.{option}",
            repr(value),
            "one of " + ", ".join(choices),
            "mend the option",
        )
    ]
