"""The commands as a user gives them: results to stdout, progress to stderr, 0 well, 1 a check failed, 2 a wrong call."""

from __future__ import annotations

import json

import jsonschema
import pytest
import small
import yaml

from lca.cli import main


def test_help_names_every_command():
    """`lca --help` lists the commands and exits 0."""
    done = small.cli("--help")
    assert done.returncode == 0
    for name in ("report", "batch", "verify", "check", "ingest", "score", "products", "export", "new", "lab"):
        assert f"\n    {name} " in done.stdout


@pytest.mark.parametrize("words", [[], ["nonsense"], ["report"], ["report", "x.yaml", "-p", "indicator"], ["batch"], ["score"]])
def test_a_wrong_call_is_2_with_the_usage(words, capsys):
    """No command, an unknown one, a missing argument: exit 2 and the usage on stderr, nothing on stdout."""
    with pytest.raises(SystemExit) as stopped:
        main(words)
    said = capsys.readouterr()
    assert stopped.value.code == 2
    assert said.err.startswith("usage: lca")
    assert said.out == ""


def test_a_report_by_the_command(tmp_path):
    """One bundle: its path, and nothing else, on stdout; progress on stderr; exit 0."""
    study = small.put(tmp_path / "x", real=True)
    done = small.cli("report", study, "--chapters", small.one_chapter(), "-p", "sites.hall.pue", "1")
    assert (done.returncode, done.stdout) == (0, f"{tmp_path / 'x' / 'out'}\n")
    assert "running chapter 00_summary" in done.stderr
    assert json.loads((tmp_path / "x" / "out" / "manifest.json").read_text())["overrides"] == {"sites.hall.pue": 1}


def test_an_unknown_parameter_is_2_and_leaves_nothing(tmp_path, capsys):
    """-p PUE 1.2: the message names it and what is known; nothing is written."""
    study = small.put(tmp_path / "x")
    assert main(["report", str(study), "-p", "PUE", "1.2"]) == 2
    said = capsys.readouterr()
    assert "report.parameter: -p, PUE" in said.err
    assert "indicator, cutoff" in said.err
    assert [p.name for p in (tmp_path / "x").iterdir()] == ["in"]


def test_check_prints_findings_and_counts_them(capsys):
    """The project's own studies and inventories have no error: exit 0 and a line of counts."""
    for target in ("inventories", str(small.ROOT / "reports" / "llama2" / "in" / "study.yaml")):
        assert main(["check", target]) == 0
        assert "0 errors" in capsys.readouterr().out


def test_check_is_1_when_a_rule_is_broken(tmp_path, capsys):
    """Every fault on a line of its own, then the count."""
    study = small.put(tmp_path, small.text().replace("count: 2", "count: two").replace("tenure: owned", "tenure: rented"))
    assert main(["check", str(study)]) == 1
    *lines, count = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert count.startswith("2 errors")


def test_products_finds_by_all_words(capsys):
    """Both words must occur; nothing found is exit 1."""
    assert main(["products", "server", "a100"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("server_8gpu_a100_80 ") for line in lines)
    assert all("server" in line.lower() and "a100" in line.lower() for line in lines)
    assert main(["products", "no such thing"]) == 1


def test_score_scales_and_its_tree_starts_with_the_whole(capsys):
    """Two servers are twice one server in every indicator; the root of the tree is 100 %."""
    shown = []
    for amount in ("1", "2"):
        assert main(["score", "server_8gpu_a100_80", "--amount", amount, "--json"]) == 0
        shown.append(json.loads(capsys.readouterr().out))
    one, two = ({k: v["value"] for k, v in s["scores"].items()} for s in shown)
    assert two == pytest.approx({k: 2 * v for k, v in one.items()})
    assert shown[0]["tree"][0]["share"] == 1.0
    assert shown[0]["tree"][0]["impact"] == pytest.approx(one["gwp100"])


def test_score_of_an_unknown_product_or_indicator_is_2(capsys):
    """The message lists what is close, or what there is."""
    assert main(["score", "server_8gpu"]) == 2
    assert "server_8gpu_a100_80" in capsys.readouterr().err
    assert main(["score", "server_8gpu_a100_80", "--indicator", "gwp"]) == 2
    assert "gwp100" in capsys.readouterr().err


def test_ingest_writes_readings_and_their_quality(tmp_path, capsys):
    """Two runs of three meters are six readings, 2.8155 kWh; the reader and why it was taken are said."""
    log = small.STUDY.parent / "readings" / "runs.csv"
    out = tmp_path / "r.csv"
    assert main(["ingest", str(log), "-o", str(out), "--asset", "node", "--timezone", "UTC"]) == 0
    import pandas as pd

    rows = pd.read_csv(out)
    assert (len(rows), float(rows["value"].sum())) == (6, pytest.approx(2.8155))
    said = capsys.readouterr()
    assert "read by codecarbon, because" in said.err
    assert "gpu_board" in said.out


def test_schema_is_a_schema(tmp_path, capsys):
    """What `lca schema` prints and writes is one valid JSON Schema."""
    assert main(["schema"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert main(["schema", "-o", str(tmp_path / "s.json")]) == 0
    assert json.loads((tmp_path / "s.json").read_text()) == printed
    jsonschema.Draft202012Validator.check_schema(printed)


def test_new_makes_a_study_that_checks(tmp_path, monkeypatch, capsys):
    """A new study bears its name, has no error, and is not written over; a name with a slash is refused."""
    monkeypatch.chdir(tmp_path)
    assert main(["new", "first"]) == 0
    path = tmp_path / capsys.readouterr().out.strip()
    assert yaml.safe_load(path.read_text())["study"] == "first"
    assert main(["check", str(path)]) == 0
    assert main(["new", "first"]) == 2
    assert main(["new", "../second"]) == 2


def test_lab_of_a_study_that_is_not_there_is_2(capsys):
    """Nothing is started."""
    assert main(["lab", "nowhere/study.yaml"]) == 2
    assert "nowhere/study.yaml" in capsys.readouterr().err


def test_flows_that_a_method_leaves_out_are_listed(capsys):
    """Climate change leaves out sulfur dioxide and scores methane; an unknown indicator ends with 2."""
    assert main(["check", "inventories", "--leaves-out", "gwp100"]) == 0
    flows = {line.split()[0] for line in capsys.readouterr().out.splitlines()[2:]}
    assert "so2" in flows
    assert "ch4_fossil" not in flows
    assert main(["check", "inventories", "--leaves-out", "gwp"]) == 2
