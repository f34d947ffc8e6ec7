"""The bundle: complete, recomputable, the same bytes each time, and never half-written."""

from __future__ import annotations

import json
import math

import nbformat
import pandas as pd
import pytest
import small

from lca.chapters import value_of
from lca.errors import LcaError
from lca.provenance import hashes
from lca.report import make

SHARED = ["report.html", "report.pdf", "disclosure.xlsx", "ledger.parquet", "ledger.csv", "readings.parquet", "checks.json", "figures.json"]


def test_the_bundle_is_complete():
    """Page, workbook, ledger twice, readings, findings, figures, manifest, crate, every chapter run, and all inputs."""
    bundle = small.batch().bundle
    there = set(hashes(bundle))
    chapters = [p.name for p in sorted(small.CHAPTERS.glob("*.ipynb"))]
    wanted = {*SHARED, "indicators.csv", "manifest.json", "ro-crate-metadata.json"}
    wanted |= {"inputs/study/study.yaml", "inputs/study/readings/runs.csv"}
    wanted |= {f"notebooks/{c}" for c in chapters} | {f"inputs/chapters/{c}" for c in chapters}
    tables = [p.relative_to(small.ROOT / "inventories").as_posix() for p in (small.ROOT / "inventories").rglob("*.csv")]
    wanted |= {f"inputs/inventories/{t}" for t in tables}
    assert wanted <= there
    assert len(chapters) >= 6


def test_the_manifest_names_every_file_and_its_hash():
    """All files but the manifest itself, no more, each with the hash of what is there."""
    bundle = small.batch().bundle
    manifest = json.loads((bundle / "manifest.json").read_text())
    assert manifest["files"] == {k: v for k, v in hashes(bundle).items() if k != "manifest.json"}
    crate = json.loads((bundle / "ro-crate-metadata.json").read_text())
    named = {part["@id"] for part in crate["@graph"][1]["hasPart"]}
    assert named == set(manifest["files"]) - {"ro-crate-metadata.json"}


def test_inputs_are_copied_byte_for_byte():
    """What stands in the bundle is what was read."""
    inputs = small.quick_bundle() / "inputs"
    assert (inputs / "study" / "study.yaml").read_bytes() == small.STUDY.read_bytes()
    for path in small.INVENTORIES.rglob("*.csv"):
        assert (inputs / "inventories" / path.relative_to(small.INVENTORIES)).read_bytes() == path.read_bytes()


def test_two_runs_give_the_same_bytes(tmp_path, monkeypatch):
    """Another folder, another working directory, another clock zone: every file, the manifest too, is the same."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TZ", "Asia/Kolkata")
    again = make(small.put(tmp_path / "copy"), tmp_path / "elsewhere" / "bundle", {}, small.INVENTORIES, small.one_chapter())
    assert hashes(again) == hashes(small.quick_bundle())


def test_nothing_in_a_bundle_says_where_it_was_made():
    """No path of this machine in any text of the bundle."""
    bundle = small.batch().bundle
    for path in bundle.rglob("*"):
        if path.suffix in (".html", ".json", ".ipynb", ".csv"):
            words = path.read_text(encoding="utf-8")
            assert str(small.ROOT) not in words, path.name
            assert str(small.scratch()) not in words, path.name


def test_every_figure_is_the_exact_sum_of_its_rows_times_its_factor():
    """figures.json against ledger.csv, by math.fsum; what a difference takes off is listed apart. A reader needs no program."""
    bundle = small.batch().bundle
    ledger = pd.read_csv(bundle / "ledger.csv").set_index("row")
    figures = json.loads((bundle / "figures.json").read_text())
    assert len(figures) > 100
    for f in figures:
        if f["remark"]:
            assert f["value"] is None
            assert f["ledger_rows"] == []
            continue
        impact = ledger[f["indicator"]]
        if f["ledger_rows_taken_off"]:
            added, off = (math.fsum(impact[f[k]]) for k in ("ledger_rows", "ledger_rows_taken_off"))
            assert f["value"] == added * f["factor"] - off * f["factor_taken_off"]
        else:
            assert f["value"] == math.fsum(impact[f["ledger_rows"]]) * f["factor"]


def test_ledger_csv_and_parquet_hold_the_same_numbers():
    """Text with the shortest digits that round-trip: both files are one table."""
    bundle = small.quick_bundle()
    text = pd.read_csv(bundle / "ledger.csv", keep_default_na=False, dtype={"period": str})
    binary = pd.read_parquet(bundle / "ledger.parquet")
    numbers = list(binary.select_dtypes("number").columns)
    pd.testing.assert_frame_equal(text[numbers], binary[numbers], check_exact=True, check_dtype=False)
    for column in ("product", "source", "calculation", "unit"):
        assert text[column].tolist() == binary[column].tolist()


def test_the_findings_of_the_bundle_are_those_of_the_checks():
    """checks.json lists every finding with rule, place, what was found, what was expected and how to mend it."""
    from lca import checks

    written = json.loads((small.quick_bundle() / "checks.json").read_text())
    assert [tuple(f.values()) for f in written] == [tuple(f.as_dict().values()) for f in checks.run(small.assessed())]


def test_chapters_ran_and_carry_their_parameters():
    """Every code cell was executed without an error output, with the study inside the bundle as its parameter."""
    for path in sorted((small.batch().bundle / "notebooks").glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        code = [c for c in notebook.cells if c.cell_type == "code"]
        assert all(c.execution_count for c in code), path.name
        assert not [o for c in code for o in c.outputs if o.output_type in ("error", "stream")], path.name
        assert notebook.metadata["papermill"]["parameters"]["study"] == "../inputs/study/study.yaml"


def test_a_parameter_of_the_study_reaches_the_result(tmp_path):
    """-p sites.hall.pue 1: without overhead the model's electricity is 4383 x 0.75 instead of 5478.75 x 0.75 kg CO2e."""
    out = make(small.STUDY, tmp_path / "out", {"sites.hall.pue": 1}, small.INVENTORIES, small.one_chapter())
    figures = {f["figure"]: f["value"] for f in json.loads((out / "figures.json").read_text())}
    assert figures["stage.model.electricity.gwp100"] == pytest.approx(4383 * 0.75)
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["overrides"] == {"sites.hall.pue": 1}
    page = (out / "report.html").read_text()
    assert f'data-figure="headline.model.gwp100" value="{figures["stage.model.all.gwp100"]!r}"' in page


@pytest.mark.parametrize(
    ("parameters", "rule"),
    [
        ({"colour": "red"}, "report.parameter"),
        ({"PUE": 1.2}, "report.parameter"),
        ({"study": "other.yaml"}, "report.parameter"),
        ({"indicator": "gwp1000"}, "report.indicator"),
    ],
)
def test_an_unknown_parameter_stops_before_the_chapters(tmp_path, parameters, rule):
    """papermill alone only warns and runs with the default; here it is a wrong call (2) and nothing is left."""
    with pytest.raises(LcaError) as caught:
        make(small.STUDY, tmp_path / "out", parameters, small.INVENTORIES, small.one_chapter())
    assert caught.value.exit_code == 2
    assert [f.rule for f in caught.value.findings] == [rule]
    assert list(tmp_path.iterdir()) == []


def test_an_override_that_names_nothing_stops_the_report(tmp_path):
    """sites.attic.pue isn't a field of this study."""
    with pytest.raises(LcaError, match=r"sites\.attic\.pue"):
        make(small.STUDY, tmp_path / "out", {"sites.attic.pue": 1.2}, small.INVENTORIES, small.one_chapter())
    assert list(tmp_path.iterdir()) == []


def chapter(folder, source: str):
    """A folder with one chapter that has the usual parameters and one more cell."""
    notebook = nbformat.read(small.CHAPTERS / "00_summary.ipynb", as_version=4)
    parameters = next(c for c in notebook.cells if "parameters" in c.metadata.get("tags", []))
    notebook.cells = [nbformat.v4.new_markdown_cell("# One chapter"), parameters, nbformat.v4.new_code_cell(source)]
    folder.mkdir()
    nbformat.write(notebook, folder / "00_one.ipynb")
    return folder


def test_a_failed_chapter_leaves_its_notebook_and_no_bundle(tmp_path):
    """The old bundle stays as it was; the partial notebook, with the error in it, is in out.failed; nothing else is left."""
    out = make(small.STUDY, tmp_path / "out", {}, small.INVENTORIES, chapter(tmp_path / "good", "1 + 1"))
    before = hashes(out)
    with pytest.raises(LcaError) as caught:
        make(small.STUDY, out, {}, small.INVENTORIES, chapter(tmp_path / "bad", "raise ValueError('the reason')"))
    assert [(f.rule, f.file, f.got) for f in caught.value.findings] == [("report.chapter", "00_one.ipynb", "ValueError: the reason")]
    assert hashes(out) == before
    kept = nbformat.read(tmp_path / "out.failed" / "00_one.ipynb", as_version=4)
    assert [o.ename for c in kept.cells if c.cell_type == "code" for o in c.outputs if o.output_type == "error"] == ["ValueError"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["bad", "good", "out", "out.failed"]


def test_a_folder_that_is_no_bundle_is_left_alone(tmp_path):
    """A folder with someone's file, and a file: refused as a wrong call, before any work, and untouched."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("keep")
    (tmp_path / "file").write_text("keep")
    for out in (tmp_path / "mine", tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(LcaError, match=r"report\.out") as caught:
            make(small.STUDY, out, {}, small.INVENTORIES, small.one_chapter())
        assert caught.value.exit_code == 2
    assert (tmp_path / "mine" / "notes.txt").read_text() == (tmp_path / "file").read_text() == "keep"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "mine"]


def test_values_of_parameters_are_literals_or_text():
    """0.05 is a number, True a truth, ced and FR are text, and nothing is executed."""
    assert [value_of(t) for t in ("0.05", "True", "ced", "FR", "8 year", "__import__('os')")] == [
        0.05,
        True,
        "ced",
        "FR",
        "8 year",
        "__import__('os')",
    ]
