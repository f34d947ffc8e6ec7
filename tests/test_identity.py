"""The identity: Brightway's own LCA of a functional unit is the ledger's total, for every indicator.

The ledger is a sum of amounts times factors of an adjoint solve. Here the study's foreground is written as one activity per
functional unit into a Brightway project, and `bw2calc.LCA(demand, method)` goes the other way: demand, supply, inventory, score.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lca import ledger as book
from lca.export import foreground

ROOT = Path(__file__).parents[1]
TOLERANCE = 1e-9


@pytest.fixture(scope="module")
def by_brightway(example, tmp_path_factory) -> dict[str, dict[str, float]]:
    """Scores by functional unit and indicator, computed in a process and a Brightway folder of their own."""
    folder = tmp_path_factory.mktemp("identity")
    foregrounds = {fu.id: foreground(example, fu.id) for fu in example.study.functional_units}
    (folder / "foregrounds.json").write_text(json.dumps(list(foregrounds.values())), encoding="utf-8")
    (folder / "brightway").mkdir()
    environment = os.environ | {"BRIGHTWAY2_DIR": str(folder / "brightway"), "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}
    inventories = example.factors.inventory.root.resolve()
    command = [sys.executable, str(Path(__file__).parent / "brightway_alone.py"), str(inventories), str(folder / "foregrounds.json")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    scores = json.loads(done.stdout.splitlines()[-1])
    return {fu: scores[dataset["code"]] for fu, dataset in foregrounds.items()}


def test_brightways_lca_of_the_functional_unit_is_the_ledgers_total(example, by_brightway):
    """Both functional units, every indicator of the ledger: equal to 1e-9, relative; the largest deviation is printed."""
    deviations = {}
    for fu, scores in by_brightway.items():
        rows = book.per_functional_unit(book.lca_rows(example.base), example.study, fu)
        for indicator in book.indicators_of(rows):
            total = book.total(rows, indicator)
            deviations[fu, indicator] = abs(scores[indicator] - total) / abs(total) if total else abs(scores[indicator])
    assert len(deviations) == 2 * len(example.factors.table.columns)
    where = max(deviations, key=lambda x: deviations[x])
    message = f"largest relative deviation {deviations[where]:.2e}, {where[1]} of {where[0]}, {len(deviations)} comparisons"
    print(message)
    assert deviations[where] <= TOLERANCE, message


def test_the_ledger_is_not_trivially_zero(example, by_brightway):
    """1000 images cost kilograms, not nothing: the identity above compares numbers of ordinary size."""
    for scores in by_brightway.values():
        assert scores["gwp100"] > 1e-3
        assert scores["ced"] > 1e-2


def test_indicators_that_nothing_describes_score_zero_in_brightway(example, by_brightway):
    """What the ledger leaves out because no flow of the inventories is scored is exactly zero there, and nothing else is left out."""
    absent = set(example.indicators["indicator"]) - set(example.factors.table.columns)
    assert absent == {i for i, n in example.factors.statistics["flows_characterised"].items() if n == 0}
    assert {scores[i] for scores in by_brightway.values() for i in absent} == {0.0}
