"""Loads over an episode as shares of what each place holds."""

import json
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest

from edgesim.plots.aigc.episode import occupied_steps
from edgesim.plots.heat import draw_heat
from edgesim.plots.log import read_capacities, read_headline, read_log
from edgesim.plots.sfc.episode import carried
from edgesim.plots.vne.episode import hosted
from edgesim.problems import PROBLEMS
from edgesim.scenarios import resolve
from edgesim.twin.aigc.workload import AIGCWorkload
from edgesim.twin.core.log import EventLog
from edgesim.twin.sfc.workload import SFCWorkload
from edgesim.twin.vne.workload import VNEWorkload


def drawn(load: Any, capacities: Any) -> Any:
    figure = plt.figure()
    axes = figure.subplots()
    draw_heat(figure, axes, np.array(load), 1.0, capacities, "steps")
    try:
        (image,) = axes.images
        bar = figure.axes[1]
        return image.get_array(), image.get_clim(), bar.get_ylabel()
    finally:
        plt.close(figure)


def test_a_load_is_a_share_of_what_its_place_holds() -> None:
    shown, limits, label = drawn([[5.0, 10.0], [0.0, 50.0]], np.array([10.0, 100.0]))
    assert shown.tolist() == [[50.0, 100.0], [0.0, 50.0]]
    assert limits == (0.0, 100.0) and label == "utilisation, %"


def test_a_place_that_holds_nothing_is_not_used() -> None:
    shown, _, _ = drawn([[5.0]], np.array([0.0]))
    assert shown.tolist() == [[0.0]]


def test_without_capacities_loads_are_shown_as_they_are() -> None:
    shown, limits, label = drawn([[5.0, 7.0]], None)
    assert shown.tolist() == [[5.0, 7.0]]
    assert limits == (0.0, 7.0) and label == "steps"


def test_little_use_is_not_all_white() -> None:
    _, limits, _ = drawn([[5.0, 8.0]], np.array([100.0]))
    assert limits == (0.0, 10.0)


def test_a_log_says_what_each_place_holds(tmp_path: Path) -> None:
    log = EventLog()
    log.add(0.0, "arrive", 0, -1, 1.0)
    log.write(tmp_path / "events.parquet")
    assert read_capacities(tmp_path) is None
    log.capacities = [400, 1500.0]
    log.write(tmp_path / "events.parquet")
    read = read_capacities(tmp_path)
    assert read is not None and read.tolist() == [400.0, 1500.0]


def test_the_headline_names_scenario_policy_and_seed(tmp_path: Path) -> None:
    assert read_headline(tmp_path) == ""
    told = {"scenario": "aigc", "policy": "nearest", "seed": 3}
    (tmp_path / "summary.json").write_text(json.dumps(told), encoding="utf-8")
    assert read_headline(tmp_path) == "aigc: nearest, episode seed 3"


KINDS: dict[str, tuple[Any, Any, Any]] = {
    "aigc_paper": (AIGCWorkload, occupied_steps, lambda twin, request: 3),
    "sfc_paper": (SFCWorkload, carried, lambda twin, request: 0),
    "sfc": (SFCWorkload, carried, lambda twin, request: 0),
}


@pytest.mark.parametrize("name", KINDS)
def test_all_places_are_shown_and_none_holds_more_than_it_can(name: str, tmp_path: Path) -> None:
    """One place of each kind is used, the last ones never: they are there all the same."""
    kind, loads, choose = KINDS[name]
    twin = kind.alone(resolve(name), np.random.SeedSequence(1), record=True)
    twin.run(choose)
    twin.log.write(tmp_path / "events.parquet")
    log, capacities = read_log(tmp_path), read_capacities(tmp_path)
    assert capacities is not None
    load = loads(log, np.linspace(0.0, log["time_s"].max(), 50), len(capacities))
    chosen = log[list(log)[3]][log["event"] == "choose"]
    assert len(load) == len(capacities) > 1 + int(chosen.max())
    assert load.max() > 0
    if PROBLEMS[twin.name].name != "aigc":  # a provider that is given more than it holds crashes
        assert (load <= capacities[:, None] * (1 + 1e-9)).all()


def test_cpu_that_virtual_networks_hold_never_exceeds_a_nodes(tmp_path: Path) -> None:
    scenario = resolve("vne_geant", {"virtual.count": 60})
    twin: Any = VNEWorkload.alone(scenario, np.random.SeedSequence(1), record=True)

    def choose(twin: Any, request: Any) -> Any:
        placed = [host for host in twin.embedding.hosts if host >= 0]
        free = [node for node in range(len(twin.substrate.cpu)) if node not in placed]
        virtual = next(v for v, host in enumerate(twin.embedding.hosts) if host < 0)
        return virtual, max(free, key=lambda node: twin.substrate.cpu_left[node])

    twin.run(choose)
    twin.log.write(tmp_path / "events.parquet")
    log, capacities = read_log(tmp_path), read_capacities(tmp_path)
    assert capacities is not None and len(capacities) == len(twin.substrate.cpu)
    held = hosted(log, np.linspace(0.0, log["time_s"].max(), 200), len(capacities))
    assert held.max() > 10
    assert (held <= capacities[:, None] + 1e-9).all()
