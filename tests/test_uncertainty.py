"""Draws: seeded, one stream per quantity, common to all that is compared, and distributed as declared."""

from __future__ import annotations

import copy
import math
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import small
import yaml
from scipy import stats

from lca import inventory as inv
from lca import ledger as book
from lca.assessment import assess
from lca.uncertainty import Z95, _generator, around_one, draw, exchange_draws, factor_draws, interval, ledger_draws

N = 200_000


def standard_error(density: float, q: float) -> float:
    """Of an estimated quantile: sqrt(q (1 - q) / N) / density there."""
    return math.sqrt(q * (1 - q) / N) / density


def check_quantiles(got: np.ndarray, exact: stats.rv_continuous) -> None:
    """Each sample quantile within four standard errors of the exact one; the seed is fixed, so the outcome is too."""
    for q in (0.025, 0.25, 0.5, 0.75, 0.975):
        x = exact.ppf(q)
        assert abs(np.quantile(got, q) - x) < 4 * standard_error(exact.pdf(x), q), q


def test_a_lognormal_has_its_mean_at_the_centre_and_the_stated_width():
    """Centre 6, ends 3 and 12: sigma is ln(12/3)/(2 x 1.96) = 0.354, the median 6 exp(-sigma^2/2); as scipy.stats.lognorm."""
    got = draw("lognormal", 6.0, 3.0, 12.0, N, _generator("x", 1))
    sigma = math.log(4) / (2 * stats.norm.ppf(0.975))
    check_quantiles(got, stats.lognorm(s=sigma, scale=6 * math.exp(-(sigma**2) / 2)))
    assert got.mean() == pytest.approx(6, abs=4 * got.std() / math.sqrt(N))
    low, high = np.quantile(got, [0.025, 0.975])
    assert high / low == pytest.approx(4, rel=0.05)
    assert stats.norm.ppf(0.975) == pytest.approx(Z95, rel=1e-15)


def test_a_triangular_has_its_mode_at_the_centre_and_nothing_outside():
    """Low 1, mode 2, high 5: quantiles as scipy.stats.triang with c = (2 - 1)/(5 - 1) has them."""
    got = draw("triangular", 2.0, 1.0, 5.0, N, _generator("x", 2))
    check_quantiles(got, stats.triang(c=0.25, loc=1, scale=4))
    assert got.min() >= 1
    assert got.max() <= 5


def test_a_uniform_fills_its_bounds():
    """Low 0.4, high 0.6: quantiles on the line between them."""
    check_quantiles(draw("uniform", 0.5, 0.4, 0.6, N, _generator("x", 3)), stats.uniform(loc=0.4, scale=0.2))


@pytest.mark.parametrize("kind", ["lognormal", "triangular", "uniform"])
@pytest.mark.parametrize("n", [1, 7, 100])
def test_n_draws_are_n_and_the_same_seed_gives_the_same_digits(kind, n):
    """The number asked for, equal to the last bit when repeated, and others under another seed or name."""
    first, again = (draw(kind, 2.0, 1.0, 4.0, n, _generator("x", 5)) for _ in range(2))
    assert first.shape == (n,)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, draw(kind, 2.0, 1.0, 4.0, n, _generator("x", 6)))
    assert not np.array_equal(first, draw(kind, 2.0, 1.0, 4.0, n, _generator("y", 5)))


def test_a_number_without_width_is_itself():
    """`none`, and an interval of one point, give the centre in every draw."""
    for kind, low, high in (("none", 0.0, 9.0), ("triangular", 2.0, 2.0), ("lognormal", 2.0, 2.0)):
        assert set(draw(kind, 2.0, low, high, 10, _generator("x", 1))) == {2.0}


def test_adding_a_parameter_moves_no_other_stream(tiny, tmp_path):
    """A new first parameter and a new exchange with it: the nine plus two old rows keep their draws to the last bit."""
    root = Path(shutil.copytree(tiny, tmp_path / "inventories"))
    before = exchange_draws(inv.load(tiny), 50, 11)
    path = root / "electricity" / "parameters.csv"
    header, *rows = path.read_text(encoding="utf-8").splitlines()
    new = "aardvark,3,1,1,5,triangular,hand,row 20,read,2023,XX,,"
    path.write_text("\n".join([header, new, *rows]) + "\n", encoding="utf-8")
    path = root / "hardware" / "exchanges.csv"
    header, *rows = path.read_text(encoding="utf-8").splitlines()
    new = "server,biosphere,co2_fossil,3,kilogram,aardvark,,,,hand,row 20,read,2023,XX,,"
    path.write_text("\n".join([header, new, *rows]) + "\n", encoding="utf-8")
    inventory = inv.load(root)
    after = exchange_draws(inventory, 50, 11)
    added = inventory.exchanges["formula"] == "aardvark"
    assert added.sum() == 1
    assert np.array_equal(after[~added.to_numpy()], before)
    assert after[added.to_numpy()].min() >= 1


def test_exchanges_of_one_parameter_share_its_draw(tiny):
    """Losses of plants and of fuel are loss/(1-loss) of the same draw: equal in every draw, inside 0.1/0.9 to 0.3/0.7, not constant."""
    inventory = inv.load(tiny)
    draws = exchange_draws(inventory, 100, 3)
    plants, fuel = draws[(inventory.exchanges["formula"] != "").to_numpy()]
    assert np.array_equal(plants, fuel)
    assert 0.1 / 0.9 <= plants.min() < plants.max() <= 0.3 / 0.7


def test_rows_of_one_flow_in_one_activity_are_drawn_apart(tiny, tmp_path):
    """Two stacks that emit the same gas are two measurements: their draws are not the same stream."""
    root = Path(shutil.copytree(tiny, tmp_path / "inventories"))
    path = root / "hardware" / "exchanges.csv"
    again = "server,biosphere,ghg_aggregate,25,kilogram,,20,30,lognormal,hand,row 21,read,2023,XX,,\n"
    path.write_text(path.read_text(encoding="utf-8") + again, encoding="utf-8")
    inventory = inv.load(root)
    first, second = exchange_draws(inventory, 50, 3)[(inventory.exchanges["input"] == "ghg_aggregate").to_numpy()][-2:]
    assert not np.isclose(first, second).any()


def test_factor_draws_are_the_hand_arithmetic_draw_by_draw(tiny_factors):
    """server = kWh x (1 + losses) x (plants + fuel) + own, with each draw's numbers put in; 40 draws, all indicators."""
    n, seed = 40, 17
    e = tiny_factors.inventory.exchanges
    drawn = dict(zip(zip(e["activity"], e["input"], strict=True), exchange_draws(tiny_factors.inventory, n, seed), strict=True))
    delivered = 1 + drawn["electricity_losses_XX", "electricity_direct_XX"]
    kwh, own = drawn["server", "electricity_XX"], drawn["server", "ghg_aggregate"]
    plants, fuel = drawn["electricity_direct_XX", "co2_fossil"], drawn["electricity_upstream_XX", "ghg_aggregate"]
    by_hand = {
        "gwp100": kwh * delivered * (plants + fuel) + own,
        "water_consumption": kwh * delivered * drawn["electricity_direct_XX", "water_evaporated"],
        "water_scarcity": kwh * delivered * drawn["electricity_direct_XX", "water_consumed_XX"] * 20,
    }
    got = factor_draws(tiny_factors, n, seed)
    assert got.shape == (5, n, 3)
    server = list(tiny_factors.table.index).index("server")
    for column, indicator in enumerate(tiny_factors.table.columns):
        assert got[server, :, column] == pytest.approx(by_hand[indicator], rel=1e-6)  # kept in single precision


def test_kept_draws_are_the_same_as_fresh_ones(tiny_factors, tmp_path, monkeypatch):
    """From the cache, from an empty cache, and for a copy of the inventories elsewhere: the same digits."""
    kept = np.array(factor_draws(tiny_factors, 30, 23))
    assert np.array_equal(kept, factor_draws(tiny_factors, 30, 23))
    monkeypatch.setenv("LCA_CACHE", str(tmp_path))
    assert np.array_equal(kept, factor_draws(tiny_factors, 30, 23))
    assert not np.array_equal(kept, factor_draws(tiny_factors, 30, 24))


def test_draws_lie_around_the_static_factors(real_factors):
    """Ten draws of the real background: what plants emit per kWh lies between half and twice its static value.

    Iceland has water and steam alone and burns nothing.
    """
    got = factor_draws(real_factors, 10, 1)
    assert got.shape == (len(real_factors.table), 10, len(real_factors.table.columns))
    assert np.isfinite(got).all()
    column = list(real_factors.table.columns).index("gwp100")
    static = real_factors.table["gwp100"].to_numpy()
    zones = [i for i, p in enumerate(real_factors.table.index) if p.startswith("electricity_direct_")]
    burning = [i for i in zones if static[i] > 0]
    assert {real_factors.table.index[i] for i in set(zones) - set(burning)} <= {"electricity_direct_IS"}
    ratio = np.median(got[burning, :, column], axis=1) / static[burning]
    assert ratio.min() > 0.5
    assert ratio.max() < 2


def test_an_interval_is_median_and_central_95_percent():
    """Of 0, 1, ... 1000: median 500, ends 25 and 975; low <= median <= high however the draws are ordered."""
    assert interval(np.arange(1001.0)[::-1]) == (500, 25, 975)
    median, low, high = interval(np.full(5, 3.0))
    assert low <= median <= high


@pytest.fixture(scope="module")
def with_neutral(tmp_path_factory):
    """The small study with a scenario that sets the grid and the PUE's whole entry to what they are, and one that doesn't."""
    d = small.document()
    pue = copy.deepcopy(d["sites"][0]["pue"])
    d["scenarios"] = [
        {"id": "same", "title": "nothing changes", "set": {"sites.hall.grid": "XX", "sites.hall.pue": pue}},
        {"id": "other", "title": "another PUE", "set": {"sites.hall.pue": {**pue, "value": 1.3}}},
    ]
    return assess(small.put(tmp_path_factory.mktemp("neutral"), yaml.safe_dump(d)), small.INVENTORIES)


def test_a_neutral_scenario_differs_by_exactly_zero_in_every_draw(with_neutral):
    """Common draws: scenario minus base is 0.0 in each draw and indicator, not only on average; another PUE is not."""
    a = with_neutral
    base, same, other = (book.lca_rows(book.scenario_rows(a.ledger, s)) for s in ("base", "same", "other"))
    for indicator in book.indicators_of(a.ledger):
        assert not (a.draws(same, indicator) - a.draws(base, indicator)).any()
        assert book.total(same, indicator) == book.total(base, indicator)
    assert (a.draws(other, "gwp100") > a.draws(base, "gwp100")).mean() > 0.9  # base draws its PUE, the scenario's is a point above it


def test_a_declared_quantity_has_its_value_as_median_and_its_interval_as_95_percent():
    """10 000 draws from 0.5 over 1 to 3: half lie below 1, 2.5 % below 0.5 and 2.5 % above 3; 1/x is drawn from 1/3 over 1 to 2."""
    drawn = around_one(0.5, 3.0, 10_000, _generator("x", 7))
    assert np.quantile(drawn, [0.025, 0.5, 0.975]) == pytest.approx([0.5, 1.0, 3.0], rel=0.05)
    assert np.quantile(1 / drawn, [0.025, 0.5, 0.975]) == pytest.approx([1 / 3, 1.0, 2.0], rel=0.05)
    assert (around_one(0.0, 2.0, 10_000, _generator("x", 7)) >= 0).all()


def test_a_fixed_instrument_leaves_the_rest_of_the_drawn_energy(example):
    """Market-based energy without an instrument is what was drawn minus the 100 kWh claimed, in every draw where more was drawn.

    Its relative spread is therefore wider than the meter's: at 152.7 kWh, 10 % more energy is 15.3/52.7 = 29 % more without an instrument.
    """
    rows = example.base[(example.base["site"] == "us-west-2") & (example.base["life_cycle_stage"] == "electricity")]
    everything = rows[rows["view"] == "location"]
    rest = rows[(rows["view"] == "market") & rows["component"].str.endswith("no instrument")]
    factor = float(everything["gwp100"].sum() / everything["amount"].sum())
    left = everything["amount"].sum() - 100
    assert rest["gwp100"].sum() == pytest.approx(factor * left)
    spread = {
        name: np.diff(np.quantile(example.draws(r, "gwp100"), [0.025, 0.975]))[0] / r["gwp100"].sum()
        for name, r in (("all", everything), ("rest", rest))
    }
    assert spread["rest"] > 1.5 * spread["all"]


def test_the_ledgers_draws_are_as_many_as_declared_and_repeat(with_neutral):
    """200 draws are declared: 200 come, twice the same; rows and indicators as in the ledger; low <= median <= high."""
    a = with_neutral
    names = book.indicators_of(a.ledger)
    rows = a.base
    first, again = (ledger_draws(rows, a.cases["base"], a.factors, names) for _ in range(2))
    assert first.shape == (200, len(rows), len(names))
    assert np.array_equal(first, again)
    for j in range(len(names)):
        median, low, high = interval(first[:, :, j].sum(axis=1))
        assert low <= median <= high


def test_parts_sum_to_the_whole_in_every_draw(with_neutral):
    """Electricity and everything else are the study, draw by draw, so intervals of parts come from the same futures."""
    a = with_neutral
    rows = book.lca_rows(a.base)
    power = rows["life_cycle_stage"] == "electricity"
    parts = a.draws(rows[power], "gwp100") + a.draws(rows[~power], "gwp100")
    assert 0 < power.sum() < len(rows)
    assert parts == pytest.approx(a.draws(rows, "gwp100"), rel=1e-12)
    assert a.draws(rows.iloc[:0], "gwp100").tolist() == [0.0] * 200


def test_rows_with_one_uncertain_quantity_move_together(with_neutral):
    """One lifetime is drawn once: making and end of life of the node have the same multiplier in every draw, apart from their factors."""
    a = with_neutral
    rows = a.base[a.base["keys"] == "lifetime:node;active:node"]
    names = book.indicators_of(a.ledger)
    case = a.cases["base"]
    drawn = ledger_draws(rows, case, a.factors, names)
    background = factor_draws(a.factors, 200, case.study.uncertainty.seed)
    position = a.factors.table.index.get_indexer(rows["product"])
    multiplier = pd.DataFrame(drawn[:, :, 0] / (background[position, :, 0].T * rows["amount"].to_numpy()))
    assert len(rows) >= 2
    assert np.allclose(multiplier.to_numpy(), multiplier[[0]].to_numpy(), rtol=1e-12)
    assert multiplier[0].nunique() == 200


def test_a_wider_declared_interval_widens_the_result(tmp_path):
    """PUE 1.2 to 1.4 against no interval: the interval of the facility's overhead grows, its static total stays."""
    widths, totals = [], []
    for name, bounds in (("narrow", {}), ("wide", {"low": 1.01, "high": 2.5})):
        d = small.document()
        d["scenarios"] = []
        d["sites"][0]["pue"] = {"value": 1.25, "origin": "supplier", "source": "paper"} | bounds
        a = assess(small.put(tmp_path / name, yaml.safe_dump(d)), small.INVENTORIES)
        rows = book.lca_rows(a.base)
        _, low, high = interval(a.draws(rows, "gwp100"))
        widths.append(high - low)
        totals.append(book.total(rows, "gwp100"))
    assert totals[0] == totals[1]
    assert widths[1] > widths[0]


def test_the_cache_keeps_the_draws_used_last(tmp_path):
    """Of four files the two used last stay; other files of the cache are left alone."""
    import os

    from lca.uncertainty import prune

    for i in range(4):
        (tmp_path / str(i)).mkdir()
        (tmp_path / str(i) / "draws-1-100-x.npy").write_bytes(b"x")
        (tmp_path / str(i) / "factors.parquet").write_bytes(b"x")
        os.utime(tmp_path / str(i) / "draws-1-100-x.npy", (i, i))
    prune(tmp_path, keep=2)
    assert [p.parent.name for p in sorted(tmp_path.glob("*/draws-*.npy"))] == ["2", "3"]
    assert len(list(tmp_path.glob("*/factors.parquet"))) == 4
