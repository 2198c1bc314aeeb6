"""The schema of service-chain scenarios: what counts, and what is refused by its key."""

from dataclasses import asdict
from typing import Any

import numpy as np
import pytest

from edgesim.errors import InputError
from edgesim.scenarios import preset, presets, resolve

NAN, INF = float("nan"), float("inf")
ONE_LINK = {"bandwidth": [[[100]]], "delay_ms": [[[10]]]}
NETWORKS = [
    name for name in presets() if preset(name)["problem"] == "sfc" and preset(name)["network"]
]


def test_matrices_set_the_counts() -> None:
    scenario = resolve("sfc_paper", {**ONE_LINK, "groups": 9, "instances": 9})
    assert (scenario.groups, scenario.instances) == (2, 1)
    assert resolve(asdict(scenario)) == scenario
    drawn = resolve("sfc_paper", {"bandwidth": None, "delay_ms": None, "groups": 9})
    assert (drawn.groups, drawn.instances) == (9, 5)


LINKS: list[Any] = [[], [[]], [[[]]], 5, [1, 2], [[[1]], [[1]]], [[["x"]]]]

BAD: list[tuple[str, Any]] = [
    *(("groups", value) for value in (1, 0, -1, None)),
    *(("instances", value) for value in (0, None)),
    ("instances", 10_000),
    *(("bandwidth_range", value) for value in ([0, 9], [9, 5], [NAN, 5], None)),
    *(("delay_range_ms", value) for value in ([-1, 9], [9, 5], [5, INF])),
    *(("requests", value) for value in (0, -3, None)),
    *(("request_bandwidth", value) for value in ([0, 9], [9, 5], None)),
    *(("request_delay_ms", value) for value in ([0, 9], [9, 5])),
    *(("release_probability", value) for value in (-0.1, 1.1, NAN, None)),
    *(("bandwidth", value) for value in LINKS),
    *(("delay_ms", value) for value in ([[[-1]]], [[[NAN]]], [[[INF]]], "none.npz")),
    ("qoe.rejected", NAN),
    ("qoe.model", "none"),
    ("world_seed", -1),
    ("admission_control", "perhaps"),
]


@pytest.mark.parametrize(("key", "value"), BAD, ids=str)
def test_values_out_of_range_are_refused_by_key(key: str, value: Any) -> None:
    with pytest.raises(InputError) as caught:
        resolve("sfc_paper", {key: value})
    assert key in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_of_links_must_hold_them(tmp_path: Any) -> None:
    path = tmp_path / "links.npz"
    np.savez(path, delay=np.ones((1, 1, 1)))
    with pytest.raises(InputError, match="an array named delay_ms"):
        resolve("sfc_paper", {"delay_ms": str(path)})
    np.save(tmp_path / "links.npy", np.ones((1, 1, 1)))
    with pytest.raises(InputError, match=r"\.npz"):
        resolve("sfc_paper", {"bandwidth": str(tmp_path / "links.npy")})
    np.savez(path, bandwidth=-np.ones((1, 1, 1)))
    with pytest.raises(InputError, match=r"links\.npz\[0, 0, 0\] = -1\.0"):
        resolve("sfc_paper", {"bandwidth": str(path)})


@pytest.mark.parametrize("name", NETWORKS)
def test_stage_links_and_a_network_exclude_each_other(name: str) -> None:
    with pytest.raises(InputError, match="groups = 5: must be null beside a network"):
        resolve(name, {"groups": 5})
