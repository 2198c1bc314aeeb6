"""A learner of one's own: a constructor, ``learn``, ``predict`` and ``save``, and nothing else."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgesim.agents.finding import find_policy
from edgesim.agents.learning.training import train
from edgesim.agents.measuring.rollout import rollout
from edgesim.agents.runs.runfolder import read_config
from edgesim.config.compose import compose
from edgesim.errors import InputError
from edgesim.importing import trusted
from edgesim.scenarios import resolve


class Bare:
    """Learns the mean reward of each action."""

    def __init__(self, policy: str, env: Any, start: float = 0.0) -> None:
        self.env = env
        self.worth = np.full(env.action_space.n, start)
        self.asked: list[int] = []

    def learn(self, total_timesteps: int) -> None:
        self.asked.append(total_timesteps)
        self.env.reset()
        for step in range(total_timesteps // self.env.num_envs):
            actions = np.full(self.env.num_envs, step % len(self.worth))
            _, rewards, _, _ = self.env.step(actions)
            self.worth[actions[0]] += 0.1 * (np.mean(rewards) - self.worth[actions[0]])

    def predict(self, observation: Any, state: Any = None, **_: Any) -> tuple[Any, Any]:
        return np.full(len(observation), int(np.argmax(self.worth))), state

    def save(self, path: Path) -> None:
        path.write_text(json.dumps(self.worth.tolist()), encoding="utf-8")


class Loadable(Bare):
    """One whose saved models can be used again."""

    @classmethod
    def load(cls, path: Path) -> "Loadable":
        made = cls.__new__(cls)
        made.worth = np.array(json.loads(path.read_text(encoding="utf-8")))
        return made


class SavesElsewhere(Bare):
    """Adds a suffix to the path that it is given."""

    def save(self, path: Path) -> None:
        np.savez(path, self.worth)


class Fails(Bare):
    """Breaks down before it has learned anything."""

    def learn(self, total_timesteps: int) -> None:
        raise RuntimeError("out of ideas")


class Fixed:
    """A policy whose ``predict`` takes the observation alone, made without arguments."""

    def predict(self, observation: Any) -> tuple[Any, None]:
        return np.zeros(len(observation), dtype=int), None


class Bald(Fixed):
    """Forgets the state that a policy returns."""

    def predict(self, observation: Any) -> Any:
        return np.zeros(len(observation), dtype=int)


def command(tmp_path: Path, name: str, *more: str) -> Any:
    given = ["scenario=aigc_paper", "agent=custom", "episodes=2", "bound=false", "validations=4"]
    algorithm = f"agent.algorithm={__name__}:{name}" if ":" not in name else name
    keys = [*given, algorithm, f"runs={tmp_path}", "validation_episodes=2", *more]
    return compose("train", keys)


def test_a_learner_with_the_four_alone_is_trained_and_measured(tmp_path: Path) -> None:
    folder = train(command(tmp_path, "Bare", "total_steps=1600", "agent.hyperparameters.start=0.5"))
    rows = (folder / "progress.csv").read_text(encoding="utf-8").splitlines()
    assert [int(row.split(",")[0]) for row in rows[1:]] == [0, 400, 800, 1200, 1600]
    measured = json.loads((folder / "evaluation.json").read_text(encoding="utf-8"))
    assert "custom" in measured["policies"]
    assert len(json.loads((folder / "model.zip").read_text(encoding="utf-8"))) > 1
    with trusted(), pytest.raises(InputError, match="no class method load"):
        find_policy(resolve("aigc_paper"), str(folder))


def test_one_that_loads_is_measured_at_its_best_and_later(tmp_path: Path) -> None:
    folder = train(command(tmp_path, "Loadable", "total_steps=800"))
    scenario = read_config(folder).scenario
    with pytest.raises(InputError, match="trust=true"):
        find_policy(scenario, str(folder))
    with trusted():
        played = rollout(scenario, find_policy(scenario, str(folder)), [5])
    assert played.decisions > 0


def test_a_failed_try_leaves_no_folder(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="out of ideas"):
        train(command(tmp_path, "Fails", "total_steps=800"))
    with pytest.raises(InputError, match="save"):
        train(command(tmp_path, "SavesElsewhere", "total_steps=800"))
    assert list(tmp_path.iterdir()) == []


def test_what_an_algorithm_does_not_take_is_said_at_once(tmp_path: Path) -> None:
    given = ["agent=ppo", "agent.algorithm=stable_baselines3:A2C", f"runs={tmp_path}"]
    with pytest.raises(InputError) as caught:
        train(compose("train", given))
    assert caught.value.value == ["batch_size", "n_epochs", "clip_range"]
    assert "agent=custom agent.algorithm=stable_baselines3:A2C" in caught.value.accepted
    assert not any(tmp_path.iterdir())


def test_custom_takes_another_algorithm_as_it_is(tmp_path: Path) -> None:
    folder = train(command(tmp_path, "agent.algorithm=stable_baselines3:A2C", "total_steps=400"))
    assert (folder / "evaluation.json").is_file()


def test_a_class_without_the_methods_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has no learn, save"):
        train(command(tmp_path, "Fixed"))


def test_a_policy_made_without_arguments_decides() -> None:
    scenario = resolve("aigc_paper")
    played = rollout(scenario, find_policy(scenario, f"{__name__}:Fixed"), [1, 2])
    assert len(played.rows) == 2


def test_a_policy_that_returns_actions_alone_is_told_so() -> None:
    scenario = resolve("aigc_paper")
    with pytest.raises(InputError, match="a pair"):
        rollout(scenario, find_policy(scenario, f"{__name__}:Bald"), [1])
