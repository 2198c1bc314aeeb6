"""Tokens around a ring, worked by hand."""

from typing import Any

import pytest

from edgesim.errors import InputError
from edgesim.twin.ring.tokens import ALL, Station, simulate


def station(window: int, cache: float, **changed: Any) -> Station:
    """A device that computes a layer in 1 s, and reads one (10 bytes) in 2 s."""
    found = Station(window, 0, cache, 5.0, 1.0, 0.1, 0.5)
    return found._replace(**changed)


def test_what_fits_is_read_once() -> None:
    found = simulate(
        [station(4, 40.0)], rounds=1, layer_bytes=10.0, output_bytes=0.0, output_s=0.25
    )
    assert found.times_s[0] == pytest.approx(4 * (2 + 1) + 0.25)
    assert found.token_s == pytest.approx(4 * 1 + 0.25)
    assert list(found.read_bytes) == [0.0]


def test_one_layer_too_many_is_read_as_a_whole_each_time() -> None:
    found = simulate(
        [station(4, 39.0)],
        rounds=1,
        layer_bytes=10.0,
        output_bytes=0.0,
        output_s=0.0,
        prefetch=0.0,
    )
    assert found.token_s == pytest.approx(4 * (2 + 1))
    assert list(found.read_bytes) == [40.0]
    assert list(found.stall_s) == [8.0]
    assert list(found.compute_s) == [4.0]


def test_with_one_round_prefetch_reads_twice_and_nothing_is_gained() -> None:
    """What is read ahead pushes out what is read next: the prefetch-release conflict."""
    # Device 1 computes for 12 s, in which device 0's disk could read all of its 4 layers
    devices = [station(4, 30.0), station(4, 40.0, cpu_s=3.0)]
    kwargs: dict[str, Any] = {"layer_bytes": 10.0, "output_bytes": 0.0, "output_s": 0.0}
    without = simulate(devices, rounds=1, prefetch=0.0, **kwargs)
    ahead = simulate(devices, rounds=1, prefetch=ALL, **kwargs)
    assert without.read_bytes[0] == 40.0
    assert ahead.read_bytes[0] == 80.0
    assert ahead.token_s == pytest.approx(without.token_s)


def test_with_two_rounds_the_window_is_there_in_time() -> None:
    devices = [station(2, 30.0), station(2, 40.0, cpu_s=3.0)]
    found = simulate(devices, rounds=2, layer_bytes=10.0, output_bytes=0.0, output_s=0.0)
    # two windows of device 0 (2 x 1 s) and of device 1 (2 x 3 s), and four hops
    assert found.token_s == pytest.approx(2 * (2 * 1 + 2 * 3) + 4 * 0.5)
    assert list(found.read_bytes) == [40.0, 0.0]
    assert list(found.stall_s) == [0.0, 0.0]


def test_a_demand_waits_for_the_load_under_way() -> None:
    """One device of 2 layers and an output block; room for one chunk of 10 bytes."""
    found = simulate([station(2, 10.0)], rounds=1, layer_bytes=10.0, output_bytes=5.0, output_s=0.5)
    # The head computes layers 0 and 1 and queues the output block, then layers 0 and 1. The output
    # is demanded at once: 1 s. Layer 0 is then under way for .5 s: 1.5 s are left. Layer 1 begins
    # as layer 0 is computed, and has 1 s left.
    assert found.token_s == pytest.approx(1.5 + 1 + 1 + 1 + 1 + 0.5)


def test_a_cap_counts_from_the_start_of_the_window() -> None:
    devices = [station(3, 20.0), station(1, 40.0, cpu_s=20.0)]
    kwargs: dict[str, Any] = {
        "rounds": 1,
        "layer_bytes": 10.0,
        "output_bytes": 0.0,
        "output_s": 0.0,
    }
    whole = simulate(devices, prefetch=ALL, **kwargs)
    first = simulate(devices, prefetch=10.0, **kwargs)
    less = simulate(devices, prefetch=9.0, **kwargs)
    assert (whole.stall_s[0], first.stall_s[0], less.stall_s[0]) == (6.0, 4.0, 6.0)
    assert (whole.read_bytes[0], first.read_bytes[0], less.read_bytes[0]) == (60.0, 30.0, 30.0)


def test_layers_on_a_gpu_are_never_read() -> None:
    found = simulate(
        [station(4, 10.0, on_gpu=3.0)],
        rounds=1,
        layer_bytes=10.0,
        output_bytes=0.0,
        output_s=0.0,
    )
    assert found.token_s == pytest.approx(1 + 3 * 0.1)


@pytest.mark.parametrize("bad", [{"rounds": 0}, {"chunks": 0}, {"measured": 20}])
def test_numbers_out_of_range_are_refused(bad: dict[str, int]) -> None:
    arguments: dict[str, Any] = {
        "rounds": 1,
        "layer_bytes": 10.0,
        "output_bytes": 0.0,
        "output_s": 0.0,
        **bad,
    }
    with pytest.raises(InputError):
        simulate([station(4, 10.0)], **arguments)
