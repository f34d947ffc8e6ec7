"""Factors: Brightway's solve against hand arithmetic and against a plain sparse solve of the same tables."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import linalg

from lca import factors as fac
from lca import inventory as inv
from lca.errors import LcaError

ROOT = Path(__file__).parents[1]


def plain(factors: fac.Factors) -> pd.DataFrame:
    """Scores of all products from the tables alone: each product's demand solved forward, without Brightway."""
    m = inv.matrices(factors.inventory, factors.characterisation)
    supply = linalg.splu(m.technosphere).solve(np.eye(len(m.activities)))
    scores = m.characterisation @ (m.biosphere @ supply)
    return pd.DataFrame(scores.T, index=m.activities, columns=m.indicators)[factors.table.columns]


def test_the_tiny_factors_by_hand(tiny_factors):
    """Losses are 0.2/0.8 = 0.25 of plants (0.5 kg, 0.002 m3) and fuel (0.1 kg); a server is 100 kWh and 25 kg."""
    by_hand = {
        "electricity_direct_XX": [0.5, 0.002, 0.002 * 20],
        "electricity_upstream_XX": [0.1, 0, 0],
        "electricity_losses_XX": [0.25 * 0.6, 0.25 * 0.002, 0.25 * 0.04],
        "electricity_XX": [1.25 * 0.6, 1.25 * 0.002, 1.25 * 0.04],
        "server": [100 * 0.75 + 25, 100 * 0.0025, 100 * 0.05],
    }
    assert list(tiny_factors.table.index) == list(by_hand)
    for product, scores in by_hand.items():
        assert tiny_factors.score(product).tolist() == pytest.approx(scores, rel=1e-14, abs=0)


def test_brightway_and_a_plain_solve_agree(real_factors):
    """All products x all indicators: within 1e-9 of the plain solve, and round-off is the only thing that was set to zero."""
    other = plain(real_factors)
    noise = 1e-11 * other.abs().max()  # each of the two solves rounds off, the more the longer the chains
    apart = (other - real_factors.table).abs()
    relative = (apart / other.abs()).where(apart > noise, 0.0)
    worst = relative.stack().idxmax()
    assert relative.to_numpy().max() <= 1e-9, (worst, relative.to_numpy().max())
    ours = real_factors.table
    assert (other.abs()[ours == 0].fillna(0.0) <= noise).all().all()


def test_every_product_has_every_indicator(real_factors):
    """One row per activity in the order of the tables, no gap; a column only where a method scores a flow that is used."""
    scored = real_factors.statistics["flows_characterised"]
    assert list(real_factors.table.index) == list(real_factors.inventory.activities["activity"])
    assert list(real_factors.table.columns) == [i for i in real_factors.inventory.indicators["indicator"] if scored[i]]
    assert np.isfinite(real_factors.table.to_numpy()).all()
    assert real_factors.statistics["unlinked"] == 0


def test_only_credits_are_negative(real_factors):
    """A negative factor needs a substitution; only activities named credit have one."""
    negative = real_factors.table.index[(real_factors.table < 0).any(axis=1)]
    assert len(negative) > 0
    assert [p for p in negative if "credit" not in p] == []


def test_an_unknown_product_has_no_factor(tiny_factors):
    """It is an error, not zero."""
    with pytest.raises(KeyError):
        tiny_factors.score("teapot")


@settings(max_examples=25, deadline=None)
@given(st.dictionaries(st.integers(0, 432), st.floats(0.001, 1000), min_size=1, max_size=5), st.integers(1, 50))
def test_demands_add_up_and_scale(real_factors, demand, n):
    """The forward solve of a mixed demand, n times, is n times the sum of amounts times factors."""
    m = inv.matrices(real_factors.inventory, real_factors.characterisation)
    f = np.zeros(len(m.activities))
    for i, amount in demand.items():
        f[i] = amount
    forward = pd.Series(m.characterisation @ (m.biosphere @ linalg.splu(m.technosphere).solve(n * f)), index=m.indicators)
    summed = n * (f @ real_factors.table.to_numpy())
    scale = n * (f @ real_factors.table.abs().to_numpy())
    # what was set to zero as round-off may be missing from the sum
    allowed = 1e-9 * scale + n * f.sum() * fac.ROUND_OFF * real_factors.table.abs().max().to_numpy()
    assert (np.abs(forward[real_factors.table.columns].to_numpy() - summed) <= allowed).all()


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("hardware/exchanges.csv", ",25,kilogram", ",25.000001,kilogram"),
        ("methods/own.csv", "water_consumed_XX,20", "water_consumed_XX,21"),
        ("spread.csv", "read,1.2", "read,1.3"),
        ("sources.csv", "CC0", "CC BY 4.0"),
    ],
)
def test_the_cache_key_changes_with_every_cell(tiny, tmp_path, file, old, new):
    """An amount, a characterisation factor, a spread or a licence: another cell, another key; the old result isn't found."""
    root = shutil.copytree(tiny, tmp_path / "inventories")
    same = fac.key(inv.state(root))
    assert same == fac.key(inv.state(tiny))
    text = (root / file).read_text(encoding="utf-8")
    assert text.count(old) == 1
    (root / file).write_text(text.replace(old, new), encoding="utf-8")
    assert fac.key(inv.state(root)) != same


def test_a_user_with_brightway_keeps_an_untouched_folder(tiny, tmp_path):
    """Compiling with an empty cache and BRIGHTWAY2_DIR set to an empty folder gives the factors and leaves the folder empty."""
    brightway, cache = tmp_path / "brightway", tmp_path / "cache"
    brightway.mkdir()
    program = (
        "import sys; from pathlib import Path; from lca.factors import compiled; "
        "print(float(compiled(Path(sys.argv[1])).score('server')['gwp100']))"
    )
    environment = os.environ | {"BRIGHTWAY2_DIR": str(brightway), "LCA_CACHE": str(cache), "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", program, str(tiny)], env=environment, capture_output=True, text=True, check=True)
    assert float(done.stdout) == pytest.approx(100, rel=1e-14)
    assert list(brightway.iterdir()) == []
    kept = sorted(p.name for p in cache.iterdir())
    assert kept == [fac.key(inv.state(tiny))], "the scratch project is gone, only the result is kept"


def test_faulty_inventories_give_all_findings_and_no_factors(tiny, tmp_path, monkeypatch):
    """Two faults: both are in the error, and nothing was compiled into the cache."""
    root = Path(shutil.copytree(tiny, tmp_path / "inventories"))
    monkeypatch.setenv("LCA_CACHE", str(tmp_path / "cache"))
    text = (root / "hardware/exchanges.csv").read_text(encoding="utf-8")
    (root / "hardware/exchanges.csv").write_text(text.replace("electricity_XX,100", "electricity_ZZ,100").replace(",25,", ",-25,"))
    with pytest.raises(LcaError) as stopped:
        fac.compiled(root)
    assert {f.rule for f in stopped.value.findings} >= {"inventory.unlinked", "inventory.sign"}
    assert not (tmp_path / "cache").exists()


def test_round_off_is_zero_and_numbers_stay():
    """In a column with 1 as its largest, 1e-15 of either sign is noise, 1e-12 is a number; other columns have their own scale."""
    scores = np.array([[1.0, 1e-20], [-1e-15, 5e-21], [1e-12, 0.0]])
    assert fac.without_noise(scores).tolist() == [[1.0, 1e-20], [0.0, 5e-21], [1e-12, 0.0]]
