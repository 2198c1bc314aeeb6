"""The picture of an experiment, and what it counts."""

from pathlib import Path

import numpy as np
import pytest

from edgesim.agents.measuring.simulation import simulate
from edgesim.config.compose import compose
from edgesim.plots.federated.episode import durations
from edgesim.plots.log import Log


def test_rounds_that_are_over_have_a_length() -> None:
    rows = [(0.0, "begin", 0), (1.5, "over", 0), (1.5, "begin", 1)]
    columns = zip(*rows, strict=True)
    log: Log = dict(zip(("time_s", "event", "round"), map(np.array, columns), strict=True))
    assert durations(log) == ([0.0], [1.5])


@pytest.mark.parametrize("policy", ["random", "fedgsp"])
def test_a_simulation_draws_its_experiment(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], policy: str
) -> None:
    line = ["scenario=factories_small", f"policy={policy}", f"out={tmp_path}"]
    folder = simulate(compose("simulate", line))
    assert (folder / "episode.png").stat().st_size > 10_000
    assert "MB over the devices' links" in capsys.readouterr().out
