"""The disclosure as a workbook: one sheet per statement, the ledger, the findings, the sources.

Each statement sheet gives value, interval, unit and the ledger rows of every figure. Texts that a spreadsheet would take for formulas
are written as text, never as formulas. Creation times are fixed, so the same results give the same file.
"""

from __future__ import annotations

import datetime as dt
import math
import zipfile
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from lca.assessment import Assessment
from lca.errors import Finding
from lca.statements import Statement
from lca.statements.evidence import declared, scope, study_sources

EPOCH = dt.datetime(2000, 1, 1)  # workbooks carry a time; this one says nothing


def spans(rows: list[int]) -> str:
    """Row numbers as spans.

    >>> spans([1, 2, 3, 7])
    '1-3, 7'
    """
    out: list[list[int]] = []
    for n in sorted(rows):
        if out and n == out[-1][1] + 1:
            out[-1][1] = n
        else:
            out.append([n, n])
    return ", ".join(f"{a}" if a == b else f"{a}-{b}" for a, b in out)


def write(a: Assessment, statements: list[Statement], findings: list[Finding], path: Path) -> None:
    """Write the workbook."""
    book = Workbook()
    book.properties.created = book.properties.modified = EPOCH
    book.properties.creator = "lca"
    front = book.active
    assert front is not None
    front.title = "about"
    _table(front, ["", ""], scope(a).to_numpy().tolist())
    for s in statements:
        _statement(book.create_sheet(s.id[:31]), s)
    names = list(a.ledger.columns)
    _table(book.create_sheet("ledger"), names, a.ledger.to_numpy().tolist())
    frame = declared(a)
    _table(book.create_sheet("declared values"), list(frame.columns), frame.to_numpy().tolist())
    keys = ["rule", "severity", "file", "where", "got", "expected", "fix"]
    _table(book.create_sheet("findings"), keys, [[f.as_dict()[k] for k in keys] for f in findings])
    cited = study_sources(a)
    _table(book.create_sheet("sources"), list(cited.columns), cited.to_numpy().tolist())
    book.save(path)
    _without_times(path)


def _statement(sheet: Worksheet, s: Statement) -> None:
    heads = ["line", "column", "value", "2.5 %", "97.5 %", "unit", "indicator", "remark", "factor", "ledger rows"]
    rows = []
    for label, cells in s.lines:
        for column, c in zip(s.columns, cells, strict=True):
            value = [None, None, None] if c.empty else [c.value, *sorted((c.low, c.high))]
            rows.append(
                [
                    label,
                    column,
                    *value,
                    c.unit,
                    c.indicator,
                    c.empty,
                    c.scale,
                    spans(c.row_numbers) + (f" minus {spans(c.minus_numbers)}" if c.minus_numbers else ""),
                ]
            )
    _table(sheet, heads, rows)
    for note in s.notes:
        sheet.append([note])


def _table(sheet: Worksheet, heads: list[str], rows: list[list[Any]]) -> None:
    for i, row in enumerate([heads, *rows], 1):
        for j, value in enumerate(row, 1):
            cell = sheet.cell(i, j, None if isinstance(value, float) and math.isnan(value) else value)
            if isinstance(value, str):
                cell.data_type = "s"  # a text that starts with = stays a text
    for cell in sheet[1]:
        cell.font = Font(bold=True)
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    sheet.freeze_panes = "A2"
    for i, head in enumerate(heads, 1):
        longest = max([len(str(head)), *(len(str(r[i - 1])) for r in rows[:200])], default=8)
        sheet.column_dimensions[get_column_letter(i)].width = min(60, max(8, longest + 1))


def _without_times(path: Path) -> None:
    """Rewrite the archive with fixed entry times and a fixed modification time inside."""
    with zipfile.ZipFile(path) as packed:
        parts = {name: packed.read(name) for name in packed.namelist()}
    core = parts["docProps/core.xml"].decode()
    start = core.index("<dcterms:modified")
    end = core.index("</dcterms:modified>")
    stamp = EPOCH.strftime("%Y-%m-%dT%H:%M:%SZ")
    parts["docProps/core.xml"] = (core[: core.index(">", start) + 1] + stamp + core[end:]).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in parts.items():
            packed.writestr(zipfile.ZipInfo(name, (2000, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
