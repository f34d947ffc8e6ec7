"""Life-cycle view per functional unit: by stage, by component, by indicator, and scenarios side by side."""

from __future__ import annotations

import math

import pandas as pd

from lca import contributions
from lca import ledger as book
from lca.activity import END_OF_LIFE
from lca.assessment import Assessment
from lca.statements.cells import Cell, Headlines, Statement, cell
from lca.uncertainty import interval

MAIN = ("gwp100", "ced", "water_consumption", "water_scarcity", "ef_minerals", "crustal_scarcity", "rare_earths")
STAGE_NAMES = {
    "manufacturing": "Manufacturing",
    "transport": "Transport",
    "electricity": "Electricity",
    "facility": "Facility",
    "water": "Cooling water",
    "end_of_life": "End of life",
}


def main_indicators(a: Assessment) -> list[str]:
    """The indicators of the short tables, as far as the inventories define them."""
    known = set(a.indicators["indicator"])
    return [i for i in MAIN if i in known]


def heading(a: Assessment, indicator: str) -> str:
    """Label and unit of an indicator, for a column; says so if it is a lower bound."""
    bound = ", lower bound" if a.completeness(indicator) == "partial" else ""
    return f"{a.label(indicator)}{bound} [{a.unit(indicator)}]"


def selection(a: Assessment, functional_unit: str, scenario: str = "base") -> tuple[pd.DataFrame, float]:
    """The LCA rows behind one functional unit in one scenario, and the scale that relates them to it."""
    case = a.cases[scenario]
    workloads, scale = book.functional_scale(case.study, functional_unit)
    rows = book.lca_rows(book.scenario_rows(a.ledger, scenario))
    return rows[rows["workload"].isin(workloads)], scale


def by_stage(a: Assessment, functional_unit: str) -> Statement:
    """Stages x main indicators for one functional unit."""
    rows, scale = selection(a, functional_unit)
    return _grid(a, f"stage.{functional_unit}", f"{describe(a, functional_unit)}: by life-cycle stage", rows, scale, "life_cycle_stage")


def by_component(a: Assessment, functional_unit: str) -> Statement:
    """Components x main indicators for one functional unit, largest climate impact first."""
    rows, scale = selection(a, functional_unit)
    order = rows.groupby("component")["gwp100"].sum().sort_values(ascending=False).index
    ordered = rows.set_index("component").loc[order].reset_index()[rows.columns] if len(rows) else rows
    return _grid(a, f"component.{functional_unit}", f"{describe(a, functional_unit)}: by component", ordered, scale, "component")


def _grid(a: Assessment, key: str, title: str, rows: pd.DataFrame, scale: float, column: str) -> Statement:
    names = main_indicators(a)
    lines: list[tuple[str, list[Cell]]] = []
    for value, part in rows.groupby(column, sort=False):
        label = STAGE_NAMES.get(str(value), str(value))
        lines.append((label, [cell(a, f"{key}.{value}.{i}", part, i, scale) for i in names]))
    lines.append(("All", [cell(a, f"{key}.all.{i}", rows, i, scale) for i in names]))
    return Statement(key.replace(".", "_"), title, [heading(a, i) for i in names], lines)


def all_indicators(a: Assessment, group: str) -> Statement:
    """Every indicator of a group, one column per functional unit."""
    units = a.study.functional_units
    lines = []
    for row in a.indicators[a.indicators["group"] == group].itertuples():
        cells = []
        for fu in units:
            rows, scale = selection(a, fu.id)
            cells.append(cell(a, f"indicator.{fu.id}.{row.indicator}", rows, str(row.indicator), scale))
        lines.append((heading(a, str(row.indicator)), cells))
    return Statement(f"indicators_{group}", "All indicators per functional unit", [describe(a, fu.id) for fu in units], lines)


def scenarios(a: Assessment, functional_unit: str) -> Statement:
    """Scenarios x main indicators for one functional unit."""
    names = main_indicators(a)
    lines = []
    titles = {"base": "as declared and measured"} | {s.id: s.title for s in a.study.scenarios}
    for scenario, title in titles.items():
        rows, scale = selection(a, functional_unit, scenario)
        cells = [cell(a, f"scenario.{functional_unit}.{scenario}.{i}", rows, i, scale) for i in names]
        lines.append((f"{scenario}: {title}", cells))
    return Statement(
        f"scenarios_{functional_unit}",
        f"{describe(a, functional_unit)}: scenarios",
        [heading(a, i) for i in names],
        lines,
        ["All scenarios use the same draws of the inventories, so differences are surer than the intervals of each suggest."],
    )


def end_of_life_rules(a: Assessment, functional_unit: str) -> Statement:
    """The end of life under each rule: burdens, credits, and what the whole result would be."""
    workloads, scale = book.functional_scale(a.study, functional_unit)
    mine = a.base[a.base["workload"].isin(workloads)]
    ends, names = mine[mine["life_cycle_stage"] == "end_of_life"], main_indicators(a)
    others = book.lca_rows(mine)[lambda t: t["life_cycle_stage"] != "end_of_life"]
    families = sorted({m.end_of_life for m in a.study.systems if m.end_of_life})
    lines = []
    for rule, products in END_OF_LIFE.items():
        burden, credit = (
            ends[ends["product"].isin([p.format(f) for p in part for f in families])] for part in (products[:1], products[1:])
        )
        chosen = ", in the totals" if rule == a.study.end_of_life_rule else ""
        key = f"end_of_life.{functional_unit}.{rule.replace(' ', '_')}"
        for label, part, rows in (
            ("treatment and recycling", "burden", burden),
            ("credit for recovered materials", "credit", credit),
            ("whole result under this rule", "whole", pd.concat([others, burden, credit])),
        ):
            empty = "this rule gives none" if part == "credit" and len(products) == 1 else "no end of life declared"
            lines.append((f"{rule}{chosen}: {label}", [cell(a, f"{key}.{part}.{i}", rows, i, scale, empty) for i in names]))
    return Statement(
        f"end_of_life_{functional_unit}",
        f"{describe(a, functional_unit)}: end of life under three rules",
        [heading(a, i) for i in names],
        lines,
        [
            "cut-off ends where scrap is sold; avoided burden carries recycling and is credited the metal it replaces; the circular "
            "footprint formula shares both by market and quality. Only the study's rule is in the totals."
        ],
    )


def describe(a: Assessment, functional_unit: str) -> str:
    """`1000 images` with a narrow space between thousands, for titles."""
    fu = next(f for f in a.study.functional_units if f.id == functional_unit)
    alike = sum((f.amount, f.unit) == (fu.amount, fu.unit) for f in a.study.functional_units) > 1
    which = f" ({fu.id})" if alike else ""
    return f"{fu.amount:,.0f}\u00a0{fu.unit}{'s' if fu.amount != 1 else ''}{which}".replace(",", "\u202f")


def ai_stages(a: Assessment) -> pd.DataFrame:
    """The AI life-cycle stages: energy at the machines by role; stages without data are missing, not zero."""
    from typing import get_args

    from lca.study import AiStage

    rows = a.base[(a.base["life_cycle_stage"] == "electricity") & (a.base["view"] == "location")]
    energy = rows.groupby(["ai_stage", "role"])["amount"].sum()
    out = []
    for stage in get_args(AiStage):
        mine = energy[energy.index.get_level_values(0) == stage]
        if mine.empty:
            out.append((stage, "", None, "missing: no data in this study"))
        for (_, role), kwh in mine.items():
            out.append((stage, role, kwh, ""))
    return pd.DataFrame(out, columns=["AI life-cycle stage", "role", "facility energy [kWh]", "remark"])


def headlines(a: Assessment) -> Headlines:
    """Climate impact and water of every functional unit, and energy measured: the figures of page one."""
    cards = []
    for fu in a.study.functional_units:
        rows, scale = selection(a, fu.id)
        for indicator in [i for i in ("gwp100", "water_consumption") if i in main_indicators(a)]:
            title = f"{a.label(indicator)}: {describe(a, fu.id)}"
            whole = {"host", "rack", "facility"} & set(a.cases["base"].use.query("workload in @fu.workloads")["meter"])
            note = fu.service if whole else f"{fu.service}; metered parts only: no power supplies, fans, storage, network"
            cards.append((title, note, cell(a, f"headline.{fu.id}.{indicator}", rows, indicator, scale)))
    views = {v: book.ghg_rows(a.base, v) for v in ("location", "market")}
    for title, view, scope in (
        ("scope 1", "location", "1"),
        ("scope 2, location-based", "location", "2"),
        ("scope 2, market-based", "market", "2"),
        ("scope 3, categories assessed", "location", "3"),
    ):
        rows = views[view][views[view]["scope"] == scope]
        cards.append(
            (f"GHG inventory, {title}", "whole period", cell(a, f"headline.ghg.{view}.{scope}", rows, "gwp100", empty="none declared"))
        )
    return Headlines(cards)


def trees(a: Assessment, indicator: str, cutoff: float, largest: int = 3) -> list[contributions.Tree]:
    """Supply chains of the products that contribute most to the study's total."""
    rows = book.lca_rows(a.base)
    amounts, impacts = rows.groupby("product")["amount"].sum(), rows.groupby("product")[indicator].sum()
    out = []
    for product in impacts.sort_values(ascending=False).index[:largest]:
        nodes = contributions.tree(a.factors, str(product), indicator, float(amounts[product]), cutoff)
        title = f"{nodes[0].name}: {a.label(indicator)} of {amounts[product]:.4g} {nodes[0].unit}, whole study"
        out.append(contributions.Tree(title, a.unit(indicator), nodes))
    return out


def processes(a: Assessment, indicator: str, largest: int = 12) -> pd.DataFrame:
    """The processes with the largest emissions of their own, and the rest; sums to the study's total."""
    demand = {str(k): float(v) for k, v in book.lca_rows(a.base).groupby("product")["amount"].sum().items()}
    table = contributions.by_process(a.factors, demand, indicator)
    whole = table["impact"].sum()
    head, rest = table.head(largest), table.iloc[largest:]
    out = pd.DataFrame({"process": [*head["name"], f"{len(rest)} other processes"], "impact": [*head["impact"], rest["impact"].sum()]})
    return out.assign(**{"share [%]": 100 * out["impact"] / whole})


def differences(a: Assessment, functional_unit: str, indicator: str) -> Statement:
    """Scenario minus base, draw by draw, as a statement of one column."""
    base, base_scale = selection(a, functional_unit)
    lines = []
    for s in a.study.scenarios:
        rows, scale = selection(a, functional_unit, s.id)
        drawn = a.draws(rows, indicator) * scale - a.draws(base, indicator) * base_scale
        median, low, high = interval(drawn)
        value = math.fsum(rows[indicator]) * scale - math.fsum(base[indicator]) * base_scale
        lower = float((drawn < 0).mean())
        both = pd.concat([rows, base.assign(**{indicator: -base[indicator] * (base_scale / scale)})])
        off = frozenset(int(r) for r in base["row"])
        key = f"difference.{functional_unit}.{s.id}.{indicator}"
        label = f"{s.id} (lower than base in {100 * lower:.0f} % of draws)"
        difference = Cell(key, both, indicator, a.unit(indicator), value, low, high, median, scale, "", off, base_scale)
        lines.append((label, [difference]))
    title = f"{describe(a, functional_unit)}: difference to base"
    return Statement(f"differences_{functional_unit}", title, [heading(a, indicator)], lines)


def overrides(a: Assessment) -> pd.DataFrame:
    """Which field each scenario sets to what."""
    rows = [(s.id, s.title, path, str(value)) for s in a.study.scenarios for path, value in s.set.items()]
    return pd.DataFrame(rows, columns=["scenario", "title", "field", "value"])
