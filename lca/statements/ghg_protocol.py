"""GHG-Protocol inventory: scope 1, scope 2 twice, scope 3 by category, by calendar year; and the bridge from the LCA total.

Capital goods are booked in full in the year of acquisition (Corporate Value Chain Standard, category 2). Scope 2 is always two
numbers (Scope 2 Guidance, ch. 7). Categories without rows say why.
"""

from __future__ import annotations

import pandas as pd

from lca import ledger as book
from lca.assessment import Assessment
from lca.statements.cells import Cell, Statement, cell

GAS = "gwp100"
CATEGORIES = {
    "1": "purchased goods and services",
    "2": "capital goods",
    "3": "fuel- and energy-related activities",
    "4": "upstream transportation and distribution",
    "5": "waste generated in operations",
    "6": "business travel",
    "7": "employee commuting",
    "8": "upstream leased assets",
    "9": "downstream transportation and distribution",
    "10": "processing of sold products",
    "11": "use of sold products",
    "12": "end-of-life treatment of sold products",
    "13": "downstream leased assets",
    "14": "franchises",
    "15": "investments",
}
EMPTY = {
    "2": "no machine was acquired in this period",
    "4": "no machine was transported in this period",
    "5": "no machine was retired in this period",
}
NOT_IN_SCOPE = "not assessed: outside the boundary of this study"


def statement(a: Assessment) -> Statement:
    """Scopes and categories by calendar year, kg CO2e, GWP100 of IPCC 2021."""
    location, market = book.ghg_rows(a.base, "location"), book.ghg_rows(a.base, "market")
    years = sorted(set(a.base["period"]))

    def line(key: str, rows: object, empty: str) -> list[Cell]:
        picks = [(y, rows[rows["period"] == y]) for y in years] + [("total", rows)]  # type: ignore[index]
        return [cell(a, f"ghg.{key}.{name}", part, GAS, empty=empty) for name, part in picks]

    def scope(rows: object, number: str) -> object:
        return rows[rows["scope"] == number]  # type: ignore[index]

    lines = [
        ("Scope 1: refrigerants", line("scope1", scope(location, "1"), "no direct emission declared")),
        ("Scope 2, location-based", line("scope2.location", scope(location, "2"), "no electricity of own control")),
        ("Scope 2, market-based", line("scope2.market", scope(market, "2"), "no electricity of own control")),
    ]
    for number, name in CATEGORIES.items():
        rows = location[(location["scope"] == "3") & (location["category"] == number)]
        lines.append((f"Scope 3, category {number}: {name}", line(f"scope3.{number}", rows, EMPTY.get(number, NOT_IN_SCOPE))))
    lines += [
        ("Scope 3, all categories assessed", line("scope3", scope(location, "3"), NOT_IN_SCOPE)),
        ("All scopes, location-based", line("total.location", location, "")),
        ("All scopes, market-based", line("total.market", market, "")),
    ]
    notes = [
        f"Consolidation approach: {a.study.organisation.consolidation}. Base year: {a.study.organisation.base_year}.",
        "GWP100 of IPCC 2021 (AR6). Biogenic CO2 is outside the scopes. No offsets are inside any figure.",
        "Category 3 follows the location-based mix in both views.",
        f"Partial inventory: electricity of {a.cases['base'].hours['machine_hours'].sum():.4g} metered or declared machine-hours within "
        f"{a.study.period.replace('/', ' to ')}; machines bought in that time in full. Columns are the parts of calendar years inside it.",
        "Not in this statement: emissions by gas, biogenic CO2 apart, a reason for each category not assessed, a recalculation policy of "
        "the base year, and assurance by a third party.",
    ]
    return Statement("ghg", "Greenhouse-gas inventory by scope and category", [*years, "total"], lines, notes)


def bridge(a: Assessment, view: book.View) -> Statement:
    """From the LCA total to the GHG inventory: every difference is a line with its rows; the residual is exactly zero."""
    start, end = book.lca_rows(a.base), book.ghg_rows(a.base, view)
    steps = book.bridge(start, end)
    lines = [("LCA total, goods spread over their service, location-based", [cell(a, f"bridge.{view}.start", start, GAS)])]
    for i, step in enumerate(steps, 1):
        label = f"{'minus' if step.sign < 0 else 'plus'} {step.name} ({step.reason})"
        lines.append((label, [cell(a, f"bridge.{view}.{i}", step.rows, GAS, scale=float(step.sign))]))
    lines.append((f"GHG inventory, all scopes, {view}-based", [cell(a, f"bridge.{view}.end", end, GAS)]))
    residual = book.residual(start, steps, end, GAS)
    return Statement(
        f"bridge_{view}",
        f"From the LCA total to the GHG inventory, {view}-based",
        ["kg CO2e"],
        lines,
        [f"Unexplained: {residual:g} kg CO2e. Each step is the sum of the ledger rows that are in one view and not in the other."],
    )


def instruments(a: Assessment) -> pd.DataFrame:
    """The instrument ledger: what covers which energy at which rate, and what nothing covers."""
    rows = a.base[(a.base["view"] == "market")]
    energy = a.base[(a.base["view"] == "location")].groupby("site")["amount"].sum()
    out: list[tuple[str, ...]] = []
    for c in a.study.contracts:
        claimed = "what is left" if c.kind == "residual mix" else (c.energy.value if c.energy else "all energy of the site")
        vintage, state = str(c.vintage), "retired" if c.retired else "no retirement needed"
        named = tuple(text or "not declared" for text in (c.technology, c.market, c.registry))
        out.append((c.site, c.instrument, c.kind, claimed, c.factor.value, *named, vintage, state, c.source))
    for site, part in rows[rows["component"].str.endswith("no instrument")].groupby("site"):
        claimed = f"{part['amount'].sum():.4g} kWh of {energy[site]:.4g} kWh"
        out.append((site, "none", "grid average", claimed, "as location-based", "", "", "", "", "no residual mix declared", ""))
    columns = [
        "site",
        "instrument",
        "kind",
        "energy",
        "rate at the plant",
        "technology",
        "market",
        "registry",
        "vintage",
        "status",
        "source",
    ]
    return pd.DataFrame(out, columns=columns)


def machines(a: Assessment) -> pd.DataFrame:
    """Whose machines these are: tenure and date of purchase decide scopes and capital goods."""
    rows = [(m.id, m.site, m.product, f"{m.count:g}", m.tenure, m.acquired.isoformat(), m.source, m.comment) for m in a.study.systems]
    return pd.DataFrame(rows, columns=["system", "site", "product", "machines", "tenure", "acquired", "source", "comment"])
