"""Every argument that an environment documents can be trained with, and its model used."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from edgesim.agents.learning.display import Display
from edgesim.agents.learning.training import train
from edgesim.agents.measuring.command import evaluate
from edgesim.agents.measuring.simulation import simulate
from edgesim.agents.runs import runfolder
from edgesim.config.compose import compose
from edgesim.config.config import EvaluateConfig, SimulateConfig, TrainConfig
from edgesim.errors import InputError
from edgesim.importing import load
from edgesim.problems import PROBLEMS
from edgesim.scenarios import resolve

SCENARIOS = {
    "aigc_paper": ("scenario.horizon_s=20000", "scenario.capacity_range=[400,900]"),
    "sfc_paper": ("scenario.requests=12",),
}
"""Worlds with short episodes."""


def arguments() -> Iterator[tuple[str, str]]:
    """Scenario and ``argument=value`` of every choice that an environment offers."""
    for scenario in SCENARIOS:
        env = load(PROBLEMS[resolve(scenario).problem].env)
        for argument in ("reward", "mask", "observation"):
            usual = ("paid", "shaped") if argument == "reward" else ()
            for value in getattr(env, f"{argument}s", usual):
                yield scenario, f"{argument}={value}"
        yield scenario, "record=true"
        yield scenario, "render_mode=rgb_array"


def config_of(scenario: str, argument: str, runs: Path) -> TrainConfig:
    """A run of the agent that takes any observation, over in a second."""
    small = {"n_steps": 32, "batch_size": 64, "n_epochs": 1}
    key, _, value = argument.partition("=")
    line = [f"scenario={scenario}", *SCENARIOS[scenario], "agent=ppo", "agent.n_envs=2"]
    line += [f"++agent.hyperparameters.{name}={number}" for name, number in small.items()]
    line += [f"++agent.environment.{key}={value}", "total_steps=128", "validations=2"]
    line += ["validation_episodes=1", "episodes=2", "bound=false", "progress=false"]
    config = compose("train", [*line, f"runs={runs}"])
    assert isinstance(config, TrainConfig)
    return config


@pytest.fixture(autouse=True)
def one_baseline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "edgesim.agents.measuring.run_table.offered", lambda scenario: ["overload_avoidance"]
    )


def test_there_are_arguments_to_try() -> None:
    assert {("sfc_paper", "observation=authors"), ("aigc_paper", "reward=shaped")} <= {*arguments()}


def evaluated_again(folder: Path) -> None:
    """See that the model of a run folder reaches in ``evaluate`` what its table says."""
    written = json.loads((folder / "evaluation.json").read_text())["policies"]["ppo"]
    again = evaluate(EvaluateConfig(policy=str(folder), episodes=2))["policies"][str(folder)]
    assert again["return"] == written["return"]


@pytest.mark.slow
@pytest.mark.parametrize(("scenario", "argument"), [*arguments()])
def test_what_an_environment_takes_can_be_trained_with_and_evaluated(
    scenario: str, argument: str, tmp_path: Path
) -> None:
    folder = train(config_of(scenario, argument, tmp_path))
    runfolder.check_complete(folder)
    evaluated_again(folder)


@pytest.mark.slow
def test_a_run_on_the_authors_tensor_is_resumed_evaluated_and_simulated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = config_of("sfc_paper", "observation=authors", tmp_path)

    def killed(self: Display, done: int) -> None:
        if done >= 80:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Display, "tick", killed)
        train(config)
    folder = train(replace(config, resume=True))
    runfolder.check_complete(folder)
    evaluated_again(folder)
    out = simulate(SimulateConfig(policy=str(folder), out=str(tmp_path / "simulations")))
    assert json.loads((out / "summary.json").read_text())["decisions"] > 0
    with pytest.raises(InputError, match="observation = 'authors': needs a scenario without"):
        evaluate(EvaluateConfig(scenario="sfc", policy=str(folder), episodes=1))
