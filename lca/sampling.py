"""Many solves of one inventory with other amounts: what stays the same is laid out once.

For each draw only the values of the technosphere and of the direct impacts change. `Sampler` keeps their places, so that a draw is a
sum of values by place, one factorisation and one solve for all indicators.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.sparse import linalg

from lca.inventory import Inventory


class Sampler:
    """The adjoint system of an inventory, A^T Y = (C B)^T, for any amounts and characterisation factors."""

    def __init__(self, inventory: Inventory, characterisation: pd.DataFrame):
        exchanges = inventory.exchanges
        place = {code: i for i, code in enumerate(inventory.activities["activity"])}
        flow = {name: i for i, name in enumerate(inventory.flows["flow"])}
        indicator = {name: i for i, name in enumerate(inventory.indicators["indicator"])}
        kind = exchanges["type"].to_numpy()
        self.size = len(place)
        self._technical = np.flatnonzero(kind != "biosphere")
        self._elementary = np.flatnonzero(kind == "biosphere")
        made = exchanges["activity"].map(place).to_numpy(int)
        self._sign = np.where(kind[self._technical] == "substitution", 1.0, -1.0)
        inputs = exchanges["input"].iloc[self._technical].map(place).to_numpy(int)
        rows = np.concatenate([np.arange(self.size), made[self._technical]])  # of the transposed technosphere, diagonal first
        columns = np.concatenate([np.arange(self.size), inputs])
        _, first, self._inverse = np.unique(columns * self.size + rows, return_index=True, return_inverse=True)
        self._indices = rows[first].astype(np.int32)
        self._indptr = np.searchsorted(columns[first], np.arange(self.size + 1)).astype(np.int32)
        count = len(self._elementary)
        self._sum = sparse.csr_matrix((np.ones(count), (made[self._elementary], np.arange(count))), shape=(self.size, count))
        self._flow_of = exchanges["input"].iloc[self._elementary].map(flow).to_numpy(int)
        self._factor_place = (characterisation["flow"].map(flow).to_numpy(int), characterisation["indicator"].map(indicator).to_numpy(int))
        self._factor_shape = (len(flow), len(indicator))

    def scores(self, amounts: np.ndarray, factors: np.ndarray) -> np.ndarray:
        """Scores of all products, shape (products, indicators); `amounts` per exchange row, `factors` per characterisation row."""
        values = np.concatenate([np.ones(self.size), self._sign * amounts[self._technical]])
        data = np.bincount(self._inverse, weights=values, minlength=len(self._indices))
        transposed = sparse.csc_matrix((data, self._indices, self._indptr), shape=(self.size, self.size))
        table = np.zeros(self._factor_shape)
        np.add.at(table, self._factor_place, factors)
        right = self._sum @ (amounts[self._elementary, None] * table[self._flow_of])
        return np.asarray(linalg.splu(transposed).solve(right))
