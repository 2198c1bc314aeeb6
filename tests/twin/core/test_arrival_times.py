"""When the rows of a trace come: seconds, seconds since 1970, date-times; nothing else."""

from pathlib import Path

import pytest

from edgesim.errors import InputError
from edgesim.twin.core.arrival_times import ArrivalTimes
from edgesim.twin.core.trace_file import TraceFile


def times(path: Path, *values: str, scale: float = 1.0) -> list[float]:
    path.write_text("\n".join(["arrival_s", *values]) + "\n", encoding="utf-8")
    arrivals = ArrivalTimes("trace", scale, "; set arrival_scale")
    file = TraceFile(path)
    return [time for rows in file.rows({"arrival_s": "arrival_s"}) for time in arrivals.of(rows)]


def test_seconds_stay_as_they_are(tmp_path: Path) -> None:
    assert times(tmp_path / "t.csv", "3", "3.5", "90000000") == [3.0, 3.5, 9e7]


def test_seconds_since_1970_count_from_the_first_row_and_that_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert times(tmp_path / "t.csv", "1700158660.5", "1700158661", "1700158700") == [0, 0.5, 39.5]
    assert "seconds since 1970: they are counted from the first row" in caplog.text


@pytest.mark.parametrize("first", ["1700158660500", "1700158660500000000", "1e300"])
def test_milliseconds_and_less_since_1970_are_no_seconds(first: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"row 1.*milliseconds or nanoseconds.*arrival_scale"):
        times(tmp_path / "t.csv", first)


def test_milliseconds_since_1970_with_their_scale(tmp_path: Path) -> None:
    found = times(tmp_path / "t.csv", "1700158660500", "1700158661500", scale=0.001)
    assert found == pytest.approx([0.0, 1.0])


def test_date_times_count_from_the_first_row(tmp_path: Path) -> None:
    found = times(tmp_path / "t.csv", "2023-11-16 18:15:46", "2023-11-16T18:16:46.25", scale=2.0)
    assert found == [0.0, 120.5]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (("-1",), "must not be negative"),
        (("2", "1"), "row 2.*1 s before the row above"),
        (("1700158660", "5"), "row 2.*before the row above"),
        (("0", "2023-11-16 18:15:46"), "row 2.*as in the first row"),
        (("soon",), "or a date-time"),
        (("0", "inf"), "row 2"),
    ],
)
def test_what_is_no_arrival_is_refused_by_its_row(
    values: tuple[str, ...], message: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=message):
        times(tmp_path / "t.csv", *values)


def test_from_when_on_numbers_are_dates_and_from_when_on_none(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    assert times(path, "99999999", "100000001") == [99999999.0, 100000001.0]
    assert times(path, "100000000", "100000001.5") == [0.0, 1.5]
    assert times(path, "9999999999", "10000000000") == [0.0, 1.0]
    with pytest.raises(InputError, match=r"row 1.*is more than 317 years: are these milliseconds"):
        times(path, "10000000000")


def test_a_first_row_may_be_zero_and_equal_rows_are_in_order(tmp_path: Path) -> None:
    assert times(tmp_path / "t.csv", "0", "0", "2", "2") == [0.0, 0.0, 2.0, 2.0]
    with pytest.raises(InputError, match=r"row 3.*this is 0\.25 s before the row above"):
        times(tmp_path / "t.csv", "0", "2.5", "2.25")


def test_times_with_a_zone_count_alike(tmp_path: Path) -> None:
    found = times(tmp_path / "t.csv", "2023-11-16T18:15:46Z", "2023-11-16T18:15:47.5Z")
    assert found == [0.0, 1.5]
