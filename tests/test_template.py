"""What an analyst starts from: the template checks, reports real measurements, and its schema is today's."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest
import yaml

from lca.assessment import assess, check
from lca.cli import main
from lca.declaration import load
from lca.errors import LcaError
from lca.study import json_schema
from lca.template import TEMPLATE, create

EXAMPLE = Path(__file__).parents[1] / "reports" / "example" / "in"


def test_a_new_study_has_no_errors(tmp_path):
    """`lca new` gives a study that every rule of `lca check` accepts, under its own name."""
    study = create("first-try", tmp_path)
    assert study == tmp_path / "first-try" / "in" / "study.yaml"
    assert [f for f in check(study) if f.severity == "error"] == []
    assert load(study).study == "first-try"


def test_a_new_study_lies_among_the_reports(tmp_path):
    """In a project with a folder `reports`, the study goes there."""
    (tmp_path / "reports").mkdir()
    assert create("first-try", tmp_path) == tmp_path / "reports" / "first-try" / "in" / "study.yaml"


def test_a_new_study_calculates(tmp_path):
    """Energy is the sum of the three cells energy_consumed [kWh]; every stage of the boundary has rows, and the scenario too."""
    a = assess(create("first-try", tmp_path))
    assert a.cases["base"].use["energy_kwh"].sum() == pytest.approx(0.0004784439185735 + 0.0004888325796543 + 0.0004894143530043)
    stages = set(a.study.boundary.included)
    assert set(a.base["life_cycle_stage"]) | {"facility"} == stages  # no refrigerant is declared
    assert set(a.ledger["scenario"]) == {"base", "grid-poland"}


def test_the_comments_that_can_be_switched_on_hold(tmp_path):
    """Refrigerant, declared use and contract are commented out in the template; without the comment signs they are accepted."""
    study = create("first-try", tmp_path)
    text = study.read_text(encoding="utf-8")
    for first in ("refrigerant:", "uses:", "contracts:"):
        text = _uncommented(text, first)
    text = text.replace("readings: [codecarbon]  # and uses: [booked-hours]", "readings: [codecarbon]\n    uses: [booked-hours]  #")
    held = [f"  - {{id: {s}, citation: a paper of our own, licence: own}}\n" for s in ("my-chiller", "my-invoice", "my-certificates")]
    # certificates of 100 kWh may not exceed the site's energy: 500 h x 250 W / 1000 x PUE 1.56 = 195 kWh
    study.write_text(text.replace("value: 120 hour", "value: 500 hour") + "".join(held), encoding="utf-8")
    assert [f for f in check(study) if f.severity == "error"] == []
    a = assess(study)
    assert {"facility"} <= set(a.base["life_cycle_stage"])
    assert a.base["component"].str.contains("guarantees of origin, wind").any()


def _uncommented(text: str, first: str) -> str:
    lines = text.splitlines()
    at = next(i for i, line in enumerate(lines) if line.strip().startswith(f"# {first}"))
    indent = len(lines[at]) - len(lines[at].lstrip())
    while lines[at][indent : indent + 2] == "# " and (lines[at][indent + 2 :].startswith((first, " "))):
        lines[at] = lines[at][:indent] + lines[at][indent + 2 :]
        at += 1
    return "\n".join(lines) + "\n"


def test_the_schema_is_todays():
    """`study.schema.json` is what `lca schema` prints; renew it with `lca schema -o lca/templates/study/study.schema.json`."""
    kept = (TEMPLATE / "study.schema.json").read_text(encoding="utf-8")
    assert json.loads(kept) == json_schema()
    assert kept.endswith("}\n")


def test_editors_find_the_schema(tmp_path):
    """The first line names the schema, and the file lies beside the study."""
    study = create("first-try", tmp_path)
    named = re.match(r"# yaml-language-server: \$schema=(\S+)\n", study.read_text(encoding="utf-8"))
    assert named and (study.parent / named[1]).is_file()


def test_the_first_field_is_the_name():
    """`lca new` writes the name there; only comments stand above."""
    lines = (TEMPLATE / "study.yaml").read_text(encoding="utf-8").splitlines()
    assert next(line for line in lines if not line.startswith("#")) == "study: my-study"


def test_every_source_is_used():
    """No source is listed for nothing, and none is missing (`check` sees to the other direction)."""
    document = yaml.safe_load((TEMPLATE / "study.yaml").read_text(encoding="utf-8"))
    body = json.dumps({k: v for k, v in document.items() if k != "sources"}, default=str)
    assert [s["id"] for s in document["sources"] if f'"source": "{s["id"]}"' not in body] == []


def test_the_readings_are_real_and_licensed():
    """Header and first three rows of the example's public file, byte for byte, with its licence in the index."""
    mine = (TEMPLATE / "readings" / "codecarbon.csv").read_bytes().splitlines(keepends=True)
    theirs = (EXAMPLE / "readings" / "codecarbon_2xV100_llama2.csv").read_bytes().splitlines(keepends=True)
    assert mine == theirs[:4]
    with (TEMPLATE / "readings" / "INDEX.csv").open(encoding="utf-8", newline="") as file:
        index = {row["file"]: row["licence"] for row in csv.DictReader(file)}
    assert index == {"codecarbon.csv": "CC-BY-4.0"}


@pytest.mark.parametrize("name", ["", "two words", "../up", "a/b", "-option", ".hidden", "tab\t"])
def test_faulty_names_are_refused(tmp_path, name):
    """A name is one plain word: nothing is written, exit code 2."""
    with pytest.raises(LcaError) as caught:
        create(name, tmp_path)
    assert caught.value.exit_code == 2
    assert [f.rule for f in caught.value.findings] == ["new.name"]
    assert list(tmp_path.iterdir()) == []


def test_a_study_is_never_overwritten(tmp_path):
    """The second call with one name is refused with exit code 2 and leaves the first study as it was."""
    study = create("first-try", tmp_path)
    study.write_text("mine", encoding="utf-8")
    with pytest.raises(LcaError) as caught:
        create("first-try", tmp_path)
    assert caught.value.exit_code == 2
    assert study.read_text(encoding="utf-8") == "mine"


def test_the_command_refuses_a_faulty_name(tmp_path, monkeypatch, capsys):
    """`lca new "two words"` exits 2 and says what a name is; `lca new first-try` prints the path of the study."""
    monkeypatch.chdir(tmp_path)
    assert main(["new", "two words"]) == 2
    assert "new.name" in capsys.readouterr().err
    assert main(["new", "first-try"]) == 0
    assert Path(capsys.readouterr().out.strip()) == tmp_path / "first-try" / "in" / "study.yaml"
