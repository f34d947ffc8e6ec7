"""The ledger: activity data x factors, one row per flow of the study, one column per indicator.

Every figure of a report is a filter and a sum of this one table, so the LCA and the GHG-Protocol statement cannot disagree. The
accounting columns make the filters:

- `view`: `location` and `market` are the two Scope 2 answers, `both` belongs to either;
- `accounting`: `amortised` spreads goods over their service (LCA), `acquisition` books them in full in the year of purchase
  (GHG Protocol), `both` belongs to either, `alternative` belongs to none: what another end-of-life rule would say.

Sums are exact: `math.fsum` rounds once, so parts and totals agree to the last digit.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from lca.activity import ROW_COLUMNS, Case, to_frame
from lca.factors import Factors
from lca.stages import ALL

View = Literal["location", "market"]
ACTIVITY_COLUMNS = ["row", "study", "scenario", *ROW_COLUMNS]


def build(case: Case, factors: Factors, scenario: str = "base", first_row: int = 1) -> pd.DataFrame:
    """The ledger of one case: rows of the stages inside the boundary, times the factor of each row's product."""
    rows = [row for name, stage in ALL.items() if name in case.study.boundary.included for row in stage(case)]
    activity = to_frame(rows)
    activity.insert(0, "row", range(first_row, first_row + len(activity)))
    activity.insert(1, "study", case.study.study)
    activity.insert(2, "scenario", scenario)
    impacts = factors.table.loc[activity["product"]].to_numpy() * activity["amount"].to_numpy()[:, None]
    return pd.concat([activity, pd.DataFrame(impacts, columns=list(factors.table.columns))], axis=1)


def lca_rows(ledger: pd.DataFrame, view: View = "location") -> pd.DataFrame:
    """The rows of the life-cycle view: goods amortised over their service."""
    return ledger[ledger["view"].isin([view, "both"]) & ledger["accounting"].isin(["amortised", "both"])]


def ghg_rows(ledger: pd.DataFrame, view: View) -> pd.DataFrame:
    """The rows of the GHG-Protocol view: goods in full in the year of acquisition."""
    return ledger[ledger["view"].isin([view, "both"]) & ledger["accounting"].isin(["acquisition", "both"])]


def scenario_rows(ledger: pd.DataFrame, scenario: str = "base") -> pd.DataFrame:
    """The rows of one scenario."""
    return ledger[ledger["scenario"] == scenario]


def total(rows: pd.DataFrame, indicator: str) -> float:
    """Exact sum of one indicator over rows."""
    return math.fsum(rows[indicator])


def by(rows: pd.DataFrame, columns: list[str], indicators: Iterable[str]) -> pd.DataFrame:
    """Exact sums by group, groups in order of appearance."""
    grouped = rows.groupby(columns, sort=False, dropna=False)
    return pd.DataFrame({i: grouped[i].agg(math.fsum) for i in indicators})


def functional_scale(case_study: object, functional_unit: str) -> tuple[tuple[str, ...], float]:
    """The workloads of a functional unit, and its amount over their output."""
    study = case_study
    fu = next(f for f in study.functional_units if f.id == functional_unit)  # type: ignore[attr-defined]
    outputs = [w.output.amount for w in study.workloads if w.id in fu.workloads]  # type: ignore[attr-defined]
    return fu.workloads, fu.amount / math.fsum(outputs)


def per_functional_unit(rows: pd.DataFrame, study: object, functional_unit: str) -> pd.DataFrame:
    """The LCA rows of a functional unit's workloads, amounts and impacts scaled to it."""
    workloads, scale = functional_scale(study, functional_unit)
    mine = rows[rows["workload"].isin(workloads)].copy()
    numeric = ["amount", *indicators_of(rows)]
    mine[numeric] = mine[numeric] * scale
    return mine


def indicators_of(ledger: pd.DataFrame) -> list[str]:
    """The indicator columns."""
    return [c for c in ledger.columns if c not in ACTIVITY_COLUMNS]


@dataclass(frozen=True)
class Step:
    """One named difference between two statements: its rows, and the sign with which they enter."""

    name: str
    reason: str
    rows: pd.DataFrame
    sign: int

    def amount(self, indicator: str) -> float:
        return self.sign * math.fsum(self.rows[indicator])


def bridge(start: pd.DataFrame, end: pd.DataFrame) -> list[Step]:
    """From one selection of the ledger to another: the rows in one and not in the other, named by what separates them."""
    gone, new = start[~start["row"].isin(end["row"])], end[~end["row"].isin(start["row"])]
    reasons = {
        ("amortised", -1): ("goods no longer spread over their service", "time: the GHG Protocol doesn't amortise capital goods"),
        ("acquisition", 1): ("goods acquired in the period, in full", "time: booked in the year of acquisition (category 2 and 4)"),
        ("both", -1): ("location-based Scope 2 taken out", "instruments: the market-based method replaces the grid average"),
        ("both", 1): ("market-based Scope 2 put in", "instruments: contracts, then residual mix, then the grid average"),
    }
    steps = []
    for rows, sign in ((gone, -1), (new, 1)):
        for (accounting, stage), part in rows.groupby(["accounting", "life_cycle_stage"], sort=False):
            name, reason = reasons.get((accounting, sign), (str(accounting), "boundary"))
            steps.append(Step(f"{stage}: {name}", reason, part, sign))
    return steps


def residual(start: pd.DataFrame, steps: list[Step], end: pd.DataFrame, indicator: str) -> float:
    """End minus start minus steps, as one exact sum: zero if the bridge explains everything."""
    terms: list[float] = list(end[indicator]) + [-x for x in start[indicator]]
    for step in steps:
        terms += [-step.sign * x for x in step.rows[indicator]]
    return math.fsum(terms)


def measured_share(rows: pd.DataFrame) -> pd.Series:
    """Share of the energy at the machines by origin: what a meter saw, what a model filled in, what was declared."""
    machine = rows[(rows["life_cycle_stage"] == "electricity") & (rows["view"] == "location")]
    energy = machine.groupby("origin")["amount"].sum()
    return energy / energy.sum() if len(energy) else energy


def is_finite(ledger: pd.DataFrame) -> bool:
    """No impact is missing: a product without a factor can't have entered."""
    return bool(np.isfinite(ledger[indicators_of(ledger)].to_numpy(float)).all())
