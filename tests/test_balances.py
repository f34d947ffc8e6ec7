"""What goes in comes out, or it is a finding."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from lca import inventory as inv
from lca import inventory_checks
from lca.balances import balances

FLOWS = """c_ore_ground,"Ore, in ground",natural resource::in ground,kilogram,lca_biosphere,c_ore_ground,
content_cu,"Copper, in product",inventory indicator::in stock,kilogram,lca_biosphere,content_cu,
cu_ground,Copper,natural resource::in ground,kilogram,biosphere3,a9ac40a0-9bea-4c48-afa7-66aa6eb90624,
"""
ACTIVITIES = """metal,smelting,metal,kilogram,XX,2023,,,,,
tailings,storage of tailings,tailings,kilogram,XX,2023,,,,,
part,a part of metal,part,unit,XX,2023,,,,,
"""
EXCHANGES = """metal,biosphere,c_ore_ground,10,kilogram,,,,,hand,row 1,read,2023,XX,,
metal,biosphere,cu_ground,1.25,kilogram,,,,,hand,row 1,read,2023,XX,,
metal,technosphere,tailings,10.25,kilogram,,,,,hand,row 1,read,2023,XX,,
tailings,biosphere,co2_fossil,0.001,kilogram,,,,,hand,row 1,read,2023,XX,,
part,technosphere,metal,2,kilogram,,,,,hand,row 1,read,2023,XX,,
part,biosphere,content_cu,1.5,kilogram,,,,,hand,row 1,read,2023,XX,,
"""
COMPOSITIONS = """item,quantity,amount,side,source,locator,basis,comment
tailings,mass,1,out,hand,row 2,read,
metal,cu,1,,hand,row 2,read,
cu_ground,cu,1,,hand,row 2,read,
tailings,cu,0.025,out,hand,row 2,read,
"""
BALANCES = "activity,quantity,tolerance,reason\nmetal,mass,0.001,ore to metal and tailings\nmetal,cu,0.01,copper in tailings as assayed\n"


@pytest.fixture
def root(tiny, tmp_path) -> Path:
    """The tiny inventories with a smelter: 10 kg ore and 1.25 kg copper give 1 kg metal and 10.25 kg tailings."""
    copy = Path(shutil.copytree(tiny, tmp_path / "inventories"))
    (copy / "materials").mkdir()
    for name, rows, of in (("activities", ACTIVITIES, "hardware/activities.csv"), ("exchanges", EXCHANGES, "hardware/exchanges.csv")):
        (copy / "materials" / f"{name}.csv").write_text((copy / of).read_text().splitlines()[0] + "\n" + rows, encoding="utf-8")
    (copy / "materials" / "compositions.csv").write_text(COMPOSITIONS, encoding="utf-8")
    (copy / "materials" / "balances.csv").write_text(BALANCES, encoding="utf-8")
    with (copy / "flows.csv").open("a", encoding="utf-8") as file:
        file.write(FLOWS)
    return copy


def change(root: Path, file: str, old: str, new: str) -> None:
    text = (root / file).read_text(encoding="utf-8")
    assert text.count(old) == 1
    (root / file).write_text(text.replace(old, new), encoding="utf-8")


def test_a_smelter_by_hand(root):
    """Mass: 11.25 in, 1 + 10.25 out. Copper: 1.25 in, 1 + 10.25 x 0.025 = 1.25625 out, 0.5 % apart and within the stated 1 %."""
    mass, copper = balances(inv.load(root))
    assert (mass.incoming, mass.outgoing, mass.error) == (11.25, 11.25, 0)
    assert (copper.incoming, copper.outgoing) == (1.25, pytest.approx(1.25625))
    assert copper.error == pytest.approx(0.00625 / 1.25625)
    assert not [f for f in inventory_checks.check(inv.load(root)) if f.severity == "error"]


def test_what_does_not_close_is_a_finding(root):
    """A tenth of the tailings gone: 11.25 in, 10.225 out."""
    change(root, "materials/exchanges.csv", "tailings,10.25,", "tailings,9.225,")
    (found,) = [f for f in inventory_checks.check(inv.load(root)) if f.rule == "inventory.balance" and "mass" in f.got]
    assert "11.25 in, 10.225 out" in found.got
    assert "line 2" in found.where


def test_a_product_cannot_hold_more_than_was_taken(root):
    """Two kilograms of metal take 2.5 kg of copper: 1.5 kg held is possible, 3 kg is not."""
    change(root, "materials/exchanges.csv", "content_cu,1.5,", "content_cu,3,")
    (found,) = [f for f in inventory_checks.check(inv.load(root)) if f.rule == "inventory.element"]
    assert found.got == "3 kg cu in the product, 2.5 kg taken from ground and scrap"


@pytest.mark.parametrize(
    ("file", "old", "new", "rule"),
    [
        ("materials/balances.csv", "metal,mass", "mettle,mass", "inventory.unlinked"),
        ("materials/compositions.csv", "cu_ground,cu", "cu_grund,cu", "inventory.unlinked"),
        ("materials/exchanges.csv", "part,technosphere,metal,2,kilogram,,,,,hand,row 1,read,2023,XX,,", None, "inventory.facts"),
        ("sources.csv", "hand,", None, "inventory.licence"),
    ],
)
def test_every_rule_finds_its_fault(root, file, old, new, rule):
    """A name that doesn't exist, a number without year, a source that names a licensed database."""
    if rule == "inventory.facts":
        new = old.replace("2023,XX", ",XX")
    if rule == "inventory.licence":
        text = (root / file).read_text(encoding="utf-8").splitlines()
        cells = text[1].split(",")
        cells[1] = "figures of ecoinvent 3.9"
        (root / file).write_text("\n".join([text[0], ",".join(cells), *text[2:]]) + "\n", encoding="utf-8")
    else:
        change(root, file, old, new)
    assert rule in {f.rule for f in inventory_checks.check(inv.load(root))}
