"""How sure: seeded draws of the inventories and of the study, in one propagation.

Background: every parameter and exchange is drawn from its interval, formulas are evaluated on the draws, and the adjoint system is
solved for each draw, which gives the factors of all products at once. The draws belong to the state of the inventories and to
the seed, and are kept; every study and scenario uses the same ones, so a comparison is made draw by draw.

Study: every uncertain quantity (a meter, a PUE, a lifetime) is drawn once and moves all rows that name it in `keys`.
A declared value is the median of its draws, its low and high hold 95 % of them. A number of the inventories is the mean of its draws
of any distribution: a sum of many uncertain amounts tends to the sum of their means, and not knowing a number better must not
make a product worse.
"""

from __future__ import annotations

import hashlib
import os
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd

from lca import formulas
from lca.activity import Case
from lca.factors import Factors, cache_folder, key, without_noise
from lca.inventory import Inventory
from lca.pedigree import Z95, Spread, spreads
from lca.sampling import Sampler
from lca.stages.electricity import REST, coverage

KEPT_DRAWS = 8  # files of draws in the cache


def _generator(name: str, seed: int) -> np.random.Generator:
    """A stream of its own for every named quantity: adding one doesn't move the draws of the others."""
    digest = hashlib.sha256(f"{seed}:{name}".encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16], "big")))


def draw(kind: str, centre: float, low: float, high: float, n: int, generator: np.random.Generator) -> np.ndarray:
    """`n` draws of one quantity. Lognormal: `centre` is the mean, `low` and `high` give the width of the central 95 %. Others:
    `low` and `high` are bounds; `centre` is the mode of a triangular and the mean of a `beta` (alpha + beta = 2); `lca.pedigree`
    places the mode so that the mean is the number itself.

    >>> float(draw("none", 2.0, 2.0, 2.0, 3, _generator("x", 1)).sum())
    6.0
    """
    if kind == "none" or low == high:
        return np.full(n, centre)
    if kind == "lognormal":
        scale = np.log(high / low) / (2 * Z95)
        return centre * np.exp(generator.standard_normal(n) * scale - scale**2 / 2)
    if kind == "uniform":
        return generator.uniform(low, high, n)
    if kind == "beta":
        mean = (centre - low) / (high - low)
        return low + (high - low) * generator.beta(2 * mean, 2 * (1 - mean), n)
    return generator.triangular(low, centre, high, n)


def around_one(low: float, high: float, n: int, generator: np.random.Generator) -> np.ndarray:
    """`n` draws of a declared quantity relative to its value: the median is 1, `low` to `high` hold 95 %.

    Two half lognormals that meet at 1, so what divides by the quantity is drawn as well as what multiplies by it: the draws of
    1/x are those of the interval 1/high to 1/low. Below 1 the fall is linear where `low` is 0, and never below 0.

    >>> bool((around_one(1.0, 2.0, 100, _generator("x", 1)) >= 1).all())
    True
    """
    z = generator.standard_normal(n) / Z95
    rise, fall = np.maximum(z, 0.0), np.maximum(-z, 0.0)
    below = low**fall if low > 0 else np.maximum(1.0 - fall, 0.0)
    return np.asarray(high**rise * below)


def exchange_draws(inventory: Inventory, n: int, seed: int) -> np.ndarray:
    """Amounts of all exchanges, shape (exchanges, n). Formulas share the draws of their parameters."""
    of_parameters, of_exchanges = spreads(inventory)
    values = {}
    for name, centre, spread in zip(inventory.parameters["parameter"], inventory.parameters["value"], of_parameters, strict=True):
        values[name] = draw(*_ordered(spread, float(centre)), n, _generator(f"p:{name}", seed))
    out = np.empty((len(inventory.exchanges), n))
    count: dict[str, int] = {}
    for i, (row, spread) in enumerate(zip(inventory.exchanges.to_dict("records"), of_exchanges, strict=True)):
        if row["formula"]:
            out[i] = formulas.evaluate(row["formula"], values)
            continue
        name = f"e:{row['activity']}:{row['input']}"
        count[name] = count.get(name, 0) + 1
        out[i] = draw(*_ordered(spread, float(row["amount"])), n, _generator(f"{name}:{count[name]}", seed))
    return out


def _ordered(spread: Spread, centre: float) -> tuple[str, float, float, float]:
    return spread.distribution, spread.mode if spread.distribution == "triangular" else centre, spread.low, spread.high


def characterisation_draws(characterisation: pd.DataFrame, n: int, seed: int) -> np.ndarray:
    """Characterisation factors for every draw, shape (factors, n): a flow's factor in one method is drawn once."""
    out = np.repeat(characterisation["factor"].to_numpy(float)[:, None], n, axis=1)
    spread = characterisation["distribution"].fillna("").to_numpy()
    for i in np.flatnonzero((spread != "") & (spread != "none")):
        row = characterisation.iloc[i]
        name = f"c:{row['indicator']}:{row['flow']}"
        out[i] = draw(str(row["distribution"]), float(row["factor"]), float(row["low"]), float(row["high"]), n, _generator(name, seed))
    return out


def factor_draws(factors: Factors, n: int, seed: int) -> np.ndarray:
    """Factors of all products for every draw, shape (products, n, indicators), single precision; kept with the compiled factors."""
    folder = cache_folder() / key(factors.inventory.state)
    code = hashlib.sha256(b"".join((Path(__file__).parent / f).read_bytes() for f in ("uncertainty.py", "sampling.py"))).hexdigest()[:8]
    kept = folder / f"draws-{seed}-{n}-{code}.npy"  # drawn otherwise, kept under another name
    if kept.is_file():
        os.utime(kept)  # used now: among the last that are pruned
        return np.load(kept, mmap_mode="r")
    amounts = exchange_draws(factors.inventory, n, seed)
    weights = characterisation_draws(factors.characterisation, n, seed)
    described = [list(factors.inventory.indicators["indicator"]).index(i) for i in factors.table.columns]
    sampler = Sampler(factors.inventory, factors.characterisation)
    out = np.empty((len(factors.table), n, len(described)), dtype=np.float32)

    def one(i: int) -> None:
        out[:, i] = without_noise(sampler.scores(np.ascontiguousarray(amounts[:, i]), weights[:, i]))[:, described]

    with ThreadPoolExecutor(os.cpu_count()) as pool:  # the factorisation lets other threads run
        deque(pool.map(one, range(n)), maxlen=0)
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = kept.with_suffix(f".{hashlib.sha256(repr(id(out)).encode()).hexdigest()[:8]}.tmp.npy")
    np.save(unfinished, out)
    unfinished.replace(kept)
    prune(cache_folder())
    return np.load(kept, mmap_mode="r")


def prune(cache: Path, keep: int = KEPT_DRAWS) -> None:
    """Delete all but the `keep` draws used last: each holds some 300 MB, and every change of the inventories makes new ones."""
    found = sorted(cache.glob("*/draws-*.npy"), key=lambda p: p.stat().st_mtime, reverse=True)
    for old in found[keep:]:
        old.unlink(missing_ok=True)


def ledger_draws(ledger: pd.DataFrame, case: Case, factors: Factors, indicators: list[str]) -> np.ndarray:
    """Impacts of every ledger row for every draw, shape (n, rows, indicators)."""
    n, seed = case.study.uncertainty.draws, case.study.uncertainty.seed
    background = factor_draws(factors, n, seed)
    position = factors.table.index.get_indexer(ledger["product"])
    columns = [list(factors.table.columns).index(i) for i in indicators]
    multiplier = np.ones((n, len(ledger)))
    drawn = {name: around_one(low, high, n, _generator("s:" + name, seed)) for name, (low, high) in sorted(case.spread.items())}
    keys_of = [[k for k in keys.split(";") if k] for keys in ledger["keys"]]
    for j, keys in enumerate(keys_of):
        for name in keys:
            if name in drawn:
                multiplier[:, j] *= drawn[name]
    for site in {k.partition(":")[2] for keys in keys_of for k in keys if k.startswith(f"{REST}:")}:
        rest = uncovered(ledger, case, site, multiplier)
        for j, keys in enumerate(keys_of):
            if f"{REST}:{site}" in keys:
                multiplier[:, j] *= rest
    used, where = np.unique(position, return_inverse=True)  # a product's draws lie together: only those in use are read
    drawn_factors = background[used][:, :, columns].astype(float)
    impacts = drawn_factors[where].transpose(1, 0, 2) * (ledger["amount"].to_numpy() * multiplier)[:, :, None]
    return np.asarray(impacts)


def uncovered(ledger: pd.DataFrame, case: Case, site: str, multiplier: np.ndarray) -> np.ndarray:
    """Energy that a site's fixed instruments leave uncovered, per draw and relative to its central value, never below 0.

    The instruments' kWh are fixed and the meter is not: what is left is the drawn energy minus the claimed, so its relative spread is
    wider than the meter's.
    """
    place = ((ledger["site"] == site) & (ledger["view"] == "location") & (ledger["life_cycle_stage"] == "electricity")).to_numpy()
    energy = ledger["amount"].to_numpy()[place]
    relative = multiplier[:, place] @ energy / energy.sum()
    claimed = sum(share for contract, share in coverage(case, site) if contract and contract.energy)
    return np.asarray(np.maximum(relative - claimed, 0.0) / (1.0 - claimed))


def interval(draws: np.ndarray) -> tuple[float, float, float]:
    """Median and the ends of the central 95 % of one quantity's draws."""
    low, median, high = np.quantile(draws, [0.025, 0.5, 0.975])
    return float(median), float(low), float(high)
