"""What is given to the report and is wrong: one clear message per fault, exit 1 or 2, no traceback, nothing half-written."""

# ruff: noqa: E501  (tables of faults, one to a line)
from __future__ import annotations

import re
from pathlib import Path

import pytest
import small

from lca.assessment import assess
from lca.cli import main
from lca.errors import LcaError

STUDY, RUNS = "study.yaml", "readings/runs.csv"


def replaced(file: str, old: str, new: str):
    def change(folder: Path) -> None:
        path = folder / file
        words = path.read_text(encoding="utf-8")
        assert old in words
        path.write_text(words.replace(old, new), encoding="utf-8")

    return change


def written(file: str, content: bytes):
    return lambda folder: (folder / file).write_bytes(content)


def removed(file: str):
    return lambda folder: (folder / file).unlink()


def a_folder(file: str):
    def change(folder: Path) -> None:
        (folder / file).unlink()
        (folder / file).mkdir()

    return change


def latin(folder: Path) -> None:
    """A file of another encoding."""
    (folder / RUNS).write_bytes((folder / RUNS).read_bytes().replace(b"Nowhere", b"Nowh\xe9re"))


def swapped_units(folder: Path) -> None:
    """GPU energy in Wh among kWh."""
    replaced(RUNS, ",0.085,1.6,0.192,1.877,", ",0.085,1600,0.192,1600.277,")(folder)


FAULTS = {
    "malformed YAML": (replaced(STUDY, "sites:\n", "sites: [\n"), 1, r"error study\.yaml: study\.yaml, line \d+, column \d+"),
    "a tab as indentation": (replaced(STUDY, "    site: hall\n", "\tsite: hall\n"), 1, r"error study\.yaml: study\.yaml, line \d+"),
    "YAML that is no mapping": (written(STUDY, b"- 1\n- 2\n"), 1, r"got list; expected a mapping"),
    "an empty study": (written(STUDY, b""), 1, r"an empty file"),
    "a study that is not UTF-8": (written(STUDY, "study: caf\u00e9\n".encode("latin-1")), 1, r"line 1: got byte 0xe9 that is not UTF-8"),
    "a missing study": (removed(STUDY), 2, r"study\.yaml: got no such file"),
    "a folder instead of a study": (a_folder(STUDY), 2, r"study\.yaml: got no such file"),
    "an unknown field": (replaced(STUDY, "    tenure: owned", "    tenure: owned\n    colour: red"), 1, r"line \d+, systems\.0\.colour"),
    "an unknown unit": (replaced(STUDY, "value: 500 W, low: 300 W, high: 500 W", "value: 500 bananas"), 1, r"unknown unit 'bananas'"),
    "a unit of another kind": (replaced(STUDY, "value: 4 year, low: 3 year, high: 6 year", "value: 4 kg"), 1, r"not convertible to year"),
    "an unknown product": (replaced(STUDY, "product: server", "product: servre"), 1, r"study\.product: study\.yaml, systems\.node\.product: got 'servre'"),
    "an unknown grid": (replaced(STUDY, "    grid: XX", "    grid: ZZ"), 1, r"'electricity_direct_ZZ'"),
    "an unknown source": (replaced(STUDY, "source: paper", "source: papyrus"), 1, r"study\.source: .*'papyrus'"),
    "an unknown override": (replaced(STUDY, "sites.hall.grid: YY", "sites.attic.grid: YY"), 1, r"scenarios\.grid-yy\.set: got sites\.attic\.grid"),
    "a missing log": (removed(RUNS), 1, r"study\.file: study\.yaml, readings/runs\.csv: got no such file"),
    "a folder instead of a log": (a_folder(RUNS), 1, r"study\.file: study\.yaml, readings/runs\.csv"),
    "a log outside the study": (replaced(STUDY, "file: readings/runs.csv", "file: ../in/readings/runs.csv"), 1, r"a path below the study"),
    "a log by its whole path": (replaced(STUDY, "file: readings/runs.csv", "file: /etc/hostname"), 1, r"a path below the study"),
    "an empty log": (written(RUNS, b""), 1, r"runs\.csv"),
    "a log of a header alone": (lambda folder: (folder / RUNS).write_text((folder / RUNS).read_text().splitlines()[0] + "\n"), 1, r"runs\.csv"),
    "a log that is not UTF-8": (latin, 1, r"runs\.csv.*UTF-8"),
    "a log of another tool": (replaced(STUDY, "reader: codecarbon", "reader: nvidia_smi"), 1, r"runs\.csv"),
    "a reader that there is not": (replaced(STUDY, "reader: codecarbon", "reader: wattmeter"), 1, r"readings\.0\.reader"),
    "a time zone that there is not": (replaced(STUDY, "timezone: UTC", "timezone: Mars/Olympus"), 1, r"Mars/Olympus"),
    "a log outside the period": (replaced(RUNS, "2023-03-01T", "2025-03-01T"), 1, r"study\.period: readings/runs\.csv"),
    "Wh among kWh": (swapped_units, 1, r"error codecarbon\.(units|implausible_power): .*runs\.csv"),
    "a decimal comma": (replaced(RUNS, ",0.0425,0.8,", ',"0,0425",0.8,'), 1, r"codecarbon\.(decimal_comma|number)"),
    "negative energy": (replaced(RUNS, ",0.0425,0.8,0.096,0.9385,", ",0.0425,-0.8,0.096,-0.6615,"), 1, r"codecarbon\.negative"),
    "more certificates than energy": (replaced(STUDY, "value: 1000 kWh", "value: 10000 kWh"), 1, r"contract\.energy"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_told_and_nothing_is_left(tmp_path, capsys, monkeypatch, fault):
    """The message names the place; the exit code is 1 for content, 2 for the call; the folder holds what it held."""
    from lca import report

    change, code, says = FAULTS[fault]
    study = small.put(tmp_path)
    change(study.parent)
    monkeypatch.setattr(report, "INVENTORIES", small.INVENTORIES)
    before = sorted(p.relative_to(tmp_path) for p in tmp_path.rglob("*"))
    assert main(["report", str(study), "-o", str(tmp_path / "bundle"), "--chapters", str(small.one_chapter())]) == code
    said = capsys.readouterr()
    assert re.search(says, said.err), said.err
    assert said.out == ""
    faults = [line for line in said.err.splitlines() if line.startswith("error ")]
    assert len(faults) == len(set(faults)) >= 1
    assert "Traceback" not in said.err
    assert sorted(p.relative_to(tmp_path) for p in tmp_path.rglob("*")) == before


def test_a_wrong_time_zone_is_seen_when_a_stamp_never_was(tmp_path, capsys, monkeypatch):
    """02:30 on 26 March 2023 is an hour that clocks in Paris skipped: a log with that stamp wasn't written there."""
    from lca import report

    study = small.put(tmp_path)
    replaced(RUNS, "2023-03-01T03:00:00", "2023-03-26T02:30:00")(study.parent)
    replaced(STUDY, "timezone: UTC", "timezone: Europe/Paris")(study.parent)
    monkeypatch.setattr(report, "INVENTORIES", small.INVENTORIES)
    assert main(["report", str(study), "-o", str(tmp_path / "bundle")]) == 1
    assert re.search(r"codecarbon\.nonexistent_hour: runs\.csv", capsys.readouterr().err)
    assert not (tmp_path / "bundle").exists()


def test_a_log_cut_in_a_line_is_refused_unless_the_loss_is_accepted(tmp_path):
    """The second run's line lacks its end: an error with the line; accepted, the first run's 0.9385 kWh alone, not a guess of the rest."""
    study = small.put(tmp_path)
    log = study.parent / RUNS
    log.write_bytes(log.read_bytes()[:-60])
    with pytest.raises(LcaError) as caught:
        assess(study, small.INVENTORIES)
    assert [(f.rule, f.severity, f.where) for f in caught.value.findings] == [("codecarbon.truncated", "error", "line 3")]
    text = study.read_text(encoding="utf-8")
    study.write_text(
        text.replace("    reader: codecarbon\n", "    reader: codecarbon\n    options: {accept_truncated: true}\n"), encoding="utf-8"
    )
    assert float(assess(study, small.INVENTORIES).readings["value"].sum()) == pytest.approx(0.9385)


def test_all_faults_of_a_study_and_its_log_are_told_at_once(tmp_path, capsys):
    """An unknown product, an unknown source and a log with a decimal comma: one call names all three."""
    study = small.put(tmp_path)
    for change in (
        replaced(STUDY, "product: server", "product: servre"),
        replaced(STUDY, "wue: {value: 0.8 L/kWh, low: 0.5 L/kWh, high: 1.2 L/kWh, origin: supplier, source: paper}", "wue: {value: 0.8 L/kWh, origin: supplier, source: papyrus}"),
        replaced(RUNS, ",0.0425,0.8,", ',"0,0425",0.8,'),
    ):  # fmt: skip
        change(study.parent)
    assert main(["check", str(study)]) == 1
    said = capsys.readouterr().out
    assert "'servre'" in said
    assert "'papyrus'" in said
    assert "codecarbon." in said


def test_the_whole_program_ends_without_a_traceback(tmp_path):
    """As a process: exit 1, the fault alone on stderr after the progress, nothing on stdout."""
    study = small.put(tmp_path, small.text().replace("count: 2", "count: two"))
    done = small.cli("report", study, "-o", tmp_path / "bundle")
    assert (done.returncode, done.stdout) == (1, "")
    assert "Traceback" not in done.stderr
    assert re.search(r"error study\.field: study\.yaml, line \d+, systems\.0\.count", done.stderr)
    assert not (tmp_path / "bundle").exists()
