"""Tidy CSV against a data dictionary: every fault is named with its line, all at once, and nothing is lost in silence."""

from __future__ import annotations

import pandas as pd
import pytest

from lca.tables import listing, read_table, read_text, write_csv

DICTIONARY = pd.DataFrame(
    [
        ("crops", "name", "text", "yes", "", ""),
        ("crops", "kind", "text", "no", "grain|root", ""),
        ("crops", "mass", "number", "yes", "", ""),
        ("crops", "year", "integer", "no", "", ""),
    ],
    columns=["table", "column", "type", "required", "allowed", "description"],
)
HEADER = "name,kind,mass,year\n"


@pytest.fixture
def read(tmp_path):
    def reader(content: str | bytes):
        path = tmp_path / "crops.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_table(path, "crops", DICTIONARY)

    return reader


def test_cells_become_their_types_and_rows_know_their_place(read):
    """A number is a number, an empty cell is None and not 0, and each row has its line as an editor shows it."""
    frame, findings = read(HEADER + "rye,grain,2.5,2023\n\n beet ,,1e-3,\n")
    assert findings == []
    assert frame[["name", "kind", "mass"]].values.tolist() == [["rye", "grain", 2.5], ["beet", "", 0.001]]
    assert frame["year"].iloc[0] == 2023
    assert pd.isna(frame["year"].iloc[1])
    assert frame["line"].tolist() == [2, 4]


def test_all_faults_at_once_each_with_its_line(read):
    """Six faulty cells and one short row give seven findings."""
    text = HEADER + ",grain,1,\nrye,tuber,1,\nrye,,much,\nrye,,inf,\nrye,,nan,\nrye,,1,2.5\nrye,grain\n"
    _, findings = read(text)
    assert [(f.rule, f.where) for f in findings] == [
        ("table.cell", "line 2, name"),
        ("table.cell", "line 3, kind"),
        ("table.cell", "line 4, mass"),
        ("table.cell", "line 5, mass"),
        ("table.cell", "line 6, mass"),
        ("table.cell", "line 7, year"),
        ("table.cells", "line 8"),
    ]
    assert all(f.severity == "error" and f.file.endswith("crops.csv") for f in findings)


@pytest.mark.parametrize(
    ("header", "words"),
    [("name,kind,mass", "no column year"), ("name,kind,mass,year,extra", "extra"), ("kind,name,mass,year", "another order")],
)
def test_another_header_is_refused(read, header, words):
    """Columns are not guessed: a missing, an added and a moved one are each named."""
    frame, findings = read(header + "\n")
    assert frame.empty
    assert [f.rule for f in findings] == ["table.columns"]
    assert words in findings[0].got


def test_a_decimal_comma_is_not_a_thousand(read):
    """A quoted `1,5` is refused instead of read as 15."""
    _, findings = read(HEADER + 'rye,,"1,5",\n')
    assert [f.rule for f in findings] == ["table.cell"]


def test_a_quote_that_never_closes_loses_no_row(read):
    """Read leniently, the open quote would swallow the two rows below it; here the file is refused."""
    frame, findings = read(HEADER + 'rye,grain,1,\n"beet,root,2,\nleek,,3,\n')
    assert frame.empty
    assert [f.rule for f in findings] == ["table.quotes"]


def test_line_breaks_and_separators_inside_quotes_stay(read):
    """A cell may hold a comma, a line break and U+2028, which some programs take for a line end: one row, text unchanged."""
    frame, findings = read(HEADER + '"rye, old\u2028or\nnew",grain,1,\nbeet,root,2,\n')
    assert findings == []
    assert frame["name"].tolist() == ["rye, old\u2028or\nnew", "beet"]


@pytest.mark.parametrize(("content", "rule"), [(b"", "table.empty"), (b" \n\n", "table.empty"), (b"name\nr\xfcbe\n", "table.encoding")])
def test_a_file_without_readable_text_says_why(tmp_path, content, rule):
    """Empty, blank and Latin-1 files are findings, not exceptions; the encoding fault names line 2."""
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    text, findings = read_text(path)
    assert text is None
    assert [f.rule for f in findings] == [rule]
    assert rule != "table.encoding" or findings[0].where == "line 2"


def test_a_missing_file_is_a_finding(tmp_path):
    """No file gives `table.missing`, with the path."""
    _, findings = read_text(tmp_path / "none.csv")
    assert [f.rule for f in findings] == ["table.missing"]
    assert "none.csv" in findings[0].file


def test_a_byte_order_mark_is_no_part_of_the_header(read):
    """Spreadsheets write one; the first column is still called `name`."""
    frame, findings = read(b"\xef\xbb\xbf" + HEADER.encode() + b"rye,,1,\n")
    assert findings == []
    assert frame["name"].tolist() == ["rye"]


def test_equal_tables_give_equal_bytes_and_numbers_survive(tmp_path):
    """0.1 + 0.2 is written with the digits that give the same number back."""
    frame = pd.DataFrame({"x": [0.1 + 0.2, 1e-300, 3.0]})
    write_csv(frame, tmp_path / "a.csv")
    write_csv(frame.copy(), tmp_path / "b.csv")
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
    assert b"\r" not in (tmp_path / "a.csv").read_bytes()
    assert pd.read_csv(tmp_path / "a.csv")["x"].tolist() == frame["x"].tolist()


def test_a_long_listing_says_how_many_it_leaves_out():
    """Ten items with a limit of eight: eight are named and two are counted."""
    assert listing(range(10)) == "0, 1, 2, 3, 4, 5, 6, 7 and 2 more"
    assert listing(range(8)) == "0, 1, 2, 3, 4, 5, 6, 7"
