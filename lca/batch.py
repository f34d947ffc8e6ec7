"""Many bundles: a list of studies, or a table of studies x parameters. All are made even if some fail."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lca.chapters import value_of
from lca.errors import Finding, LcaError
from lca.report import make
from lca.tables import read_text


@dataclass(frozen=True)
class Job:
    """One bundle to make."""

    study: Path
    out: Path
    parameters: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """What became of a job."""

    job: Job
    findings: tuple[Finding, ...]

    @property
    def failed(self) -> bool:
        return bool(self.findings)


def jobs(targets: Iterable[Path], out: Path | None = None) -> list[Job]:
    """Jobs of study files and portfolio tables.

    A portfolio is a CSV with the column `study` (path from the table's folder), optionally `name` (folder of the bundle), and one
    column per parameter; empty cells set nothing. Raises `LcaError` with every fault of every table.
    """
    made: list[Job] = []
    faults: list[Finding] = []
    for target in targets:
        if target.suffix == ".csv":
            mine, found = _of_table(target, out)
            made += mine
            faults += found
        else:
            name = target.parent.parent.name if target.parent.name == "in" else target.stem
            made.append(
                Job(target, (out / name) if out else target.parent.parent / "out" if target.parent.name == "in" else target.parent / "out")
            )
    places = [str(j.out) for j in made]
    for twice in sorted({p for p in places if places.count(p) > 1}):
        faults.append(Finding("batch.out", "error", "batch", "", f"two bundles in {twice}", "a folder for each", "give names, or -o"))
    if faults:
        raise LcaError(faults, exit_code=2)
    return made


def _of_table(path: Path, out: Path | None) -> tuple[list[Job], list[Finding]]:
    text, faults = read_text(path)
    if text is None:
        return [], faults
    rows = list(csv.DictReader(text.splitlines()))
    if not rows or "study" not in rows[0]:
        return [], [Finding("batch.table", "error", path.name, "line 1", "no column study", "study, name, parameters …", "mend the header")]
    made = []
    for i, row in enumerate(rows, 2):
        if None in row or None in row.values() or not row["study"]:
            faults.append(Finding("batch.table", "error", path.name, f"line {i}", "too many or too few cells", "one per column", "mend it"))
            continue
        study = path.parent / row["study"]
        name = row.get("name") or f"{path.stem}-{i - 1}"
        parameters = {k: value_of(v) for k, v in row.items() if k not in ("study", "name") and v != ""}
        made.append(Job(study, (out or path.parent / "out") / name, parameters))
    return made, faults


def run(todo: list[Job], workers: int = 1, done: Callable[[Outcome], None] = lambda outcome: None) -> list[Outcome]:
    """Make all bundles; `done` is called as each ends. Outcomes are in the order of the jobs."""
    results: dict[int, Outcome] = {}
    if workers == 1:
        for i, job in enumerate(todo):
            results[i] = attempt(job)
            done(results[i])
    else:
        with ProcessPoolExecutor(max_workers=workers) as pool:
            waiting = {pool.submit(attempt, job): i for i, job in enumerate(todo)}
            for future in as_completed(waiting):
                results[waiting[future]] = future.result()
                done(results[waiting[future]])
    return [results[i] for i in range(len(todo))]


def attempt(job: Job) -> Outcome:
    """Make one bundle; a fault of the study is an outcome, not an end."""
    try:
        make(job.study, job.out, job.parameters)
    except LcaError as error:
        return Outcome(job, tuple(error.findings))
    except OSError as error:  # a full disk or a lost folder ends one bundle, not the batch
        fault = Finding(
            "batch.system", "error", str(job.study), str(job.out), str(error), "a folder that can be written", "see the message"
        )
        return Outcome(job, (fault,))
    return Outcome(job, ())
