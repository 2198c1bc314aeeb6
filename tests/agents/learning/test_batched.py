"""Training in a batched engine: the same as in single environments, and what is said of it."""

import csv
import json

import numpy as np
import pytest
from stable_baselines3.common.vec_env import VecMonitor

from edgesim.agents.learning.batched import BatchedVecEnv
from edgesim.agents.learning.learner import training_envs
from edgesim.agents.learning.training import train
from edgesim.agents.runs import runfolder
from edgesim.config import agents as presets
from edgesim.config.compose import compose
from edgesim.errors import InputError
from edgesim.scenarios import preset as scenario_preset
from edgesim.scenarios import resolve

SHORT = {"horizon_s": 30_000}


def agent(**changes):
    made = presets.for_scenario(presets.preset("maskable_ppo"), "aigc_paper", "aigc")
    for key, value in {"n_envs": 3, **changes}.items():
        setattr(made, key, value)
    return made


@pytest.mark.parametrize(
    ("environment", "endless"), [({}, False), ({"reward": "shaped", "mask": "up"}, True)]
)
def test_the_adapter_gives_what_single_environments_give(environment, endless):
    settings = agent(environment=environment, reward_scale=0.3, endless=endless)
    scenario = resolve("aigc_paper", SHORT | {"pay_on": "delivery"})
    single, batched = (
        training_envs(scenario, settings, 5, 1, engine) for engine in ("simpy", "batched")
    )
    assert isinstance(single, VecMonitor) and isinstance(batched, BatchedVecEnv)
    for envs in (single, batched):
        envs.seed(0)  # what an algorithm does with its own seed
    np.testing.assert_array_equal(single.reset(), batched.reset())
    rng = np.random.default_rng(0)
    ends = 0
    for _ in range(150):
        for which in (None, [2, 0]):
            masks, same = (
                envs.env_method("action_masks", indices=which) for envs in (single, batched)
            )
            np.testing.assert_array_equal(masks, same)
        actions = rng.integers(20, size=3)
        one, two = single.step(actions), batched.step(actions)
        np.testing.assert_array_equal(one[0], two[0])
        np.testing.assert_allclose(one[1], two[1], rtol=1e-6, atol=1e-7)
        assert one[1].dtype == two[1].dtype == np.float32
        np.testing.assert_array_equal(one[2], two[2])
        for over, info, same in zip(one[2], one[3], two[3], strict=True):
            if not over:
                assert same == {}
                continue
            ends += 1
            assert info.keys() == same.keys()
            np.testing.assert_array_equal(
                info["terminal_observation"], same["terminal_observation"]
            )
            assert same["episode"]["l"] == info["episode"]["l"]
            assert same["episode"]["r"] == pytest.approx(info["episode"]["r"], rel=1e-5)
            assert same["metrics"] == pytest.approx(info["metrics"])
            assert same["TimeLimit.truncated"] is info["TimeLimit.truncated"] is endless
    assert ends >= 6
    assert batched.has_attr("action_masks") and not batched.has_attr("no_such_thing")
    with pytest.raises(AttributeError):
        batched.set_attr("world", None)
    with pytest.raises(AttributeError):
        batched.env_method("render")


def tiny(tmp_path, *more):
    overrides = (
        "scenario=aigc_paper scenario.horizon_s=20000 agent=maskable_ppo agent.n_envs=4"
        " agent.hyperparameters.n_steps=32 agent.hyperparameters.n_epochs=2"
        " agent.hyperparameters.batch_size=64 total_steps=1024 validations=4"
        " validation_episodes=2 episodes=2 bound=false progress=false"
    )
    return compose("train", [*overrides.split(), f"runs={tmp_path}", *more])


def test_both_engines_train_the_same_agent_and_say_which_it_was(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("edgesim.agents.measuring.run_table.offered", lambda scenario: ["random"])
    rows, names = [], []
    for engine, taken in (("auto", "batched"), ("simpy", "simpy")):
        folder = train(tiny(tmp_path / engine, f"engine={engine}"))
        assert f"engine: {taken}" in capsys.readouterr().err
        assert json.loads((folder / "provenance.json").read_text())["engine"] == taken
        with (folder / "progress.csv").open() as file:
            rows.append(list(csv.DictReader(file)))
        names.append(folder.name)
    assert names[0] == names[1]  # the engine is no part of what is trained
    assert len(rows[0]) == 5 and "rollout/ep_rew_mean" in rows[0][-1]
    for one, two in zip(*rows, strict=True):
        for key in one.keys() - {"wall_s", "cpu_s"}:
            assert float(one[key] or 0) == pytest.approx(float(two[key] or 0), rel=1e-3), key


def test_the_engine_names_no_other_run_folder():
    configs = [
        compose("train", ["scenario=aigc_paper", "total_steps=5000", f"engine={engine}"])
        for engine in ("auto", "simpy", "batched")
    ]
    assert len({runfolder.folder_of(config) for config in configs}) == 1


def test_an_engine_that_cannot_step_a_scenario_is_refused_before_anything_is_written(tmp_path):
    config = compose("train", ["scenario=aigc", "engine=batched", f"runs={tmp_path}"])
    with pytest.raises(InputError, match="engine = 'batched': the batched engine has no network"):
        train(config)
    assert list(tmp_path.iterdir()) == []
    assert scenario_preset("aigc")["wireless"] is not None
