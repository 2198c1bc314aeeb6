"""Weights that come with the package: written from a run, read, and used as a policy by name."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from stable_baselines3.common.vec_env import DummyVecEnv

from edgesim.agents.finding import find_policy
from edgesim.agents.learning.learner import make_model
from edgesim.agents.learning.starting import begin_with
from edgesim.agents.learning.training import train
from edgesim.agents.measuring.rollout import rollout
from edgesim.agents.runs.runfolder import read_config
from edgesim.agents.runs.trained import load_policy
from edgesim.agents.weights import shipped
from edgesim.config.agents import for_scenario, preset
from edgesim.config.compose import compose
from edgesim.config.config import TrainConfig
from edgesim.envs.making import make_envs
from edgesim.errors import InputError
from edgesim.scenarios import resolve

SMALL = ["scenario.network.horizon_s=20", "scenario.network.topology.source=gabriel",
         "scenario.network.topology.nodes=20"]  # fmt: skip


@pytest.fixture
def trained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The run folder of a policy over sets that has hardly learned."""
    monkeypatch.setattr("edgesim.agents.measuring.run_table.offered", lambda scenario: ["random"])
    config = compose(
        "train",
        ["scenario=sfc", *SMALL, "agent=least_squares", "agent.worlds=2", "agent.n_envs=2",
         "agent.hyperparameters.n_steps=16",
         "total_steps=32", "validations=1", "validation_episodes=1", "episodes=1", "bound=false",
         "progress=false", f"runs={tmp_path}"],
    )  # fmt: skip
    assert isinstance(config, TrainConfig)
    return train(config)


def test_what_is_shipped_decides_as_the_run_that_it_comes_from(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped.ship(trained, tmp_path / "sfc.safetensors")
    monkeypatch.setattr(shipped, "_FOLDER", tmp_path)
    scenario = resolve("sfc", {"network.horizon_s": 20.0, "network.instances.per_type": 3})
    by_name = rollout(scenario, find_policy(scenario, "pretrained"), [2]).rows
    of_run = rollout(scenario, find_policy(scenario, str(trained)), [2]).rows
    assert by_name == of_run
    assert load_policy(trained, scenario)


def test_there_may_be_none_and_a_policy_of_another_kind_is_none() -> None:
    with pytest.raises(InputError, match="no weights are shipped for llm"):
        shipped.read_weights("llm")


def test_the_shipped_weights_of_chains_know_what_the_environment_shows() -> None:
    scenario = resolve("sfc", {"network.horizon_s": 20.0})
    rows = rollout(scenario, find_policy(scenario, "pretrained"), [1]).rows
    assert np.isfinite(rows[0]["return"])


@pytest.mark.parametrize("providers", [3, 7])
def test_the_shipped_weights_of_providers_are_better_than_those_with_room(
    providers: int,
) -> None:
    rate_hz = 3.5 * providers / 20
    keys = {"provider_count": providers, "arrival_rate_hz": rate_hz, "horizon_s": 100.0}
    scenario = resolve("aigc", keys)
    returns = [
        np.mean(
            [row["return"] for row in rollout(scenario, find_policy(scenario, name), [1, 2]).rows]
        )
        for name in ("pretrained", "overload_avoidance")
    ]
    assert returns[0] > returns[1]


@pytest.mark.parametrize("scenario", ["vne_geant", "vne_latency"])
def test_the_shipped_weights_of_embeddings_know_what_the_environment_shows(scenario: str) -> None:
    few = resolve(scenario, {"virtual.count": 20})
    rows = rollout(few, find_policy(few, "pretrained"), [1]).rows
    assert rows[0]["rac"] > 0.5


def test_learning_can_begin_with_what_is_shipped(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edgesim.agents.measuring.run_table.offered", lambda scenario: ["random"])
    config = replace(read_config(trained), start="pretrained")
    (env,) = make_envs(config.scenario, 1, config.agent.environment)
    model = make_model(config.agent, DummyVecEnv([lambda: env]), 0, "cpu")
    begin_with(model, "pretrained", "sfc")
    own = shipped.read_weights("sfc").tensors
    taken = model.policy.state_dict()
    assert own.keys() == taken.keys() and all((own[name] == taken[name]).all() for name in own)
    begun = train(replace(config, runs=str(tmp_path / "begun")))
    assert read_config(begun).start == "pretrained"
    with pytest.raises(InputError, match="its weights do not fit the agent"):
        train(
            replace(config, runs=str(tmp_path / "x"),
                    agent=for_scenario(preset("set_dqn"), "sfc", "sfc"))
        )  # fmt: skip
