"""The project's own inventories: clean, sourced, open, and right where arithmetic can tell."""

from __future__ import annotations

import math
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd

from lca import formulas
from lca import inventory as inv
from lca.assessment import INVENTORIES

ROOT = Path(__file__).parents[1]
LICENSED = re.compile(r"ecoinvent|gabi|sphera|negaoctet|eime|idemat|agribalyse", re.IGNORECASE)
OPEN = re.compile(r"CC0|\bCC BY\b|\bMIT\b|Apache-2\.0|BSD|US public domain|EU reuse|as this project|facts$")
CLOSED = re.compile(r"\b(NC|ND)\b|non-?commercial|no licen[cs]e|all rights reserved|proprietary", re.IGNORECASE)


def amounts(inventory: inv.Inventory, activity: str) -> pd.Series:
    """Inputs and emissions of one activity."""
    rows = inventory.exchanges[inventory.exchanges["activity"] == activity]
    return rows.groupby("input")["amount"].sum()


def test_lca_check_inventories_is_clean():
    """The command exits 0 and reports no error and no warning."""
    done = subprocess.run([sys.executable, "-m", "lca.cli", "check", "inventories"], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stdout
    assert "0 errors, 0 warnings" in done.stdout


def test_every_formula_is_its_amount(inventory, value):
    """Redone outside the check: Python's own arithmetic on each formula cell gives the cell beside it to 1e-9."""
    rows = inventory.exchanges[inventory.exchanges["formula"] != ""]
    functions = {"exp": math.exp, "log": math.log, "sqrt": math.sqrt, "min": min, "max": max}
    assert len(rows) > 1000
    for row in rows.itertuples():
        by_python = eval(row.formula, {"__builtins__": {}}, functions | value)
        assert math.isclose(by_python, row.amount, rel_tol=1e-9), (row.file, row.line)


def test_every_parameter_of_a_formula_exists(inventory):
    """No formula names what no table defines, and hardly a parameter is a switch without a wire.

    The shares of countries (`supply_*`) stand behind the factors of supply risk, not behind formulas.
    """
    used = set().union(*(formulas.names(f) for f in inventory.exchanges["formula"] if f))
    defined = {p for p in inventory.parameters["parameter"] if not p.startswith("supply_")}
    assert used - defined == set()
    assert len(used) > 0.97 * len(defined)


def test_nothing_is_unlinked(inventory, real_factors):
    """Every input is an activity or a flow of the tables, and Brightway's importer counts no unlinked exchange."""
    known = set(inventory.activities["activity"]) | set(inventory.flows["flow"])
    assert set(inventory.exchanges["input"]) - known == set()
    assert real_factors.statistics["unlinked"] == 0
    assert real_factors.statistics["activities"] == len(inventory.activities)
    assert real_factors.statistics["exchanges"] == len(inventory.exchanges) + len(inventory.activities)  # and one production each


def test_every_number_has_a_source_and_a_place_in_it(inventory):
    """Parameters, exchanges, characterisation factors and masses: source and locator are filled; `none` only where nothing was read."""
    known = set(inventory.sources["source"])
    for frame in (inventory.parameters, inventory.exchanges, inventory.characterisation):
        assert set(frame["source"]) <= known
        assert (frame["locator"].str.strip() != "").all()
        assert set(frame.loc[frame["locator"] == "none", "source"]) <= {"own_assumption"}
    with_mass = inventory.activities[inventory.activities["mass"].notna()]
    assert set(with_mass["mass_source"]) <= known
    assert (with_mass["mass_locator"] != "").all()
    assert with_mass["mass_basis"].isin(["read", "derived", "assumed"]).all()


def test_every_source_is_used(inventory):
    """As the source of a number or a mass, or named in a row's locator or comment as what it was compared with."""
    tables = (inventory.parameters, inventory.exchanges, inventory.characterisation)
    named = set(inventory.activities["mass_source"]).union(*(t["source"] for t in (*tables, inventory.pedigree, inventory.compositions)))
    words = " ".join(text for t in (*tables, inventory.activities) for c in ("locator", "comment") if c in t for text in t[c])
    assert [s for s in inventory.sources["source"] if s not in named and not re.search(rf"\b{re.escape(s)}\b", words)] == []


def test_every_assumption_gives_its_reason(inventory):
    """`assumed` without a comment is a guess that nobody can judge."""
    for frame in (inventory.parameters, inventory.exchanges):
        assumed = frame[frame["basis"] == "assumed"]
        assert len(assumed) > 0
        assert (assumed["comment"].str.len() > 3).all()


def test_no_licensed_database_is_shipped(inventory):
    """No source whose citation or licence is one is redistributed as values, and what is redistributed has an open licence."""
    shipped = inventory.sources[inventory.sources["redistribution"] == "values"]
    for row in shipped.itertuples():
        assert not LICENSED.search(f"{row.source} {row.citation} {row.licence}"), row.source
        assert OPEN.search(row.licence), (row.source, row.licence)
        assert not CLOSED.search(row.licence), (row.source, row.licence)


def test_a_number_that_was_not_assumed_names_more_than_an_assumption(inventory):
    """Read and derived parameters and exchanges with a number of their own: the source is of another kind than `assumption`."""
    kind = dict(zip(inventory.sources["source"], inventory.sources["kind"], strict=True))
    own = inventory.exchanges[inventory.exchanges["formula"] == ""]
    for frame in (inventory.parameters, own, inventory.characterisation):
        known = frame[frame["basis"] != "assumed"]
        assert len(known) > 10
        assert "assumption" not in set(known["source"].map(kind))


def test_an_assumption_of_a_parameter_gives_an_interval(inventory):
    """low < value < high, or a bound of a share, for every assumed parameter but definitions: a guess without a width is a claim."""
    assumed = inventory.parameters[(inventory.parameters["basis"] == "assumed") & (inventory.parameters["distribution"] != "none")]
    assert len(assumed) > 500
    for row in assumed.itertuples():
        assert row.low <= row.value <= row.high, row.parameter
        assert row.low < row.high, row.parameter


def test_only_credits_substitute_and_no_amount_is_negative(inventory, real_factors):
    """Negative amounts would be credits in hiding; so would a product whose score is below zero."""
    exchanges = inventory.exchanges
    assert (exchanges["amount"] >= 0).all()
    assert exchanges.loc[exchanges["type"] == "substitution", "activity"].str.contains("credit").all()
    t = real_factors.table
    plain = t[~t.index.str.contains("credit")]
    assert (plain >= 0).all().all()
    credits = t[t.index.str.contains("credit") & ~t.index.str.contains("content_credit")]
    assert len(credits) > 30
    assert (credits["gwp100"] < 0).all()


ACCOUNTING = re.compile(r"(content|recovered|retired|lost|scrap|waste|fuel)_.+|.+_(deposited|returned)|scrap_sold|oxygen_air|seawater_.+")


def test_flows_that_no_method_scores_are_known(real_factors):
    """Accounts of mass and energy aside, these emissions have no factor in any method. Nothing else goes unscored in silence.

    Biogenic CO2 counts zero by convention; the rest are gaps of the methods: oxygen demand and sulfate in water, coarse dust, heat,
    nickel to groundwater, thorium, occupied reservoirs.
    """
    unscored = [f for f in real_factors.statistics["flows_in_no_method"] if not ACCOUNTING.fullmatch(f)]
    assert unscored == [
        "co2_biogenic",
        "cod_water",
        "heat_waste",
        "land_occupation_reservoir",
        "ni_groundwater",
        "pm_coarse",
        "sulfate_water",
        "th232_air",
        "th232_water",
    ]


def test_aggregates_score_one_and_are_counted(real_factors):
    """1 kg CO2e of a published total is 1 kg CO2e, in both climate methods, and its share of a product can be read off."""
    c = real_factors.characterisation
    aggregate = c[c["flow"] == "ghg_aggregate"].set_index("indicator")["factor"]
    assert aggregate[["gwp100", "ef_climate", "aggregated_ghg"]].tolist() == [1, 1, 1]
    t = real_factors.table
    plain = t.index[~t.index.str.contains("credit")]
    assert (t.loc[plain, "aggregated_ghg"] <= t.loc[plain, "gwp100"] * (1 + 1e-12)).all()


def test_every_system_has_its_card(inventory):
    """A folder of tables without a README would be numbers without a boundary."""
    for system in {f.split("/")[0] for f in inventory.activities["file"]}:
        assert (INVENTORIES / system / "README.md").stat().st_size > 500


def test_published_totals_are_a_small_part_of_a_gpu_and_a_server(real_factors):
    """Less than 5 % of the climate change of an accelerator and of a server with eight of them rests on `ghg_aggregate`."""
    t = real_factors.table
    for device in ("gpu_h100_sxm_80", "server_8gpu_h100_80", "server_cpu_dual"):
        assert 0 < t.at[device, "aggregated_ghg"] < 0.05 * t.at[device, "gwp100"], device


def test_published_totals_stand_in_two_places_only(inventory):
    """What somebody declares, and two fluorocarbons without a flow: no product's own total."""
    rows = inventory.exchanges[inventory.exchanges["input"].str.endswith("_aggregate")]
    assert set(rows["activity"]) == {"declared_ghg", "fab_gas_release"}


def test_a_switch_sets_only_parameters_and_its_default_stands_in_the_tables(inventory, value):
    """Each position names parameters that exist; one position of every switch is what the tables hold: the default."""
    assert inventory.choices["choice"].nunique() >= 15
    for choice, rows in inventory.choices.groupby("choice"):
        positions = {o: dict(zip(p["parameter"], p["value"].astype(float), strict=True)) for o, p in rows.groupby("option")}
        assert len(positions) >= 2, choice
        assert all(set(p) <= set(value) for p in positions.values()), choice
        changed = set().union(*positions.values())
        default = [o for o, p in positions.items() if all(value[n] == p.get(n, value[n]) for n in changed)]
        assert default, choice


def test_the_index_of_the_guide_counts_what_is_there(inventory):
    """Activities, exchanges and parameters of each folder, and all together, as inventories/README.md prints them."""
    tables = (inventory.activities, inventory.exchanges, inventory.parameters)
    counts = [t["file"].str.split("/").str[0].value_counts() for t in tables]
    guide = (inventory.root / "README.md").read_text(encoding="utf-8")
    for system in counts[0].index:
        assert f"| {' | '.join(str(c[system]) for c in counts)} |" in guide, system
    assert f"| together | | {' | '.join(str(len(t)) for t in tables)} |" in guide
