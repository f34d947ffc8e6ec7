"""What several tests share. The cache is the session's own, unless LCA_CACHE names one to be used again."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from lca import inventory as inv
from lca.assessment import INVENTORIES, Assessment, assess
from lca.factors import Factors, compiled

ROOT = Path(__file__).parents[1]
TINY = Path(__file__).parent / "data" / "tiny"


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of compiled factors and draws, never the user's."""
    before = os.environ.get("LCA_CACHE")
    os.environ["LCA_CACHE"] = before or str(tmp_path_factory.mktemp("cache"))
    yield Path(os.environ["LCA_CACHE"])
    if before is None:
        del os.environ["LCA_CACHE"]


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the inventories that can be solved by hand; who changes it makes a copy of the copy."""
    return Path(shutil.copytree(TINY, tmp_path_factory.mktemp("tiny") / "inventories"))


@pytest.fixture(scope="session")
def tiny_factors(tiny: Path) -> Factors:
    """Factors of the hand-solvable inventories."""
    return compiled(tiny)


@pytest.fixture(scope="session")
def real_factors() -> Factors:
    """Factors of the project's own inventories, compiled once per session."""
    return compiled(INVENTORIES)


@pytest.fixture(scope="session")
def inventory() -> inv.Inventory:
    """The project's own inventories."""
    return inv.load(INVENTORIES)


@pytest.fixture(scope="session")
def value(inventory: inv.Inventory) -> dict[str, float]:
    """Central values of all their parameters."""
    return inv.parameter_values(inventory)


@pytest.fixture(scope="session")
def example() -> Assessment:
    """The example study with its ledger and scenarios."""
    return assess(ROOT / "reports" / "example" / "in" / "study.yaml")
