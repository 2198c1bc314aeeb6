"""Traces on disk: what is read, what is refused and how, and that a long one stays on disk."""

import os
import tracemalloc
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pa_parquet
import pytest

from edgesim.errors import InputError
from edgesim.scenarios import resolve
from edgesim.scenarios.aigc.schema import AIGCScenario, ServiceProfile, TraceColumns, Wireless
from edgesim.twin.aigc.trace import Trace

TYPED_IN = ServiceProfile("typed in", fixed_s=0.5, seconds_per_step=0.03, batch_slope=0.5)

PAPER = resolve("aigc_paper")
WIRELESS = AIGCScenario(profiles=[TYPED_IN], wireless=Wireless(side_m=100))
REAL = Path(__file__).parents[4] / "shared" / "data" / "azure_llm_2023_code.csv"
HEADER = "arrival_s,steps\n"


def write(path: Path, content: str | bytes | Mapping[str, Any]) -> Path:
    if isinstance(content, Mapping):
        pa_parquet.write_table(pa.table(dict(content)), path)
    else:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def read(
    path: Path, scenario: AIGCScenario = PAPER, **columns: Any
) -> tuple[list[float], list[int]]:
    blocks = list(Trace(path, TraceColumns(**columns), scenario).blocks())
    return (
        [time for block in blocks for time in block.arrival_s.tolist()],
        [steps for block in blocks for steps in block.steps.tolist()],
    )


# --- what is read -----------------------------------------------------------------------------


def test_csv_rows_come_in_order_with_the_trace_summed_up(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", HEADER + "0.5,100\n0.5, 250\n7,120.0\n")
    assert read(path) == ([0.5, 0.5, 7.0], [100, 250, 120])
    trace = Trace(path, TraceColumns(), PAPER)
    assert (trace.count, trace.first_arrival_s, trace.last_arrival_s) == (3, 0.5, 7.0)
    assert (trace.min_steps, trace.max_steps) == (100, 250)
    assert trace.given == {"arrival_s", "steps"}


def test_the_file_can_be_read_any_number_of_times(tmp_path: Path) -> None:
    trace = Trace(write(tmp_path / "t.csv", HEADER + "0,100\n1,110\n"), TraceColumns(), PAPER)
    first, second = ([b.steps.tolist() for b in trace.blocks()] for _ in range(2))
    assert first == second == [[100, 110]]


def test_date_times_count_from_the_first_row_to_the_nanosecond(tmp_path: Path) -> None:
    lines = [
        "TIMESTAMP,ContextTokens,GeneratedTokens",
        "2023-11-16 18:17:03.9799600,4808,10",
        "2023-11-16 18:17:04.0319600,3180,8",
        "2023-11-17 18:17:03.9799601,110,27",
    ]
    path = write(tmp_path / "t.csv", "\r\n".join(lines))
    times, steps = read(path, arrival_s="TIMESTAMP", steps="GeneratedTokens", steps_clip=[10, 20])
    assert times == [0.0, 0.052, 86400.0000001]
    assert steps == [10, 10, 20]


@pytest.mark.parametrize(
    "arrivals",
    [
        ["2024-01-01T00:00:00Z", "2024-01-01T01:00:02+01:00"],
        ["2024-01-01 00:00", "2024-01-01 00:00:02"],
        pa.array([datetime(2024, 1, 1), datetime(2024, 1, 1, 0, 0, 2)], pa.timestamp("us")),
        pa.array([datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 1, 1, 0, 0, 2, tzinfo=UTC)]),
        pa.array(["2024-01-01 00:00:00", "2024-01-01 00:00:02"]).dictionary_encode(),
        pa.array([0, 2], pa.uint8()),
        pa.array([0, 2], pa.float32()),
        pa.array(["0", "2.0"], pa.large_string()),
        pa.array([0, 2], pa.int64()).cast(pa.decimal128(22, 3)),
    ],
    ids=str,
)
def test_times_of_every_kind(tmp_path: Path, arrivals: Any) -> None:
    path = write(tmp_path / "t.parquet", {"arrival_s": arrivals, "steps": [100, 200]})
    assert read(path) == ([0.0, 2.0], [100, 200])


def test_days_are_date_times_too(tmp_path: Path) -> None:
    days = [date(2024, 2, 28), date(2024, 3, 1)]
    path = write(tmp_path / "t.parquet", {"arrival_s": days, "steps": [100, 200]})
    assert read(path, arrival_scale=0.5) == ([0.0, 86400.0], [100, 200])


def test_scales_apply_before_rounding_and_clip(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", "ms,tokens\n1000,4\n2500,201\n2500,203\n9000,100000\n")
    assert read(
        path,
        arrival_s="ms",
        steps="tokens",
        arrival_scale=0.001,
        steps_scale=0.5,
        steps_clip=[100, 250],
    ) == ([1.0, 2.5, 2.5, 9.0], [100, 100, 102, 250])


def test_numbers_of_all_forms_a_later_row_may_have(tmp_path: Path) -> None:
    """The first rows look like integers: the type of a column is not guessed from them."""
    rows = "".join(f"{i},100\n" for i in range(200_000))
    path = write(tmp_path / "t.csv", HEADER + rows + "200000.25,1.5e2\n")
    times, steps = read(path)
    assert (times[-1], steps[-1], len(times)) == (200000.25, 150, 200_001)


def test_wireless_columns_are_found_by_name_or_by_mapping(tmp_path: Path) -> None:
    path = write(
        tmp_path / "t.csv", "arrival_s,steps,user_x_m,user_y_m,sent,note\n0,100,0,100,8e3,é\n"
    )
    trace = Trace(path, TraceColumns(upload_bytes="sent"), WIRELESS)
    (block,) = trace.blocks()
    assert trace.given == {"arrival_s", "steps", "user_x_m", "user_y_m", "upload_bytes"}
    assert block.user_x_m is not None and block.user_x_m.tolist() == [0.0]
    assert block.user_y_m is not None and block.user_y_m.tolist() == [100.0]
    assert block.upload_bytes is not None and block.upload_bytes.tolist() == [8000.0]
    assert block.download_bytes is None


def test_a_relative_path_starts_at_the_working_directory_of_construction(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "t.csv", HEADER + "0,100\n")
    monkeypatch.chdir(tmp_path)
    trace = Trace("t.csv", TraceColumns(), PAPER)
    monkeypatch.chdir("/")
    assert [block.steps.tolist() for block in trace.blocks()] == [[100]]


# --- what is refused --------------------------------------------------------------------------

RUNS_TOO_SHORT = r"row 2, column 'steps' = '5': run_time_minutes gives -1.475 min .* above 0"

BAD_CSV: dict[str, tuple[str | bytes, str]] = {
    "empty file": (b"", r"t.csv = .*must be CSV with a header"),
    "header alone": (HEADER, r"t.csv = '0 rows': must hold at least one task"),
    "binary junk": (bytes(range(256)) * 50, r"t.csv"),
    "invalid text": (HEADER.encode() + b"0,100\n1,\xff\xfe\n", r"t.csv = .*must be CSV"),
    "no column of that name": ("arrival,steps\n0,100\n", r"'arrival_s': .* did you mean 'arrival'"),
    "a column twice": ("arrival_s,steps,steps\n0,1,2\n", r"= 'steps': must be in the file only"),
    "ragged row": (HEADER + "0,100\n1\n", r"must be CSV .*Row #3: Expected 2 columns, got 1"),
    "no time": (HEADER + "0,100\n,100\n", r"row 2, column 'arrival_s' = '': must be a finite"),
    "time NaN": (HEADER + "0,100\nnan,100\n", r"row 2, column 'arrival_s' = 'nan': must be a fin"),
    "time infinite": (HEADER + "0,100\ninf,1\n", r"row 2, column 'arrival_s' = 'inf'"),
    "time not one": (HEADER + "soon,100\n", r"row 1, column 'arrival_s' = 'soon': .*or a date"),
    "time negative": (HEADER + "-1,100\n", r"row 1, .* = '-1': must not be negative"),
    "times unsorted": (HEADER + "3,100\n4,100\n2.5,100\n", r"row 3, .*ascending.*1.5 s before"),
    "mixed times": (
        HEADER + "0,100\n2024-01-01 00:00:00,100\n",
        r"row 2, .*'2024-01-01 00:00:00': must be a finite number of seconds, as in the first",
    ),
    "mixed date-times": (
        HEADER + "2024-01-01 00:00:00,100\n12,100\n",
        r"row 2, .* = '12': must be a date-time",
    ),
    "a date before the first": (
        HEADER + "2024-01-02,100\n2024-01-01,100\n",
        r"row 2, column 'arrival_s' = '2024-01-01': .*86400 s before",
    ),
    "steps NaN": (HEADER + "0,NaN\n", r"row 1, column 'steps' = 'NaN': must be a whole number"),
    "no steps": (HEADER + "0,\n", r"row 1, column 'steps' = '': must be a whole number"),
    "steps a word": (
        HEADER + "0,100\n1,many\n",
        r"row 2, column 'steps' = 'many': must be a whole",
    ),
    "steps in part": (HEADER + "0,100.5\n", r"row 1, column 'steps' = '100.5': must be a whole"),
    "steps zero": (HEADER + "0,0\n", r"row 1, column 'steps' = '0': must be .* at least 1"),
    "steps negative": (HEADER + "0,-100\n", r"row 1, column 'steps' = '-100'"),
    "steps beyond all": (HEADER + "0,1e300\n", r"row 1, column 'steps' = '1e300': .*at most"),
    "no run time": (HEADER + "0,100\n1,5\n", RUNS_TOO_SHORT),
}


@pytest.mark.parametrize("case", BAD_CSV)
def test_bad_csv_is_refused_in_one_line(tmp_path: Path, case: str) -> None:
    content, message = BAD_CSV[case]
    path = write(tmp_path / "t.csv", content)
    with pytest.raises(InputError, match=message) as caught:
        Trace(path, TraceColumns(), PAPER)
    assert "\n" not in str(caught.value)
    assert "t.csv" in str(caught.value)


BAD_PARQUET: dict[str, tuple[bytes | Mapping[str, Any], str]] = {
    "junk": (b"PAR1 is not enough", r"must be Parquet"),
    "empty file": (b"", r"must be Parquet"),
    "no rows": (
        {"arrival_s": pa.array([], pa.float64()), "steps": pa.array([], pa.int64())},
        "0 r",
    ),
    "null time": ({"arrival_s": [0.0, None], "steps": [9, 9]}, r"row 2, .*None: is missing"),
    "null first time": ({"arrival_s": [None, 0.0], "steps": [9, 9]}, r"row 1, .*None: is missing"),
    "null steps": ({"arrival_s": [0, 1], "steps": [100, None]}, r"row 2, .*'steps' = None: is mis"),
    "NaN": ({"arrival_s": [0.0, np.nan], "steps": [100, 100]}, r"row 2, .*'arrival_s' = nan"),
    "infinite": ({"arrival_s": [0.0, 1.0], "steps": [1e2, np.inf]}, r"row 2, .*'steps' = inf"),
    "lists": ({"arrival_s": [0.0], "steps": [[100]]}, r"row 1, column 'steps' = '\[100\]'"),
    "truths": ({"arrival_s": [0.0], "steps": [True]}, r"row 1, column 'steps' = True"),
    "dates as steps": ({"arrival_s": [0.0], "steps": [date(2024, 1, 1)]}, r"'2024-01-01': must"),
    "unsorted date-times": (
        {"arrival_s": [datetime(2024, 1, 2), datetime(2024, 1, 1)], "steps": [100, 100]},
        r"row 2, column 'arrival_s' = '2024-01-01 00:00:00': arrivals must be in ascending",
    ),
    "no column": ({"t": [0.0], "steps": [100]}, r"'arrival_s': is not in the file; accepted: st"),
}


@pytest.mark.parametrize("case", BAD_PARQUET)
def test_bad_parquet_is_refused_in_one_line(tmp_path: Path, case: str) -> None:
    content, message = BAD_PARQUET[case]
    path = write(tmp_path / "t.parquet", content)
    with pytest.raises(InputError, match=message) as caught:
        Trace(path, TraceColumns(), PAPER)
    assert "\n" not in str(caught.value)


BAD_WIRELESS = {
    "user_x_m,user_y_m\n0,100,100.5,1": r"row 1, .*'user_x_m' = '100.5': must be .* \[0, 100\]",
    "user_x_m,user_y_m\n0,100,1,-0.1": r"row 1, column 'user_y_m' = '-0.1'",
    "user_x_m,user_y_m\n0,100,1,nan": r"row 1, column 'user_y_m' = 'nan'",
    "user_x_m\n0,100,1": r"column for user_y_m = None: must be there beside 'user_x_m'",
    "user_y_m\n0,100,1": r"column for user_x_m = None: must be there beside 'user_y_m'",
    "upload_bytes\n0,100,0": r"row 1, column 'upload_bytes' = '0': must be .* above 0",
    "upload_bytes\n0,100,-8": r"row 1, column 'upload_bytes' = '-8'",
    "download_bytes\n0,100,inf": r"row 1, column 'download_bytes' = 'inf'",
    "download_bytes\n0,100,": r"row 1, column 'download_bytes' = ''",
}


@pytest.mark.parametrize("rest", BAD_WIRELESS)
def test_bad_wireless_columns_are_refused(tmp_path: Path, rest: str) -> None:
    path = write(tmp_path / "t.csv", f"arrival_s,steps,{rest}\n")
    with pytest.raises(InputError, match=BAD_WIRELESS[rest]):
        Trace(path, TraceColumns(), WIRELESS)


def test_the_row_is_counted_over_the_whole_file(tmp_path: Path) -> None:
    rows = "".join(f"{i},100\n" for i in range(300_000))
    path = write(tmp_path / "t.csv", HEADER + rows + "300000,x\n")
    with pytest.raises(InputError, match="row 300001, column 'steps' = 'x'"):
        Trace(path, TraceColumns(), PAPER)


def test_a_trace_that_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    write(tmp_path / "t.xlsx", "")
    for name, message in {
        "none.csv": "none.csv = .*cannot be read: no such file or directory",
        "folder.csv": "is a folder, must be a file",
        "t.xlsx": "= '.xlsx': must be a .csv or .parquet file",
    }.items():
        with pytest.raises(InputError, match=message):
            Trace(tmp_path / name, TraceColumns(), PAPER)


def test_a_mapped_column_must_be_there_even_if_the_scenario_does_not_use_it(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", HEADER + "0,100\n")
    with pytest.raises(InputError, match=r"column for upload_bytes = 'stepz': .* mean 'steps'"):
        Trace(path, TraceColumns(upload_bytes="stepz"), PAPER)


def test_a_clip_must_be_whole_and_saves_what_would_be_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", HEADER + "0,-3\n1,1e300\n")
    assert read(path, steps_clip=[100, 250])[1] == [100, 250]
    with pytest.raises(InputError, match=r"trace_columns.steps_clip = \[1.5, 9.0\]"):
        read(path, steps_clip=[1.5, 9.0])


def test_steps_that_scale_to_nothing_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", HEADER + "0,4\n")
    with pytest.raises(InputError, match=r"'4': must be at least 1 after steps_scale = 0.1"):
        read(path, steps_scale=0.1)


def test_a_file_that_changes_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", HEADER + "0,100\n")
    trace = Trace(path, TraceColumns(), PAPER)
    write(path, HEADER + "0,100\n1,100\n")
    with pytest.raises(InputError, match="the file has changed since it was checked"):
        list(trace.blocks())
    path.unlink()
    with pytest.raises(InputError, match="cannot be read: no such file"):
        list(trace.blocks())


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", HEADER + "0,100\n1,100\n")
    trace = Trace(path, TraceColumns(), PAPER)
    blocks = trace.blocks(rows=1)
    next(blocks)
    os.utime(path, ns=(1, 1))
    with pytest.raises(InputError, match="the file has changed"):
        list(blocks)


# --- a long one -------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_million_rows_stay_on_disk(tmp_path: Path, suffix: str) -> None:
    count = 1_000_000
    table = pa.table(
        {
            "arrival_s": np.arange(count) * 0.25,
            "steps": 100 + np.arange(count) % 151,
            "user_x_m": np.linspace(0, 100, count),
            "user_y_m": np.linspace(100, 0, count),
        }
    )
    path = tmp_path / f"long.{suffix}"
    writer = pa_csv.write_csv if suffix == "csv" else pa_parquet.write_table
    writer(table, path)
    steps_sum = int(np.sum(table["steps"].to_numpy()))
    del table
    arrow_before = pa.total_allocated_bytes()

    def watched(trace: Trace) -> Iterator[int]:
        for block in trace.blocks():
            assert pa.total_allocated_bytes() - arrow_before < 2**25
            yield int(block.steps.sum())

    tracemalloc.start()
    try:
        trace = Trace(path, TraceColumns(), WIRELESS)
        total = sum(watched(trace))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (trace.count, total) == (count, steps_sum)
    assert (trace.first_arrival_s, trace.last_arrival_s) == (0.0, (count - 1) * 0.25)
    assert peak < 2**24


@pytest.mark.skipif(not REAL.exists(), reason="the production trace is not part of the repository")
def test_an_hour_of_a_production_service() -> None:
    columns = TraceColumns(
        arrival_s="TIMESTAMP", steps="ContextTokens", steps_scale=0.05, steps_clip=[100, 250]
    )
    trace = Trace(REAL, columns, PAPER)
    assert trace.count == 8819
    assert trace.first_arrival_s == 0
    assert 3400 < trace.last_arrival_s < 3600
    assert (trace.min_steps, trace.max_steps) == (100, 250)
