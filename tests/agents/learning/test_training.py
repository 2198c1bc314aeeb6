"""Training: from a configuration to a run folder, through kills and mistakes."""

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from stable_baselines3.common.vec_env import DummyVecEnv

from edgesim.agents.finding import offered, policies_of
from edgesim.agents.learning.display import Display
from edgesim.agents.learning.learner import SteppedEnvs
from edgesim.agents.learning.run import Run
from edgesim.agents.learning.saved import parameters_in
from edgesim.agents.learning.training import train
from edgesim.agents.runs import runfolder
from edgesim.agents.runs.seeds import training_seeds
from edgesim.agents.runs.trained import load_policy
from edgesim.config import agents as presets
from edgesim.config.compose import compose
from edgesim.config.config import TrainConfig
from edgesim.envs.aigc.env import AIGCEnv
from edgesim.envs.making import make_envs
from edgesim.errors import InputError
from edgesim.importing import trusted
from edgesim.scenarios import resolve

Tiny = Callable[..., TrainConfig]


@pytest.fixture(autouse=True)
def few_baselines(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A short final table: the bandit learns for a second or two."""
    if "every_baseline" not in request.node.name:
        monkeypatch.setattr(
            "edgesim.agents.measuring.run_table.offered", lambda scenario: ["random", "prophet"]
        )


@pytest.fixture
def tiny(tmp_path: Path) -> Tiny:
    """Configurations of runs that take a second."""

    def config(*overrides: str, agent: str = "maskable_ppo") -> TrainConfig:
        worlds = ["agent.worlds=3"] if agent == "generalist" else []
        plain = presets.for_scenario(presets.preset(agent), "aigc_paper", "aigc")
        few = {"n_steps": 32, "n_epochs": 1, "learning_starts": 20, "buffer_size": 500, "keep": 2}
        few["batch_size"] = 16 if "buffer_size" in plain.hyperparameters else 64
        small = {key: few[key] for key in few if key in plain.hyperparameters}
        small |= {"n_steps": 32} if agent == "custom" else {}  # which sets nothing itself
        composed = compose(
            "train",
            [
                "scenario=aigc_paper",
                "scenario.horizon_s=20000",
                f"agent={agent}",
                "agent.n_envs=2",
                "total_steps=256",
                "validations=4",
                "validation_episodes=2",
                "episodes=2",
                "bound=false",
                "progress=false",
                f"runs={tmp_path}",
                *(f"agent.hyperparameters.{key}={value}" for key, value in small.items()),
                *worlds,
                *overrides,
            ],
        )
        assert isinstance(composed, TrainConfig)
        return composed

    return config


def progress(folder: Path) -> list[dict[str, str]]:
    with (folder / "progress.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def episodes(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Rows of ``episodes.parquet`` by policy."""
    by_policy: dict[str, list[dict[str, Any]]] = {}
    for row in pq.read_table(folder / "episodes.parquet").to_pylist():
        by_policy.setdefault(row["policy"], []).append(row)
    return by_policy


def weights(folder: Path) -> dict[str, torch.Tensor]:
    state: dict[str, torch.Tensor] = parameters_in(folder / "model.zip")["policy"]
    return state


ELSEWHERE = ("heuristic_start",)
"""Agents that cannot learn in the scenario of these tests."""


@pytest.mark.parametrize("agent", [name for name in presets.presets() if name not in ELSEWHERE])
def test_every_agent_leaves_a_complete_run_folder(tiny: Tiny, agent: str) -> None:
    folder = train(tiny(agent=agent))
    runfolder.check_complete(folder)
    assert not list(folder.glob("checkpoint*"))
    assert not list(folder.glob(".*"))
    assert list((folder / "tensorboard").glob("events.out.tfevents.*"))
    rows = progress(folder)
    looks = [0, 256] if agent == "evolution" else [0, 64, 128, 192, 256]  # between generations
    assert [int(row["decisions"]) for row in rows] == looks
    best = max(float(row["return"]) for row in rows)
    assert float(rows[-1]["best_return"]) == best
    evaluation = json.loads((folder / "evaluation.json").read_text())
    assert {agent, "random", "prophet"} <= set(evaluation["policies"])
    written = json.loads((folder / "provenance.json").read_text())
    assert written["wall_s"] > 0
    policy = load_policy(folder, resolve("aigc_paper"))
    (env,) = make_envs(resolve("aigc_paper"), 1, runfolder.read_config(folder).agent.environment)
    observation, _ = env.reset(seed=1)
    action, _ = policy.predict(observation[None], deterministic=True)
    assert env.action_space.contains(action[0])


def test_the_final_table_holds_every_baseline_and_the_bound(tiny: Tiny) -> None:
    folder = train(tiny("bound=true"))
    evaluation = json.loads((folder / "evaluation.json").read_text())
    baselines = offered(resolve("aigc_paper"))
    assert set(evaluation["policies"]) == {*baselines, "maskable_ppo", "bound"}
    (tests,) = {frozenset(row["seed"] for row in rows) for rows in episodes(folder).values()}
    assert len(tests) == 2


def test_equal_seeds_give_equal_models_and_others_do_not(tiny: Tiny, tmp_path: Path) -> None:
    first, again, other = (
        train(tiny(f"runs={tmp_path / name}", f"seed={seed}"))
        for name, seed in (("a", 3), ("b", 3), ("c", 4))
    )
    one, two, three = weights(first), weights(again), weights(other)
    assert all(torch.equal(one[key], two[key]) for key in one)
    assert not all(torch.equal(one[key], three[key]) for key in one)
    skipped = ("wall_s", "cpu_s")
    for row, same in zip(progress(first), progress(again), strict=True):
        assert {key: row[key] for key in row if key not in skipped} == {
            key: same[key] for key in same if key not in skipped
        }


def test_training_episodes_are_those_of_the_training_seeds_whatever_is_asked() -> None:
    envs = SteppedEnvs(make_envs(resolve("aigc_paper"), 2), training_seeds(5, 2))
    envs.seed(0)  # what an algorithm does with its own seed
    (same,) = make_envs(resolve("aigc_paper"), 1)
    expected = [same.reset(seed=seed)[0].tolist() for seed in training_seeds(5, 2)]
    assert envs.reset().tolist() == expected  # type: ignore[union-attr]


def test_environments_stepped_together_are_those_of_stable_baselines3() -> None:
    scenario = resolve("aigc_paper", {"horizon_s": 8000})
    seeds = training_seeds(0, 3)
    ours = SteppedEnvs(make_envs(scenario, 3), seeds)
    theirs = DummyVecEnv([lambda: make_envs(scenario, 1)[0]] * 3)
    theirs._seeds = list(seeds)
    assert ours.reset().tolist() == theirs.reset().tolist()  # type: ignore[union-attr]
    for step in range(60):
        actions = np.array([step % 20, 3, 7])
        ours.step_async(actions)
        theirs.step_async(actions)
        one, two = ours.step_wait(), theirs.step_wait()
        for a, b in zip(one[:3], two[:3], strict=True):
            np.testing.assert_array_equal(a, b)
        for info, same in zip(one[3], two[3], strict=True):
            assert info.keys() == same.keys()
        np.testing.assert_array_equal(
            ours.env_method("action_masks"), theirs.env_method("action_masks")
        )


@pytest.mark.parametrize("endless", [False, True])
def test_where_training_is_endless_an_end_counts_as_a_limit_of_time(endless: bool) -> None:
    scenario = resolve("sfc_paper", {"requests": 3})
    envs = SteppedEnvs(make_envs(scenario, 1), training_seeds(0, 1), endless=endless)
    envs.reset()
    ends = []
    for _ in range(40):
        masks = envs.env_method("action_masks")[0]
        _, _, dones, infos = envs.step(np.array([np.flatnonzero(masks)[0]]))
        assert infos[0]["TimeLimit.truncated"] == (endless and dones[0])
        assert ("terminal_observation" in infos[0]) == dones[0]
        ends.append(bool(dones[0]))
    assert 1 < sum(ends) < len(ends)


def kill_after(decisions: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """As Ctrl-C when so many decisions are made."""

    def tick(self: Display, done: int) -> None:
        if done >= decisions:
            raise KeyboardInterrupt

    monkeypatch.setattr(Display, "tick", tick)


@pytest.mark.parametrize("agent", ["maskable_ppo", "dqn"])
def test_a_stopped_run_goes_on_where_it_was(
    tiny: Tiny, agent: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tiny(agent=agent)
    folder = runfolder.folder_of(config)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        kill_after(150, patch)
        train(config)
    assert "resume=true goes on" in capsys.readouterr().err
    assert [int(row["decisions"]) for row in progress(folder)] == [0, 64, 128]
    assert "evaluation.json" in runfolder.missing(folder)
    with pytest.raises(InputError, match="unfinished run; resume=true"):
        train(config)
    assert train(replace(config, resume=True)) == folder
    runfolder.check_complete(folder)
    rows = progress(folder)
    made = [int(row["decisions"]) for row in rows]
    assert made[:3] == [0, 64, 128]
    assert made == sorted(made)
    assert made[-1] >= 256
    assert float(rows[-1]["best_return"]) == max(float(row["return"]) for row in rows)
    assert not list(folder.glob("checkpoint*"))


def test_a_run_killed_in_its_final_table_learns_no_more(
    tiny: Tiny, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tiny()
    with monkeypatch.context() as patch, pytest.raises(RuntimeError):
        patch.setattr(Run, "finish", _killed)
        train(config)
    folder = runfolder.folder_of(config)
    before = (folder / "model.zip").read_bytes()
    train(replace(config, resume=True))
    assert (folder / "model.zip").read_bytes() == before
    runfolder.check_complete(folder)


def _killed(*arguments: Any) -> None:
    raise RuntimeError("killed")


def test_a_complete_run_is_shown_and_not_trained_again(
    tiny: Tiny, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = train(tiny())
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    capsys.readouterr()
    for resume in ("false", "true"):
        assert train(tiny(f"resume={resume}")) == folder
        assert "trained already" in capsys.readouterr().out
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_another_table_is_measured_of_the_model_that_is_there(
    tiny: Tiny, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = train(tiny())
    kept = {name: (folder / name).read_bytes() for name in ("model.zip", "provenance.json")}
    monkeypatch.setattr("edgesim.agents.learning.run.Run", None)  # nothing is trained
    capsys.readouterr()
    assert train(tiny("episodes=3", "bound=true", "threads=2")) == folder
    said = capsys.readouterr().out
    assert "measured again (episodes 2 there, 3 here; bound false there, true here)" in said
    lengths = {name: len(rows) for name, rows in episodes(folder).items()}
    assert lengths == {"random": 3, "prophet": 3, "maskable_ppo": 3, "bound": 3}
    config = runfolder.read_config(folder)
    assert (config.episodes, config.bound, config.threads) == (3, True, 1)
    assert {name: (folder / name).read_bytes() for name in kept} == kept
    assert train(tiny("episodes=3", "bound=true")) == folder
    assert "measured again" not in capsys.readouterr().out


def test_without_a_word_on_it_the_bound_is_worked_out_where_there_is_one(
    tiny: Tiny, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tiny("episodes=1", "bound=null")
    monkeypatch.delitem(policies_of("aigc"), "bound")
    with pytest.raises(InputError, match="bound = True: aigc_paper has none; accepted: false"):
        train(replace(config, bound=True))
    assert not Path(config.runs, "aigc_paper").exists()
    folder = train(config)
    assert set(episodes(folder)) == {"random", "prophet", "maskable_ppo"}
    monkeypatch.undo()
    train(config)
    assert "bound" in episodes(folder)


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["agent.actions=[Box,MultiBinary]"], r"takes actions of Box or MultiBinary; .*Discrete"),
        (["agent.name=random"], "agent.name = 'random': is the name of a policy"),
        (["+agent.environment.overrides={users:3}"], "set scenario.<key> instead"),
        (["+agent.environment.mask=down"], "mask = 'down'"),
    ],
)
def test_an_agent_that_cannot_act_there_is_refused_before_its_folder_is_made(
    tiny: Tiny, overrides: list[str], said: str
) -> None:
    config = tiny(*overrides)
    with pytest.raises(InputError, match=said):
        train(config)
    assert not Path(config.runs, "aigc_paper").exists()


def test_an_agent_with_masks_is_refused_where_there_are_none(
    tiny: Tiny, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(AIGCEnv, "action_masks")
    with pytest.raises(InputError, match="agent = 'maskable_ppo': needs action masks"):
        train(tiny())


def test_a_folder_of_another_configuration_is_left_alone(tiny: Tiny) -> None:
    config = tiny()
    folder = runfolder.folder_of(config)
    folder.mkdir(parents=True)
    runfolder.write_config(folder, replace(config, validations=9))
    (folder / "checkpoint.json").write_text("{}")
    for resume in (True, False):
        with pytest.raises(InputError, match="validations is 9 there and 4 here"):
            train(replace(config, resume=resume))


def test_a_checkpoint_that_cannot_be_read_is_named(tiny: Tiny) -> None:
    config = tiny()
    folder = runfolder.folder_of(config)
    folder.mkdir(parents=True)
    runfolder.write_config(folder, config)
    (folder / "checkpoint.json").write_text("{")
    with pytest.raises(InputError, match=r"checkpoint\.json.*cannot be read"):
        train(replace(config, resume=True))


OWN_ALGORITHM = '''
from stable_baselines3 import PPO

class Mine(PPO):
    """Somebody's own algorithm."""
'''


def test_somebodys_own_algorithm_is_trained_by_its_import_string(
    tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "edgesim_test_own.py").write_text(OWN_ALGORITHM)
    monkeypatch.chdir(tmp_path)
    folder = train(tiny("agent.name=mine", "agent.algorithm=edgesim_test_own:Mine"))
    assert folder.parent.name == "mine"
    runfolder.check_complete(folder)
    with trusted():
        policy: Any = load_policy(folder, resolve("aigc_paper"))
    assert type(policy.model).__name__ == "Mine"


def test_a_run_folder_decides_only_where_the_shapes_agree(tiny: Tiny) -> None:
    folder = train(tiny())
    with pytest.raises(InputError, match=r"observations have the shape \(42,\)"):
        load_policy(folder, resolve("aigc_paper", {"provider_count": 5}))


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("agent.algorithm=no_such_module:PPO", "there is no module 'no_such_module'"),
        ("agent.algorithm=stable_baselines3:PPP", "did you mean 'PPO'"),
        ("+agent.hyperparameters.speed=3", "hyperparameters.speed = 3: MaskablePPO does not"),
        ("agent.hyperparameters.policy_kwargs.activation_fn=torch.nn:ReLu", "did you mean 'ReLU'"),
        ("agent.policy=MplPolicy", "MplPolicy"),
        ("+agent.schedules.warmth=[1,0]", "warmth"),
        ("+agent.environment.shape=round", "shape"),
        ("+agent.environment.reward=high", "reward"),
    ],
)
def test_a_mistake_in_an_agent_is_said_in_one_line(tiny: Tiny, override: str, said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        train(tiny(override))
    assert "\n" not in str(caught.value)


def test_a_schedule_of_no_hyperparameter_of_the_model_is_named(tiny: Tiny) -> None:
    config: Any = tiny(agent="dqn")
    agent = replace(config.agent, schedules={**config.agent.schedules, "ent_coef": [1.0, 0.0]})
    with pytest.raises(InputError, match="ent_coef"):
        train(replace(config, agent=agent))
