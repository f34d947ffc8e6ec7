"""Verification: an untouched bundle passes; a changed number fails with the name of its file, whoever mends the hashes."""

from __future__ import annotations

import csv
import functools
import io
import json
import re
import shutil
from pathlib import Path

import pytest
import small
from openpyxl import load_workbook

from lca.errors import Finding, LcaError
from lca.provenance import hashes
from lca.verify import differences, read_manifest, same, tampered, verify


@pytest.fixture
def bundle(tmp_path) -> Path:
    """A copy of the one-chapter bundle, to be tampered with."""
    return Path(shutil.copytree(small.quick_bundle(), tmp_path / "bundle"))


@functools.cache
def recomputed() -> Path:
    """What verify compares with: the bundle made once more from its own inputs; two runs give the same bytes (see test_report)."""
    return small.quick_bundle()


def cover_up(bundle: Path) -> None:
    """Write the hashes of what is there now into the manifest, as who tampers would."""
    manifest = json.loads((bundle / "manifest.json").read_text())
    manifest["files"] = {k: v for k, v in hashes(bundle).items() if k != "manifest.json"}
    (bundle / "manifest.json").write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n")


def ledger_csv(bundle: Path) -> None:
    """The impact of row 1 becomes 11.5."""
    path = bundle / "ledger.csv"
    rows = list(csv.reader(io.StringIO(path.read_text())))
    rows[1][rows[0].index("gwp100")] = "11.5"
    with path.open("w", newline="") as f:
        csv.writer(f, lineterminator="\n").writerows(rows)


def page_value(bundle: Path) -> None:
    """The full value of the first headline is raised by a millionth."""
    path = bundle / "report.html"
    words = path.read_text()
    value = re.search(r'data-figure="headline.model.gwp100" value="([^"]+)"', words)[1]
    path.write_text(words.replace(f'value="{value}"', f'value="{float(value) * (1 + 1e-6)!r}"', 1))


def page_print(bundle: Path) -> None:
    """The first printed figure says 1 and keeps its value."""
    path = bundle / "report.html"
    path.write_text(re.sub(r'(<data data-figure="[^"]*" value="[^"]*">)[^<]*', r"\g<1>1", path.read_text(), count=1))


def page_sentence(bundle: Path) -> None:
    """The period is said to hold its last day."""
    path = bundle / "report.html"
    path.write_text(path.read_text().replace("(end not included)", "(end included)"))


def page_script(bundle: Path) -> None:
    """A script would print other numbers when the page opens."""
    path = bundle / "report.html"
    path.write_text(path.read_text().replace("reveal();", "reveal(); document.querySelector('data').textContent = '1';", 1))


def workbook_number(bundle: Path) -> None:
    """A value of the statement by scope is halved."""
    book = load_workbook(bundle / "disclosure.xlsx")
    book["ghg"]["C2"] = book["ghg"]["C2"].value / 2
    book.save(bundle / "disclosure.xlsx")


def figures_json(bundle: Path) -> None:
    """The first value of the list of figures is 1 larger."""
    figures = json.loads((bundle / "figures.json").read_text())
    figures[0]["value"] += 1
    (bundle / "figures.json").write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n")


def checks_json(bundle: Path) -> None:
    """A warning is left out."""
    found = json.loads((bundle / "checks.json").read_text())
    (bundle / "checks.json").write_text(json.dumps(found[1:], indent=1, ensure_ascii=False) + "\n")


def chapter(bundle: Path) -> None:
    """A number in the output of an executed chapter."""
    path = bundle / "notebooks" / "00_summary.ipynb"
    words = path.read_text()
    value = re.search(r'data-figure=\\"headline.model.gwp100\\" value=\\"([^"\\]+)', words)[1]
    path.write_text(words.replace(value, "1.5"))


def extra_file(bundle: Path) -> None:
    """A file that the report doesn't make."""
    (bundle / "statement.txt").write_text("carbon neutral")


def missing_file(bundle: Path) -> None:
    """A file of the report is gone."""
    (bundle / "indicators.csv").unlink()


def manifest_field(bundle: Path) -> None:
    """The manifest says that more draws were made."""
    manifest = json.loads((bundle / "manifest.json").read_text()) | {"draws": 100_000}
    (bundle / "manifest.json").write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n")


TAMPERED = {
    ledger_csv: ("ledger.csv", "row 1, gwp100"),
    page_value: ("report.html", "figure headline.model.gwp100"),
    page_print: ("report.html", "printed"),
    page_sentence: ("report.html", "text"),
    page_script: ("report.html", "scripts"),
    workbook_number: ("disclosure.xlsx", "ghg, row 2, column 3"),
    figures_json: ("figures.json", "[0].value"),
    checks_json: ("checks.json", "length"),
    chapter: ("notebooks/00_summary.ipynb", "figure headline.model.gwp100"),
    extra_file: ("statement.txt", ""),
    missing_file: ("indicators.csv", ""),
    manifest_field: ("manifest.json", ".draws"),
}


def errors(found: list[Finding]) -> list[Finding]:
    return [f for f in found if f.severity == "error"]


def test_an_untouched_bundle_passes():
    """Exit 0 and nothing to say: every file is recomputed from the bundle alone to the same bytes."""
    done = small.cli("verify", small.quick_bundle())
    assert (done.returncode, done.stdout) == (0, "verified: every number follows from the bundle's inputs\n")


@pytest.mark.parametrize("change", TAMPERED, ids=lambda f: f.__name__)
def test_a_change_is_found_although_the_manifest_was_mended(bundle, change):
    """The hashes agree again, but the recomputed bundle doesn't: the finding names the file and the place of the number."""
    change(bundle)
    cover_up(bundle)
    assert list(tampered(bundle, read_manifest(bundle))) == []
    found = errors(list(differences(bundle, recomputed())))
    file, where = TAMPERED[change]
    assert {f.file for f in found} == {file}
    assert any(where in f.where for f in found)


@pytest.mark.parametrize("change", [c for c in TAMPERED if c is not manifest_field], ids=lambda f: f.__name__)
def test_a_change_is_found_by_its_hash(bundle, change):
    """Without a mended manifest the file's hash tells."""
    change(bundle)
    assert [f.file for f in tampered(bundle, read_manifest(bundle))] == [TAMPERED[change][0]]


def test_the_command_fails_on_changed_outputs_and_names_them(bundle):
    """Ledger, page, workbook and a field of the manifest changed, hashes mended: exit 1 with each file and number; no traceback."""
    for change in (ledger_csv, page_value, workbook_number, manifest_field):
        change(bundle)
    cover_up(bundle)
    done = small.cli("verify", bundle)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    for change in (ledger_csv, page_value, workbook_number, manifest_field):
        file, where = TAMPERED[change]
        assert re.search(rf"error verify\.number: {re.escape(file)}, {re.escape(where)}", done.stdout), file
    assert "got 11.5; expected 12.5" in done.stdout
    assert "not verified" in done.stdout


@pytest.mark.parametrize("mended", [False, True], ids=["hashes left", "hashes mended"])
def test_a_changed_input_is_found(bundle, mended):
    """The truck's factor 0.2 becomes 0.1 in the bundle's inventories: by its hash, or because the ledger doesn't follow from it."""
    path = bundle / "inputs" / "inventories" / "transport" / "exchanges.csv"
    path.write_text(path.read_text().replace("ghg_aggregate,0.2,", "ghg_aggregate,0.1,"))
    if mended:
        cover_up(bundle)
    found = errors(verify(bundle))
    files = {f.file for f in found}
    assert ("inputs/inventories/transport/exchanges.csv" in files) != mended
    assert {"ledger.csv", "figures.json", "report.html", "disclosure.xlsx"} <= files
    row = [f for f in found if f.file == "ledger.csv" and f.where == "row 4, gwp100"]
    assert [(float(f.got), float(f.expected)) for f in row] == [pytest.approx((0.25, 0.125))]


def test_an_input_that_cannot_be_read_is_a_finding(bundle):
    """A study cut in half fails with the study's own fault; no traceback."""
    path = bundle / "inputs" / "study" / "study.yaml"
    path.write_text(path.read_text()[:2000])
    rules = {f.rule for f in errors(verify(bundle))}
    assert "verify.hash" in rules
    assert any(r.startswith("study.") for r in rules)


@pytest.mark.parametrize("content", [None, "", "{", "[]", "{}", '{"files": {}}'])
def test_what_is_no_bundle_is_a_wrong_call(tmp_path, content):
    """No manifest, an empty one, half of one, one of another kind: exit 2 with one message."""
    if content is not None:
        (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(LcaError, match=r"verify\.manifest") as caught:
        verify(tmp_path)
    assert caught.value.exit_code == 2


def test_other_code_is_said_and_is_no_error(bundle):
    """A bundle made by another version of the code: a note that explains, beside the comparison of numbers."""
    manifest = json.loads((bundle / "manifest.json").read_text()) | {"code": "0" * 64}
    (bundle / "manifest.json").write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n")
    from lca.verify import environment_differences

    assert [(f.rule, f.severity) for f in environment_differences(read_manifest(bundle))] == [("verify.code", "note")]
    assert errors(list(differences(bundle, recomputed()))) == []


def test_round_off_is_no_difference_and_anything_more_is():
    """1e-9, relative: 1 + 1e-10 is the same, 1 + 1e-8 is not; 0 is only 0."""
    assert same(1.0, 1 + 1e-10)
    assert not same(1.0, 1 + 1e-8)
    assert not same(0.0, 1e-300)
    assert not same("1", 1)
