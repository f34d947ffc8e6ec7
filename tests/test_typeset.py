"""The typeset report: same bytes twice, the figures of the statements with the page's digits, texts that stay texts."""

from __future__ import annotations

import json
import re
import zlib
from pathlib import Path
from typing import Any

import pytest
import typst

from lca import checks, figures, paper, report, typeset
from lca.assessment import Assessment
from lca.errors import Finding
from lca.page import interval, number
from lca.statements import Cell, Statement, life_cycle
from lca.statements.everything import statements

HASH = "0123456789abcdef" * 4
INJECTION = '#panic("run") *bold* $x$ <label> @ref \\ #read("/etc/passwd") [a](b) // gone /* gone "'


@pytest.fixture(scope="module")
def grids(example: Assessment) -> list[Statement]:
    return statements(example)


@pytest.fixture(scope="module")
def manifest(example: Assessment) -> dict[str, Any]:
    return report.describe(example, {}, {}, Path()) | {"files": {"ledger.csv": HASH, "inputs/inventories/flows.csv": HASH}}


@pytest.fixture(scope="module")
def document(example: Assessment, grids: list[Statement], manifest: dict[str, Any]) -> paper.Part:
    return typeset.document(example, grids, checks.run(example), manifest)


@pytest.fixture(scope="module")
def pdf(document: paper.Part) -> bytes:
    return typeset.compiled(document)


@pytest.fixture(scope="module")
def printed(document: paper.Part) -> list[Any]:
    """Every captioned figure and table as the typesetter laid it out."""
    return json.loads(typst.query(typeset.TEMPLATE, "figure", **typeset.inputs(document)))


def words(content: Any) -> str:
    """All text inside a piece of typeset content, in order."""
    if isinstance(content, dict):
        if content.get("func") == "text":
            return str(content["text"])
        return " ".join(filter(None, (words(v) for k, v in content.items() if k != "alt")))
    return " ".join(filter(None, map(words, content))) if isinstance(content, list) else ""


def pages(content: bytes) -> int:
    """Number of pages, from the page tree."""
    streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", content, re.S)
    inflated = b"".join(zlib.decompressobj().decompress(s) for s in streams if s[:1] == b"\x78")
    return max(int(n) for n in re.findall(rb"/Count (\d+)", content + inflated))


def small(example: Assessment, **changes: Any) -> paper.Part:
    """A document of one page with some words changed."""
    front = {"title": "t", "subtitle": "s", "organisation": "o", "period": "p", "running": "r", "state": "i", "sure": "u"}
    return {**front, "cards": [], "facts": [], "warnings": [], "parts": [], **changes}


def test_same_bytes_from_the_same_study(example, grids, manifest, pdf, tmp_path):
    typeset.write(example, grids, checks.run(example), manifest, tmp_path / "report.pdf")
    assert (tmp_path / "report.pdf").read_bytes() == pdf


def test_no_date_and_no_path_inside(pdf):
    assert pdf.startswith(b"%PDF-")
    assert b"CreationDate" not in pdf and b"ModDate" not in pdf
    assert str(Path.home()).encode() not in pdf


def test_tens_of_pages_not_hundreds(pdf):
    assert 15 <= pages(pdf) <= 60


def test_every_figure_of_every_statement_is_printed_with_the_digits_of_the_page(grids, printed):
    text = words(printed)
    for cell in (c for grid in grids for c in grid.cells()):
        if cell.empty:
            assert cell.empty in text
        else:
            low, high = sorted((cell.low, cell.high))
            assert number(cell.value, low, high) in text
            assert high == low or interval(low, high) in text


def test_every_statement_is_a_table_and_everything_has_a_caption(grids, printed):
    captions = [words(f["caption"]["body"]) for f in printed]
    assert all(captions)
    assert {g.title for g in grids if g.lines} <= set(captions)


def test_page_one_claims_what_the_headlines_say(example, document):
    cards = life_cycle.headlines(example).cards
    assert [c["value"] for c in document["cards"]] == [number(c.value, *sorted((c.low, c.high))) for _, _, c in cards]
    assert all("rows: " in c["note"] or "row: " in c["note"] for c in document["cards"])


def test_page_one_has_every_warning_and_no_note(example, document):
    said = " ".join(rule + " " + text for rule, text in document["warnings"]).replace(paper.BREAK, "")
    assert all(f.rule in said and f.got in said for f in checks.warnings(example))
    assert {rule for rule, _ in document["warnings"]} == {f.rule for f in checks.warnings(example)}


def test_hashes_of_ledger_and_study_are_printed_but_not_those_of_all_inventories(printed):
    text = words(printed)
    assert "ledger.csv" in text and HASH in text
    assert "flows.csv" not in text


def test_texts_are_never_read_as_markup(example):
    finding = Finding("rule", "warning", "study.yaml", INJECTION, INJECTION, INJECTION, INJECTION)
    parts = [paper.heading(INJECTION), paper.text(INJECTION), paper.table(paper.all_findings([finding]), INJECTION)]
    said = small(example, title=INJECTION, organisation=INJECTION, facts=[[INJECTION, INJECTION]], parts=parts)
    said["warnings"] = paper.warnings([finding], "study.yaml")
    assert typeset.compiled(said).startswith(b"%PDF-")
    headings = json.loads(typst.query(typeset.TEMPLATE, "heading", **typeset.inputs(said)))
    assert INJECTION in [words(h["body"]) for h in headings]
    titles = json.loads(typst.query(typeset.TEMPLATE, "title", **typeset.inputs(said)))
    assert words(titles) == INJECTION


def test_a_word_longer_than_a_column_can_be_broken():
    broken = paper.soft("inputs/readings/" + "x" * 100)
    assert max(map(len, broken.split(paper.BREAK))) <= 21
    assert broken.replace(paper.BREAK, "") == "inputs/readings/" + "x" * 100
    assert paper.soft(HASH) == HASH


def test_a_difference_names_rows_added_and_taken_off(grids):
    cell = next(c for grid in grids if grid.id.startswith("differences_") for c in grid.cells())
    assert " minus " in paper.rows(cell)


def test_an_empty_figure_says_why(example):
    empty = example.base.iloc[:0]
    cell = Cell("x", empty, "gwp100", "kg CO2e", 0.0, 0.0, 0.0, 0.0, empty="not occurring")
    assert paper.entry(cell) == ("", "not occurring")
    assert paper.rows(cell) == paper.NONE


def test_figures_are_vectors_with_text_that_stays_text(example):
    part = paper.figure(figures.origins(example))
    assert "<image" not in part["svg"] and "<text" in part["svg"]


def test_an_empty_table_says_so(example):
    part = paper.table(example.base.iloc[:0][["row", "product", "amount"]], "nothing bought")
    figure = json.loads(typst.query(typeset.TEMPLATE, "figure", **typeset.inputs(small(example, parts=[part]))))
    assert "none in this study" in words(figure)
