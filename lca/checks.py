"""Rules over a calculated study, one function each: what holds, what a reader must know, what is missing.

An `error` means that the report must not be relied on; a `warning` belongs on page one; a `note` belongs to the evidence chapter.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from lca import ledger as book
from lca.assessment import Assessment
from lca.errors import Finding
from lca.study import Stage
from lca.uncertainty import interval

MACHINE_KW = (0.02, 20.0)  # plausible mean power of one machine: an idle server to a rack-scale node
PUE_PLAUSIBLE = 2.0
MEASURED_WANTED = 0.5


def run(a: Assessment) -> list[Finding]:
    """All findings: those of the declarations and readings, and those of every rule here."""
    return sorted({*a.findings, *(f for rule in RULES for f in rule(a))}, key=lambda f: (_ORDER[f.severity], f))


def warnings(a: Assessment) -> list[Finding]:
    """What a reader must know before using a figure: everything but notes."""
    return [f for f in run(a) if f.severity != "note"]


_ORDER = {"error": 0, "warning": 1, "note": 2}


def _say(a: Assessment, rule: str, severity: str, where: str, got: str, expected: str, fix: str) -> Finding:
    return Finding(rule, severity, a.path.name, where, got, expected, fix)  # type: ignore[arg-type]


def every_impact_is_a_number(a: Assessment) -> Iterator[Finding]:
    """No row has a missing or infinite impact."""
    if not book.is_finite(a.ledger):
        yield _say(a, "ledger.finite", "error", "ledger", "a missing impact", "numbers", "check the inventories")


def nothing_negative_without_credit(a: Assessment) -> Iterator[Finding]:
    """Only credits may be negative, and a credit is a product that says so."""
    names = book.indicators_of(a.ledger)
    rows = a.ledger[~a.ledger["product"].str.endswith("_credit") & (a.ledger[names] < 0).any(axis=1)]
    for number in rows["row"].head(5):
        yield _say(a, "ledger.sign", "error", f"ledger row {number}", "a negative impact", "zero or more", "make it a credit")


def scopes_sum_to_the_statement(a: Assessment) -> Iterator[Finding]:
    """Scopes 1, 2 and 3 are the whole GHG view, and the bridge leaves nothing."""
    for view in ("location", "market"):
        rows = book.ghg_rows(a.base, view)  # type: ignore[arg-type]
        steps = book.bridge(book.lca_rows(a.base), rows)
        left = book.residual(book.lca_rows(a.base), steps, rows, "gwp100")
        if left != 0 or not rows["scope"].isin(["1", "2", "3"]).all():
            yield _say(a, "ledger.bridge", "error", view, f"{left:g} kg CO2e unexplained", "exactly 0", "find the row without a scope")


def share_measured(a: Assessment) -> Iterator[Finding]:
    """How much of the energy at the machines a meter saw."""
    share = book.measured_share(a.base)
    measured = float(share.get("measured", 0.0))
    parts = ", ".join(f"{100 * v:.3g} % {k}" for k, v in share.items())
    severity = "note" if measured >= MEASURED_WANTED else "warning"
    yield _say(a, "data.measured", severity, "energy of machines and facility", parts, "as much measured as possible", "meter the rest")


def machines_are_metered_whole(a: Assessment) -> Iterator[Finding]:
    """Component meters leave out power supplies, fans, network cards and storage."""
    use = a.cases["base"].use
    for asset, rows in use.groupby("asset"):
        meters = sorted(set(rows["meter"]))
        if "host" not in meters:
            got = f"meters {', '.join(meters)}"
            fix = "add a wall, PDU or BMC meter; fans, power-supply losses, storage and network are missing in every result"
            yield _say(a, "data.boundary", "warning", f"systems.{asset}", got, "a meter of the whole machine", fix)


def gaps_are_stated(a: Assessment) -> Iterator[Finding]:
    """Records without a value are missing from every result; nothing fills them."""
    gaps = a.readings[a.readings["value"].isna()]
    for (reading, meter), rows in gaps.groupby(["reading", "meter"]):
        hours = (rows["end"] - rows["start"]).dt.total_seconds().sum() / 3600
        got = f"{len(rows)} records of {meter} without a value, {hours:.3g} h"
        fix = "find the missing energy; as it stands every result is a lower bound"
        yield _say(a, "data.gap", "warning", f"readings.{reading}", got, "a value in every record", fix)


def power_is_plausible(a: Assessment) -> Iterator[Finding]:
    """Mean power of one machine lies between that of an idle server and that of a rack."""
    case = a.cases["base"]
    energy = case.use.groupby("asset")["energy_kwh"].sum()
    hours = case.hours.groupby("asset")["machine_hours"].sum()
    for asset in energy.index:
        kw = energy[asset] / hours[asset] if hours[asset] else float("nan")
        if not MACHINE_KW[0] <= kw <= MACHINE_KW[1]:
            expected = f"{MACHINE_KW[0]} to {MACHINE_KW[1]} kW per machine"
            yield _say(a, "data.power", "warning", f"systems.{asset}", f"{kw:.3g} kW", expected, "check units and time base")


def pue_is_plausible(a: Assessment) -> Iterator[Finding]:
    """A PUE above 2 is rare today."""
    for site in a.study.sites:
        if site.pue.to("dimensionless") > PUE_PLAUSIBLE:
            got, expected = f"PUE {site.pue.value}", f"at most {PUE_PLAUSIBLE:g}"
            yield _say(a, "site.pue", "warning", f"sites.{site.id}.pue", got, expected, "check that cooling isn't counted twice")


def market_view_has_a_residual_mix(a: Assessment) -> Iterator[Finding]:
    """Where no instrument and no residual mix is given, the market-based figure falls back to the grid average, and says so."""
    rows = a.base[(a.base["view"] == "market") & a.base["component"].str.endswith("no instrument")]
    for site in sorted(set(rows["site"])):
        energy = float(rows[rows["site"] == site]["amount"].sum())
        got = f"grid average for {energy:.4g} kWh without an instrument"
        fix = "declare a residual mix, or state that none is published for the market"
        yield _say(a, "scope2.residual", "warning", f"sites.{site}", got, "a residual mix (Scope 2 Guidance, Table 6.3)", fix)


def instruments_are_named(a: Assessment) -> Iterator[Finding]:
    """An instrument counts by the Scope 2 Quality Criteria: technology, market and registry are named."""
    for c in a.study.contracts:
        lacking = [f for f in ("technology", "market", "registry") if not getattr(c, f)]
        if lacking and c.kind != "residual mix":
            got, fix = f"no {', '.join(lacking)}", "declare them; until then the market-based figure is an illustration"
            yield _say(a, "scope2.instrument", "warning", f"contracts.{c.id}", got, "what the quality criteria ask for", fix)


def stages_are_complete(a: Assessment) -> Iterator[Finding]:
    """A life-cycle stage outside the boundary is named as missing, not taken as zero."""
    from typing import get_args

    for stage in get_args(Stage):
        if stage not in a.study.boundary.included:
            fix = "include it or list it under boundary.excluded with a reason and a size"
            yield _say(a, "boundary.stage", "warning", "boundary.included", f"no {stage}", "every life-cycle stage", fix)


def exclusions_are_shown(a: Assessment) -> Iterator[Finding]:
    """Everything excluded is repeated where results are read."""
    for i, item in enumerate(a.study.boundary.excluded):
        got = f"{item.what} left out: {item.reason}"
        yield _say(a, "boundary.excluded", "warning", f"boundary.excluded.{i}", got, f"its size: {item.size}", "include it when known")


def idle_energy_is_stated(a: Assessment) -> Iterator[Finding]:
    """A machine's making is charged to its working hours, idle hours included; the electricity of idle hours is in no reading."""
    for system in a.study.systems:
        share = system.active_share.to("dimensionless")
        if share < 1:
            got = f"{100 * (1 - share):.0f} % idle hours, whose making is charged and whose electricity isn't"
            fix = "meter the idle machine as a workload of its own; as it stands electricity is a lower bound"
            yield _say(a, "data.idle", "warning", f"systems.{system.id}.active_share", got, "energy of idle hours", fix)


def machines_are_enough(a: Assessment) -> Iterator[Finding]:
    """No more machine-hours in the period than the declared machines have."""
    hours = a.cases["base"].hours.groupby("asset")["machine_hours"].sum()
    period = (a.study.end - a.study.start).days * 24
    for system in a.study.systems:
        if hours.get(system.id, 0.0) > system.count * period:
            got = f"{hours[system.id]:.6g} machine-hours of {system.count:g} machines"
            fix = f"declare at least {math.ceil(hours[system.id] / period)} machines"
            yield _say(a, "data.machines", "warning", f"systems.{system.id}.count", got, f"at most {system.count * period:.6g}", fix)


def central_values_lie_inside(a: Assessment) -> Iterator[Finding]:
    """The totals at declared values lie inside the range of their own draws."""
    for name, rows in [("LCA", book.lca_rows(a.base)), *((f"GHG, {v}-based", book.ghg_rows(a.base, v)) for v in ("location", "market"))]:  # type: ignore[arg-type]
        _, low, high = interval(a.draws(rows, "gwp100"))
        value = book.total(rows, "gwp100")
        if not low <= value <= high:
            got, expected = f"{value:.4g} kg CO2e", f"{low:.4g} to {high:.4g}"
            fix = "declared values sit at the edge of their intervals: read the range, not the value"
            yield _say(a, "uncertainty.central", "warning", f"total, {name}", got, expected, fix)


def meters_have_accuracy(a: Assessment) -> Iterator[Finding]:
    """A meter without a declared accuracy enters as exact."""
    for r in a.study.readings:
        seen = set(a.readings.loc[a.readings["reading"] == r.id, "meter"])
        for meter in sorted(seen - set(r.accuracy)):
            yield _say(a, "data.accuracy", "warning", f"readings.{r.id}.accuracy", f"none for {meter}", "low and high", "declare it")


def acquisitions_are_stated(a: Assessment) -> Iterator[Finding]:
    """Capital goods bought outside the period are in the LCA only; that is said."""
    for system in a.study.systems:
        if not a.study.start <= system.acquired < a.study.end:
            got = f"acquired on {system.acquired}"
            fix = "nothing to do: the GHG inventory of that year carries it"
            yield _say(a, "ghg.capital_goods", "note", f"systems.{system.id}", got, f"within {a.study.period} to be in category 2", fix)


def machines_have_an_end(a: Assessment) -> Iterator[Finding]:
    """A machine without a family of wastes has no end of life in the result: that is missing, not zero."""
    if "end_of_life" in a.study.boundary.included:
        for system in a.study.systems:
            if system.end_of_life is None:
                fix = "name the family of wastes, see lca products eol_"
                yield _say(
                    a, "boundary.end_of_life", "warning", f"systems.{system.id}", "no end of life: missing, not zero", "a family", fix
                )


def aggregates_are_stated(a: Assessment) -> Iterator[Finding]:
    """Share of climate change that published totals carry, not unit processes."""
    if "aggregated_ghg" in a.ledger.columns:
        for name, rows in (("life-cycle total", book.lca_rows(a.base)), ("GHG inventory", book.ghg_rows(a.base, "location"))):
            whole = book.total(rows, "gwp100")
            share = book.total(rows, "aggregated_ghg") / whole if whole else 0.0
            got = f"{100 * share:.0f} % of the {name} from published totals"
            yield _say(a, "inventory.aggregates", "note", name, got, "unit processes", "see the gaps in inventories/")


def uncharacterised_flows_are_stated(a: Assessment) -> Iterator[Finding]:
    """Elementary flows that no method scores."""
    flows = a.factors.statistics.get("flows_in_no_method", [])
    if flows:
        got = ", ".join(flows)  # type: ignore[arg-type]
        yield _say(a, "inventory.uncharacterised", "note", "inventories", got, "a factor in some method", "read them as mass")


def comparison_is_refused(a: Assessment) -> Iterator[Finding]:
    """ISO 14044, 5.3 and 6.3: a public comparative assertion needs a panel review, which a computed report can't give."""
    if a.study.goal.comparative_assertion:
        fix = "have a panel review it before publication"
        yield _say(a, "goal.comparison", "warning", "goal.comparative_assertion", "true", "a critical review by a panel", fix)


def intervals_are_finite(a: Assessment) -> Iterator[Finding]:
    """The draws of the total are numbers and spread."""
    rows = book.lca_rows(a.base)
    drawn = a.draws(rows, "gwp100")
    if not np.isfinite(drawn).all():
        yield _say(a, "uncertainty.finite", "error", "uncertainty", "a draw that is no number", "numbers", "check the intervals")


RULES = (
    every_impact_is_a_number,
    nothing_negative_without_credit,
    scopes_sum_to_the_statement,
    share_measured,
    machines_are_metered_whole,
    gaps_are_stated,
    power_is_plausible,
    pue_is_plausible,
    market_view_has_a_residual_mix,
    instruments_are_named,
    stages_are_complete,
    exclusions_are_shown,
    idle_energy_is_stated,
    machines_are_enough,
    central_values_lie_inside,
    meters_have_accuracy,
    acquisitions_are_stated,
    machines_have_an_end,
    aggregates_are_stated,
    uncharacterised_flows_are_stated,
    comparison_is_refused,
    intervals_are_finite,
)
