"""From a study file to its ledger: read, check, calculate, for the study itself and for each of its scenarios.

This is the door that notebooks and commands use: `assess("reports/example/in/study.yaml")`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lca import ledger as book
from lca import readings as measured
from lca.activity import Case, products_exist, sources_exist, spread, use_of
from lca.background import values_of
from lca.declaration import PARAMETERS, read_document, validate, with_overrides
from lca.errors import Finding, LcaError
from lca.factors import Factors, compiled
from lca.factors import variant as variant_of
from lca.inventory import Inventory
from lca.stages.electricity import coverage
from lca.study import Scenario, Study
from lca.uncertainty import ledger_draws

INVENTORIES = Path(__file__).parents[1] / "inventories"


@dataclass(frozen=True)
class Assessment:
    """A study with everything that follows from it. `factors` are those of the study itself; a scenario may have others."""

    path: Path
    study: Study
    readings: pd.DataFrame
    findings: list[Finding]
    factors: Factors
    cases: dict[str, Case]
    factors_of: dict[str, Factors]
    ledger: pd.DataFrame

    @property
    def base(self) -> pd.DataFrame:
        """Ledger rows of the study itself, without scenarios."""
        return book.scenario_rows(self.ledger)

    @property
    def indicators(self) -> pd.DataFrame:
        """The indicators with label, unit and group."""
        return self.factors.inventory.indicators

    @cached_property
    def _indicator(self) -> dict[str, dict[str, Any]]:
        return {str(row["indicator"]): row for row in self.indicators.to_dict("records")}

    def unit(self, indicator: str) -> str:
        return str(self._indicator[indicator]["unit"])

    def label(self, indicator: str) -> str:
        return str(self._indicator[indicator]["label"])

    def completeness(self, indicator: str) -> str:
        """`described`, `partial` (a lower bound) or `absent`: whether the inventories hold what the indicator's method scores."""
        scored: Any = self.factors.statistics["flows_characterised"]
        return str(self._indicator[indicator]["completeness"]) if scored[indicator] else "absent"

    @cached_property
    def _draws(self) -> dict[str, np.ndarray]:
        names = book.indicators_of(self.ledger)
        return {
            scenario: ledger_draws(book.scenario_rows(self.ledger, scenario), case, self.factors_of[scenario], names)
            for scenario, case in self.cases.items()
        }

    def draws(self, rows: pd.DataFrame, indicator: str) -> np.ndarray:
        """The sum of ledger rows of one scenario, for every draw; zeros for an empty selection."""
        if rows.empty:
            return np.zeros(self.study.uncertainty.draws)
        scenario = str(rows["scenario"].iloc[0])
        first = int(book.scenario_rows(self.ledger, scenario)["row"].iloc[0])
        column = book.indicators_of(self.ledger).index(indicator)
        return np.asarray(self._draws[scenario][:, rows["row"].to_numpy() - first, column].sum(axis=1))


def assess(path: str | Path, inventories: str | Path | None = None, overrides: dict[str, Any] | None = None) -> Assessment:
    """Read a study with its measurements, and calculate its ledger and those of its scenarios.

    `inventories` is the folder of inventories (the project's own if not given); `overrides` changes fields of the study, as a scenario
    does. Raises `LcaError` with every finding that makes the study wrong.
    """
    path = Path(path)
    study, document, readings, findings, inventory_root = _declared(path, inventories, overrides)
    faults = [f for f in findings if f.severity == "error"]
    if faults:
        raise LcaError(faults)
    plain = compiled(inventory_root)
    use, hours = use_of(study, readings)
    variants = {"base": study} | {s.id: with_overrides(document, s, path.name) for s in study.scenarios}
    wrong = [f for v in variants.values() for f in products_exist(v, plain.inventory, path.name)]
    if wrong:
        raise LcaError(sorted(set(wrong)))
    factors_of = {name: variant_of(plain, values_of(v, plain.inventory, path.name)[0]) for name, v in variants.items()}
    cases: dict[str, Case] = {}
    parts: list[pd.DataFrame] = []
    for name, variant in variants.items():
        energy, machine = (use, hours) if variant == study else use_of(variant, readings)
        cases[name] = Case(variant, factors_of[name].inventory, energy, machine, spread(variant))
        parts.append(book.build(cases[name], factors_of[name], name, first_row=1 + sum(len(p) for p in parts)))
    return Assessment(path, study, readings, findings, factors_of["base"], cases, factors_of, pd.concat(parts, ignore_index=True))


def check(path: str | Path, inventories: str | Path | None = None) -> list[Finding]:
    """Everything that can be said of a study before it is calculated; raises nothing that a study's author can cause."""
    try:
        return _declared(Path(path), inventories, None)[3]
    except LcaError as error:
        return error.findings


def _declared(
    path: Path, inventories: str | Path | None, overrides: dict[str, Any] | None
) -> tuple[Study, dict[str, Any], pd.DataFrame, list[Finding], Path]:
    document, lines = read_document(path)
    study = validate(document, path.name, lines)
    if overrides:
        changed = Scenario(id=PARAMETERS, title="parameters given to the report", set=overrides)
        study = with_overrides(document, changed, path.name)
        document = study.model_dump(mode="json", exclude_none=True)
    from lca import inventory as inv

    root = Path(inventories) if inventories else INVENTORIES
    inventory: Inventory = inv.load(root)
    findings = products_exist(study, inventory, path.name) + sources_exist(study, inventory, path.name)
    findings += values_of(study, inventory, path.name)[1]
    readings, found = _read(study, path.parent)
    for scenario in study.scenarios:
        try:
            other = with_overrides(document, scenario, path.name)
            findings += products_exist(other, inventory, path.name) + values_of(other, inventory, path.name)[1]
        except LcaError as error:
            findings += error.findings
    findings += found
    try:
        case = Case(study, inventory, *use_of(study, readings))
        for site in study.sites:
            coverage(case, site.id)
    except LcaError as error:
        findings += error.findings
    return study, document, readings, sorted(set(findings)), root


def _read(study: Study, folder: Path) -> tuple[pd.DataFrame, list[Finding]]:
    frames: list[pd.DataFrame] = []
    findings: list[Finding] = []
    for declared in study.readings:
        options = {k: (str((folder / str(v)).resolve()) if k == "markers" else v) for k, v in declared.options.items()}
        try:
            result = measured.read(
                folder / declared.file, reader=declared.reader, asset=declared.asset, timezone=declared.timezone, options=options
            )
        except LcaError as error:
            findings += error.findings
            continue
        findings += result.findings
        frames.append(result.readings.assign(reading=declared.id))
    if not frames:
        return measured.frame([]).assign(reading=""), findings
    together = pd.concat(frames, ignore_index=True)
    return together, findings + measured.overlaps(together)
