"""Water: what is consumed was withdrawn, AWARE by hand, cooling towers by cycles, desalination and reuse apart."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from test_inventories_content import amounts

from lca import inventory as inv
from lca.factors import variant


@pytest.fixture(scope="module")
def plain(real_factors) -> pd.DataFrame:
    return real_factors.table[~real_factors.table.index.str.contains("credit")]


@pytest.fixture(scope="module")
def aware(inventory) -> dict[str, float]:
    rows = inventory.characterisation[inventory.characterisation["method"] == "own::water::scarcity AWARE 2.0"]
    return {f.removeprefix("water_consumed_"): float(v) for f, v in zip(rows["flow"], rows["factor"], strict=True)}


def places(inventory: inv.Inventory) -> list[str]:
    codes = inventory.activities["activity"]
    return [c.removeprefix("cooling_water_input_") for c in codes if c.startswith("cooling_water_input_")]


def test_what_is_consumed_was_withdrawn(plain):
    """m3 consumed <= m3 of fresh, reclaimed and sea water taken, for every product that is no credit."""
    taken = plain["water_withdrawal"] + plain["water_reclaimed"] + plain["water_seawater"]
    assert (plain["water_consumption"] <= taken * (1 + 1e-9) + 1e-15).all()


def test_only_reuse_and_desalination_consume_more_than_they_withdraw(plain):
    """Elsewhere fresh water alone covers what evaporates."""
    beyond = plain.index[plain["water_consumption"] > plain["water_withdrawal"] * (1 + 1e-9) + 1e-15]
    assert len(beyond) > 0
    for product in beyond:
        other = plain.at[product, "water_reclaimed"] + plain.at[product, "water_seawater"]
        assert other > 0, product
        assert product.startswith(("cooling_water", "water_", "cooling_")), product


def test_evaporation_carries_its_country(inventory):
    """Every process outside electricity books as much to `water_consumed_XX` as evaporates, and to one country only."""
    water = inventory.exchanges[inventory.exchanges["input"].str.match(r"water_(evaporated|consumed_)")]
    water = water[~water["activity"].str.startswith("electricity_")]
    of_country = water["input"].str.startswith("water_consumed_")
    evaporated = water[~of_country].groupby("activity")["amount"].sum()
    consumed = water[of_country].groupby("activity")["amount"].sum()
    assert len(evaporated) > 100
    assert evaporated.to_dict() == pytest.approx(consumed.to_dict(), rel=1e-9, abs=1e-18)
    assert (water[of_country].groupby("activity")["input"].nunique() == 1).all()


def test_a_factor_of_a_country_applied_by_hand(inventory, real_factors, aware):
    """A grid's plants: m3 consumed in the country x its AWARE factor; sea water left out of the scarce part."""
    t = real_factors.table
    for zone in ("DE", "US", "IN", "ZA", "FR", "AE"):
        consumed = amounts(inventory, f"electricity_direct_{zone}")[f"water_consumed_{zone}"]
        assert t.at[f"electricity_direct_{zone}", "water_scarcity"] == pytest.approx(consumed * aware[zone], rel=1e-9), zone
        assert consumed <= t.at[f"electricity_direct_{zone}", "water_consumption"] * (1 + 1e-9), zone


def test_factors_of_countries_are_in_the_range_of_the_method(inventory, aware):
    """AWARE is cut to 0.1 and 100; Norway is wetter than Germany, and Spain, India and Saudi Arabia are drier than both."""
    used = {f.removeprefix("water_consumed_") for f in inventory.flows["flow"] if f.startswith("water_consumed_")}
    assert used == set(aware)
    assert all(0.1 <= f <= 100 for f in aware.values())
    assert aware["NO"] < aware["DE"] < min(aware["ES"], aware["IN"], aware["SA"])


def test_a_cooling_tower_by_its_cycles(inventory, value):
    """Cycles C: per m3 evaporated, make-up C/(C-1) and blow-down 1/(C-1): 1.333 and 0.333 at C = 4. Per m3 of make-up 1 - 1/C evaporate.

    Where tap water comes from the sea, that part evaporates as sea water, which is not scarce.
    """
    c = value["cooling_cycles_of_concentration"]
    assert c == 4
    for place in places(inventory):
        tower = amounts(inventory, f"cooling_water_{place}")
        assert tower["water_evaporated"] == tower[f"water_consumed_{place}"]
        assert tower["water_evaporated"] + tower.get("seawater_evaporated", 0) == pytest.approx(1, rel=1e-12)
        assert tower.get("seawater_evaporated", 0) == value.get(f"water_desalinated_share_{place}", 0)
        assert tower[f"water_potable_{place.split('-')[0]}"] == pytest.approx(4 / 3, rel=1e-12)
        assert tower[f"sewage_treatment_{place.split('-')[0]}"] == pytest.approx(1 / 3, rel=1e-12)
        assert amounts(inventory, f"cooling_water_input_{place}")[f"cooling_water_{place}"] == pytest.approx(0.75, rel=1e-12)


def test_more_cycles_save_withdrawal_and_not_consumption(real_factors):
    """From 2 to 8 cycles make-up falls from 2 to 1.143 m3 per m3 evaporated; what evaporates at the tower stays 1 m3."""
    few, many = (inv.with_values(real_factors.inventory, {"cooling_cycles_of_concentration": (c, c, c)}) for c in (2.0, 8.0))
    assert amounts(few, "cooling_water_DE")["water_potable_DE"] == pytest.approx(2, rel=1e-12)
    assert amounts(many, "cooling_water_DE")["water_potable_DE"] == pytest.approx(8 / 7, rel=1e-12)
    assert amounts(few, "cooling_water_DE")["water_evaporated"] == amounts(many, "cooling_water_DE")["water_evaporated"] == 1
    factors = [variant(real_factors, {"cooling_cycles_of_concentration": (c, c, c)}).table.loc["cooling_water_DE"] for c in (2.0, 8.0)]
    assert factors[0]["water_withdrawal"] > 1.5 * factors[1]["water_withdrawal"]


def test_drinking_water_is_withdrawn_with_its_losses(inventory, value):
    """Without desalination 1/(1 - loss) m3 is taken and loss/(1 - loss) seeps back: the difference is the 1 m3 delivered."""
    for place in ("DE", "US", "FR", "IN", "CN"):
        supply = amounts(inventory, f"water_potable_{place}")
        assert supply["water_withdrawn"] == pytest.approx(1 / (1 - value[f"water_loss_{place}"]), rel=1e-12)
        assert supply["water_withdrawn"] - supply["water_returned"] == pytest.approx(1, rel=1e-12)


def test_desalination_needs_more_than_thermodynamics(inventory, value):
    """Separating fresh water from sea water at 40 % recovery takes at least 1 kWh/m3 (osmotic pressure 27 bar, Elimelech and Phillip 2011).

    Plants take 3 to 4; brine and product are all of the sea water.
    """
    plant = amounts(inventory, "water_desalinated_SG")
    least = 27e5 / 3.6e6 * math.log(1 / (1 - value["water_desalination_recovery"])) / value["water_desalination_recovery"]
    assert 0.9 < least < 1.1
    assert 2.5 * least < plant["electricity_SG"] < 5 * least
    assert plant["seawater_withdrawn"] - plant["seawater_returned"] == pytest.approx(1, rel=1e-12)


def test_water_of_dry_coasts_is_sea_water(real_factors):
    """Tap water of Qatar and the Emirates takes more sea water than fresh; that of Germany none."""
    t = real_factors.table
    for place in ("QA", "AE"):
        assert t.at[f"water_potable_{place}", "water_seawater"] > t.at[f"water_potable_{place}", "water_withdrawal"]
    assert t.at["water_potable_DE", "water_seawater"] < 1e-3 * t.at["water_potable_DE", "water_withdrawal"]
