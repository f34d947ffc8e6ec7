"""Brightway's scores against plain matrices of the same tables."""

from __future__ import annotations

import numpy as np

from lca import inventory as inv
from lca.factors import variant


def test_plain_matrices_give_brightways_scores(real_factors):
    """SciPy on the tables laid out as matrices, without Brightway: every product and indicator, to 1e-9.

    Rare-earth mass is left to a test of its own. One parameter is set to the value that it has, so that the other way of solving is taken.
    """
    value = inv.parameter_values(real_factors.inventory)["eol_collected"]
    plain = variant(real_factors, {"eol_collected": (value, value, value)})
    for mine, theirs in (
        (plain.table.drop(columns="rare_earths"), real_factors.table.drop(columns="rare_earths")),
        (plain.elements, real_factors.elements),
    ):
        assert list(mine.columns) == list(theirs.columns)
        assert np.isclose(mine, theirs, rtol=1e-9, atol=1e-11 * theirs.abs().max()).all()
