"""A small study and inventories that can be done by hand (tests/data/small), and what the tests make of them.

Factors, kg CO2e per unit: plants 0.5, fuel 0.1 and losses 0.25 x 0.6 = 0.15 per kWh; server 100 x 0.75 + 2 x 4 + 17 = 100; truck 0.2
per t km; refrigerant 1000 per kg; treatment 0.5 and credit -0.25 x 4 = -1 per kg. Cooling water taken in: 0.75 m3 consumed per m3.
"""

from __future__ import annotations

import atexit
import copy
import functools
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from lca import ledger as book
from lca.activity import Case, spread, use_of
from lca.assessment import Assessment, assess
from lca.declaration import validate
from lca.factors import Factors, compiled
from lca.readings import COLUMNS
from lca.report import make
from lca.study import Study

ROOT = Path(__file__).parents[1]
DATA = Path(__file__).parent / "data" / "small"
STUDY = DATA / "in" / "study.yaml"
INVENTORIES = DATA / "inventories"
CHAPTERS = ROOT / "notebooks" / "chapters"

# the small study in products of the project's own inventories
REAL = {
    "grid: XX": "grid: FR",
    "country: XX": "country: FR",
    "grid: YY": "grid: PL",
    "product: server": "product: server_1gpu_a100",
    "product: refrigerant_leak": "product: refrigerant_leak_R134a",
    "draws: 200": "draws: 100",
}


def document() -> dict[str, Any]:
    """The study as plain data, to be changed at will."""
    return yaml.safe_load(STUDY.read_text(encoding="utf-8"))


def text() -> str:
    """The study's text."""
    return STUDY.read_text(encoding="utf-8")


def unmetered() -> dict[str, Any]:
    """The study without its meter, contracts and scenarios: one workload of 8766 device-hours at 500 W, 4383 kWh."""
    d = document()
    d["readings"], d["contracts"], d["scenarios"] = [], [], []
    d["workloads"] = [w for w in d["workloads"] if w["id"] == "train"]
    d["functional_units"] = [f for f in d["functional_units"] if f["id"] == "model"]
    return d


def study(d: dict[str, Any]) -> Study:
    return validate(copy.deepcopy(d), "study.yaml")


@functools.cache
def factors() -> Factors:
    return compiled(INVENTORIES)


@functools.cache
def assessed() -> Assessment:
    return assess(STUDY, INVENTORIES)


def case(d: dict[str, Any]) -> Case:
    """The case of a study that reads no files."""
    s = study(d)
    use, hours = use_of(s, pd.DataFrame(columns=[*COLUMNS, "reading"]))
    return Case(s, factors().inventory, use, hours, spread(s))


def ledger(d: dict[str, Any]) -> pd.DataFrame:
    return book.build(case(d), factors())


def put(folder: Path, content: str | None = None, real: bool = False) -> Path:
    """A copy of the study in a folder, with another text if given; returns the path of its study.yaml."""
    target = folder / "in"
    shutil.copytree(STUDY.parent, target)
    words = STUDY.read_text(encoding="utf-8") if content is None else content
    if real:
        for old, new in REAL.items():
            assert old in words
            words = words.replace(old, new)
    (target / "study.yaml").write_text(words, encoding="utf-8")
    return target / "study.yaml"


@functools.cache
def scratch() -> Path:
    """A folder for what several tests share; gone at exit."""
    path = Path(tempfile.mkdtemp(prefix="lca-tests-"))
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path


@functools.cache
def one_chapter() -> Path:
    """A folder with the first of the project's chapters."""
    folder = scratch() / "chapters"
    folder.mkdir()
    shutil.copy(CHAPTERS / "00_summary.ipynb", folder)
    return folder


@functools.cache
def quick_bundle() -> Path:
    """The bundle of the small study with one chapter."""
    return make(STUDY, scratch() / "quick" / "out", {}, INVENTORIES, one_chapter())


def cli(*words: object, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """One command as a user gives it."""
    command = [sys.executable, "-m", "lca.cli", *map(str, words)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=300)


@dataclass(frozen=True)
class Batch:
    """What `lca batch` made of a good study, a study with a fault and a study that is not there."""

    done: subprocess.CompletedProcess[str]
    folder: Path

    @property
    def bundle(self) -> Path:
        return self.folder / "out" / "good"


@functools.cache
def batch() -> Batch:
    """One run of `lca batch` on the project's inventories, with all chapters."""
    folder = scratch() / "batch"
    bad = text().replace("workloads: [serve]", "workloads: [nobody]")
    paths = [put(folder / "bad", bad), put(folder / "good", real=True), folder / "absent" / "in" / "study.yaml"]
    return Batch(cli("batch", *paths, "-o", folder / "out"), folder)
