"""Figures with units: every prefix and unit, by hand."""

import pytest

from edgesim.twin.network.units import bit_rate, duration, km_of, length, rate_of, time_of


@pytest.mark.parametrize(
    ("name", "factor"),
    [
        ("capacity_bps", 1.0),
        ("bandwidth_kbps", 1e3),
        ("cap_mbps", 1e6),
        ("link_speed_gbps", 1e9),
        ("rate_tbps", 1e12),
        ("bw_bit_s", 1.0),
        ("data_rate_kbit_s", 1e3),
        ("datarate_mbits_s", 1e6),
        ("bitrate_gbit_per_s", 1e9),
        ("capacitymbps", 1e6),
        ("linkcapacity_mbps", 1e6),
        ("capacity", None),
    ],
)
def test_bit_rates_by_their_names(name: str, factor: float | None) -> None:
    assert bit_rate.factor(name) == factor


@pytest.mark.parametrize(
    ("name", "factor"),
    [("delay_s", 1.0), ("latency_sec", 1.0), ("delay_ms", 1e-3), ("propagation_us", 1e-6),
     ("propagation_delay_ns", 1e-9), ("delayms", 1e-3), ("delay", None)],
)  # fmt: skip
def test_times_by_their_names(name: str, factor: float | None) -> None:
    assert duration.factor(name) == factor


@pytest.mark.parametrize(
    ("name", "factor"),
    [("length_km", 1.0), ("dist_m", 1e-3), ("distance_mi", 1.609344), ("length_miles", 1.609344),
     ("lengthkm", 1.0), ("length", 1.0), ("dist", 1.0)],
)  # fmt: skip
def test_lengths_by_their_names(name: str, factor: float) -> None:
    assert length.factor(name) == factor


def test_a_unit_of_one_letter_needs_its_line_and_other_names_are_none() -> None:
    for quantity, name in (
        (duration, "delays"), (length, "lengthm"), (bit_rate, "capacity_mph"), (length, "width"),
        (duration, "mydelay_ms"), (duration, "delay_ms_"),
    ):  # fmt: skip
        with pytest.raises(KeyError, match=name):
            quantity.factor(name)


@pytest.mark.parametrize(
    ("text", "bps"),
    [
        ("2.5 Gbps", 2.5e9),
        ("10Gbit/s", 1e10),
        ("155 M", 1.55e8),
        ("5 MB/s", 4e7),
        ("5 MBps", 4e7),
        ("5 MBPS", 5e6),
        ("100 bps", 100.0),
        ("1e3 kbits/s", 1e6),
        ("3 Tb", 3e12),
        (".5 k", 500.0),
        ("-1 bit", -1.0),
        ("7", None),
        ("7 m/s", None),
        ("fast", None),
    ],
)
def test_bit_rates_in_words(text: str, bps: float | None) -> None:
    assert rate_of(text) == bps


def test_times_and_lengths_in_words() -> None:
    times = ["5 s", "5sec", "5 ms", "12us", "12 µs", "7 ns", "7", "7 h"]
    expected = [5.0, 5.0, 5e-3, 12e-6, 12e-6, 7e-9, None, None]
    assert [time_of(text) for text in times] == pytest.approx(expected)
    lengths = ["12 km", "800 m", "5 mi", "5 miles", "5", "5 ft"]
    assert [km_of(text) for text in lengths] == pytest.approx(
        [12.0, 0.8, 5 * 1.609344, 5 * 1.609344, None, None]
    )
