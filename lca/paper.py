"""Pieces of a printed report, as plain data for the typesetter: tables, statements, figures, findings.

The counterpart of `lca.page`: numbers have the same digits, and where the page opens a figure to its ledger rows, paper names them.
"""

from __future__ import annotations

import math
import re
from typing import Any

import pandas as pd

from lca.errors import Finding
from lca.figures import Drawing, svg
from lca.page import interval, number
from lca.statements import Cell, Headlines, Statement
from lca.workbook import spans

Part = dict[str, Any]  # what the template knows: heading, text, list, code, figure, table, landscape (parts on turned pages)
BREAK = "\u200b"  # where a line may end inside a word
NARROW = 16  # characters up to which a column is as wide as its content
NONE = "no rows"


def heading(words: str, level: int = 1) -> Part:
    """A numbered heading; level 1 starts a page."""
    return {"kind": "heading", "level": level, "text": words}


def text(words: str) -> Part:
    """A paragraph."""
    return {"kind": "text", "text": words}


def figure(picture: Drawing) -> Part:
    """A figure as vector graphics; its caption is also what a screen reader says."""
    return {"kind": "figure", "svg": svg(picture.figure), "caption": picture.caption}


def landscape(parts: list[Part]) -> list[Part]:
    """Parts on turned pages; nothing if there are none."""
    return [{"kind": "landscape", "parts": parts}] if parts else []


def table(frame: pd.DataFrame, caption: str) -> Part:
    """A plain table; columns share the line by what they hold."""
    numeric = [pd.api.types.is_numeric_dtype(frame[c]) for c in frame.columns]
    head = [str(c) for c in frame.columns]
    body: list[list[Any]] = [[_plain(v, n) for v, n in zip(row, numeric, strict=True)] for row in frame.itertuples(index=False, name=None)]
    if not body:
        return _part(caption, head, [[{"over": len(head), "text": "none in this study"}]], [1.0] * len(head), numeric)
    shares = [_share([h, *column]) for h, column in zip(head, zip(*body, strict=True), strict=True)]
    return _part(caption, head, body, shares if any(shares) else [*shares[:-1], 1.0], numeric)


def _share(words: list[str]) -> float:
    """0 for a column as wide as its content, else its share of the line: longer texts get more, and the longest word always fits."""
    longest = max(map(len, words))
    word = max(len(w) for text in words for w in re.split(rf"[\s{BREAK}-]", text))
    return 0.0 if longest <= NARROW else round(max(min(longest, 150) ** 0.6, 0.7 * word), 2)


def statement(s: Statement) -> Part:
    """A statement: per line its figures with their ranges, and the ledger rows that it sums."""
    named = [_rows_of_line(s.columns, cells) for _, cells in s.lines]
    body = [[label, *_entries(cells)] for label, cells in s.lines]
    head, shares, notes = ["", *s.columns], [5.0, *[3.0] * len(s.columns)], list(s.notes)
    shown = [n for n in named if n != NONE]
    if len(shown) > 1 and len(set(shown)) == 1:
        notes.append(f"Every line that has figures sums the same ledger rows: {shown[0]}.")
    else:
        head, shares = [*head, "ledger rows"], [*shares, 4.0]
        body = [[*line, rows] for line, rows in zip(body, named, strict=True)]
    right = [False, *[True] * len(s.columns), False][: len(head)]
    whole = [i for i, (label, _) in enumerate(s.lines) if label.startswith("All")]
    return _part(s.title, head, body, shares, right, notes, whole)


def entry(c: Cell) -> tuple[str, str]:
    """A figure and its range as the page prints them; what an empty figure means stands in place of the range."""
    if c.empty:
        return "", c.empty
    low, high = sorted((c.low, c.high))
    return number(c.value, low, high), interval(low, high) if high > low else ""


def _entries(cells: list[Cell]) -> list[Any]:
    """The figures of a line; one remark over all columns if all are empty for the same reason."""
    remarks = {c.empty for c in cells}
    if len(cells) > 1 and len(remarks) == 1 and "" not in remarks:
        return [{"over": len(cells), "text": remarks.pop()}]
    return [entry(c) for c in cells]


def rows(c: Cell) -> str:
    """The ledger rows of a figure: how many and which."""
    added, taken = c.row_numbers, c.minus_numbers
    minus = f" minus {_counted(taken)}" if taken else ""
    return (_counted(added) + minus) if added or taken else NONE


def _counted(numbers: list[int]) -> str:
    return f"{len(numbers)} row{'s' if len(numbers) != 1 else ''}: {spans(numbers)}" if numbers else NONE


def _rows_of_line(columns: list[str], cells: list[Cell]) -> str:
    """One text if all figures of a line sum the same rows or one of them sums all; else one for each column."""
    every = {n for c in cells for n in (*c.row_numbers, *c.minus_numbers)}
    whole = [c for c in cells if {*c.row_numbers, *c.minus_numbers} == every]
    if whole:
        return rows(whole[-1])
    return "; ".join(f"{column}, {rows(c)}" for column, c in zip(columns, cells, strict=True))


def cards(shown: Headlines) -> list[Part]:
    """The figures of page one with their ledger rows."""
    out = []
    for title, note, c in shown.cards:
        value, ends = entry(c)
        remark = f"95 % range {ends} {c.unit}" if ends and value else ends
        out.append({"title": title, "value": value, "unit": c.unit if value else "", "range": remark, "note": f"{note}; {rows(c)}"})
    return out


def warnings(findings: list[Finding], study: str) -> list[tuple[str, str]]:
    """Warnings of a kind as one line: what was found where, and what was expected; `study` is the file that needs no naming."""
    groups: dict[tuple[str, str], dict[str, list[str]]] = {}
    for f in findings:
        if f.severity != "note":
            where = f.where if f.where and f.file == study else _place(f)
            groups.setdefault((f.rule, f.expected), {}).setdefault(f.got, []).append(where)
    return [
        (rule, soft("; ".join(f"{', '.join(where)}: {got}" for got, where in places.items()) + f". Expected: {expected}."))
        for (rule, expected), places in groups.items()
    ]


def _place(f: Finding) -> str:
    return f"{f.file}, {f.where}" if f.where else f.file


def all_findings(findings: list[Finding]) -> pd.DataFrame:
    """Every finding, one line each."""
    lines = [(f.severity, f.rule, _place(f), f.got, f.expected, f.fix) for f in findings]
    return pd.DataFrame(lines, columns=["severity", "rule", "where", "found", "expected", "what to do"])


def soft(words: str) -> str:
    """Words with invisible places to break in names too long for a column; hashes stay whole.

    >>> soft("sites.us-west-2.water.wue").split(BREAK), soft("water consumption")
    (['sites.', 'us-west-2.', 'water.', 'wue'], 'water consumption')
    """
    return re.sub(r"\S{12,}", lambda name: re.sub(r"([/_.,:;=&?]|[^\W\d_]{20}(?=\w))(?=\w)", rf"\1{BREAK}", name[0]), words)


def _plain(value: Any, numeric: bool) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "missing"
    if numeric and isinstance(value, float):
        return number(value)
    return soft(str(value))


def _part(
    caption: str,
    head: list[str],
    body: list[list[Any]],
    shares: list[float],
    right: list[bool],
    notes: list[str] | None = None,
    strong: list[int] | None = None,
) -> Part:
    texts = {"kind": "table", "caption": caption, "head": head, "body": body, "notes": notes or []}
    return texts | {"shares": shares, "right": right, "strong": strong or []}
