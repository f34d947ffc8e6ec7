"""nvidia-smi query logs: real ones with known energy, and the ways in which they can mislead."""

from __future__ import annotations

import shutil
from datetime import datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from lca.errors import LcaError
from lca.readers import nvidia_smi

FILES = Path(__file__).parents[1] / "data" / "telemetry" / "nvidia_smi"
A100, V100 = FILES / "A100_dutycycle_nounits.csv", FILES / "V100_update_period_rows1-4000.csv"
START = datetime(2024, 5, 31, 10, 59, 0)


def log(folder: Path, *rows: str, header: str = "timestamp, index, power.draw [W]", end: str = "\n") -> Path:
    path = folder / "log.csv"
    path.write_text("\n".join([header, *rows] if header else rows) + end, encoding="utf-8")
    return path


def row(second: float, power: object, device: str = "0", unit: str = " W") -> str:
    return f"{START + timedelta(seconds=second):%Y/%m/%d %H:%M:%S.%f}"[:-3] + f", {device}, {power}{unit}"


def read(path: Path, timezone: str | None = "UTC", **options: object):
    return nvidia_smi.read(path, asset="node-1", timezone=timezone, options=options)


def rules(result) -> set[str]:
    return {f.rule for f in result.findings}


def refused(path: Path, timezone: str | None = "UTC", **options: object) -> set[str]:
    with pytest.raises(LcaError) as caught:
        read(path, timezone, **options)
    assert all(f.severity == "error" and f.file and f.got and f.expected and f.fix for f in caught.value.findings)
    return {f.rule for f in caught.value.findings}


@pytest.mark.parametrize(("path", "joules", "seconds"), [(A100, 1308.8, 12.678), (V100, 6091.6, 39.198)])
def test_real_logs_have_their_known_energy(path: Path, joules: float, seconds: float):
    """Trapezoids over power.draw, by hand in a spreadsheet: 1308.8 J in 12.678 s and 6091.6 J in 39.198 s."""
    r = read(path, "Europe/London").readings
    assert r["value"].sum() * 3.6e6 == pytest.approx(joules, abs=0.05)
    assert (r["end"] - r["start"]).sum().total_seconds() == pytest.approx(seconds)
    assert (len(r), r["coverage"].iloc[0], r["method"].iloc[0]) == (1, 1.0, "gauge_integrated")


def test_local_clock_of_the_host():
    """10:12:46 in London in July is 09:12:46 UTC."""
    assert read(A100, "Europe/London").readings["start"].iloc[0] == pd.Timestamp("2023-07-14T09:12:46.483Z")


def test_source_names_the_lines():
    """965 samples below one header line are the lines 2 to 966."""
    assert read(A100, "Europe/London").readings["source"].iloc[0].endswith("#rows 2-966")


def test_markers_clip_to_the_work():
    """The marks span 7.929723 s of the 12.678 s; the energy inside is a part of the whole."""
    r = read(A100, "Europe/London", markers="A100_dutycycle_markers.csv").readings
    assert (r["end"] - r["start"]).sum().total_seconds() == pytest.approx(7.929723, abs=2e-6)
    assert 0 < r["value"].sum() * 3.6e6 < 1308.8
    assert r["quality"].iloc[0] == "clipped"


def test_markers_find_a_wrong_time_zone():
    """Marks are epochs and know no zone: with UTC declared they lie an hour outside, and the finding says so."""
    with pytest.raises(LcaError, match=r"readings.timezone.*and \+1 h"):
        read(A100, "UTC", markers="A100_dutycycle_markers.csv")


def test_markers_of_another_run_or_no_markers(tmp_path: Path):
    """A marker file that is missing, in seconds, or of another day is refused."""
    shutil.copy(A100, tmp_path / "log.csv")
    assert refused(tmp_path / "log.csv", markers="none.csv") == {"table.missing"}
    (tmp_path / "s.csv").write_text("timestamp\n1689325967\n1689325975\n")
    assert refused(tmp_path / "log.csv", markers="s.csv") == {"nvidia_smi.markers"}
    (tmp_path / "old.csv").write_text("timestamp\n1589325967000000\n1589325968000000\n")
    assert refused(tmp_path / "log.csv", markers="old.csv") == {"readings.timezone"}


def test_one_power_column_is_chosen_never_added(tmp_path: Path):
    """power.draw by default, power.draw.instant when declared; with only one of them, that one."""
    rows = [f"2024/05/31 10:00:0{i}.000, 100.00 W, 200.00 W" for i in range(5)]
    path = log(tmp_path, *rows, header="timestamp, power.draw [W], power.draw.instant [W]")
    assert read(path).readings["value"].sum() == pytest.approx(100 * 4 / 3.6e6)
    assert read(path, power_column="power.draw.instant").readings["value"].sum() == pytest.approx(200 * 4 / 3.6e6)
    path = log(tmp_path, *rows, header="timestamp, power.draw.average [W], clocks.sm [MHz]")
    assert read(path).readings["value"].sum() == pytest.approx(100 * 4 / 3.6e6)


def test_caps_are_not_power(tmp_path: Path):
    """A limit can't be chosen, and a constant power equal to a limit in the log is refused."""
    rows = [f"2024/05/31 10:00:0{i}.000, 300.00 W, 300.00 W" for i in range(5)]
    path = log(tmp_path, *rows, header="timestamp, power.draw [W], enforced.power.limit [W]")
    assert refused(path) == {"nvidia_smi.cap"}
    assert refused(path, power_column="enforced.power.limit") == {"nvidia_smi.power_column"}
    module = log(tmp_path, *rows, header="timestamp, module.power.draw.average [W], power.limit [W]")
    assert refused(module) == {"nvidia_smi.power_column"}


@pytest.mark.parametrize("unit", [" W", ""])
def test_cells_with_and_without_unit(tmp_path: Path, unit: str):
    """nounits changes the cells, not the energy: 100 W x 60 s in steps of 10 s."""
    path = log(tmp_path, *(row(10 * i, 100.0, unit=unit) for i in range(7)))
    assert read(path).readings["value"].sum() == pytest.approx(100 * 60 / 3.6e6)


@pytest.mark.parametrize("cell", ["[N/A]", "N/A", "[Not Supported]", "[Unknown Error]", "ERR!", ""])
def test_missing_power_is_a_gap(tmp_path: Path, cell: str):
    """One sample of seven without power: 20 of 60 s aren't measured, and the energy isn't that of 60 s."""
    path = log(tmp_path, *(row(10 * i, cell if i == 3 else 100.0, unit="" if i == 3 else " W") for i in range(7)))
    result = read(path)
    assert result.readings["value"].sum() == pytest.approx(100 * 40 / 3.6e6)
    assert (result.readings["coverage"] * 60).sum() == pytest.approx(40)
    assert {"nvidia_smi.missing", "nvidia_smi.gaps", "readings.coverage"} <= rules(result)


def test_all_power_missing_is_refused(tmp_path: Path):
    """A card that reports no power has no energy: an error, not zero; and so has a single sample."""
    assert refused(log(tmp_path, *(row(i, "[N/A]", unit="") for i in range(5)))) == {"nvidia_smi.no_energy"}
    assert refused(FILES / "H200_drv590_load_all_fields.csv") == {"nvidia_smi.no_energy"}


def test_hours_are_split_and_energy_conserved(tmp_path: Path):
    """100 W from 10:59:00 to 11:01:00: 60 s before and 60 s after the hour."""
    r = read(log(tmp_path, *(row(7 * i, 100.0) for i in range(18)), row(120, 100.0))).readings
    assert [(f"{a:%H:%M:%S}", f"{b:%H:%M:%S}") for a, b in zip(r["start"], r["end"], strict=True)] == [
        ("10:59:00", "11:00:00"),
        ("11:00:00", "11:01:00"),
    ]
    assert r["value"].tolist() == pytest.approx([100 * 60 / 3.6e6] * 2)


def test_hour_without_samples_is_a_gap(tmp_path: Path):
    """From 10:59 to 13:01 with nothing between 11:00 and 13:00: two hours without a value, not of zero."""
    parts = [row(i, 100.0) for i in range(61)] + [row(7200 + i, 100.0) for i in range(60, 121)]
    r = read(log(tmp_path, *parts)).readings
    assert r["quality"].tolist() == ["", "gap", "gap", ""]
    assert r["value"].isna().tolist() == [False, True, True, False]


def test_n_boards_are_n_records_and_n_times_one(tmp_path: Path):
    """Four boards of one node, polled in turn: each its own device, four times the energy of one."""
    rows = [row(10 * i + d / 1000, 100.0, str(d)) for i in range(6) for d in range(4)]
    r = read(log(tmp_path, *rows)).readings
    assert r["device"].tolist() == ["0", "1", "2", "3"]
    assert r["value"].sum() == pytest.approx(4 * 100 * 50 / 3.6e6)


def test_several_boards_without_names_are_refused(tmp_path: Path):
    """The same log without its index: bursts a few milliseconds apart can't be one board's."""
    rows = [row(10 * i + d / 1000, 100.0, "P0") for i in range(7) for d in range(4)]
    assert refused(log(tmp_path, *rows, header="timestamp, pstate, power.draw [W]")) == {"nvidia_smi.devices"}
    same_stamp = [row(10 * i, 100.0 + d, "P0") for i in range(7) for d in range(4)]
    assert refused(log(tmp_path, *same_stamp, header="timestamp, pstate, power.draw [W]")) == {"nvidia_smi.devices"}


def test_one_board_can_be_declared_but_not_against_the_log(tmp_path: Path):
    """devices: 1 settles an irregular log; it is refused where the log names two."""
    rows = [row(s, 100.0, "P0") for s in (0, 0.1, 0.2, 5, 5.1, 5.2, 10)]
    path = log(tmp_path, *rows, header="timestamp, pstate, power.draw [W]")
    assert refused(path) == {"nvidia_smi.devices"}
    assert read(path, devices=1, max_gap_s=6).readings["value"].sum() == pytest.approx(100 * 10 / 3.6e6)
    two = log(tmp_path, *(row(i, 100.0, str(i % 2)) for i in range(8)))
    assert refused(two, devices=1) == {"nvidia_smi.devices"}


def test_log_without_header_needs_its_columns(tmp_path: Path):
    """noheader: the names are declared, as a list or with commas between them."""
    path = log(tmp_path, *(row(10 * i, 100.0) for i in range(7)), header="")
    assert nvidia_smi.recognise(path.read_text().splitlines())[0]
    assert refused(path) == {"nvidia_smi.header"}
    for names in (["timestamp", "index", "power.draw"], "timestamp, index, power.draw"):
        assert read(path, columns=names).readings["value"].sum() == pytest.approx(100 * 60 / 3.6e6)


@pytest.mark.parametrize("cut", [4, 12, 34])
def test_log_cut_off_in_its_last_line(tmp_path: Path, cut: int):
    """nvidia-smi -f that is killed ends inside a line: that sample is left out and told."""
    path = log(tmp_path, *(row(10 * i, "100.00") for i in range(7)), row(70, "100.00")[:cut], end="")
    result = read(path)
    assert result.readings["value"].sum() == pytest.approx(100 * 60 / 3.6e6)
    assert "nvidia_smi.truncated" in rules(result)
    assert "truncated" in result.readings["quality"].iloc[0]


def test_whole_last_line_without_line_end_counts(tmp_path: Path):
    """An editor may drop the last line end; a whole sample stays a sample."""
    result = read(log(tmp_path, *(row(10 * i, "100.00") for i in range(7)), end=""))
    assert result.readings["value"].sum() == pytest.approx(100 * 60 / 3.6e6)
    assert result.findings == []


def test_broken_lines_inside_are_refused(tmp_path: Path):
    """Lines of other length, undated lines and words where watts should be: all told at once."""
    path = log(tmp_path, row(0, 1.0), "x", row(2, "high"), "31.05.2024 10:00, 0, 5 W", row(3, 1.0))
    assert refused(path) == {"nvidia_smi.cells", "nvidia_smi.power", "nvidia_smi.timestamp"}


def test_joined_logs_duplicates_conflicts_negatives_and_jumps(tmp_path: Path):
    """Each is told; a negative power and two powers at one time are missing, never averaged or made positive."""
    header = "timestamp, index, power.draw [W]"
    rows = [
        row(0, 100.0),
        row(1, 100.0),
        row(1, 100.0),
        header,
        row(2, 100.0),
        row(2, 120.0),
        row(3, 90.0),
        row(4, -5.0),
    ]
    rows += [row(5, 90.0), row(6, 91.0), row(4.5, 90.0), row(5.5, 90.0)]
    result = read(log(tmp_path, *rows))
    expected = {"header_again", "duplicates", "conflicts", "negative", "clock_jump"}
    assert {f"nvidia_smi.{name}" for name in expected} <= rules(result)
    assert {"clock_jump", "duplicates", "conflicts", "negative"} <= set(result.readings["quality"].iloc[0].split(";"))
    assert result.readings["value"].sum() * 3.6e6 == pytest.approx(100 * 1 + 90.5 * 1 + 90 * 1)


def test_stuck_power_is_told(tmp_path: Path):
    """The same hundredth of a watt for ten minutes is a sensor that hangs."""
    result = read(log(tmp_path, *(row(10 * i, 61.0) for i in range(61)), row(611, 62.0)))
    assert "nvidia_smi.stuck" in rules(result)
    assert result.readings["quality"].str.contains("stuck").all()


def test_zone_options_and_columns_are_all_told_at_once():
    """No zone, an unknown option and a cap for a power: three findings in one go."""
    found = refused(A100, None, power_column="power.limit", colour="red")
    assert found == {"readings.timezone", "readings.option", "nvidia_smi.power_column"}


def test_night_of_the_clock_change(tmp_path: Path):
    """A log through the doubled hour in Berlin: 100 W from 02:30 (first) over 02:59 -> 02:00 to 02:30 is one hour."""
    stamps = [datetime(2024, 10, 27, 2, 30) + timedelta(minutes=i) for i in range(30)]
    stamps += [datetime(2024, 10, 27, 2, 0) + timedelta(minutes=i) for i in range(31)]
    path = log(tmp_path, *(f"{t:%Y/%m/%d %H:%M:%S}.000, 0, 100.00 W" for t in stamps))
    result = read(path, "Europe/Berlin")
    assert result.readings["value"].sum() == pytest.approx(0.1)
    assert result.findings == [] or rules(result) == {"nvidia_smi.stuck"}
