"""Inventories: every rule finds its fault and says where, and the matrices are the tables."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from lca import brightway, inventory_checks
from lca import inventory as inv
from lca.errors import LcaError


@pytest.fixture
def copy(tiny, tmp_path) -> Path:
    """Inventories of this test alone."""
    return Path(shutil.copytree(tiny, tmp_path / "inventories"))


def change(root: Path, file: str, old: str, new: str) -> None:
    """Replace one text that stands exactly once in a file."""
    path = root / file
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, (file, old)
    path.write_text(text.replace(old, new), encoding="utf-8")


def add(root: Path, file: str, row: str) -> None:
    path = root / file
    path.write_text(path.read_text(encoding="utf-8") + row + "\n", encoding="utf-8")


def rules(root: Path) -> set[tuple[str, str]]:
    """Rule and file of every finding."""
    return {(f.rule, f.file.split("/")[-1]) for f in inventory_checks.check(inv.load(root))}


def test_the_hand_solvable_inventories_are_clean(tiny):
    """No rule complains about them, so each complaint below is about the one cell that was changed."""
    assert inventory_checks.check(inv.load(tiny)) == []


FAULTS = [
    ("hardware/exchanges.csv", "electricity_XX,100", "electricity_ZZ,100", "inventory.unlinked", "'electricity_ZZ'"),
    ("hardware/exchanges.csv", "server,biosphere,ghg_aggregate", "server,biosphere,co2_magic", "inventory.unlinked", "'co2_magic'"),
    ("hardware/exchanges.csv", "100,kilowatt hour", "100,megajoule", "inventory.unit", "megajoule"),
    ("hardware/exchanges.csv", "server,biosphere", "servre,biosphere", "inventory.orphan", "'servre'"),
    ("hardware/exchanges.csv", ",25,kilogram", ",-25,kilogram", "inventory.sign", "-25"),
    ("hardware/exchanges.csv", "server,technosphere", "server,substitution", "inventory.credit", "substitution"),
    ("hardware/exchanges.csv", ",80,120,", ",101,120,", "inventory.interval", "101.0 to 120.0"),
    ("hardware/exchanges.csv", ",80,120,", ",80,99,", "inventory.interval", "80.0 to 99.0"),
    ("hardware/exchanges.csv", ",80,120,", ",,120,", "inventory.interval", "an empty cell"),
    ("hardware/exchanges.csv", ",20,30,", ",0,30,", "inventory.interval", "0.0"),
    ("hardware/exchanges.csv", "a round number", "", "inventory.reason", "an assumption without a reason"),
    ("hardware/exchanges.csv", "hand,row 9", "rumour,row 9", "inventory.source", "'rumour'"),
    ("hardware/activities.csv", "10,hand,row 8", "10,rumour,row 8", "inventory.source", "'rumour'"),
    ("hardware/activities.csv", "server,unit,", "server,pound,", "inventory.unit_name", "pound"),
    ("electricity/parameters.csv", "loss_XX,0.2", "loss_XX,0.21", "inventory.formula", "0.25"),
    ("electricity/parameters.csv", "loss_XX,0.2", "loss_YY,0.2", "inventory.formula", "which is no parameter"),
    ("electricity/parameters.csv", "hand,row 4", "rumour,row 4", "inventory.source", "'rumour'"),
    ("methods/own.csv", "water_consumed_XX,20", "water_consumed_ZZ,20", "inventory.unlinked", "'water_consumed_ZZ'"),
    ("methods/indicators.csv", "own::water::scarcity", "own::water::famine", "inventory.method", "own::water::famine"),
    ("flows.csv", "water_withdrawn,", "nd_ground,", "inventory.duplicate", "'nd_ground' again"),
]


@pytest.mark.parametrize(("file", "old", "new", "rule", "got"), FAULTS)
def test_one_changed_cell_is_found_by_its_rule(copy, file, old, new, rule, got):
    """The finding names the rule, the file, a line and what was found."""
    change(copy, file, old, new)
    found = [f for f in inventory_checks.check(inv.load(copy)) if f.rule == rule]
    assert found, f"{rule} did not see {new!r}"
    assert any(got in f.got and f.where.startswith("line ") for f in found), found


def test_water_that_evaporates_is_listed_by_country(copy):
    """0.002 m3 evaporate in an activity of an industry, but only 0.001 m3 are booked in a country: unequal."""
    for flow, amount in (("water_evaporated", 0.002), ("water_consumed_XX", 0.001)):
        add(copy, "hardware/exchanges.csv", f"server,biosphere,{flow},{amount},cubic meter,,,,,hand,row 11,read,2023,XX,,")
    assert rules(copy) == {("inventory.water", "exchanges.csv")}


def test_an_activity_without_exchanges_is_an_error_and_not_zero(copy):
    """A rack that nobody described would cost nothing."""
    add(copy, "hardware/activities.csv", "rack,rack making,rack,unit,XX,2023,,,,,")
    assert rules(copy) == {("inventory.empty", "activities.csv")}


def test_all_faults_are_reported_together(copy):
    """Three faults in three files: one run of the check names all three."""
    change(copy, "hardware/exchanges.csv", "hand,row 9", "rumour,row 9")
    change(copy, "electricity/parameters.csv", "loss_XX,0.2", "loss_XX,0.21")
    change(copy, "methods/own.csv", "water_consumed_XX,20", "water_consumed_ZZ,20")
    assert {"inventory.source", "inventory.formula", "inventory.unlinked"} <= {rule for rule, _ in rules(copy)}


@pytest.mark.parametrize("formula", ["loss_XX / (1 - 1)", "log(0) * loss_XX", "9 ** 9 ** 9 ** 9"])
def test_a_formula_without_a_finite_value_is_a_fault(copy, formula):
    """Infinity is within any tolerance of infinity; it is refused all the same."""
    text = (copy / "electricity/exchanges.csv").read_text(encoding="utf-8")
    (copy / "electricity/exchanges.csv").write_text(text.replace("loss_XX / (1 - loss_XX)", formula), encoding="utf-8")
    assert rules(copy) == {("inventory.formula", "exchanges.csv")}


def test_faults_of_form_stop_the_reading_all_at_once(copy):
    """A word for a number in one file and an unknown type in another: both are in the one error."""
    change(copy, "hardware/exchanges.csv", ",25,kilogram", ",heavy,kilogram")
    change(copy, "electricity/exchanges.csv", "electricity_upstream_XX,biosphere", "electricity_upstream_XX,sphere")
    with pytest.raises(LcaError) as stopped:
        inv.load(copy)
    assert {(f.rule, f.got) for f in stopped.value.findings} == {("table.cell", "'heavy'"), ("table.cell", "'sphere'")}


@pytest.mark.parametrize("file", ["network/exchanges.csv", "hardware/exchange.csv", "extra.csv"])
def test_a_table_that_nothing_reads_is_an_error(copy, file):
    """A misspelt file or an unknown folder would be missing in silence, and missing is not zero."""
    (copy / file).parent.mkdir(exist_ok=True)
    shutil.copy(copy / "hardware" / "exchanges.csv", copy / file)
    with pytest.raises(LcaError, match=r"inventory\.unread") as stopped:
        inv.load(copy)
    assert [f.file for f in stopped.value.findings] == [file]


def test_no_folder_is_a_finding(tmp_path):
    """A wrong path is named, not an empty inventory."""
    with pytest.raises(LcaError, match=r"inventory\.missing"):
        inv.load(tmp_path / "nowhere")


def test_the_state_is_the_content(copy, tiny):
    """A copy elsewhere has the same state; one changed digit, or one file under another name, has another."""
    state = inv.state(tiny)
    assert inv.state(copy) == state
    change(copy, "hardware/exchanges.csv", ",25,kilogram", ",26,kilogram")
    changed = inv.state(copy)
    (copy / "hardware" / "exchanges.csv").rename(copy / "hardware" / "exchanges_server.csv")
    assert len({state, changed, inv.state(copy)}) == 3


def test_matrices_are_the_tables_laid_out(tiny):
    """A server takes 100 kWh: -100 in its column; it emits 25 kg; and each activity makes 1 of its own."""
    inventory = inv.load(tiny)
    m = inv.matrices(inventory, brightway.characterisation(inventory))
    at = {code: i for i, code in enumerate(m.activities)}
    flow = {name: i for i, name in enumerate(m.flows)}
    assert m.technosphere.diagonal().tolist() == [1.0] * 5
    assert m.technosphere[at["electricity_XX"], at["server"]] == -100
    assert m.biosphere[flow["ghg_aggregate"], at["server"]] == 25
    assert m.characterisation[m.indicators.index("water_scarcity"), flow["water_consumed_XX"]] == 20
    assert m.technosphere.nnz == 5 + 6
    assert m.biosphere.nnz == 5


def test_a_substitution_enters_with_the_other_sign(copy):
    """A credit of 10 kWh is +10 where an input of 10 kWh is -10."""
    add(copy, "hardware/activities.csv", "server_credit,credit,server credit,unit,XX,2023,,,,,")
    add(copy, "hardware/exchanges.csv", "server_credit,substitution,electricity_XX,10,kilowatt hour,,,,,hand,row 12,read,2023,XX,,")
    inventory = inv.load(copy)
    assert inventory_checks.check(inventory) == []
    m = inv.matrices(inventory, brightway.characterisation(inventory))
    assert m.technosphere[m.activities.index("electricity_XX"), m.activities.index("server_credit")] == 10


def test_given_amounts_replace_those_of_the_table(tiny):
    """With all amounts doubled, off-diagonals and emissions double and the diagonal stays 1."""
    inventory = inv.load(tiny)
    c = brightway.characterisation(inventory)
    one, two = inv.matrices(inventory, c), inv.matrices(inventory, c, 2 * inventory.exchanges["amount"].to_numpy(float))
    identity = np.eye(5)
    assert np.array_equal(two.technosphere.toarray() - identity, 2 * (one.technosphere.toarray() - identity))
    assert np.array_equal(two.biosphere.toarray(), 2 * one.biosphere.toarray())


def test_an_unknown_name_is_an_error(tiny):
    """Neither an activity nor a parameter is made up."""
    inventory = inv.load(tiny)
    assert inventory.value("loss_XX") == 0.2
    with pytest.raises(KeyError):
        inventory.value("loss_ZZ")
    with pytest.raises(KeyError):
        inventory.activity("teapot")
