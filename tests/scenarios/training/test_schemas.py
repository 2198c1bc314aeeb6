"""Scenarios of training that cannot be: one line that names the key, before any work."""

from typing import Any

import numpy as np
import pytest

from edgesim.commands.cli import main
from edgesim.errors import InputError
from edgesim.importing import load
from edgesim.problems import PROBLEMS
from edgesim.scenarios import resolve

BAD: list[tuple[str, dict[str, Any], str]] = [
    ("wan_training", {"training.parameters": 1e12}, "training.parameters"),
    ("wan_training", {"institutions.present": 99}, "institutions.present"),
    ("wan_training", {"institutions.access_mbps": -1.0}, "institutions.access_mbps"),
    ("wan_training", {"institutions.download": 0.0}, "institutions.download"),
    ("wan_training", {"churn.joins_per_hour": -1.0}, "churn.joins_per_hour"),
    ("wan_training", {"churn.crashes_per_hour": 1e12}, "churn.crashes_per_hour"),
    ("wan_training", {"churn.links_per_hour": 1e30}, "churn.links_per_hour"),
    ("wan_training", {"backbone.background_share": [0.5, 1.5]}, "backbone.background_share"),
    ("wan_training", {"horizon_s": 1e9}, "horizon_s"),
    ("llm_training", {"accelerators.kind": "A100"}, "accelerators.kind"),
    ("llm_training", {"accelerators.nodes": 6}, "accelerators.nodes"),
    ("llm_training", {"noise.growth": 0.5}, "noise.growth"),
    ("llm_training", {"overheads.restart_s": [9.0, 1.0]}, "overheads.restart_s"),
    ("llm_training", {"job.batches": []}, "job.batches"),
]


@pytest.mark.parametrize(("scenario", "keys", "named"), BAD)
def test_a_bad_value_is_told_by_its_key(scenario: str, keys: dict[str, Any], named: str) -> None:
    with pytest.raises(InputError, match=named):
        resolve(scenario, keys)


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ("scenario=wan_training scenario.training.parameters=1e12", "memory"),
        ("scenario=llm_training scenario.job.model=32B", "take more nodes"),
    ],
)
def test_commands_refuse_in_one_line(
    keys: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(f"evaluate {keys} episodes=1".split()) == 2
    (message,) = capsys.readouterr().err.strip().splitlines()
    assert told in message


@pytest.mark.parametrize("problem", ["wan_training", "llm_training"])
def test_random_worlds_are_scenarios(problem: str) -> None:
    scenario = resolve(problem)
    draw = load(str(PROBLEMS[problem].worlds))
    rng = np.random.default_rng(0)
    drawn = [resolve(problem, draw(rng, scenario)) for _ in range(20)]
    assert len({one.world_seed for one in drawn}) == 20
