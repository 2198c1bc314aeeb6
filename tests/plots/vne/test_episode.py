"""The picture of an episode of virtual networks, and what it counts."""

from pathlib import Path

import numpy as np
import pytest

from edgesim.agents.measuring.simulation import simulate
from edgesim.config.compose import compose
from edgesim.plots.log import Log
from edgesim.plots.vne.episode import hosted

ROWS = [
    (0.0, "arrive", 0, -1, 2.0),
    (0.0, "choose", 0, 1, 0.0),
    (0.0, "choose", 0, 2, 1.0),
    (0.0, "accept", 0, -1, 4e6),
    (5.0, "arrive", 1, -1, 2.0),
    (5.0, "choose", 1, 2, 0.0),
    (5.0, "reject: declined", 1, -1, 1.0),
    (6.0, "release", 0, -1, 0.0),
]


def test_hosts_count_the_nodes_of_accepted_networks() -> None:
    columns = zip(*ROWS, strict=True)
    names = ("time_s", "event", "request", "node", "value")
    log: Log = {name: np.array(column) for name, column in zip(names, columns, strict=True)}
    times_s = np.array([0.0, 5.5, 6.0, 9.0])
    assert hosted(log, times_s).tolist() == [[0, 0, 0, 0], [1, 1, 0, 0], [1, 1, 0, 0]]


def test_a_simulation_draws_its_episode(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = ["scenario=vne_geant", "policy=nrm", f"out={tmp_path}", "scenario.virtual.count=30"]
    folder = simulate(compose("simulate", line))
    assert (folder / "episode.png").stat().st_size > 10_000
    assert "request acceptance ratio" in capsys.readouterr().out
