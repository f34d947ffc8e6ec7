"""Many bundles: all are made even if some fail, and a portfolio table is read with all its faults at once."""

from __future__ import annotations

from pathlib import Path

import pytest
import small

from lca.batch import Job, attempt, jobs
from lca.errors import LcaError


def test_one_failing_study_does_not_stop_the_others():
    """A study with a fault, a good one, one that isn't there: the good bundle is whole, exit 1, and each fault is told with its study."""
    done, bundle = small.batch().done, small.batch().bundle
    assert done.returncode == 1
    assert (bundle / "manifest.json").is_file()
    assert done.stdout.split() == [str(bundle)]
    assert "Traceback" not in done.stderr
    assert "functional_units.images: got 'nobody'" in done.stderr
    assert "absent" in done.stderr
    assert "1 made, 2 failed" in done.stderr
    assert sorted(p.name for p in (small.batch().folder / "out").iterdir()) == ["good"]


def table(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "portfolio.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_portfolio_is_studies_times_parameters(tmp_path):
    """Each row is a bundle; empty cells set nothing; numbers are numbers."""
    path = table(tmp_path, "study,name,sites.hall.pue,cutoff\na/study.yaml,one,1.1,\na/study.yaml,,,0.05\n")
    assert jobs([path], tmp_path / "o") == [
        Job(tmp_path / "a/study.yaml", tmp_path / "o/one", {"sites.hall.pue": 1.1}),
        Job(tmp_path / "a/study.yaml", tmp_path / "o/portfolio-2", {"cutoff": 0.05}),
    ]


def test_a_study_in_its_folder_gets_its_out_beside_it(tmp_path):
    """reports/x/in/study.yaml makes reports/x/out, or <out>/x."""
    study = tmp_path / "x" / "in" / "study.yaml"
    assert [j.out for j in jobs([study])] == [tmp_path / "x" / "out"]
    assert [j.out for j in jobs([study], tmp_path / "o")] == [tmp_path / "o" / "x"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("file,name\na,b\n", "no column study"),
        ("study,name\na,b,c\n,d\n", "too many or too few cells"),
        ("study,name\na,same\nb,same\n", "two bundles in"),
        ("", "an empty file"),
    ],
)
def test_a_faulty_table_is_a_wrong_call(tmp_path, text, says):
    """No column of studies, ragged rows, two bundles in one place, an empty file: exit 2, nothing is made."""
    with pytest.raises(LcaError, match=says) as caught:
        jobs([table(tmp_path, text)], tmp_path / "o")
    assert caught.value.exit_code == 2


def test_every_faulty_row_is_told_at_once(tmp_path):
    """Two rows with faults are two findings with their lines."""
    with pytest.raises(LcaError) as caught:
        jobs([table(tmp_path, "study,name\na,b,c\n,d\ne,f\n")])
    assert [f.where for f in caught.value.findings] == ["line 2", "line 3"]


def test_a_fault_is_an_outcome(tmp_path):
    """A job that fails says why and leaves nothing."""
    outcome = attempt(Job(small.put(tmp_path, small.text().replace("count: 2", "count: two")), tmp_path / "out"))
    assert outcome.failed
    assert [f.rule for f in outcome.findings] == ["study.field"]
    assert not (tmp_path / "out").exists()
