"""One product by itself: its indicators with intervals, what they rest on, and where one of them arises."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from lca.contributions import Node, tree, without_assumptions
from lca.errors import Finding, LcaError
from lca.factors import Factors, variant
from lca.inventory import chosen
from lca.page import number
from lca.tables import listing
from lca.uncertainty import factor_draws, interval

DRAWS, SEED = 1000, 1


@dataclass(frozen=True)
class Score:
    """`table` has one row per indicator: label, unit, value, low, high (95 %), and the share of the value that passes through an
    assumed number; an indicator that nothing describes has no value."""

    product: str
    amount: float
    indicator: str
    table: pd.DataFrame
    nodes: list[Node]


def settings(factors: Factors, words: list[str]) -> dict[str, tuple[float, float, float]]:
    """`name=value` pairs as parameter values: a switch and its position, or a parameter and a number in its own unit.

    Raises `LcaError` (exit 2) naming every pair that is neither.
    """
    inventory, faults = factors.inventory, []
    values: dict[str, tuple[float, float, float]] = {}
    switches = {f"{r.choice}={r.option}" for r in inventory.choices.itertuples()}
    known = set(inventory.parameters["parameter"])
    for word in words:
        name, _, given = word.partition("=")
        if word in switches:
            values |= {p: (v, v, v) for p, v in chosen(inventory, {name: given}).items()}
            continue
        try:
            if name not in known:
                raise ValueError("no such parameter")
            number_given = float(given)
            if not math.isfinite(number_given):
                raise ValueError("not a finite number")
            values[name] = (number_given,) * 3
        except ValueError:
            expected = f"a switch ({listing(sorted(switches), 20)}) or parameter=number"
            faults.append(Finding("score.set", "error", "--set", "", word, expected, "see inventories/*/parameters*.csv"))
    if faults:
        raise LcaError(faults, 2)
    return values


def score(plain: Factors, product: str, amount: float = 1.0, indicator: str = "gwp100", words: list[str] | None = None) -> Score:
    """The score of `amount` of a product, with the inventories' parameters changed by `words` if given."""
    factors = variant(plain, settings(plain, words or []))
    if product not in factors.table.index:
        near = [p for p in factors.table.index if product.lower() in p.lower()]
        fix = "close: " + listing(near) if near else "lca products TEXT finds it"
        raise LcaError(Finding("score.product", "error", "inventories", "", product, "the code of a product", fix), 2)
    if indicator not in factors.table.columns:
        fault = Finding("score.indicator", "error", "--indicator", "", indicator, ", ".join(factors.table.columns), "take one of these")
        raise LcaError(fault, 2)
    place = factors.table.index.get_loc(product)
    drawn = factor_draws(factors, DRAWS, SEED)[place].astype(float) * amount
    values, firm = factors.table.loc[product] * amount, without_assumptions(factors).loc[product] * amount
    rows: list[tuple[Any, ...]] = []
    for r in factors.inventory.indicators.itertuples():
        if r.indicator not in values:
            rows.append((r.indicator, r.label, r.unit, r.completeness, None, None, None, None))
            continue
        _, low, high = interval(drawn[:, factors.table.columns.get_loc(r.indicator)])
        value = float(values[r.indicator])
        assumed = 1 - float(firm[r.indicator]) / value if value else 0.0
        rows.append((r.indicator, r.label, r.unit, r.completeness, value, low, high, assumed))
    columns = ["indicator", "label", "unit", "completeness", "value", "low", "high", "assumed"]
    return Score(product, amount, indicator, pd.DataFrame(rows, columns=columns), tree(factors, product, indicator, amount))


def as_json(s: Score) -> dict[str, Any]:
    """Plain data: scores by indicator, and the tree."""
    described = s.table[s.table["value"].notna()]
    scores = {
        r.indicator: {"value": r.value, "low": r.low, "high": r.high, "unit": r.unit, "assumed_share": r.assumed}
        for r in described.itertuples()
    }
    return {"product": s.product, "amount": s.amount, "scores": scores, "tree": [asdict(n) for n in s.nodes]}


def as_text(s: Score) -> str:
    """Lines for a terminal."""
    lines = [f"{'value':>14}  {'95 % of ' + str(DRAWS) + ' draws':>26}  {'assumed':>7}  {'unit':<22} indicator"]
    for r in s.table.itertuples():
        if pd.isna(r.value):
            lines.append(f"{'not described':>14}  {'':>26}  {'':>7}  {r.unit:<22} {r.label}")
            continue
        ends = " to ".join(number(end, *sorted((0.9 * end, 1.1 * end))) for end in (r.low, r.high))
        bound = ", lower bound" if r.completeness == "partial" else ""
        shown = number(r.value, *sorted((r.low, r.high)))
        lines.append(f"{shown:>14}  {ends:>26}  {100 * r.assumed:>5.0f} %  {r.unit:<22} {r.label}{bound}")
    lines += ["assumed: share of the value that passes through a number that nobody read in a source", ""]
    lines += [f"{s.indicator}, share of each branch:"]
    lines += [f"{100 * n.share:6.1f} %  {'  ' * n.level}{n.name}, {number(n.amount)} {n.unit}" for n in s.nodes]
    return "\n".join(lines)
