"""How far a number may be off: its stated interval, or one computed from facts about it.

A row of `inventories/` says which source it comes from, how (`basis`), for which year and place, and whether the very technology is
meant. Five scores of the pedigree matrix follow from these facts (nobody types a score), a factor for each from
`inventories/pedigree.csv`, and one for the basis from `spread.csv`. The 95 % interval is amount / f to amount x f with

    ln(f)^2 = ln(f_basis)^2 + sum over the five scores of ln(f_score)^2

Source of the matrix and factors: Weidema and Wesnaes 1996; Ciroth et al. 2016 (see `inventories/sources.csv`), combined as in Brightway's
`pedigree_matrix`. A row with its own `low` and `high` keeps them. Names of the scores are those of bw2io.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import pandas as pd

from lca import formulas
from lca.inventory import Inventory

INDICATORS = ("reliability", "completeness", "temporal correlation", "geographical correlation", "further technological correlation")
BASES = ("read", "derived", "assumed")  # from strong to weak
RELIABILITY = {
    "definition": 1,
    "measurement": 1,
    "statistics": 1,
    "product": 1,
    "study": 2,
    "handbook": 2,
    "model": 3,
    "estimate": 4,
    "assumption": 5,
}
COMPLETENESS = {
    "definition": 1,
    "statistics": 1,
    "product": 1,
    "handbook": 2,
    "study": 3,
    "model": 3,
    "measurement": 4,
    "estimate": 5,
    "assumption": 5,
}
TECHNOLOGY = {"": 1, "same": 1, "similar": 2, "proxy": 4}
Z95 = 1.959963984540054  # half-width of the central 95 % of a normal distribution, in standard deviations
YEARS = (3, 6, 10, 15)  # a difference below these gives the scores 1 to 4
EU = frozenset(("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU", "LV", "MT"))
EU |= {"NL", "PL", "PT", "RO", "SE", "SI", "SK"}
MEMBERS = {"EU": EU, "RER": EU | {"AL", "BA", "CH", "GB", "IS", "ME", "MK", "NO", "RS", "UA"}}


@dataclass(frozen=True)
class Spread:
    """Interval of one number as it is drawn, with the scores behind it; `scores` is empty where the row states its interval or is a
    definition. Lognormal: `low` and `high` hold 95 %; triangular and uniform: they are bounds, and a triangular has a `mode`."""

    distribution: str
    low: float
    high: float
    scores: tuple[int, ...] = ()
    basic: float = 1.0
    mode: float = math.nan


def temporal(year: float | None, wanted: float) -> int:
    """Score of the distance in years; 5 for an unknown year.

    >>> temporal(2020, 2022), temporal(2014, 2022), temporal(None, 2022)
    (1, 3, 5)
    """
    if year is None or pd.isna(year):
        return 5
    return next((score for score, limit in enumerate(YEARS, 1) if abs(year - wanted) < limit), 5)


def geographical(place: str, wanted: str) -> int:
    """Same place 1, a larger area that holds it 2, a part of the wanted area 3, another place 4, unknown 5.

    >>> [geographical(p, "FR") for p in ("FR", "EU", "GLO", "CN", "")], geographical("US-NWPP", "US"), geographical("EU", "CN")
    ([1, 2, 2, 4, 5], 3, 4)
    """
    if not place:
        return 5
    if place == wanted:
        return 1
    if _holds(place, wanted):
        return 2
    if _holds(wanted, place):
        return 3
    return 4


def _holds(area: str, place: str) -> bool:
    return area == "GLO" or place.startswith(f"{area}-") or place.split("-")[0] in MEMBERS.get(area, ())


def scores(row: Mapping[str, object], kind: str, year: float, geography: str) -> tuple[int, ...]:
    """The five scores of one row for a process of that year and place; `kind` is the kind of its source."""
    if row["basis"] == "assumed":
        kind = "assumption"
    return (
        RELIABILITY[kind],
        COMPLETENESS[kind],
        temporal(row["year"], year),  # type: ignore[arg-type]
        geographical(str(row["geography"]), geography),
        TECHNOLOGY[str(row["technology"])],
    )


def about_the_mean(distribution: str, central: float, low: float, high: float) -> Spread:
    """The distribution of that width whose mean is the central value.

    Lognormal: `low` and `high` give the ratio of the ends of the central 95 %. Triangular: they are bounds and the mode
    follows from the mean; where the value lies so near one bound that no triangle has that mean, the far bound comes closer.

    >>> about_the_mean("triangular", 1.0, 0.0, 10.0)
    Spread(distribution='triangular', low=0.0, high=3.0, scores=(), basic=1.0, mode=0.0)
    >>> about_the_mean("triangular", 4.0, 1.0, 6.0).mode
    5.0
    """
    if distribution == "lognormal":
        scale = math.log(high / low) / (2 * Z95)
        middle = central * math.exp(-(scale**2) / 2)
        return Spread(distribution, middle * math.exp(-Z95 * scale), middle * math.exp(Z95 * scale))
    if distribution == "triangular":
        mode = 3 * central - low - high
        if mode < low:
            mode, high = low, 3 * central - 2 * low
        elif mode > high:
            mode, low = high, 3 * central - 2 * high
        return Spread(distribution, low, high, mode=mode) if low < high else Spread("none", central, central)
    return Spread(distribution, low, high)


def _spread(row: Mapping[str, object], central: float, users: list[tuple[float, str]], facts: _Facts) -> Spread:
    distribution = str(row["distribution"])
    if distribution == "none" or (not distribution and central == 0):
        return Spread("none", central, central)
    if distribution:
        return about_the_mean(distribution, central, float(row["low"]), float(row["high"]))  # type: ignore[arg-type]
    kind = facts.kind.get(str(row["source"]), "assumption")
    each = [scores(row, kind, year, place) for year, place in users]
    worst = tuple(max(column) for column in zip(*each, strict=True)) if each else scores(row, kind, math.nan, "")
    basic = facts.basic[str(row["basis"])]
    squares = [math.log(basic) ** 2] + [math.log(facts.factor[i, s]) ** 2 for i, s in zip(INDICATORS, worst, strict=True)]
    factor = math.exp(math.sqrt(math.fsum(squares)))
    low, high = sorted((central / factor, central * factor))
    return replace(about_the_mean("lognormal", central, low, high), scores=worst, basic=basic)


@dataclass(frozen=True)
class _Facts:
    kind: dict[str, str]
    basic: dict[str, float]
    factor: dict[tuple[str, int], float]


def _facts(inventory: Inventory) -> _Facts:
    return _Facts(
        dict(zip(inventory.sources["source"], inventory.sources["kind"], strict=True)),
        dict(zip(inventory.spread["basis"], inventory.spread["factor"].astype(float), strict=True)),
        {(r.indicator, int(r.score)): float(r.factor) for r in inventory.pedigree.itertuples()},
    )


@lru_cache(maxsize=8)
def spreads(inventory: Inventory) -> tuple[list[Spread], list[Spread]]:
    """Intervals of all parameters and of all exchanges, in the order of the tables; an exchange with a formula has none of its own.

    A parameter is scored against the activities that use it: the worst of each score counts, so that a number stretched over many
    years and places says so.
    """
    facts = _facts(inventory)
    of_activity = {r.activity: (float(r.year), str(r.geography)) for r in inventory.activities.itertuples()}
    users: dict[str, set[tuple[float, str]]] = {}
    for row in inventory.exchanges[inventory.exchanges["formula"] != ""].itertuples():
        for name in formulas.names(row.formula):
            users.setdefault(name, set()).add(of_activity[row.activity])
    parameters = [
        _spread(row, float(row["value"]), sorted(users.get(str(row["parameter"]), ())), facts)
        for row in inventory.parameters.to_dict("records")
    ]
    exchanges = [
        Spread("none", row["amount"], row["amount"])
        if row["formula"]
        else _spread(row, float(row["amount"]), [of_activity[row["activity"]]], facts)
        for row in inventory.exchanges.to_dict("records")
    ]
    return parameters, exchanges


@lru_cache(maxsize=8)
def bases(inventory: Inventory) -> list[str]:
    """The basis of every exchange, the weakest link counting: an amount that a formula makes of an assumed parameter is assumed."""
    of_parameter = dict(zip(inventory.parameters["parameter"], inventory.parameters["basis"], strict=True))
    out = []
    for basis, formula in zip(inventory.exchanges["basis"], inventory.exchanges["formula"], strict=True):
        links = [of_parameter.get(n, "assumed") for n in formulas.names(formula)] if formula else [basis]
        out.append(max(links or [basis], key=BASES.index))
    return out
