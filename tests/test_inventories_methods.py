"""Characterisation and solution: Brightway's scores against plain matrices and against sums that a reader can redo."""

from __future__ import annotations

import math

import numpy as np

from lca import inventory as inv
from lca.factors import variant


def test_a_method_gives_a_flow_one_factor(real_factors):
    """Two rows for a flow would count it twice: in the tables of ours, and in what Brightway is given."""
    own = real_factors.inventory.characterisation
    assert own[own.duplicated(["method", "flow"])].empty
    given = real_factors.characterisation
    assert given[given.duplicated(["indicator", "flow"])].empty


def test_rare_earths_extracted_are_the_elements_in_the_ground(real_factors):
    """The indicator is the kilograms of sixteen elements, no more: for a magnet, an oxide, a drive and a server."""
    e = real_factors.elements
    symbols = ("sc", "y", "la", "ce", "pr", "nd", "sm", "eu", "gd", "tb", "dy", "ho", "er", "tm", "yb", "lu")
    for product in ("ndfeb_magnet", "nd_oxide_GLO", "hdd", "server_8gpu_h100_80"):
        by_hand = math.fsum(e.at[product, f"{s}_ground"] for s in symbols if f"{s}_ground" in e)
        assert by_hand > 0
        assert math.isclose(real_factors.table.at[product, "rare_earths"], by_hand, rel_tol=1e-9), product


def test_plain_matrices_give_brightways_scores(real_factors):
    """SciPy on the tables laid out as matrices, without Brightway: every product and indicator, to 1e-9 of the largest of each.

    One parameter is set to the value that it has, so that the other way of solving is taken.
    """
    value = inv.parameter_values(real_factors.inventory)["eol_collected"]
    plain = variant(real_factors, {"eol_collected": (value, value, value)})
    for mine, theirs in ((plain.table, real_factors.table), (plain.elements, real_factors.elements)):
        assert list(mine.columns) == list(theirs.columns)
        assert np.isclose(mine, theirs, rtol=1e-9, atol=1e-11 * theirs.abs().max()).all()
