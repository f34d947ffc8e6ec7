"""All readers alike, and what only shows between files: recognition, overlaps, quality."""

from __future__ import annotations

import hashlib
import math
import re
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lca import readings
from lca.errors import LcaError
from lca.readings import Declaration, ingest, overlaps, quality, read, recognise

FILES = Path(__file__).parent / "data" / "telemetry"
CC, SMI = FILES / "codecarbon", FILES / "nvidia_smi"
GOOD = [
    (CC / "v2.3.1_8xA100_tti_rows1-40.csv", "codecarbon", {}),
    (CC / "v2.3.1_task_file.csv", "codecarbon", {"kind": "task", "pue": 1}),
    (CC / "v2.4.3rc1_cumulative_rows.csv", "codecarbon", {}),
    (CC / "v2.5.0_2xV100_llama2_rows1-40.csv", "codecarbon", {}),
    (CC / "v2.8.4_pue_flush" / "emissions.csv", "codecarbon", {}),
    (CC / "v3.3.2_pue_wue_flush" / "emissions.csv", "codecarbon", {}),
    (SMI / "A100_dutycycle_nounits.csv", "nvidia_smi", {}),
    (SMI / "V100_update_period_rows1-4000.csv", "nvidia_smi", {}),
]
ONE = {"codecarbon": GOOD[3][0], "nvidia_smi": GOOD[6][0]}
every_file = pytest.mark.parametrize(("path", "reader", "options"), GOOD, ids=lambda v: v.name if isinstance(v, Path) else "")
every_reader = pytest.mark.parametrize("reader", sorted(readings.READERS))


def refused(path: Path, reader: str | None = None, timezone: str | None = "UTC", asset: str = "a") -> set[str]:
    with pytest.raises(LcaError) as caught:
        read(path, reader, asset=asset, timezone=timezone)
    assert caught.value.findings
    assert all(f.severity == "error" and f.got and f.expected and f.fix for f in caught.value.findings)
    return {f.rule for f in caught.value.findings}


def test_every_reader_can_recognise_and_is_tested():
    """The registry, the recognisers and the contract's examples name the same readers."""
    assert set(readings.READERS) == set(readings.RECOGNISERS) == set(ONE) == {reader for _, reader, _ in GOOD}


@every_file
def test_contract_table(path: Path, reader: str, options: dict[str, object]):
    """Every reader returns the same table, obeying the same rules, of the declared asset, with an energy above zero."""
    result = read(path, asset="node-1", timezone="UTC", options=options)
    assert readings.check(result.readings) == []
    assert list(result.readings.columns) == list(readings.COLUMNS)
    assert set(result.readings["asset"]) == {"node-1"}
    assert result.readings["value"].sum() > 0
    assert recognise(path).reader == reader


@every_file
def test_contract_source(path: Path, reader: str, options: dict[str, object]):
    """Each source is the file's name, its hash, and lines that the file has below its header."""
    r = read(path, reader, asset="a", timezone="UTC", options=options).readings
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    last = len(path.read_text(encoding="utf-8").splitlines())
    for text in r["source"]:
        found = re.fullmatch(rf"{re.escape(path.name)}@sha256:{digest}#rows (\d+)-(\d+)", text)
        assert found
        assert 2 <= int(found[1]) <= int(found[2]) <= last


@every_file
def test_contract_time_zone_moves_the_clock_only(path: Path, reader: str, options: dict[str, object]):
    """Declaring +05:30 for UTC moves every interval 5.5 h earlier; the energy stays."""
    utc = read(path, reader, asset="a", timezone="UTC", options=options).readings
    india = read(path, reader, asset="a", timezone="+05:30", options=options).readings
    assert india["start"].min() - utc["start"].min() == pd.Timedelta(-5.5, "h")
    assert india["end"].max() - utc["end"].max() == pd.Timedelta(-5.5, "h")
    assert india["value"].sum() == pytest.approx(utc["value"].sum(), rel=1e-12)


@every_file
def test_contract_repeatable(path: Path, reader: str, options: dict[str, object]):
    """The same file gives the same table, to the digit."""
    first, second = (read(path, reader, asset="a", timezone="UTC", options=options) for _ in range(2))
    pd.testing.assert_frame_equal(first.readings, second.readings)
    assert first.findings == second.findings


@every_reader
def test_contract_bad_files(reader: str, tmp_path: Path):
    """Missing, empty, blank, binary and Latin-1 files, a lone header and nonsense end in findings, not a traceback."""
    header = ONE[reader].read_text(encoding="utf-8").splitlines()[0]
    cases = {
        b"": "table.empty",
        b" \n\n": "table.empty",
        b",,,\n,,\n": "table.empty",
        b"caf\xe9,1\n": "table.encoding",
        b"a\x00b\n": "table.encoding",
        header.encode() + b"\n": f"{reader}.empty",
        b"hello world\n": f"{reader}.header",
        b'{"a": [1, 2]}\n': f"{reader}.header",
    }
    assert refused(tmp_path / "none.csv", reader) == {"table.missing"}
    assert refused(tmp_path, reader) == {"table.missing"}
    for content, rule in cases.items():
        path = tmp_path / "file.csv"
        path.write_bytes(content)
        assert refused(path, reader) == {rule}, content


@every_reader
def test_contract_time_zone_is_needed(reader: str):
    """No zone and an unknown zone are refused."""
    assert refused(ONE[reader], timezone=None) == {"readings.timezone"}
    assert refused(ONE[reader], timezone="Atlantis") == {"readings.timezone"}


@every_reader
def test_contract_wrong_reader(reader: str):
    """A declared reader wins over recognition, and says so when the file isn't its own."""
    for other in set(ONE) - {reader}:
        assert all(rule.startswith(f"{reader}.") for rule in refused(ONE[other], reader))


@every_reader
@given(cut=st.integers(1, 4000))
def test_contract_any_cut_is_a_table_or_findings(reader: str, cut: int, tmp_path_factory: pytest.TempPathFactory):
    """A file cut at any byte gives a sound table or findings."""
    path = tmp_path_factory.mktemp("cut") / "file.csv"
    path.write_bytes(ONE[reader].read_bytes()[:cut])
    try:
        result = read(path, reader, asset="a", timezone="UTC")
    except LcaError as error:
        told, faults = len(error.findings), []
    else:
        told, faults = 1, readings.check(result.readings)
    assert told
    assert faults == []


def test_recognition_says_why():
    """The reason for a reader is told, and for none the reason of each."""
    assert "timestamp and power.draw" in recognise(ONE["nvidia_smi"]).why
    with pytest.raises(LcaError, match=r"codecarbon: no columns.*nvidia_smi: nvidia-smi dmon"):
        recognise(SMI / "H200_drv590_load_dmon.txt")
    assert refused(FILES / "eco2ai" / "v0.3.12_emission.csv") == {"readings.recognise"}


def test_names_that_are_not_there():
    """An unknown reader and an empty asset are refused."""
    assert refused(ONE["codecarbon"], reader="scaphandre") == {"readings.reader"}
    assert refused(ONE["codecarbon"], asset="") == {"readings.asset"}


def test_ingest_adds_up_and_tells_all_faults_at_once(tmp_path: Path):
    """The table of two files is both tables; two bad files are two findings in one error."""
    declared = [Declaration(path, f"a-{i}", timezone="UTC") for i, path in enumerate(ONE.values())]
    parts = [read(d.file, asset=d.asset, timezone="UTC").readings for d in declared]
    whole = ingest(declared).readings
    assert len(whole) == sum(map(len, parts))
    assert whole["value"].sum() == pytest.approx(sum(p["value"].sum() for p in parts))
    with pytest.raises(LcaError) as caught:
        ingest([Declaration(tmp_path / "x", "a"), Declaration(ONE["codecarbon"], "a")])
    assert [f.rule for f in caught.value.findings] == ["table.missing", "readings.timezone"]
    assert len(ingest([]).readings) == 0


def test_same_file_twice_is_told():
    """The same file for the same asset counts its energy twice; for another asset it doesn't."""
    path = ONE["codecarbon"]
    twice = ingest([Declaration(path, "a", timezone="UTC"), Declaration(path, "a", timezone="UTC")])
    two = ingest([Declaration(path, "a", timezone="UTC"), Declaration(path, "b", timezone="UTC")])
    assert "readings.duplicate" in {f.rule for f in twice.findings if f.severity == "error"}
    assert not {"readings.duplicate", "readings.overlap"} & {f.rule for f in two.findings}


def test_main_and_task_file_together_are_told():
    """The task file's energy is in the main file as well."""
    folder = CC / "v2.8.4_pue_flush"
    (tasks,) = folder.glob("emissions_t_*.csv")
    result = ingest(
        [
            Declaration(folder / "emissions.csv", "a", timezone="UTC"),
            Declaration(tasks, "a", timezone="UTC", options={"kind": "task", "pue": 1.25}),
        ]
    )
    assert "readings.overlap" in {f.rule for f in result.findings}


def table(*spans: tuple[float, float], flag: str = "") -> pd.DataFrame:
    """Readings of one meter over these seconds, 1 kWh each, unlike by a hair."""
    day = pd.Timestamp("2024-01-01", tz="UTC")
    return readings.frame(
        readings.Reading(
            asset="a", run=f"r{i}", meter="gpu_board", method="counter", quantity="energy",
            start=day + pd.Timedelta(a, "s"), end=day + pd.Timedelta(b, "s"),
            value=1 + i / 1e6, unit="kWh", coverage=1.0, quality=flag, pue_in_source=1.0,
            source=f"f.csv@sha256:0123456789ab#rows {i + 2}-{i + 2}",
        )
        for i, (a, b) in enumerate(spans)
    )  # fmt: skip


@pytest.mark.parametrize(
    ("spans", "told"),
    [
        ([(0, 10), (10, 20)], ""),
        ([(0, 10), (9.5, 20)], ""),  # stamps of whole seconds
        ([(0, 10), (5, 20)], "5.0 s"),
        ([(0, 100), (10, 20), (30, 40)], "20.0 s"),  # both lie inside the first
    ],
)
def test_overlaps_are_measured(spans: list[tuple[float, float]], told: str):
    """Half-open intervals may touch; what overlaps is told in seconds, also behind a long interval."""
    found = overlaps(table(*spans))
    assert [f.rule for f in found] == (["readings.overlap"] if told else [])
    assert all(told in f.got for f in found)


def test_single_processes_may_overlap():
    """Two processes of one machine have their own shares."""
    assert overlaps(table((0, 10), (0, 12), flag="process_scope")) == []


def test_quality_of_a_real_file():
    """21 runs in the Mac's file: 16 named and 5 without id; two records without CPU energy; the rest sums up."""
    r = read(CC / "v2.4.3rc1_cumulative_rows.csv", asset="mac", timezone="Europe/Paris").readings
    q = quality(r).set_index("meter")
    assert q["runs"].to_dict() == {"cpu_package": 21, "dram": 21, "gpu_board": 21}
    assert q["gaps"].to_dict() == {"cpu_package": 2, "dram": 0, "gpu_board": 0}
    assert q["estimated"].to_dict() == {"cpu_package": 0.0, "dram": 1.0, "gpu_board": 0.0}
    assert q["energy_kwh"].sum() == pytest.approx(r["value"].sum(), rel=1e-12)
    assert q["covered"].between(0.5, 0.95).all()


def test_quality_keeps_energy_and_water_apart():
    """Water has litres and no energy, and an empty table an empty quality."""
    q = quality(read(CC / "v3.3.2_pue_wue_flush" / "emissions.csv", asset="vm", timezone="UTC").readings)
    water = q[q["quantity"] == "water"].iloc[0]
    assert math.isnan(water["energy_kwh"])
    assert water["water_l"] > 0
    assert quality(readings.frame([])).empty


@pytest.mark.parametrize(
    ("column", "value", "rule"),
    [
        ("asset", "", "readings.asset"),
        ("meter", "psu", "readings.meter"),
        ("method", "guess", "readings.method"),
        ("unit", "J", "readings.unit"),
        ("value", -1.0, "readings.value"),
        ("value", math.nan, "readings.value"),
        ("coverage", 1.5, "readings.coverage"),
        ("quality", "odd", "readings.quality"),
        ("pue_in_source", 0.5, "readings.pue_in_source"),
        ("source", "somewhere", "readings.source"),
        ("end", pd.Timestamp("2023-01-01", tz="UTC"), "readings.end"),
    ],
)
def test_check_finds_each_broken_rule(column: str, value: object, rule: str):
    """A sound table passes; with one cell wrong, that rule and no other is told."""
    sound = table((0, 10), (10, 20))
    assert readings.check(sound) == []
    sound.loc[0, column] = value
    assert [f.rule for f in readings.check(sound)] == [rule]


def test_check_finds_wrong_columns_and_types():
    """Another set of columns, or naive times, is not a readings table."""
    sound = table((0, 10))
    assert [f.rule for f in readings.check(sound.drop(columns="run"))] == ["readings.columns"]
    naive = sound.assign(start=sound["start"].dt.tz_localize(None))
    assert [f.rule for f in readings.check(naive)] == ["readings.dtypes"]
