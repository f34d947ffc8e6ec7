"""Cells and statements: what is printed, and which ledger rows it is the sum of."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import pandas as pd

from lca.assessment import Assessment
from lca.uncertainty import interval

ABSENT = "not described: the inventories hold no flow that this method scores"


@dataclass(frozen=True)
class Cell:
    """One printed figure: the exact sum of `indicator` over `rows`, times `scale`, with its 95 % interval and median of the draws.

    `value` is computed with the central values of every input; the median of the draws differs where intervals are skewed.
    """

    id: str
    rows: pd.DataFrame
    indicator: str
    unit: str
    value: float
    low: float
    high: float
    median: float
    scale: float = 1.0
    empty: str = ""  # what an empty selection means: not occurring, excluded; never a silent zero
    taken_off: frozenset[int] = frozenset()  # rows of a difference that enter with a minus, and their own scale
    taken_off_scale: float = 1.0

    @property
    def row_numbers(self) -> list[int]:
        """Ledger rows that are added."""
        return [int(r) for r in self.rows["row"] if r not in self.taken_off]

    @property
    def minus_numbers(self) -> list[int]:
        """Ledger rows that are taken off: those of the base in a difference."""
        return [int(r) for r in self.rows["row"] if r in self.taken_off]


@dataclass(frozen=True)
class Statement:
    """A titled grid of cells; `notes` explains choices, `lines` are (label, cells) in print order."""

    id: str
    title: str
    columns: list[str]
    lines: list[tuple[str, list[Cell]]]
    notes: list[str] = field(default_factory=list)

    def cells(self) -> list[Cell]:
        return [cell for _, cells in self.lines for cell in cells]

    def frame(self) -> pd.DataFrame:
        """Values only, labels as index."""
        return pd.DataFrame([[c.value for c in cells] for _, cells in self.lines], [label for label, _ in self.lines], self.columns)


@dataclass(frozen=True)
class Table:
    """A plain table with its title."""

    title: str
    rows: pd.DataFrame


@dataclass(frozen=True)
class Headlines:
    """The figures of page one: title, remark and cell of each."""

    cards: list[tuple[str, str, Cell]]


def cell(a: Assessment, key: str, rows: pd.DataFrame, indicator: str, scale: float = 1.0, empty: str = "") -> Cell:
    """A cell with its value and interval."""
    if a.completeness(indicator) == "absent":
        return Cell(key, rows.iloc[:0], indicator, a.unit(indicator), math.nan, math.nan, math.nan, math.nan, scale, ABSENT)
    value = math.fsum(rows[indicator]) * scale
    median, low, high = (scale * x for x in interval(a.draws(rows, indicator)))
    remark = empty if rows.empty else ""
    return Cell(key, rows, indicator, a.unit(indicator), value, low, high, median, scale, remark)
