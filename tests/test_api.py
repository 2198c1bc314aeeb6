"""edgesim in Python: train, evaluate, simulate, compare, make, scenario."""

import inspect
import re
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args, get_overloads

import gymnasium
import numpy as np
import pytest

import edgesim
from edgesim import api
from edgesim.config.config import TrainConfig
from edgesim.errors import InputError
from edgesim.importing import trusted
from edgesim.problems import PROBLEMS
from edgesim.scenarios import preset, presets, resolve, schema_of
from edgesim.version import version


class First:
    """Always the first choice."""

    def predict(self, observation: Any) -> tuple[Any, None]:
        return np.zeros(len(observation), dtype=int), None


def halved(env: Any, reward: float, info: dict[str, Any]) -> float:
    return reward / 2


class Doubled(gymnasium.Wrapper[Any, Any, Any, Any]):
    """Doubles what is observed."""

    def __init__(self, env: Any) -> None:
        super().__init__(env)
        inner = env.observation_space
        self.observation_space = gymnasium.spaces.Box(2 * inner.low, 2 * inner.high)

    def reset(self, **given: Any) -> Any:
        observation, info = self.env.reset(**given)
        return 2 * observation, info

    def step(self, action: Any) -> Any:
        observation, *rest = self.env.step(action)
        return 2 * observation, *rest


SHORT: dict[str, Any] = {
    "total_steps": 200,
    "episodes": 2,
    "validation_episodes": 1,
    "validations": 1,
    "bound": False,
    "progress": False,
}
TINY = {"hyperparameters.n_steps": 50, "hyperparameters.batch_size": 50, "n_envs": 2}


def test_the_package_has_its_functions_and_its_version() -> None:
    assert edgesim.__version__ == version()
    for name in ("train", "evaluate", "simulate", "compare", "make", "scenario", "whatif"):
        assert getattr(edgesim, name) is getattr(api, name)
        assert name in dir(edgesim)
    with pytest.raises(AttributeError, match="trian"):
        _ = edgesim.trian


def test_every_preset_has_an_overload_of_its_schema() -> None:
    stated: dict[str, str] = {}
    for overload in get_overloads(api.scenario):
        shape = inspect.signature(overload)
        for name in get_args(shape.parameters["name"].annotation):
            stated[name] = str(shape.return_annotation)
    assert stated == {name: schema_of(preset(name)).__name__ for name in presets()}


def test_a_scenario_is_an_object_whose_keys_are_set_and_checked() -> None:
    city = edgesim.scenario("sfc", {"network.arrival_rate_hz": 2.0})
    assert city.network is not None
    city.network.horizon_s = 50.0
    assert edgesim.make(city).unwrapped.scenario.network.horizon_s == 50.0  # type: ignore[attr-defined]
    city.network.horizon_s = -1.0
    with pytest.raises(InputError, match="horizon_s"):
        edgesim.make(city)


@pytest.mark.parametrize("name", [it.default_scenario for it in PROBLEMS.values() if it.env])
def test_make_gives_the_environment_of_a_scenario(name: str) -> None:
    env = edgesim.make(name, render_mode=None)
    observation, _ = env.reset(seed=0)
    assert env.observation_space.contains(observation)


def test_train_then_use_the_policy(tmp_path: Path) -> None:
    done = edgesim.train("aigc_paper", "ppo", agent_overrides=TINY, runs=tmp_path, **SHORT)
    assert "ppo" in done.evaluation["policies"]
    assert done.scenario == resolve("aigc_paper")
    measured = edgesim.evaluate("aigc_paper", {"mine": done.policy(), "first": First()}, episodes=2)
    again = done.evaluation["policies"]["ppo"]["return"]["mean"]
    assert measured.content()["policies"]["mine"]["return"]["mean"] == pytest.approx(again)
    table = edgesim.compare(tmp_path)
    assert {row["name"] for row in table["rows"]} >= {"ppo", "random"}


def test_train_takes_what_the_command_takes() -> None:
    own = set(inspect.signature(edgesim.train).parameters) - {"overrides", "agent_overrides"}
    assert own == {item.name for item in fields(TrainConfig)}


def test_evaluate_takes_names_objects_and_classes(tmp_path: Path) -> None:
    done = edgesim.evaluate("aigc_paper", ["random", First()], episodes=2)
    assert list(done.rows) == ["random", "First"]
    assert list(edgesim.evaluate("aigc_paper", First, episodes=1, out=tmp_path).rows) == ["First"]
    assert (tmp_path / "evaluation.json").is_file()
    with pytest.raises(InputError, match="two have this name"):
        edgesim.evaluate("aigc_paper", [First(), First()])
    with pytest.raises(InputError, match="did you mean 'random'"):
        edgesim.evaluate("aigc_paper", "randm")


def test_simulate_gives_summary_and_events(tmp_path: Path) -> None:
    done = edgesim.simulate("aigc_paper", "random", overrides={"horizon_s": 5000}, out=tmp_path)
    assert done.summary["policy"] == "random"
    assert done.events.num_rows > 0


def test_a_reward_of_ones_own_is_paid_and_the_score_stays(tmp_path: Path) -> None:
    paid = []
    for reward in ("paid", halved, f"{__name__}:halved"):
        env = edgesim.make("aigc_paper", {"horizon_s": 20000}, reward=reward)
        env.reset(seed=3)
        total, over = 0.0, False
        while not over:
            _, got, ended, cut, info = env.step(0)
            total, over = total + float(got), ended or cut
        paid.append(total)
        assert info["metrics"]["return"] == pytest.approx(paid[0])
    assert paid[1:] == pytest.approx([paid[0] / 2] * 2)
    own = {**TINY, "environment.reward": f"{__name__}:halved"}
    done = edgesim.train("aigc_paper", "ppo", agent_overrides=own, runs=tmp_path, **SHORT)
    random = done.evaluation["policies"]["random"]["return"]["mean"]
    assert (
        random
        == edgesim.evaluate("aigc_paper", "random", episodes=2).content()["policies"]["random"][
            "return"
        ]["mean"]
    )


def test_a_wrapper_of_ones_own_wraps_training_and_evaluation(tmp_path: Path) -> None:
    own = {**TINY, "environment.wrappers": [f"{__name__}:Doubled"]}
    done = edgesim.train("aigc_paper", "ppo", agent_overrides=own, runs=tmp_path, **SHORT)
    env = edgesim.make("aigc_paper", wrappers=[Doubled])
    plain = edgesim.make("aigc_paper")
    np.testing.assert_array_equal(env.reset(seed=1)[0], 2 * plain.reset(seed=1)[0])
    with pytest.raises(InputError, match="trust=true"):
        edgesim.evaluate("aigc_paper", done.folder, episodes=2)
    with trusted():
        measured = edgesim.evaluate("aigc_paper", done.folder, episodes=2).content()["policies"]
    told = done.evaluation["policies"]["ppo"]["return"]["mean"]
    assert next(iter(measured.values()))["return"]["mean"] == pytest.approx(told)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"scenario": 3}, "scenario = 3: must be a preset's name"),
        ({"scenario": "aigcc"}, "did you mean 'aigc'"),
        ({"agent": "pop"}, "did you mean 'ppo'"),
        ({"agent_overrides": {"n_env": 3}}, "agent.n_env"),
        ({"agent_overrides": {"hyperparameters.gama": 3}}, re.escape("did you mean 'gamma'")),
        ({"engine": "fast"}, "engine = 'fast'"),
        ({"agent_overrides": {"environment.wrappers": ["no_module:X"]}}, "there is no module"),
        ({"agent_overrides": {"environment.reward": "json:lods"}}, "did you mean 'loads'"),
    ],
)
def test_what_cannot_be_used_is_said_and_nothing_written(
    tmp_path: Path, given: dict[str, Any], said: str
) -> None:
    with pytest.raises(InputError, match=said):
        edgesim.train(**{"scenario": "aigc_paper", "agent": "ppo", "runs": tmp_path, **given})
    assert not any(tmp_path.iterdir())


def test_whatif_gives_the_rows_and_writes_nothing_unless_it_is_told_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    changes: list[Any] = [{"requests": 20, "policy": "violent"}, "policy=random"]
    found = edgesim.whatif("sfc_paper", changes, policy="greedy", episodes=2)
    assert [case["policy"] for case in found["cases"]] == ["violent", "random"]
    assert found["cases"][0]["label"] == "requests=20 policy=violent"
    assert {row["metric"] for row in found["rows"]} >= {"return", "qoe"}
    assert list(tmp_path.iterdir()) == []
    again = edgesim.whatif("sfc_paper", changes, policy="greedy", episodes=2, out="w")
    assert again == found
    assert (tmp_path / "w" / "whatif.png").is_file()
