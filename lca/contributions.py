"""Where an impact arises: the supply chain as a tree, and the processes with the largest emissions of their own.

The tree needs no new solve: with the factors s of all products, an input of amount a into a process contributes a x s of the input;
what is left of the process's own factor is what it emits itself. A branch ends below `cutoff` of the root or at `depth`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import linalg

from lca.factors import Factors
from lca.inventory import matrices
from lca.pedigree import bases


@dataclass(frozen=True)
class Node:
    """One branch: `amount` of `product` for the root's demand, its impact, and the part that the process emits itself."""

    level: int
    product: str
    name: str
    amount: float
    unit: str
    impact: float
    direct: float
    share: float


@dataclass(frozen=True)
class Tree:
    """A supply chain with the title and the unit under which it is shown."""

    title: str
    unit: str
    nodes: list[Node]


def tree(factors: Factors, product: str, indicator: str, amount: float = 1.0, cutoff: float = 0.02, depth: int = 5) -> list[Node]:
    """The supply chain of a product, depth first, largest branches first; `share` is relative to the root."""
    m = matrices(factors.inventory, factors.characterisation)
    scores = factors.table[indicator].reindex(m.activities).to_numpy()
    index = {code: i for i, code in enumerate(m.activities)}
    names = factors.inventory.activities.set_index("activity")
    root = amount * scores[index[product]]
    own = np.asarray((m.characterisation[m.indicators.index(indicator)] @ m.biosphere).todense()).ravel()

    def walk(i: int, quantity: float, level: int) -> Iterator[Node]:
        code = m.activities[i]
        impact = quantity * scores[i]
        share = impact / root if root else 0.0
        yield Node(level, code, str(names["name"][code]), quantity, str(names["unit"][code]), impact, quantity * own[i], share)
        if level == depth:
            return
        column = m.technosphere[:, [i]].tocoo()
        inputs = [(-a * quantity, j) for j, a in zip(column.row, column.data, strict=True) if j != i]
        for taken, j in sorted(inputs, key=lambda x: -abs(x[0] * scores[x[1]])):
            if root and abs(taken * scores[j] / root) >= cutoff:
                yield from walk(int(j), float(taken), level + 1)

    return list(walk(index[product], amount, 0))


def without_assumptions(factors: Factors) -> pd.DataFrame:
    """Scores of all products with every assumed number set to zero: what is missing of a score passes through an assumption.

    A number that a formula makes of an assumed parameter counts as assumed.
    """
    inventory = factors.inventory
    amounts = inventory.exchanges["amount"].to_numpy(float) * np.array([b != "assumed" for b in bases(inventory)])
    m = matrices(inventory, factors.characterisation, amounts)
    scores = linalg.splu(m.technosphere.T.tocsc()).solve((m.characterisation @ m.biosphere).T.toarray())
    return pd.DataFrame(scores, index=pd.Index(m.activities, name="product"), columns=m.indicators)[list(factors.table.columns)]


def by_process(factors: Factors, demand: dict[str, float], indicator: str) -> pd.DataFrame:
    """Emissions of each process itself for a demand of products; the column sums to the demand's impact."""
    m = matrices(factors.inventory, factors.characterisation)
    f = np.zeros(len(m.activities))
    for product, amount in demand.items():
        f[m.activities.index(product)] += amount
    supply = linalg.splu(m.technosphere).solve(f)
    own = np.asarray((m.characterisation[m.indicators.index(indicator)] @ m.biosphere).todense()).ravel()
    names = factors.inventory.activities.set_index("activity")["name"]
    out = pd.DataFrame({"process": m.activities, "name": [names[c] for c in m.activities], "supply": supply, "impact": own * supply})
    return out[out["impact"] != 0].sort_values("impact", ascending=False, key=np.abs).reset_index(drop=True)
