"""One product by itself: intervals, switches, and what rests on assumptions."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from lca import score as one
from lca.contributions import without_assumptions
from lca.errors import LcaError
from lca.factors import Factors
from lca.inventory import matrices
from lca.sampling import Sampler
from lca.uncertainty import characterisation_draws, draw


def test_what_passes_through_an_assumption_by_hand(tiny_factors):
    """A server is 100 kWh x 0.75 = 75 kg, read and derived, and 25 kg assumed: a quarter of 100 kg; electricity assumes nothing."""
    firm = without_assumptions(tiny_factors)["gwp100"]
    assert firm["server"] == pytest.approx(75)
    assert firm["electricity_XX"] == pytest.approx(tiny_factors.table.at["electricity_XX", "gwp100"])
    s = one.score(tiny_factors, "server", 2.0)
    row = s.table.set_index("indicator").loc["gwp100"]
    assert (row["value"], row["assumed"]) == (pytest.approx(200), pytest.approx(0.25))
    assert row["low"] < row["value"] < row["high"]


def test_a_parameter_can_be_set(tiny_factors):
    """Without losses a consumer's kWh is 0.5 + 0.1 = 0.6 kg instead of 0.75."""
    assert one.score(tiny_factors, "electricity_XX", words=["loss_XX=0"]).nodes[0].impact == pytest.approx(0.6)
    assert one.score(tiny_factors, "electricity_XX").nodes[0].impact == pytest.approx(0.75)


@pytest.mark.parametrize("word", ["loss_YY=0", "loss_XX=none", "loss_XX", "=3"])
def test_what_cannot_be_set_is_refused(tiny_factors, word):
    """An unknown name and a value that is no number end with 2 and say what there is."""
    with pytest.raises(LcaError, match="parameter=number") as error:
        one.score(tiny_factors, "server", words=[word])
    assert error.value.exit_code == 2


def test_a_switch_of_the_inventories_moves_the_magnet(real_factors):
    """By value a magnet bears more of the ore than by mass, because neodymium is dear; the switch changes nothing else in steel."""
    value, mass = (one.score(real_factors, "ndfeb_magnet", words=[f"rare_earth_allocation={p}"]).nodes[0].impact for p in ("value", "mass"))
    assert value > 1.5 * mass
    steel = [one.score(real_factors, "steel", words=words).nodes[0].impact for words in ([], ["rare_earth_allocation=mass"])]
    assert steel[1] == pytest.approx(steel[0], rel=1e-3)


def test_sampler_and_matrices_are_the_same_solve(real_factors):
    """Any amounts: the sampler's scores equal a plain solve of the matrices laid out anew."""
    inventory, c = real_factors.inventory, real_factors.characterisation
    rng = np.random.default_rng(5)
    amounts = inventory.exchanges["amount"].to_numpy(float) * rng.uniform(0.9, 1.1, len(inventory.exchanges))
    m = matrices(inventory, c, amounts)
    plain = np.linalg.solve(m.technosphere.T.toarray(), (m.characterisation @ m.biosphere).T.toarray())
    got = Sampler(inventory, c).scores(amounts, c["factor"].to_numpy(float))
    assert np.abs(got - plain).max(axis=0) == pytest.approx(0, abs=1e-9 * np.abs(plain).max())
    assert (np.abs(got - plain).max(axis=0) <= 1e-10 * np.abs(plain).max(axis=0)).all()


def test_a_beta_has_its_mean_and_stays_inside():
    """Mean 11.3 between 0.1 and 100 with alpha + beta = 2: the mean of many draws is 11.3, none leaves the bounds."""
    drawn = draw("beta", 11.3, 0.1, 100.0, 200_000, np.random.default_rng(1))
    assert drawn.mean() == pytest.approx(11.3, rel=0.02)
    assert (drawn.min() >= 0.1) and (drawn.max() <= 100)


def test_factors_without_a_spread_are_not_drawn():
    """A fixed factor is the same in every draw, a spread one isn't."""
    table = pd.DataFrame(
        {
            "indicator": ["a", "a"],
            "flow": ["x", "y"],
            "factor": [2.0, 3.0],
            "low": [None, 1.0],
            "high": [None, 9.0],
            "distribution": ["", "beta"],
        }
    )
    drawn = characterisation_draws(table, 50, 1)
    assert set(drawn[0]) == {2.0}
    assert len(set(drawn[1])) == 50


def test_text_and_json_say_the_same(tiny_factors: Factors):
    """Every described indicator is in both."""
    s = one.score(tiny_factors, "server")
    words, data = one.as_text(s), one.as_json(s)
    assert set(data["scores"]) == set(s.table.loc[s.table["value"].notna(), "indicator"])
    assert words.count("\n") >= len(data["scores"])
    assert data["tree"][0]["share"] == 1.0
