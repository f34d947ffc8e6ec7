"""The workbook: the same figures as the page, with their rows; texts never become formulas; the same bytes each time."""

from __future__ import annotations

import json

import pytest
import small
from openpyxl import load_workbook

from lca import checks, workbook
from lca.assessment import assess
from lca.statements.everything import statements


def write(a, path):
    workbook.write(a, statements(a), checks.run(a), path)
    return load_workbook(path)


def test_every_figure_of_the_bundle_is_in_the_workbook():
    """Sheet by sheet: value, interval, unit and rows of figures.json; a figure without rows has no value but its remark."""
    bundle = small.batch().bundle
    book = load_workbook(bundle / "disclosure.xlsx")
    listed = json.loads((bundle / "figures.json").read_text())
    about = {"about", "ledger", "declared values", "findings", "sources"}
    cells = []
    for name in book.sheetnames:
        if name not in about:
            cells += [r for r in book[name].iter_rows(min_row=2, values_only=True) if r[5]]
    listed = [f for f in listed if f["statement"] != "Summary"]  # page one repeats cells of the statements
    assert len(cells) == len(listed)
    for row, f in zip(cells, listed, strict=True):
        assert row[:2] == (f["line"], f["column"])
        if f["value"] is None:
            assert row[2:5] == (None, None, None)
        else:  # the format writes 16 digits
            assert row[2:5] == pytest.approx((f["value"], f["low"], f["high"]), rel=1e-15)
        assert row[5] == f["unit"]
        assert (row[7] or "") == f["remark"]


def test_the_ledger_sheet_is_the_ledger():
    """Row by row, so that a spreadsheet can sum it."""
    a = small.assessed()
    sheet = load_workbook(small.quick_bundle() / "disclosure.xlsx")["ledger"]
    head, *rows = sheet.iter_rows(values_only=True)
    column = head.index("gwp100")
    assert [r[column] for r in rows] == pytest.approx(a.ledger["gwp100"].tolist(), rel=1e-15)  # the format writes 16 digits
    assert [r[head.index("product")] for r in rows] == a.ledger["product"].tolist()


def test_a_text_that_looks_like_a_formula_stays_a_text(tmp_path):
    """A workload called `=1+1` is written as these four characters and computes nothing."""
    words = small.text().replace("service: one model trained", 'service: "=1+1"')
    words = words.replace("title: the hall on the grid of YY,", 'title: "=2+2",')
    assert words.count('"=') == 2
    book = write(assess(small.put(tmp_path, words), small.INVENTORIES), tmp_path / "w.xlsx")
    formulas = [c.coordinate for sheet in book for row in sheet.iter_rows() for c in row if c.data_type == "f"]
    assert formulas == []


def test_the_same_results_give_the_same_bytes(tmp_path):
    """Workbooks carry a time of writing; these don't."""
    a = small.assessed()
    write(a, tmp_path / "a.xlsx")
    write(a, tmp_path / "b.xlsx")
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


@pytest.mark.parametrize(("rows", "said"), [([], ""), ([5], "5"), ([3, 1, 2, 7], "1-3, 7")])
def test_rows_are_told_as_spans(rows, said):
    """1, 2, 3 and 7 are 1-3, 7."""
    assert workbook.spans(rows) == said
