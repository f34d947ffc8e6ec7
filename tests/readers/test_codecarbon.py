"""CodeCarbon's files: what the tool wrote, and what is made of it."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import pandas as pd
import pytest

from lca.errors import LcaError
from lca.readers import codecarbon

FILES = Path(__file__).parents[1] / "data" / "telemetry" / "codecarbon"
V28, V33 = FILES / "v2.8.4_pue_flush", FILES / "v3.3.2_pue_wue_flush"
HEADER = (
    "timestamp,project_name,run_id,duration,emissions,emissions_rate,cpu_power,gpu_power,ram_power,cpu_energy,gpu_energy,"
    "ram_energy,energy_consumed,codecarbon_version,gpu_count,gpu_model,longitude,latitude,tracking_mode,pue"
)


def row(**change: object) -> str:
    """One line: 100 s of a 300 W GPU counter, a CPU constant of 42.5 W and 36 W of memory; J = kWh x 3.6e6."""
    cells: dict[str, object] = {
        "timestamp": "2024-05-31T10:00:00", "project_name": "p", "run_id": "r1", "duration": 100, "emissions": 1,
        "emissions_rate": 1, "cpu_power": 42.5, "gpu_power": 300, "ram_power": 36, "cpu_energy": 42.5 * 100 / 3.6e6,
        "gpu_energy": 300 * 100 / 3.6e6, "ram_energy": 36 * 100 / 3.6e6, "energy_consumed": 378.5 * 100 / 3.6e6,
        "codecarbon_version": "2.8.4", "gpu_count": 1, "gpu_model": "1 x NVIDIA A100", "longitude": 7, "latitude": 50,
        "tracking_mode": "machine", "pue": 1,
    }  # fmt: skip
    return ",".join(str(v) for v in (cells | change).values())


def written(folder: Path, *rows: str, header: str = HEADER, end: str = "\n") -> Path:
    path = folder / "emissions.csv"
    path.write_text("\n".join([header, *rows]) + end, encoding="utf-8")
    return path


def read(path: Path, timezone: str | None = "UTC", **options: object):
    return codecarbon.read(path, asset="node-1", timezone=timezone, options=options)


def rules(result) -> set[str]:
    return {f.rule for f in result.findings}


def refused(path: Path, timezone: str | None = "UTC", **options: object) -> set[str]:
    with pytest.raises(LcaError) as caught:
        read(path, timezone, **options)
    assert all(f.severity == "error" and f.file and f.got and f.expected and f.fix for f in caught.value.findings)
    return {f.rule for f in caught.value.findings}


def test_running_totals_count_once():
    """The file's rows sum to 0.0089565 kWh; the last row of each named run, what was really used, to 0.0078261 kWh."""
    path = FILES / "v2.4.3rc1_cumulative_rows.csv"
    with path.open(encoding="utf-8", newline="") as lines:
        naive = sum(float(r["energy_consumed"] or 0) for r in csv.DictReader(lines))
    readings = read(path, "Europe/Paris").readings
    named = readings[readings["run"] != ""]
    assert naive == pytest.approx(0.0089565, abs=5e-8)
    assert named["value"].sum() == pytest.approx(0.0078261, abs=5e-8)


def test_rows_without_run_id_stay_and_say_so():
    """Five rows have no run_id and two of these no CPU energy: flagged, NaN, never zero; or left out when declared."""
    path = FILES / "v2.4.3rc1_cumulative_rows.csv"
    readings = read(path, "Europe/Paris").readings
    blank = readings[readings["run"] == ""]
    gaps = readings[readings["quality"].str.contains("gap")]
    assert blank["source"].nunique() == 5
    assert blank["quality"].str.contains("no_run_id").all()
    assert (list(gaps["meter"]), gaps["value"].isna().all()) == (["cpu_package"] * 2, True)
    assert (read(path, "Europe/Paris", blank_runs="drop").readings["run"] != "").all()


def test_three_records_with_their_own_method():
    """8 x A100: the GPU counter is measured; 42.5 W of CPU and 430.777 W of memory are not: 39 % of the energy."""
    r = read(FILES / "v2.3.1_8xA100_tti_rows1-40.csv", "America/Los_Angeles").readings
    methods = r.groupby("meter")["method"].unique().map(list).to_dict()
    assert methods == {"gpu_board": ["counter"], "cpu_package": ["estimated"], "dram": ["estimated"]}
    assert (r.loc[r["meter"] == "cpu_package", "quality"] == "cpu_constant").all()
    assert (r.loc[r["meter"] == "dram", "quality"] == "ram_model").all()
    assert len(r) == 3 * 40
    first = r[r["run"].str.startswith("f3d5dcca") & (r["meter"] == "dram")].iloc[0]
    assert first["value"] == 0.489163387143801
    assert first["label"] == "runwayml/stable-diffusion-v1-5"


def test_stamp_is_the_local_end_of_the_span():
    """2023-09-11T17:48:31 in Los Angeles is 00:48:31 UTC the next day; the start is 4071.426 s before."""
    r = read(FILES / "v2.3.1_8xA100_tti_rows1-40.csv", "America/Los_Angeles").readings
    first = r[r["run"].str.startswith("f3d5dcca")].iloc[0]
    assert first["end"] == pd.Timestamp("2023-09-12T00:48:31Z")
    assert (first["end"] - first["start"]).total_seconds() == pytest.approx(4071.42566537857, abs=2e-6)


def test_last_gpu_power_is_not_used_as_energy():
    """2 x V100: gpu_power jumps between 0 W and 2580 W while the counter's energy is steady: the counter counts."""
    r = read(FILES / "v2.5.0_2xV100_llama2_rows1-40.csv", "Europe/Paris").readings
    gpu = r[r["meter"] == "gpu_board"]
    assert gpu["value"].gt(0).all()
    assert gpu.iloc[3]["value"] == pytest.approx(0.000386, abs=1e-6)  # its gpu_power says 0 W


def test_pue_is_divided_out_and_recorded():
    """With PUE 1.25 in the energy: 42.5 W x 10.000963 s / 3.6e6 is the CPU's energy, not 1.25 times that."""
    r = read(V28 / "emissions.csv").readings
    cpu = r[(r["meter"] == "cpu_package") & r["run"].str.startswith("5657f07b")].iloc[0]
    assert cpu["value"] == 0.0001475783502161448 / 1.25
    assert cpu["value"] == pytest.approx(42.5 * 10.000963 / 3.6e6, rel=1e-4)
    assert (r["pue_in_source"] == 1.25).all()


def test_machine_without_gpu_has_no_gpu_reading():
    """Zero GPU energy of no GPU is not a reading of zero."""
    assert "gpu_board" not in set(read(V28 / "emissions.csv").readings["meter"])


@pytest.mark.parametrize("folder", [V28, V33])
def test_flush_row_and_final_row_are_one_run(folder: Path):
    """The flush row of the second run (10 s) is inside its final row (16 s): one record, flagged."""
    r = read(folder / "emissions.csv").readings
    second = r[r["quality"].str.contains("cumulative") & (r["meter"] == "dram")]
    assert len(second) == 1
    assert (second.iloc[0]["end"] - second.iloc[0]["start"]).total_seconds() == pytest.approx(16, abs=0.02)


@pytest.mark.parametrize("folder", [V28, V33])
def test_task_rows_sum_to_the_main_row(folder: Path):
    """A task run's main row has the energy of all tasks and the duration of the last: flagged, coverage unknown."""
    (tasks,) = folder.glob("emissions_t_*.csv")
    parts = read(tasks, kind="task", pue=1.25).readings
    main = read(folder / "emissions.csv")
    whole = main.readings[main.readings["label"] == "tasks"]
    assert whole["quality"].str.contains("duration_short").all()
    assert whole["coverage"].isna().all()
    assert "codecarbon.duration_short" in rules(main)
    assert set(parts["label"]) == {"tasks/load", "tasks/infer"}
    for meter in ("cpu_package", "dram"):
        total = whole.loc[whole["meter"] == meter, "value"].sum()
        assert parts.loc[parts["meter"] == meter, "value"].sum() == pytest.approx(total, rel=2e-3)


def test_powers_contain_the_pue_from_3_3_1_on():
    """3.3.2, PUE 1.25, 20 W of memory written as 25 W: 6.8607e-5 kWh x 3.6e6 / 25 W is 9.88 of 10.01 s, not 7.90 s."""
    r = read(V33 / "emissions.csv").readings
    first = r[(r["meter"] == "dram") & r["run"].str.startswith("99b92ca1")].iloc[0]
    assert first["coverage"] == pytest.approx(6.860727597916692e-05 * 3.6e6 / 25 / 10.008481616999916, rel=1e-12)
    assert first["coverage"] > 0.98


def test_cooling_water_is_wue_times_it_energy():
    """3.3.2 multiplies the WUE of 1.8 L/kWh with energy that contains the PUE; the reading is 1.8 x IT energy."""
    r = read(V33 / "emissions.csv").readings
    for _, run in r.groupby("run"):
        water = run[run["quantity"] == "water"].iloc[0]
        assert water["value"] == pytest.approx(1.8 * run.loc[run["quantity"] == "energy", "value"].sum(), rel=1e-9)
        assert (water["unit"], water["meter"], water["method"]) == ("L", "facility", "estimated")


def test_cpu_method_is_declared_or_estimated():
    """From 3.0.0 on a varying CPU power is a counter or a load model; the file can't tell, the study can."""
    unknown, told = read(V33 / "emissions.csv"), read(V33 / "emissions.csv", cpu_method="counter")
    assert "codecarbon.cpu_method" in rules(unknown)
    assert set(unknown.readings.loc[unknown.readings["meter"] == "cpu_package", "method"]) == {"estimated"}
    assert set(told.readings.loc[told.readings["meter"] == "cpu_package", "method"]) == {"counter"}
    assert "codecarbon.cpu_method" not in rules(told)


def test_old_header_is_refused_with_the_reason():
    """The 1.x file has one energy and no run_id."""
    assert refused(FILES / "invalid_old_11col_header.csv") == {"codecarbon.header"}


def test_task_file_needs_to_be_declared_with_its_pue(tmp_path: Path):
    """A task file repeats the main file and hides its PUE: read only when both are declared."""
    path = FILES / "v2.3.1_task_file.csv"
    assert refused(path) == {"codecarbon.header"}
    assert refused(path, kind="task") == {"codecarbon.pue"}
    r = read(path, kind="task", pue=1.0, min_coverage=0.7).readings
    assert r.loc[r["meter"] == "gpu_board", "value"].sum() == pytest.approx(0.0026535 + 0.0002748 + 0.8273881, abs=1e-6)
    assert refused(written(tmp_path, row()), kind="task") == {"codecarbon.header"}


def test_dashboard_export_is_refused(tmp_path: Path):
    """Its rows are increments, where the tracker's are totals."""
    assert refused(written(tmp_path, row(), header=HEADER.replace("emissions,", "emissions_sum,"))) == {"codecarbon.header"}


def test_power_times_time_is_energy(tmp_path: Path):
    """The made-up row: 300 W x 100 s, 42.5 W x 100 s, 36 W x 100 s, whole."""
    r = read(written(tmp_path, row())).readings.set_index("meter")
    assert r["value"].to_dict() == pytest.approx({"gpu_board": 30000 / 3.6e6, "cpu_package": 4250 / 3.6e6, "dram": 3600 / 3.6e6})
    assert r["coverage"].tolist() == pytest.approx([1.0] * 3)
    assert r["quality"].to_dict() == {"gpu_board": "", "cpu_package": "cpu_constant", "dram": "ram_model"}


def test_lost_sampling_is_flagged_and_refused_unless_declared(tmp_path: Path):
    """Memory energy for 79 of 100 s: 21 % of the span wasn't sampled."""
    ram = 36 * 79 / 3.6e6
    path = written(tmp_path, row(ram_energy=ram, energy_consumed=342.5 * 100 / 3.6e6 + ram))
    result, accepted = read(path), read(path, min_coverage=0.75)
    assert result.readings["coverage"].tolist() == pytest.approx([0.79] * 3)
    assert result.readings["quality"].str.contains("coverage_below_0.9").all()
    assert [(f.rule, f.severity) for f in result.findings] == [("readings.coverage", "error")]
    assert [(f.rule, f.severity) for f in accepted.findings] == [("readings.low_coverage", "warning")]


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"cpu_energy": '"0,0011"'}, "codecarbon.decimal_comma"),
        ({"cpu_energy": "many"}, "codecarbon.number"),
        ({"cpu_energy": "inf"}, "codecarbon.number"),
        ({"cpu_energy": -1}, "codecarbon.negative"),
        ({"duration": 0}, "codecarbon.duration"),
        ({"duration": ""}, "codecarbon.duration"),
        ({"timestamp": "31/05/2024 10:00"}, "codecarbon.timestamp"),
        ({"pue": 0.9}, "codecarbon.pue"),
        ({"pue": ""}, "codecarbon.pue"),
        ({"energy_consumed": 1}, "codecarbon.sum"),
        ({"gpu_energy": 10, "energy_consumed": 10 + 78.5 * 100 / 3.6e6}, "codecarbon.implausible_power"),
        (
            {k: v * 1000 / 3.6e4 for k, v in {"cpu_energy": 42.5, "gpu_energy": 300, "ram_energy": 36, "energy_consumed": 378.5}.items()},
            "codecarbon.units",
        ),
    ],
)
def test_faulty_cells_are_refused(tmp_path: Path, change: dict[str, object], rule: str):
    """Each fault stops the file and names its line; nothing becomes zero."""
    assert rule in refused(written(tmp_path, row(), row(run_id="r2", **change)))


def test_all_faults_are_told_at_once(tmp_path: Path):
    """Three faults in three lines, and no time zone: four findings."""
    path = written(tmp_path, row(pue=0.5), row(cpu_energy="x"), row() + ",1")
    assert refused(path, None) == {"codecarbon.pue", "codecarbon.number", "codecarbon.cells", "readings.timezone"}


def test_unknown_option_and_wrong_values_are_refused(tmp_path: Path):
    """An option that did nothing would be a lie."""
    assert refused(written(tmp_path, row()), colour="red") == {"readings.option"}
    assert refused(written(tmp_path, row()), min_coverage="high") == {"readings.option"}
    assert refused(written(tmp_path, row()), rows="some") == {"readings.option"}
    assert refused(written(tmp_path, row()), pue=1.2) == {"codecarbon.pue"}


def test_gpu_of_zero_energy_is_a_gap(tmp_path: Path):
    """A GPU that is there draws power: zero and blank mean not measured."""
    for cell in (0, ""):
        result = read(written(tmp_path, row(gpu_energy=cell, energy_consumed=78.5 * 100 / 3.6e6)))
        gpu = result.readings[result.readings["meter"] == "gpu_board"].iloc[0]
        assert (math.isnan(gpu["value"]), gpu["quality"], gpu["coverage"]) == (True, "gap", 0.0)
        assert "codecarbon.gap" in rules(result)


def test_repeated_rows_and_joined_files(tmp_path: Path):
    """The same line twice and a header in the middle change nothing and are told."""
    result = read(written(tmp_path, row(), row(), HEADER, row(run_id="r2", timestamp="2024-05-31T11:00:00")))
    assert len(result.readings) == 6
    assert {"codecarbon.duplicates", "codecarbon.header_again"} <= rules(result)


def test_increments_are_not_taken_for_totals(tmp_path: Path):
    """Rows of one run with different starts are refused, until they are declared to be increments."""
    path = written(tmp_path, row(), row(timestamp="2024-05-31T10:10:00"))
    assert refused(path) == {"codecarbon.run_rows"}
    assert read(path, rows="increments").readings["value"].sum() == pytest.approx(2 * 378.5 * 100 / 3.6e6)


def test_file_cut_off_in_its_last_line(tmp_path: Path):
    """The cut line is left out and told; the rows before it stand."""
    result = read(written(tmp_path, row(), row(run_id="r2")[:60], end=""))
    assert len(result.readings) == 3
    assert "codecarbon.truncated" in rules(result)


def test_local_hours_that_are_skipped_or_doubled(tmp_path: Path):
    """Paris: 02:30 on 31 March 2024 never was; 02:30 on 27 October 2024 was twice, the first is taken and told."""
    assert refused(written(tmp_path, row(timestamp="2024-03-31T02:30:00")), "Europe/Paris") == {"codecarbon.nonexistent_hour"}
    result = read(written(tmp_path, row(timestamp="2024-10-27T02:30:00")), "Europe/Paris")
    assert result.readings["end"].iloc[0] == pd.Timestamp("2024-10-27T00:30:00Z")
    assert result.readings["quality"].str.contains("ambiguous_hour").all()


def test_stamp_with_an_offset_needs_no_zone(tmp_path: Path):
    """10:00 at +02:00 is 08:00 UTC."""
    assert read(written(tmp_path, row(timestamp="2024-05-31T10:00:00+02:00")), None).readings["end"].iloc[0].hour == 8


def test_default_location_is_told(tmp_path: Path):
    """Without network the tool was silently in Quebec."""
    result = read(written(tmp_path, row(longitude=-71.2, latitude=46.8)))
    assert "codecarbon.default_location" in rules(result)
    assert result.readings["quality"].str.contains("defaulted_location").all()


def test_process_mode_charges_the_whole_gpu(tmp_path: Path):
    """CPU and memory are one process's share and say so; coverage isn't known, since memory power moves."""
    r = read(written(tmp_path, row(tracking_mode="process"))).readings.set_index("meter")
    assert r["quality"].str.contains("process_scope").to_dict() == {
        "gpu_board": False,
        "cpu_package": True,
        "dram": True,
    }
    assert r["coverage"].isna().all()


def test_names_with_quotes_commas_and_line_breaks(tmp_path: Path):
    """The tool writes quoted CSV: a name over two lines moves the line numbers, and they stay right."""
    path = written(tmp_path, row(project_name='"Île ""A"",\nB"'), row(run_id="r2"))
    r = read(path).readings
    assert set(r["label"]) == {'Île "A",\nB', "p"}
    assert {s.split("#")[1] for s in r["source"]} == {"rows 2-3", "rows 4-4"}
