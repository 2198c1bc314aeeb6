"""Traces of requests for chains of stage links, and columns that may say nothing."""

from math import inf
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from edgesim.errors import InputError
from edgesim.twin.sfc.stage_trace import StageTrace

HEADER = "bandwidth,max_delay_ms,released_before"


def written(folder: Path, *rows: str, header: str = HEADER) -> Path:
    path = folder / "requests.csv"
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def lives(path: Path) -> list[float]:
    return [life for block in StageTrace(path).blocks() for life in block.holding_s]


def test_a_life_ends_before_the_request_of_that_index(tmp_path: Path) -> None:
    path = written(tmp_path, "100,60,1", "50,70,", " 25 , 80 ,9")
    trace = StageTrace(path)
    (block,) = trace.blocks()
    assert block.bandwidth == [100, 50, 25] and block.max_delay_ms == [60, 70, 80]
    assert block.holding_s == [1, inf, 7]
    assert (trace.count, trace.most_bandwidth, trace.most_delay_ms) == (3, 100, 80)
    assert trace.mean_held == pytest.approx((100 + 7 * 25) / 3 + 50 / 2)


@pytest.mark.parametrize(
    "column",
    [
        pa.array([1, None, 5]),
        pa.array([1.0, None, 5.0]),
        pa.array(["1", "", "5"]),
        pa.array(["1", None, "5"], pa.large_string()),
        pa.array(["1", None, "5"]).dictionary_encode(),
    ],
    ids=lambda column: str(column.type),
)
def test_parquet_says_nothing_by_nulls_or_empty_text(tmp_path: Path, column: pa.Array) -> None:
    path = tmp_path / "requests.parquet"
    table = {"bandwidth": [9, 9, 9], "max_delay_ms": [5.5, 5.5, 5.5], "released_before": column}
    pq.write_table(pa.table(table), path)
    assert lives(path) == [1, inf, 3]


def test_a_column_may_be_empty_altogether(tmp_path: Path) -> None:
    assert lives(written(tmp_path, "1,2,", "1,2,")) == [inf, inf]
    path = tmp_path / "requests.parquet"
    table = {"bandwidth": [9], "max_delay_ms": [5], "released_before": pa.array([None])}
    pq.write_table(pa.table(table), path)
    assert lives(path) == [inf]


def test_indices_count_over_all_blocks(tmp_path: Path) -> None:
    rows = [f"10,60,{index + 1}" for index in range(20_000)]
    assert set(lives(written(tmp_path, *rows))) == {1.0}
    rows[15_000] = "10,60,15000"
    with pytest.raises(InputError, match="row 15001, column 'released_before' = '15000'"):
        StageTrace(written(tmp_path, *rows))


BAD = [
    ("0,60,", "bandwidth"),
    ("-1,60,", "bandwidth"),
    ("inf,60,", "bandwidth"),
    (",60,", "bandwidth"),
    ("wide,60,", "bandwidth"),
    ("10,0,", "max_delay_ms"),
    ("10,nan,", "max_delay_ms"),
    ("10,60,1", "released_before"),
    ("10,60,-1", "released_before"),
    ("10,60,2.5", "released_before"),
    ("10,60,never", "released_before"),
    ("10,60,nan", "released_before"),
    ("10,60,inf", "released_before"),
]


@pytest.mark.parametrize(("row", "column"), BAD)
def test_a_bad_row_is_named_with_its_column(tmp_path: Path, row: str, column: str) -> None:
    with pytest.raises(InputError, match=f"row 2, column '{column}'") as caught:
        StageTrace(written(tmp_path, "10,60,", row))
    assert "\n" not in str(caught.value)


def test_a_file_that_changes_is_refused(tmp_path: Path) -> None:
    trace = StageTrace(written(tmp_path, "10,60,"))
    written(tmp_path, "10,60,", "10,60,")
    with pytest.raises(InputError, match="has changed"):
        list(trace.blocks())


def test_a_column_must_be_there_once(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="column for released_before"):
        StageTrace(written(tmp_path, "10,60", header="bandwidth,max_delay_ms"))
    with pytest.raises(InputError, match="only once"):
        StageTrace(written(tmp_path, "1,2,3,4", header=f"{HEADER},bandwidth"))
