"""What attributes of links mean, by whatever name, and what is left out for want of a unit."""

from typing import Any

import pytest

from edgesim.twin.network.attributes import link_figures, plain
from edgesim.twin.network.units import km_of, rate_of, time_of


def understood(graph: dict[str, Any] | None = None, **link: Any) -> dict[str, Any]:
    return link_figures(plain(link), plain(graph or {})).figures


CAPACITIES: dict[str, tuple[dict[str, Any], float]] = {
    "by its own name": ({"capacity_bps": 1e9}, 1e9),
    "in Mbit/s": ({"capacity_mbps": 155}, 155e6),
    "in Gbit/s, in words": ({"Bandwidth (Gbit/s)": 2.5}, 2.5e9),
    "without an underscore": ({"capacityMbps": 10}, 1e7),
    "as text": ({"capacity_bps": "1e9"}, 1e9),
    "text with its unit": ({"bandwidth": "10 Gbps"}, 1e10),
    "text that says otherwise than the name": ({"capacity_bps": "10 Gbps"}, 1e10),
    "raw": ({"LinkSpeedRaw": 155000000.0}, 155e6),
    "raw beside the rest of the Topology Zoo": (
        {"LinkSpeed": "155", "LinkSpeedUnits": "M", "LinkSpeedRaw": 155e6, "LinkLabel": "OC-3"},
        155e6,
    ),
    "without the raw one": ({"LinkSpeed": "2.5", "LinkSpeedUnits": "G"}, 2.5e9),
    "its own name before others": ({"bw_mbps": 1, "capacity_bps": 7e6}, 7e6),
}


@pytest.mark.parametrize("case", CAPACITIES)
def test_capacities(case: str) -> None:
    link, expected = CAPACITIES[case]
    assert understood(**link) == {"capacity_bps": pytest.approx(expected)}


def test_a_unit_may_stand_with_the_graph() -> None:
    fnss = {"capacity_unit": "Mbps", "delay_unit": "ms"}
    assert understood(fnss, capacity=100, delay=5) == {
        "capacity_bps": 1e8,
        "delay_s": pytest.approx(0.005),
    }


@pytest.mark.parametrize(
    ("link", "seconds"),
    [
        ({"delay_s": 0.002}, 0.002),
        ({"delay_ms": 2}, 0.002),
        ({"latency_us": 2000.0}, 0.002),
        ({"LinkDelay": "2 ms"}, 0.002),
        ({"propagation_delay_ms": "2"}, 0.002),
    ],
)
def test_delays(link: dict[str, Any], seconds: float) -> None:
    assert understood(**link) == {"delay_s": pytest.approx(seconds)}


@pytest.mark.parametrize(
    ("link", "km"),
    [
        ({"length": 12}, 12.0),
        ({"dist": 12}, 12.0),
        ({"distance_m": 12000}, 12.0),
        ({"length": "12 km"}, 12.0),
        ({"length": "12000 m"}, 12.0),
        ({"distance_miles": 100}, 160.9344),
    ],
)
def test_lengths(link: dict[str, Any], km: float) -> None:
    assert understood(**link) == {"length_km": pytest.approx(km)}


def test_both_directions() -> None:
    assert understood(
        capacity_fwd_mbps=100, capacity_back_mbps=10, reserved_bps=1, reserved_back_mbps=2
    ) == {
        "capacity_bps": 1e8,
        "capacity_back_bps": 1e7,
        "reserved_bps": 1,
        "reserved_back_bps": 2e6,
    }


@pytest.mark.parametrize(
    "name", ["capacity", "bandwidth", "bw", "LinkFwdCap", "LinkBkwdCap", "LinkDelay", "latency"]
)
def test_a_figure_without_a_unit_is_not_guessed(name: str) -> None:
    found = link_figures(plain({name: 100}), {})
    assert found.figures == {}
    assert found.unitless == {name.lower()}


@pytest.mark.parametrize(
    "name", ["delays", "weight", "cost", "LinkLabel", "speedy", "id", "lengths"]
)
def test_other_attributes_are_nothing_of_ours(name: str) -> None:
    found = link_figures(plain({name: 100}), {})
    assert found == ({}, frozenset(), frozenset())


def test_what_is_no_number_stays_for_the_map_to_refuse() -> None:
    assert understood(capacity_mbps="plenty") == {"capacity_bps": "plenty"}
    assert understood(length=[1, 2]) == {"length_km": [1, 2]}


@pytest.mark.parametrize(
    ("text", "figure"),
    [
        ("2.5 Gbps", 2.5e9),
        ("10Gbit/s", 1e10),
        ("155 M", 155e6),
        ("64 kb/s", 64e3),
        ("1 MBps", 8e6),
        ("5 MB/s", 4e7),
        ("100 MBPS", 1e8),
        ("9600 bps", 9600),
        ("100", None),
        ("45 Mbps DS-3", None),
        ("fast", None),
        ("", None),
    ],
)
def test_bit_rates_in_words(text: str, figure: float | None) -> None:
    assert rate_of(text) == (None if figure is None else pytest.approx(figure))


def test_times_and_lengths_in_words() -> None:
    assert [time_of(text) for text in ("5 ms", "12us", "3 µs", "2 s", "5", "5 m")] == [
        pytest.approx(0.005),
        pytest.approx(12e-6),
        pytest.approx(3e-6),
        2.0,
        None,
        None,
    ]
    assert [km_of(text) for text in ("12 km", "800 m", "5", "5 ms")] == [12, 0.8, None, None]
