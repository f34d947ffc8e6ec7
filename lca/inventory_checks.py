"""Rules over the content of the inventories: one function per rule, each yields findings.

`check` applies all of them. A finding names file, line and column, what was found, what is expected and how to mend it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.sparse import linalg

from lca import formulas
from lca.balances import balances
from lca.brightway import characterisation
from lca.errors import Finding, LcaError
from lca.inventory import Inventory, matrices, parameter_values
from lca.tables import listing
from lca.units import LONG_NAMES, convert

FORMULA_TOLERANCE = 1e-9
ELEMENT_TOLERANCE = 1e-6
DEFINITION = "own_definition"
LICENSED = ("ecoinvent", "gabi", "sphera", "negaoctet", "eime", "simapro", "agri-footprint")
NO_FACTORS = pd.DataFrame({"indicator": pd.Series(dtype=str), "flow": pd.Series(dtype=str), "factor": pd.Series(dtype=float)})
GROUND = {"c_graphite": "graphite_ground"}  # where the flow from the ground has another name than the element


def origins(element: str) -> tuple[str, str]:
    """The flows that bring an element in: from the ground, and from scrap that is free of burden.

    >>> origins("cu"), origins("c_graphite")
    (('cu_ground', 'scrap_cu'), ('graphite_ground', 'scrap_c_graphite'))
    """
    return GROUND.get(element, f"{element}_ground"), f"scrap_{element}"


def check(inventory: Inventory) -> list[Finding]:
    """Every finding of every rule of content. Rules that solve the inventories run once names, links and units are right."""
    found = [finding for rule in RULES for finding in rule(inventory)]
    whole = not any(f.severity == "error" and f.rule in FORM for f in found)
    return found + [finding for rule in SOLVING for finding in rule(inventory)] if whole else found


def _finding(rule: str, row: pd.Series, column: str, got: object, expected: str, fix: str, severity: str = "error") -> Finding:
    return Finding(rule, severity, row["file"], f"line {row['line']}, {column}", str(got), expected, fix)  # type: ignore[arg-type]


def codes_are_unique(inventory: Inventory) -> Iterator[Finding]:
    """No activity, flow, parameter, source or indicator is defined twice."""
    for name, column in (
        ("activities", "activity"),
        ("flows", "flow"),
        ("parameters", "parameter"),
        ("sources", "source"),
        ("indicators", "indicator"),
    ):
        frame: pd.DataFrame = getattr(inventory, name)
        for _, row in frame[frame[column].duplicated(keep="first")].iterrows():
            yield _finding("inventory.duplicate", row, column, f"'{row[column]}' again", "a new name", "rename or delete one")


def rows_are_not_doubled(inventory: Inventory) -> Iterator[Finding]:
    """No factor, balance or composition is given twice, and no exchange stands twice with the very same number and reason."""
    for name, columns in (
        ("characterisation", ["method", "flow"]),
        ("balances", ["activity", "quantity"]),
        ("compositions", ["item", "quantity"]),
        ("choices", ["choice", "option", "parameter"]),
        ("exchanges", ["activity", "type", "input", "amount", "formula", "source", "locator", "comment"]),
    ):
        frame: pd.DataFrame = getattr(inventory, name)
        for _, row in frame[frame.duplicated(columns, keep="first")].iterrows():
            told = ", ".join(str(row[c]) for c in columns[:3])
            yield _finding("inventory.duplicate", row, columns[1], f"{told} again", "one row", "delete one")


def sources_exist(inventory: Inventory) -> Iterator[Finding]:
    """Every number names a source that is in sources.csv."""
    known = set(inventory.sources["source"])
    for name in ("parameters", "exchanges", "characterisation", "compositions", "pedigree"):
        frame: pd.DataFrame = getattr(inventory, name)
        for _, row in frame[~frame["source"].isin(known)].iterrows():
            yield _finding("inventory.source", row, "source", f"'{row['source']}'", "a key of sources.csv", "add the source there")
    named = inventory.activities[inventory.activities["mass"].notna()]
    for _, row in named[~named["mass_source"].isin(known)].iterrows():
        yield _finding("inventory.source", row, "mass_source", f"'{row['mass_source']}'", "a key of sources.csv", "add it there")


def references_resolve(inventory: Inventory) -> Iterator[Finding]:
    """Every exchange belongs to an activity and names an existing input, in that input's unit."""
    unit_of_activity = dict(zip(inventory.activities["activity"], inventory.activities["unit"], strict=True))
    unit_of_flow = dict(zip(inventory.flows["flow"], inventory.flows["unit"], strict=True))
    for _, row in inventory.exchanges.iterrows():
        if row["activity"] not in unit_of_activity:
            yield _finding("inventory.orphan", row, "activity", f"'{row['activity']}'", "an activity", "add the activity")
        units = unit_of_flow if row["type"] == "biosphere" else unit_of_activity
        if row["input"] not in units:
            kind = "flow of flows.csv" if row["type"] == "biosphere" else "activity"
            yield _finding("inventory.unlinked", row, "input", f"'{row['input']}'", f"the code of a {kind}", "mend the code")
        elif row["unit"] != units[row["input"]]:
            yield _finding("inventory.unit", row, "unit", row["unit"], units[row["input"]], "convert the amount")
    flows, known = inventory.characterisation, set(unit_of_flow)
    for _, row in flows[~flows["flow"].isin(known)].iterrows():
        yield _finding("inventory.unlinked", row, "flow", f"'{row['flow']}'", "a flow of flows.csv", "mend the name")


def units_are_known(inventory: Inventory) -> Iterator[Finding]:
    """Units of products and flows are Brightway's long names."""
    for frame in (inventory.activities, inventory.flows):
        for _, row in frame[~frame["unit"].isin(LONG_NAMES)].iterrows():
            yield _finding("inventory.unit_name", row, "unit", row["unit"], "one of " + ", ".join(LONG_NAMES), "use the long name")


def every_activity_has_exchanges(inventory: Inventory) -> Iterator[Finding]:
    """An activity without exchanges would be a silent zero."""
    used = set(inventory.exchanges["activity"])
    for _, row in inventory.activities[~inventory.activities["activity"].isin(used)].iterrows():
        yield _finding("inventory.empty", row, "activity", f"'{row['activity']}' without exchanges", "at least one", "add them")


def formulas_equal_amounts(inventory: Inventory) -> Iterator[Finding]:
    """The amount beside a formula is the formula's value to 1e-9, relative."""
    values = parameter_values(inventory)
    for _, row in inventory.exchanges[inventory.exchanges["formula"] != ""].iterrows():
        try:
            with np.errstate(all="ignore"):  # what is not finite is a finding below
                value = float(formulas.evaluate(row["formula"], values))
        except ValueError as error:
            yield _finding("inventory.formula", row, "formula", str(error), "arithmetic over parameters", "mend the formula")
            continue
        if not np.isfinite(value) or abs(value - row["amount"]) > FORMULA_TOLERANCE * max(abs(value), abs(row["amount"])):
            yield _finding("inventory.formula", row, "amount", row["amount"], repr(value), "write the formula's value")


def intervals_hold_their_centre(inventory: Inventory) -> Iterator[Finding]:
    """A stated distribution has low <= central <= high, and a lognormal is positive."""
    for frame, column in ((inventory.parameters, "value"), (inventory.exchanges, "amount")):
        stated = frame[~frame["distribution"].isin(["", "none"])]
        for _, row in stated.iterrows():
            low, high, centre = row["low"], row["high"], row[column]
            if low is None or high is None or pd.isna(low) or pd.isna(high):
                yield _finding("inventory.interval", row, "low, high", "an empty cell", "both ends", "fill them")
            elif not low <= centre <= high:
                yield _finding("inventory.interval", row, "low, high", f"{low} to {high}", f"to hold {centre}", "mend the ends")
            elif row["distribution"] == "lognormal" and low <= 0:
                yield _finding("inventory.interval", row, "low", low, "above zero for a lognormal", "use triangular")


def amounts_are_positive(inventory: Inventory) -> Iterator[Finding]:
    """Credits are substitution exchanges of activities named credit; nothing else is negative."""
    e = inventory.exchanges
    for _, row in e[e["amount"] < 0].iterrows():
        yield _finding("inventory.sign", row, "amount", row["amount"], "zero or more", "use type substitution for a credit")
    for _, row in e[(e["type"] == "substitution") & ~e["activity"].str.contains("credit")].iterrows():
        yield _finding("inventory.credit", row, "type", "substitution", "an activity named credit", "move the credit there")


def assumptions_have_reasons(inventory: Inventory) -> Iterator[Finding]:
    """An assumed number says why in its comment."""
    for name in ("parameters", "exchanges", "characterisation"):
        frame: pd.DataFrame = getattr(inventory, name)
        for _, row in frame[(frame["basis"] == "assumed") & (frame["comment"] == "")].iterrows():
            yield _finding("inventory.reason", row, "comment", "an assumption without a reason", "a reason", "write it")


def indicators_have_factors(inventory: Inventory) -> Iterator[Finding]:
    """Every own indicator has characterisation factors."""
    methods = set(inventory.characterisation["method"])
    own = inventory.indicators[inventory.indicators["origin"] == "own"]
    for _, row in own[~own["method"].isin(methods)].iterrows():
        yield _finding("inventory.method", row, "method", row["method"], "factors in methods/", "add the factors")


def scarcity_follows_consumption(inventory: Inventory) -> Iterator[Finding]:
    """Per activity, water that evaporates is also listed by country, with the same amount."""
    water = inventory.exchanges[inventory.exchanges["input"].str.startswith("water_")]
    water = water[~water["activity"].str.endswith("_cooling") & ~water["activity"].str.startswith("electricity_direct_")]
    evaporated = water[water["input"] == "water_evaporated"].groupby("activity")["amount"].sum()
    by_country = water[water["input"].str.startswith("water_consumed_")].groupby("activity")["amount"].sum()
    pairs = pd.DataFrame({"one": evaporated, "two": by_country}).fillna(0.0)  # technologies have no place: the zone lists the country
    apart = pairs[(pairs["one"] - pairs["two"]).abs() > 1e-9 * pairs.max(axis=1)]
    for activity, pair in apart.iterrows():
        got = f"{pair['one']:g} evaporated, {pair['two']:g} by country"
        row = water[water["activity"] == activity].iloc[0]
        yield _finding("inventory.water", row, str(activity), got, "equal amounts", "add water_consumed_XX")


def facts_are_complete(inventory: Inventory) -> Iterator[Finding]:
    """Every number of its own says for which year and place it holds; a formula takes these from its parameters."""
    plain = inventory.exchanges[inventory.exchanges["formula"] == ""]
    for frame in (inventory.parameters, plain[plain["source"] != DEFINITION]):
        stated = frame[(frame["distribution"] != "none") & (frame["source"] != DEFINITION)]
        for _, row in stated[stated["year"].isna() | (stated["geography"] == "")].iterrows():
            yield _finding(
                "inventory.facts", row, "year, geography", "an empty cell", "the year and place of the number", "fill them", "warning"
            )


def sources_may_be_used(inventory: Inventory) -> Iterator[Finding]:
    """No number comes from a source that is for comparison only, and whoever names a licensed database is one of these."""
    barred = set(inventory.sources.loc[inventory.sources["redistribution"] == "none", "source"])
    for name in ("parameters", "exchanges", "characterisation", "compositions"):
        frame: pd.DataFrame = getattr(inventory, name)
        for _, row in frame[frame["source"].isin(barred)].iterrows():
            yield _finding(
                "inventory.licence", row, "source", row["source"], "a source that may be used", "take the number from an open source"
            )
    for _, row in inventory.sources[
        (inventory.sources["redistribution"] != "none") & (inventory.sources["kind"] != "definition")
    ].iterrows():
        named = [n for n in LICENSED if n in f"{row['citation']} {row['doi_or_url']}".lower()]
        if named:
            expected = "redistribution none, for comparison only"
            yield _finding("inventory.licence", row, "citation", f"names {listing(named)}", expected, "take another source for the number")


def chains_are_productive(inventory: Inventory) -> Iterator[Finding]:
    """No process needs, directly or through others, as much of its own product as it makes, or more."""
    technical = inventory.exchanges[inventory.exchanges["type"] == "technosphere"]
    m = matrices(replace(inventory, exchanges=technical), NO_FACTORS)
    fix = "mend the amounts of the loop that it belongs to"
    try:
        scaling = linalg.splu(m.technosphere.tocsc()).solve(np.ones(len(m.activities)))  # one unit of everything
    except RuntimeError:
        own = technical[technical["activity"] == technical["input"]]
        where = listing(sorted(own["activity"])) or "a loop of processes"
        yield Finding("inventory.loop", "error", "exchanges*.csv", where, "a loop that makes nothing", "a loop that leaves a product", fix)
        return
    for i in np.flatnonzero(scaling < 0):
        row = inventory.activities.iloc[int(i)]
        yield _finding("inventory.loop", row, row["activity"], "more of itself needed than made", "a loop that leaves a product", fix)


def names_are_usable(inventory: Inventory) -> Iterator[Finding]:
    """Parameters are identifiers, no function's name, distinct also without regard to case, and their units are units."""
    seen: dict[str, str] = {}
    for _, row in inventory.parameters.iterrows():
        name = str(row["parameter"])
        if not name.isidentifier() or name in formulas.FUNCTIONS or seen.setdefault(name.lower(), name) != name:
            yield _finding("inventory.name", row, "parameter", f"'{name}'", "an identifier of its own, and no function", "rename it")
        try:
            convert(f"1 {row['unit']}" if row["unit"] != "1" else "1", "dimensionless" if row["unit"] == "1" else str(row["unit"]))
        except ValueError as error:
            yield _finding("inventory.unit_name", row, "unit", f"'{row['unit']}': {error}", "a pint expression, or 1", "mend the unit")


def elements_balance(inventory: Inventory) -> Iterator[Finding]:
    """No component holds more of an element than its whole supply chain takes from the ground or from scrap."""
    elements = sorted(n.removeprefix("content_") for n in inventory.flows["flow"] if n.startswith("content_"))
    columns = {code: i for i, code in enumerate(inventory.activities["activity"])}
    biosphere = inventory.exchanges[inventory.exchanges["type"] == "biosphere"]
    used = set(biosphere["input"])
    wanted = [e for e in elements if f"content_{e}" in used]
    if not wanted:
        return
    m = matrices(inventory, NO_FACTORS)
    try:
        solved = linalg.splu(m.technosphere.T.tocsc()).solve(m.biosphere.T.toarray())
    except RuntimeError:
        return  # chains_are_productive says so
    place = {name: i for i, name in enumerate(m.flows)}
    for element in wanted:
        content = solved[:, place[f"content_{element}"]]
        taken = sum((solved[:, place[f]] for f in origins(element) if f in place), np.zeros(len(columns)))
        for code, i in columns.items():
            if content[i] > ELEMENT_TOLERANCE * content.max() and content[i] > taken[i] * (1 + ELEMENT_TOLERANCE):
                rows = inventory.activities[inventory.activities["activity"] == code]
                got = f"{content[i]:.4g} kg {element} in the product, {taken[i]:.4g} kg taken from ground and scrap"
                yield _finding(
                    "inventory.element", rows.iloc[0], code, got, "at least as much taken as held", "buy the metal, or mend the content"
                )


def balances_close(inventory: Inventory) -> Iterator[Finding]:
    """Every stated balance closes within its tolerance, and names what exists."""
    activities, items = set(inventory.activities["activity"]), set(inventory.activities["activity"]) | set(inventory.flows["flow"])
    for _, row in inventory.balances[~inventory.balances["activity"].isin(activities)].iterrows():
        yield _finding("inventory.unlinked", row, "activity", f"'{row['activity']}'", "the code of an activity", "mend the code")
    for _, row in inventory.compositions[~inventory.compositions["item"].isin(items)].iterrows():
        yield _finding("inventory.unlinked", row, "item", f"'{row['item']}'", "an activity or a flow", "mend the code")
    for b in balances(inventory):
        if b.error > b.tolerance:
            got = f"{b.quantity}: {b.incoming:.6g} in, {b.outgoing:.6g} out, {100 * b.error:.2g} % apart"
            where, expected = f"line {b.line}, {b.activity}", f"at most {100 * b.tolerance:g} %"
            yield Finding("inventory.balance", "error", b.file, where, got, expected, "add what is missing, or mend the amounts")


def choices_set_parameters(inventory: Inventory) -> Iterator[Finding]:
    """A position of a switch sets parameters that exist, and one position is the state of the tables."""
    values = parameter_values(inventory)
    for _, row in inventory.choices[~inventory.choices["parameter"].isin(set(values))].iterrows():
        yield _finding("inventory.choice", row, "parameter", f"'{row['parameter']}'", "a parameter", "mend the name")
    for choice, rows in inventory.choices.groupby("choice"):
        positions = [all(values.get(r.parameter) == r.value for r in part.itertuples()) for _, part in rows.groupby("option")]
        if sum(positions) != 1:
            got = f"{sum(positions)} positions of {choice} are the values in the parameter tables"
            yield _finding("inventory.choice", rows.iloc[0], "value", got, "exactly one, the default", "mend the values")


def flows_are_characterised(inventory: Inventory) -> Iterator[Finding]:
    """Elementary flows that no method scores are named, so that nobody takes them for harmless."""
    try:
        scored = set(characterisation(inventory)["flow"])
    except (LcaError, KeyError):
        return  # other rules say which method or flow is missing
    used = set(inventory.exchanges.loc[inventory.exchanges["type"] == "biosphere", "input"])
    silent = sorted(f for f in used - scored if not f.startswith(("recovered_", "content_")))
    if silent:
        got, fix = f"no method scores {listing(silent, 40)}", "read them as mass; add factors if a source gives some"
        yield Finding("inventory.uncharacterised", "note", "flows.csv", f"{len(silent)} of {len(used)} flows", got, "a factor", fix)


FORM = {"inventory.duplicate", "inventory.unlinked", "inventory.orphan", "inventory.unit", "inventory.unit_name", "inventory.formula"}
RULES = (
    codes_are_unique,
    rows_are_not_doubled,
    names_are_usable,
    sources_exist,
    references_resolve,
    units_are_known,
    every_activity_has_exchanges,
    formulas_equal_amounts,
    intervals_hold_their_centre,
    amounts_are_positive,
    assumptions_have_reasons,
    indicators_have_factors,
    scarcity_follows_consumption,
    facts_are_complete,
    sources_may_be_used,
    choices_set_parameters,
)
SOLVING = (
    chains_are_productive,
    balances_close,
    elements_balance,
    flows_are_characterised,
)
