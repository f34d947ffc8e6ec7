"""The page: self-contained, every figure opens to its rows, every link ends somewhere, texts stay texts."""

from __future__ import annotations

import functools
import json
import re
from collections import Counter
from html.parser import HTMLParser

import pandas as pd
import pytest
import small
from hypothesis import given
from hypothesis import strategies as st

from lca import page
from lca.errors import Finding
from lca.statements import life_cycle

VOID = {"meta", "link", "br", "hr", "img", "input", "col", "source", "wbr", "area", "base", "embed", "track"}


class Page(HTMLParser):
    """Ids, links, loads, figures with the row links inside them, and whether every element is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.loads: list[str] = []
        self.open: list[str] = []
        self.unbalanced: list[str] = []
        self.figures: list[tuple[str, str, str]] = []
        self.rows_of: dict[int, list[str]] = {}
        self.depth: list[int] = []
        self.styles = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        have = dict(attrs)
        if "id" in have:
            self.ids.append(have["id"] or "")
        if tag == "a" and "href" in have:
            self.links.append(have["href"] or "")
            if self.depth and (have["href"] or "").startswith("#row-"):
                self.rows_of[self.depth[-1]].append(have["href"] or "")
        for name in ("src", "srcset", "data", "poster", "action", "background", "xlink:href"):
            if have.get(name):
                self.loads.append(f"{tag} {name}={have[name]}")
        if tag in ("link", "use", "image", "base") and have.get("href"):
            self.loads.append(f"{tag} href={have['href']}")
        self.styles += have.get("style") or ""
        if tag == "details" and have.get("class") == "figure":
            self.depth.append(len(self.rows_of))
            self.rows_of[len(self.rows_of)] = []
        if tag == "data" and have.get("data-figure"):
            self.figures.append((have["data-figure"] or "", have["value"] or "", str(self.depth[-1])))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.unbalanced.append(tag)
        if tag == "details" and self.depth and self.open.count("details") < len(self.depth):
            self.depth.pop()


def markup() -> str:
    return (small.batch().bundle / "report.html").read_text(encoding="utf-8")


@functools.cache
def parsed() -> Page:
    reader = Page()
    reader.feed(markup())
    return reader


def test_the_page_loads_nothing_from_elsewhere():
    """No src, no stylesheet, no font, no import: it opens offline. References inside drawings (#...) are its own."""
    assert [load for load in parsed().loads if not re.search(r"href=#", load)] == []
    css = "".join(re.findall(r"<style.*?</style>", markup(), re.S)) + parsed().styles
    assert not re.search(r"@import|url\((?!['\"]?#)", css)
    assert not re.search(r"fetch\(|XMLHttpRequest|import\(", "".join(re.findall(r"<script.*?</script>", markup(), re.S)))


def test_no_link_leads_outside():
    """Links go to places in the page or to files in the bundle; addresses of sources are text."""
    for link in parsed().links:
        assert not re.match(r"[a-z]+:|//", link), link
        if not link.startswith("#"):
            assert (small.batch().bundle / link).is_file(), link


def test_every_link_ends_at_an_id_of_the_page():
    """Rows, products, sources, parameters, measured files, chapters: the far end is there, once."""
    ids = Counter(parsed().ids)
    dangling = sorted({link for link in parsed().links if link.startswith("#") and ids[link[1:]] == 0})
    assert dangling == []
    assert {i: n for i, n in ids.items() if n > 1} == {}
    kinds = Counter(link.split("-")[0] for link in parsed().links if link.startswith("#"))
    assert all(kinds[k] > 0 for k in ("#row", "#product", "#source", "#parameter", "#reading"))


def test_every_ledger_row_is_on_the_page():
    """One line with an anchor for each row of ledger.csv."""
    rows = pd.read_csv(small.batch().bundle / "ledger.csv")["row"]
    assert {f"row-{r}" for r in rows} <= set(parsed().ids)


def test_every_printed_figure_opens_to_the_rows_that_it_is_the_sum_of():
    """Inside each figure stand links to exactly the rows that figures.json names; no figure is without rows."""
    known = {f["figure"]: f for f in json.loads((small.batch().bundle / "figures.json").read_text())}
    assert len(parsed().figures) > 100
    for name, value, place in parsed().figures:
        links = sorted(int(link.removeprefix("#row-")) for link in parsed().rows_of[int(place)])
        assert links, name
        if name in known:
            f = known[name]
            assert float(value) == f["value"]
            assert links == sorted(f["ledger_rows"] + f["ledger_rows_taken_off"])


def test_every_figure_of_the_list_is_printed_somewhere():
    """figures.json and the page hold the same figures; page one's headlines repeat figures of the tables."""
    on_page = {name for name, _, _ in parsed().figures}
    listed = {f["figure"] for f in json.loads((small.batch().bundle / "figures.json").read_text()) if not f["remark"]}
    assert listed <= on_page
    assert all(name.startswith("headline.") for name in on_page - listed)


def test_the_markup_is_well_formed():
    """Every element is closed in order; the page has a language, a title, one main heading, and alternative words for drawings."""
    assert parsed().unbalanced == []
    assert parsed().open == []
    words = markup()
    assert '<html lang="en">' in words
    assert words.count("<h1>") == 1
    svgs = re.findall(r"<svg [^>]*>", words)
    assert svgs
    assert all("aria-label=" in s for s in svgs)


def test_texts_of_a_study_stay_texts():
    """Markup in a name is shown, never executed."""
    frame = pd.DataFrame({"<b>x</b>": ["<script>alert(1)</script>"]})
    shown = page.frame(frame, '"><img src=x>')
    assert "<script>" not in shown
    assert "<img" not in shown
    assert "<b>" not in shown
    said = page.findings([Finding("r", "note", "f", "w", "<i>", "<u>", "<s>")])
    assert not re.search(r"<(u|s)>|: <i>", said)


def test_missing_is_shown_as_missing():
    """None and NaN print the word, zero prints 0."""
    shown = page.frame(pd.DataFrame({"kWh": [0.0, float("nan")]}))
    assert shown.count("missing") == 1
    assert "<td class=n>0</td>" in shown


@given(st.floats(1e-12, 1e12), st.floats(0.0001, 3))
def test_a_printed_number_is_its_value_to_the_digits_shown(value, width):
    """Two to four significant digits: the printed number is within half a unit of the second digit, 5 %, of the value."""
    text = page.number(value, value * (1 - width / 4), value * (1 + width))
    plain = text.replace("\u202f", "").replace("\u00a0", "").replace("−", "-")
    if "×" in plain:
        mantissa, exponent = plain.split("×10")
        back = float(mantissa) * 10 ** int(exponent.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")))
    else:
        back = float(plain)
    assert back == pytest.approx(value, rel=0.051)


def test_the_wider_the_interval_the_fewer_the_digits():
    """3.4567 known to 0.0001 prints four digits, known to 2 prints two."""
    assert page.number(3.4567, 3.4566, 3.4568) == "3.457"
    assert page.number(3.4567, 2.0, 6.0) == "3.5"


def test_show_takes_everything_that_a_chapter_shows_and_nothing_else():
    """Statements, tables, findings, drawings, trees, headlines and lists of them; anything else is a fault of the chapter."""
    a = small.assessed()
    shown = [life_cycle.by_stage(a, "model"), life_cycle.headlines(a), life_cycle.overrides(a), life_cycle.trees(a, "gwp100", 0.1)]
    for thing in [*shown, []]:
        assert page.show(thing)._repr_html_()
    with pytest.raises(TypeError, match="int"):
        page.show(3)
