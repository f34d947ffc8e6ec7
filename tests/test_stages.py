"""Every life-cycle stage by hand, on a study of 4383 kWh at PUE 1.25 and WUE 0.8 L/kWh."""

from __future__ import annotations

import datetime as dt
import math

import pytest
import small
from hypothesis import given, settings
from hypothesis import strategies as st

from lca.errors import LcaError
from lca.stages import ALL, electricity

PROPERTY = settings(max_examples=25, deadline=None)


def changed(path: str, value: object) -> dict:
    """The unmetered study with one field changed, `sites.0.pue` for example; a quantity keeps its origin and source."""
    d = small.unmetered()
    target, *rest = d, *path.split(".")
    for part in rest[:-1]:
        target = target[int(part)] if part.isdigit() else target[part]
    old = target[rest[-1]]
    target[rest[-1]] = {"value": value, "origin": old["origin"], "source": old["source"]} if isinstance(old, dict) else value
    return d


def amounts(d: dict, stage: str, **where: str) -> list[float]:
    rows = [r for r in ALL[stage](small.case(d)) if all(getattr(r, k) == v for k, v in where.items())]
    return [r.amount for r in rows]


def test_every_stage_returns_the_same_rows():
    """Rows carry their stage's name, a known view and accounting, a scope, and words for the calculation."""
    case = small.case(small.unmetered())
    for name, stage in ALL.items():
        rows = stage(case)
        assert rows
        for r in rows:
            assert r.life_cycle_stage == name
            assert r.view in ("location", "market", "both")
            assert r.accounting in ("amortised", "acquisition", "both", "alternative")
            assert r.scope in ("1", "2", "3")
            assert r.calculation
            assert r.source
            assert r.unit == case.unit(r.product)


def test_electricity_is_machines_and_overhead_each_as_plants_fuel_and_losses():
    """4383 kWh of machines and 4383 x (1.25 - 1) = 1095.75 kWh of overhead, for each of the three products of the zone."""
    d = small.unmetered()
    for product in ("electricity_direct_XX", "electricity_upstream_XX", "electricity_losses_XX"):
        got = amounts(d, "electricity", product=product, view="both" if "direct" not in product else "location")
        assert got == [4383.0, 1095.75]


def test_pue_is_applied_once():
    """Facility energy is 4383 x 1.25 = 5478.75 kWh and no row carries the PUE twice (1.25^2 would be 6848.4)."""
    d = small.unmetered()
    assert math.fsum(amounts(d, "electricity", view="location")) == 5478.75


def test_without_overhead_there_is_no_overhead_row():
    """PUE 1 leaves the machines' rows alone."""
    rows = ALL["electricity"](small.case(changed("sites.0.pue", 1)))
    assert {r.component.split(":")[0] for r in rows} == {"whole machine"}


@PROPERTY
@given(st.floats(1, 3), st.floats(0, 5))
def test_cooling_water_is_wue_times_it_energy_whatever_the_pue(pue, wue):
    """4383 kWh x WUE / 1000 m3: the PUE doesn't enter."""
    d = changed("sites.0.pue", pue)
    d["sites"][0]["water"]["wue"] = {"value": f"{wue!r} L/kWh", "origin": "supplier", "source": "paper"}
    assert math.fsum(amounts(d, "water")) == pytest.approx(4383 * wue / 1000, rel=1e-12)


def test_cooling_water_by_hand():
    """4383 kWh x 0.8 L/kWh = 3506.4 L = 3.5064 m3 taken in, of which 0.75 are consumed; or 3.5064 m3 consumed, if WUE counts that."""
    assert amounts(small.unmetered(), "water", product="cooling_water_input_XX") == [3.5064]
    assert amounts(changed("sites.0.water.basis", "consumption"), "water", product="cooling_water_XX") == [3.5064]
    rows = small.ledger(small.unmetered())
    assert math.fsum(rows[rows["life_cycle_stage"] == "water"]["water_consumption"]) == pytest.approx(0.75 * 3.5064)


def test_refrigerant_by_hand():
    """4383 kWh / 8766 h = 0.5 kW; 0.5 kW x 0.3 kg/kW x 0.1 per year = 0.015 kg lost: 15 kg CO2e, Scope 1."""
    (row,) = ALL["facility"](small.case(small.unmetered()))
    assert row.amount == pytest.approx(0.015)
    assert row.scope == "1"


def test_no_refrigerant_declared_is_no_row_rather_than_a_zero():
    """A site without a cooling circuit has no leakage row; the statement then says `not declared`, never 0."""
    d = small.unmetered()
    d["sites"][0]["refrigerant"] = None
    assert ALL["facility"](small.case(d)) == []


def test_machines_are_spread_over_their_service():
    """8766 device-hours / 4 = 2191.5 machine-hours of 4 x 8766 x 0.5 = 17532: 0.125 machines, 12.5 kg CO2e."""
    assert amounts(small.unmetered(), "manufacturing", accounting="amortised") == [0.125]


def test_machines_bought_in_the_period_are_booked_in_full():
    """Two machines bought in February 2023: 2 units in category 2, 20 t km of transport in category 4."""
    d = small.unmetered()
    assert amounts(d, "manufacturing", accounting="acquisition", scope="3", category="2") == [2.0]
    assert amounts(d, "transport", accounting="acquisition", scope="3", category="4") == [20.0]


@pytest.mark.parametrize("day", ["2022-12-31", "2024-01-01"])
def test_machines_bought_outside_the_period_are_not_booked(day):
    """The day before the period and the day after it (its end isn't included) book nothing; the spread share stays 0.125."""
    d = changed("systems.0.acquired", day)
    assert amounts(d, "manufacturing", accounting="acquisition") == []
    assert amounts(d, "manufacturing", accounting="amortised") == [0.125]


@PROPERTY
@given(st.dates(dt.date(1990, 1, 1), dt.date(2060, 1, 1)))
def test_the_lifetime_does_not_depend_on_the_date(day):
    """However old a machine is, and whatever today is, the share of its life is 2191.5 h / 17532 h."""
    assert amounts(changed("systems.0.acquired", day.isoformat()), "manufacturing", accounting="amortised") == [0.125]


@PROPERTY
@given(st.integers(1, 500))
def test_n_machines_bought_are_n_times_one(n):
    """n machines are n units and n x 10 t km, and the share of a workload's hours doesn't change."""
    d = changed("systems.0.count", n)
    assert amounts(d, "manufacturing", accounting="acquisition") == [n]
    assert amounts(d, "transport", accounting="acquisition") == pytest.approx([10.0 * n])
    assert amounts(d, "manufacturing", accounting="amortised") == [0.125]


def test_building_and_plant_are_spread_over_it_energy():
    """4383 kWh of IT energy x 0.004 kg/kWh; capital goods of one's own stay out of the GHG view, a cloud's are in its service."""
    from lca.ledger import ghg_rows

    d = small.unmetered()
    d["sites"][0]["facility"] = "data_centre_facility_kwh_XX"
    assert amounts(d, "facility", product="data_centre_facility_kwh_XX") == [4383.0]
    rows = small.ledger(d)[lambda t: t["product"] == "data_centre_facility_kwh_XX"]
    assert rows["gwp100"].sum() == pytest.approx(17.532)
    assert ghg_rows(rows, "location").empty
    d["systems"][0]["tenure"] = "cloud"
    rows = small.ledger(d)[lambda t: t["product"] == "data_centre_facility_kwh_XX"]
    assert list(ghg_rows(rows, "location")["category"]) == ["1"]


@pytest.mark.parametrize(
    ("basis", "supply", "region", "product"),
    [
        ("consumption", "mains", None, "cooling_water_XX"),
        ("withdrawal", "mains", None, "cooling_water_input_XX"),
        ("consumption", "reclaimed", None, "cooling_water_reclaimed_XX"),
        ("consumption", "raw", "XX-AB", "cooling_water_raw_XX-AB"),
    ],
)
def test_site_water_says_where_it_comes_from(basis, supply, region, product):
    """Basis, supply and region name the product; the place of the site stands where no region is given."""
    from lca.activity import cooling_product

    d = small.document()
    d["sites"][0]["water"] |= {"basis": basis, "supply": supply} | ({"region": region} if region else {})
    assert cooling_product(small.study(d).sites[0]) == product


def test_transport_by_hand():
    """10 kg x 1000 km = 10 t km; an eighth of it for the workload: 1.25 t km, 0.25 kg CO2e."""
    assert amounts(small.unmetered(), "transport", accounting="amortised") == [1.25]


@pytest.mark.parametrize(
    ("rule", "in_total", "beside"),
    [
        ("cut-off", ["eol_server_cutoff"], 4),
        ("avoided burden", ["eol_server_avoided", "eol_server_avoided_credit"], 3),
        ("circular footprint formula", ["eol_server_cff", "eol_server_cff_credit"], 3),
    ],
)
def test_end_of_life_has_one_rule_in_the_total_and_the_others_beside_it(rule, in_total, beside):
    """10 kg x 0.125 = 1.25 kg under every rule; what the study doesn't choose is in the ledger and in no total."""
    d = small.unmetered() | {"end_of_life_rule": rule}
    rows = small.ledger(d)[lambda t: t["life_cycle_stage"] == "end_of_life"]
    assert list(rows["amount"]) == [1.25] * 5
    assert list(rows.loc[rows["accounting"] == "amortised", "product"]) == in_total
    assert (rows["accounting"] == "alternative").sum() == beside


def test_the_three_rules_by_hand():
    """Per kg: cut-off 0.5; avoided burden 0.8 - 0.25 x 4 = -0.2; circular footprint formula 0.74 - 0.2 x 4 = -0.06 kg CO2e."""
    rows = small.ledger(small.unmetered())[lambda t: t["life_cycle_stage"] == "end_of_life"].set_index("product")["gwp100"] / 1.25
    assert rows["eol_server_cutoff"] == pytest.approx(0.5)
    assert rows["eol_server_avoided"] + rows["eol_server_avoided_credit"] == pytest.approx(-0.2)
    assert rows["eol_server_cff"] + rows["eol_server_cff_credit"] == pytest.approx(-0.06)


def test_a_rule_is_chosen_and_never_taken_for_granted():
    """A machine with an end of life and no rule is refused."""
    with pytest.raises(LcaError, match="end_of_life_rule"):
        small.study(small.unmetered() | {"end_of_life_rule": None})


def test_a_cloud_machine_is_a_purchased_service_in_all_its_parts():
    """A service has no scope 1 or 2 of the user's: every row but the alternatives is Scope 3, category 1, and in the view."""
    from lca.ledger import ghg_rows, lca_rows

    rows = small.ledger(changed("systems.0.tenure", "cloud"))
    kept = rows[rows["accounting"] != "alternative"]
    assert set(zip(kept["scope"], kept["category"], strict=True)) == {("3", "1")}
    assert set(kept["life_cycle_stage"]) == set(ALL)
    assert list(ghg_rows(rows, "location")["row"]) == list(lca_rows(rows, "location")["row"])


def contract(kind: str, factor: str, energy: str | None = None, key: str = "c") -> dict:
    c = {"id": key, "site": "hall", "kind": kind, "instrument": kind, "vintage": 2023, "retired": True, "source": "paper"}
    c["factor"] = {"value": factor, "origin": "supplier", "source": "paper"}
    return c | ({"energy": {"value": energy, "origin": "supplier", "source": "paper"}} if energy else {})


def market(contracts: list[dict]) -> float:
    """Market-based Scope 2 [kg CO2e] of the unmetered study's 5478.75 kWh."""
    rows = small.ledger(small.unmetered() | {"contracts": contracts})
    return math.fsum(rows[(rows["view"] == "market") & (rows["scope"] == "2")]["gwp100"])


def test_market_based_takes_instruments_then_the_residual_mix_then_the_grid():
    """5478.75 kWh: 1000 at 0 and the rest at 0.6; 1000 at 0 and the rest at the grid's 0.5; all at a supplier's 0.3; nothing: 0.5."""
    wind = contract("certificate", "0 kg/kWh", "1000 kWh", "wind")
    rest = contract("residual mix", "0.6 kg/kWh", key="rest")
    assert market([wind, rest]) == pytest.approx(4478.75 * 0.6)
    assert market([wind]) == pytest.approx(4478.75 * 0.5)
    assert market([contract("supplier factor", "0.3 kg/kWh")]) == pytest.approx(5478.75 * 0.3)
    assert market([]) == pytest.approx(5478.75 * 0.5)


def test_an_instrument_is_a_rate_in_any_unit():
    """0.3 kg/kWh is 300 g/kWh is 300 kg/MWh."""
    assert market([contract("supplier factor", "300 g/kWh")]) == market([contract("supplier factor", "0.3 kg/kWh")])
    assert market([contract("supplier factor", "300 kg/MWh")]) == market([contract("supplier factor", "0.3 kg/kWh")])


def test_no_more_can_be_claimed_than_was_used():
    """6000 kWh of certificates for 5478.75 kWh are refused; 5478.75 kWh are accepted and leave nothing."""
    with pytest.raises(LcaError, match=r"contract\.energy"):
        market([contract("certificate", "0 kg/kWh", "6000 kWh")])
    assert market([contract("certificate", "0.1 kg/kWh", "5478.75 kWh")]) == pytest.approx(547.875)


@PROPERTY
@given(st.lists(st.floats(0, 1000), max_size=5))
def test_shares_of_instruments_sum_to_one(claims):
    """Whatever is claimed, what is left is the rest: the shares are the whole of the energy."""
    listed = [contract("certificate", "0 kg/kWh", f"{c!r} kWh", f"c{i}") for i, c in enumerate(claims)]
    cover = electricity.coverage(small.case(small.unmetered() | {"contracts": listed}), "hall")
    assert math.fsum(share for _, share in cover) == pytest.approx(1.0, rel=1e-9)
    assert all(share >= 0 for _, share in cover)


@PROPERTY
@given(st.sampled_from(["sites.0.pue", "uses.0.power", "uses.0.device_hours", "systems.0.transport.0.distance"]), st.floats(1.01, 2))
def test_more_of_any_input_is_never_less_impact(path, more):
    """PUE, power, hours and distance: each raises the total, none lowers it."""
    old = {"sites.0.pue": (1.25, ""), "uses.0.power": (500, " W"), "uses.0.device_hours": (8766, " hour")}
    value, unit = old.get(path, (1000, " km"))
    from lca.ledger import lca_rows, total

    before = total(lca_rows(small.ledger(small.unmetered())), "gwp100")
    after = total(lca_rows(small.ledger(changed(path, f"{value * more}{unit}"))), "gwp100")
    assert after > before
