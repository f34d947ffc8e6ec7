"""Pieces of a page: numbers as people read them, tables whose figures open to their ledger rows, figures with captions.

Every printed figure keeps its full value in a `data` element and opens, without script, to the rows that it is the sum of; each row
links to its line in the ledger annex and to the card of its product. Showing calculates nothing.
"""

from __future__ import annotations

import html
import math
from typing import Any

import pandas as pd

from lca.contributions import Tree
from lca.errors import Finding
from lca.figures import Drawing, svg
from lca.statements import Cell, Headlines, Statement, Table

MAX_DIGITS, MIN_DIGITS = 4, 2
SKEWED = 0.1  # from here on the median of the draws is printed beside the value at declared inputs
NARROW = "\u202f"  # narrow no-break space between thousands


def number(value: float, low: float | None = None, high: float | None = None) -> str:
    """A number with as many significant digits as its interval supports, between two and four.

    >>> number(3.4567, 2.0, 6.0), number(1234567.0), number(0.0000123)
    ('3.5', '1\\u202f235\\u202f000', '1.230\\xa0×\\xa010⁻⁵')
    """
    if value == 0 or not math.isfinite(value):
        return "0" if value == 0 else "not a number"
    digits = MAX_DIGITS
    if low is not None and high is not None and high > low:
        half = (high - low) / 2
        digits = math.floor(math.log10(abs(value))) - math.floor(math.log10(half)) + 2
        digits = max(MIN_DIGITS, min(MAX_DIGITS, digits))
    rounded = float(f"{value:.{digits - 1}e}")
    exponent = math.floor(math.log10(abs(rounded)))
    if -3 <= exponent < 7:
        text = f"{rounded:,.{max(0, digits - 1 - exponent)}f}".replace(",", NARROW)
        return text.replace("-", "−")
    mantissa = f"{rounded / 10**exponent:.{digits - 1}f}".replace("-", "−")
    return f"{mantissa}\u00a0×\u00a010{str(exponent).translate(str.maketrans('-0123456789', '⁻⁰¹²³⁴⁵⁶⁷⁸⁹'))}"


def interval(low: float, high: float) -> str:
    """Both ends of an interval, three digits each.

    >>> interval(2.0, 6.0)
    '2.00 to 6.00'
    """
    return " to ".join(number(end, *sorted((0.9 * end, 1.1 * end))) for end in (low, high))


def escape(text: object) -> str:
    """Text made safe for HTML."""
    return html.escape(str(text), quote=True)


def figure_of(cell: Cell) -> str:
    """One printed figure: the number, its interval, and inside it the ledger rows that it is the sum of."""
    if cell.empty:
        return f'<span class="none" data-figure="{escape(cell.id)}" data-value="">{escape(cell.empty)}</span>'
    shown = number(cell.value, *sorted((cell.low, cell.high)))
    value = f'<data data-figure="{escape(cell.id)}" value="{cell.value!r}">{shown}</data>'
    if cell.high > cell.low:
        skewed = abs(cell.median - cell.value) > SKEWED * abs(cell.value)
        middle = f"<br>median {number(cell.median, *sorted((cell.low, cell.high)))}" if skewed else ""
        value += f' <span class="interval">{interval(*sorted((cell.low, cell.high)))}{middle}</span>'
    return f'<details class="figure"><summary title="open the ledger rows">{value}</summary>{rows_of(cell)}</details>'


def rows_of(cell: Cell) -> str:
    """The rows behind a figure as a small table."""
    scale = f" × {cell.scale:.10g}" if cell.scale != 1 else ""
    names = ["row", "workload", "component", "product", "amount", "unit", cell.indicator]
    body = "".join(
        f'<tr><td><a href="#row-{row}">{row}</a></td><td>{escape(workload or "all")}</td><td>{escape(component)}</td>'
        f'<td><a href="#product-{escape(product)}">{escape(product)}</a></td>'
        f'<td class="n">{number(amount)}</td><td>{escape(unit)}</td><td class="n">{number(impact)}</td></tr>'
        for row, workload, component, product, amount, unit, impact in zip(*(cell.rows[n].tolist() for n in names), strict=True)
    )
    head = "<th>row</th><th>workload</th><th>component</th><th>product</th><th>amount</th><th>unit</th>"
    caption = f"Sum of {len(cell.rows)} ledger rows{scale} = {cell.value!r} {escape(cell.unit)}; median of the draws {number(cell.median)}"
    return (
        f'<div class="rows"><table><caption>{caption}</caption>'
        f"<thead><tr>{head}<th>{escape(cell.indicator)} [{escape(cell.unit)}]</th></tr></thead><tbody>{body}</tbody></table></div>"
    )


def statement(table: Statement) -> str:
    """A statement as a table; every figure opens."""
    head = "".join(f'<th scope="col">{escape(c)}</th>' for c in table.columns)
    body = "".join(
        f'<tr{" class=whole" if label.startswith("All") else ""}><th scope="row">{escape(label)}</th>'
        + "".join(f'<td class="n">{figure_of(c)}</td>' for c in cells)
        + "</tr>"
        for label, cells in table.lines
    )
    notes = "".join(f"<li>{escape(n)}</li>" for n in table.notes)
    return (
        f'<div class="statement{" wide" if len(table.columns) > 4 else ""}" id="{escape(table.id)}"><table><caption>{escape(table.title)}'
        "<small>Value at declared inputs; below it the range that holds 95 % of the draws. "
        "Open a figure to see its ledger rows.</small></caption>"
        f"<thead><tr><td></td>{head}</tr></thead><tbody>{body}</tbody></table>" + (f"<ul>{notes}</ul>" if notes else "") + "</div>"
    )


def frame(table: pd.DataFrame, caption: str = "") -> str:
    """A plain table; numbers rounded to four digits, empty cells said to be missing."""
    numeric = {c for c in table.columns if pd.api.types.is_numeric_dtype(table[c])}

    def text(column: str, value: Any) -> str:
        if value is None or (isinstance(value, float) and math.isnan(value)):
            return '<span class="none">missing</span>'
        if column in numeric and isinstance(value, int | float) and not isinstance(value, bool):
            return str(value) if isinstance(value, int) else number(value)
        return escape(value)

    head = "".join(f'<th scope="col">{escape(c)}</th>' for c in table.columns)
    body = "".join(
        "<tr>"
        + "".join(f"<td{' class=n' if c in numeric else ''}>{text(c, v)}</td>" for c, v in zip(table.columns, row, strict=True))
        + "</tr>"
        for row in table.itertuples(index=False, name=None)
    )
    title = f"<caption>{escape(caption)}</caption>" if caption else ""
    return f'<div class="statement"><table>{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def findings(found: list[Finding]) -> str:
    """Findings as a list, worst first, with what to do."""
    items = "".join(
        f'<li class="{f.severity}"><b>{f.severity}</b> <code>{escape(f.rule)}</code> {escape(f.where or f.file)}: '
        f"{escape(f.got)}. Expected {escape(f.expected)}. <i>{escape(f.fix)}.</i></li>"
        for f in found
    )
    return f'<ul class="findings">{items}</ul>' if items else "<p>Nothing to report.</p>"


def tree(chain: Tree) -> str:
    """A contribution tree; indentation is the level of the supply chain."""
    unit = escape(chain.unit)
    body = "".join(
        f'<tr><td style="padding-left:{0.6 + 1.2 * n.level:.1f}em"><a href="#product-{escape(n.product)}">{escape(n.name)}</a></td>'
        f'<td class="n">{number(n.amount)}</td><td>{escape(n.unit)}</td><td class="n">{number(n.impact)}</td>'
        f'<td class="n">{100 * n.share:.1f} %</td><td class="n">{number(n.direct)}</td></tr>'
        for n in chain.nodes
    )
    head = f"<th>process</th><th>amount</th><th>unit</th><th>impact [{unit}]</th><th>share</th><th>of which its own [{unit}]</th>"
    title = f"<caption>{escape(chain.title)}</caption>"
    return f'<div class="statement"><table>{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def drawing(picture: Drawing) -> str:
    """A figure as inline vector graphics; its caption is what a screen reader says."""
    caption = escape(picture.caption)
    markup = svg(picture.figure).replace("<svg ", f'<svg role="img" aria-label="{caption}" ', 1)
    return f"<figure>{markup}<figcaption>{caption}</figcaption></figure>"


def headlines(cards: Headlines) -> str:
    """The figures of page one as cards."""
    markup = "".join(
        f'<div class="card"><h3>{escape(title)}</h3><div class="big">{figure_of(c)}</div><p>{escape(c.unit)}<br>{escape(note)}</p></div>'
        for title, note, c in cards.cards
    )
    return f'<div class="cards">{markup}</div>'


class Shown:
    """A piece of HTML that notebooks display."""

    def __init__(self, markup: str):
        self.markup = markup

    def _repr_html_(self) -> str:
        return self.markup

    def __repr__(self) -> str:
        return f"{len(self.markup)} characters of HTML"


def show(thing: object, caption: str = "") -> Shown:
    """Anything that a chapter shows: a statement, a table, findings, a contribution tree, a figure, or a list of these."""
    return Shown(_markup(thing, caption))


def _markup(thing: object, caption: str) -> str:
    match thing:
        case Headlines():
            return headlines(thing)
        case Statement():
            return statement(thing)
        case pd.DataFrame():
            return frame(thing, caption)
        case Table():
            return frame(thing.rows, thing.title)
        case Drawing():
            return drawing(thing)
        case Tree():
            return tree(thing)
        case [] | [Finding(), *_]:
            return findings(thing)  # type: ignore[arg-type]
        case list():
            return "".join(_markup(part, caption) for part in thing)
    raise TypeError(f"nothing to show for a {type(thing).__name__}")
