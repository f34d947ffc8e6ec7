"""Read tidy CSV files and check them against a data dictionary; write tables so that equal tables are equal bytes.

The dictionary is a table itself (`inventories/columns.csv`): table, column, type, required, allowed, description. Every row
keeps where it came from in the columns `file` and `line`, so that a later fault can name the place.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from lca.errors import Finding


def read_text(path: Path) -> tuple[str | None, list[Finding]]:
    """The text of a UTF-8 file, or the finding that says why there is none."""
    name = path.name
    if not path.is_file():
        return None, [Finding("table.missing", "error", str(path), "", "no such file", "a file", "check the path")]
    raw = path.read_bytes()
    if not raw.strip():
        return None, [Finding("table.empty", "error", name, "", "an empty file", "a header and rows", "export it again")]
    try:
        return raw.decode("utf-8-sig"), []
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        got = f"byte 0x{raw[error.start]:02x} that is not UTF-8"
        return None, [Finding("table.encoding", "error", name, f"line {line}", got, "UTF-8 text", "save the file as UTF-8")]


def read_table(path: Path, table: str, dictionary: pd.DataFrame) -> tuple[pd.DataFrame, list[Finding]]:
    """Read one CSV as `table` of the dictionary: typed columns, plus `file` and `line`; all faults at once."""
    columns = dictionary[dictionary["table"] == table]
    names = list(columns["column"])
    empty = pd.DataFrame(columns=[*names, "file", "line"])
    text, findings = read_text(path)
    if text is None:
        return empty, findings
    place = f"{path.parent.name}/{path.name}"
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header, *lines = [(cells, reader.line_num) for cells in reader]
    except csv.Error as error:
        where, fix = f"line {reader.line_num}", "close every quoted cell, write a quote inside one twice"
        return empty, [Finding("table.quotes", "error", place, where, str(error), "cells in matching quotes", fix)]
    return _rows(header[0], lines, place, columns, empty)


def _rows(
    header: list[str], lines: list[tuple[list[str], int]], place: str, columns: pd.DataFrame, empty: pd.DataFrame
) -> tuple[pd.DataFrame, list[Finding]]:
    names = list(columns["column"])
    findings: list[Finding] = []
    if header != names:
        extra, lacking = [c for c in header if c not in names], [c for c in names if c not in header]
        got = "unknown columns " + ", ".join(extra) if extra else "no column " + ", ".join(lacking) if lacking else "another order"
        return empty, [Finding("table.columns", "error", place, "line 1", got, ", ".join(names), "mend the header")]
    specs = [(str(c.column), str(c.type), c.required == "yes", str(c.allowed)) for c in columns.itertuples()]
    rows = []
    for cells, line in lines:
        if not cells:
            continue
        if len(cells) != len(names):
            got, expected = f"{len(cells)} cells", f"{len(names)} cells"
            findings.append(Finding("table.cells", "error", place, f"line {line}", got, expected, "quote cells with commas"))
            continue
        row: dict[str, object] = {"file": place, "line": line}
        for (column, kind, required, allowed), cell in zip(specs, cells, strict=True):
            value, fault = _cell(cell.strip(), kind, required, allowed)
            row[column] = value
            if fault:
                where = f"line {line}, {column}"
                findings.append(Finding("table.cell", "error", place, where, repr(cell), fault, "mend the cell"))
        rows.append(row)
    return (pd.DataFrame(rows, columns=[*names, "file", "line"]) if rows else empty), findings


def _cell(cell: str, kind: str, required: bool, allowed: str) -> tuple[object, str]:
    if cell == "":
        return (None if kind != "text" else ""), ("a value" if required else "")
    if kind == "text":
        choices = allowed.split("|") if allowed and allowed != "nan" else []
        return cell, ("" if not choices or cell in choices else "one of " + ", ".join(choices))
    try:
        number = float(cell)
    except ValueError:
        return None, "a number with a decimal point"
    if number != number or number in (float("inf"), float("-inf")):
        return None, "a finite number"
    if kind == "integer" and number != int(number):
        return None, "a whole number"
    return (int(number) if kind == "integer" else number), ""


def read_dictionary(path: Path) -> pd.DataFrame:
    """The data dictionary itself, all columns text."""
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def write_csv(frame: pd.DataFrame, path: Path) -> None:
    """Write with shortest round-trip numbers and Unix line ends, so that equal tables give equal files."""
    frame.to_csv(path, index=False, lineterminator="\n", encoding="utf-8")


def listing(values: Iterable[object], limit: int = 8) -> str:
    """`a, b, c and 4 more`, for messages.

    >>> listing("abcd", limit=2)
    'a, b and 2 more'
    """
    items = [str(v) for v in values]
    more = len(items) - limit
    return ", ".join(items[:limit]) + (f" and {more} more" if more > 0 else "")
