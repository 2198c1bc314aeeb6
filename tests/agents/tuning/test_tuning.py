"""``edgesim tune``: a search over an agent's keys, which goes on after a kill."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from edgesim.agents.runs.runfolder import read_config
from edgesim.agents.tuning import command
from edgesim.agents.tuning.space import dimensions
from edgesim.config.compose import compose
from edgesim.errors import InputError
from edgesim.locking import locked

pytest.importorskip("optuna")

GAMMA = "agent.hyperparameters.gamma=interval(0.1,0.9)"
EPOCHS = "agent.hyperparameters.n_epochs=choice(1,2)"


def config(tmp_path: Path, *more: str) -> Any:
    short = ["total_steps=128", "agent.n_envs=2", "validations=2", "validation_episodes=1"]
    small = [f"agent.hyperparameters.{it}" for it in ("n_steps=32", "batch_size=32")]
    return compose(
        "tune",
        [
            "scenario=aigc_paper",
            "scenario.horizon_s=5000",
            "agent=ppo",
            f"out={tmp_path}",
            "trials=3",
            *short,
            *small,
            *more,
        ],
    )


def trials(folder: Path) -> list[dict[str, str]]:
    with (folder / "trials.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_the_agent_as_it_is_comes_first_and_the_best_can_be_used(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = command.tune(config(tmp_path, GAMMA))
    rows = trials(folder)
    assert [row["number"] for row in rows] == ["0", "1", "2"]
    assert [row["base"] for row in rows] == ["True", "False", "False"]
    assert float(rows[0]["hyperparameters.gamma"]) == 0.5
    content = json.loads((folder / "tuning.json").read_text(encoding="utf-8"))
    best = max(content["trials"], key=lambda row: row["score"])
    assert content["best"] == best["number"]
    agent = compose("train", [f"agent={folder}/best.yaml", "scenario=aigc_paper"]).agent
    assert agent.hyperparameters["gamma"] == best["keys"]["hyperparameters.gamma"]
    assert agent.name == "ppo_tuned"
    assert "0 (as it is)" in capsys.readouterr().out
    assert (folder / "tuning.png").is_file()
    assert len(list((folder / "runs").rglob("evaluation.json"))) == 3


def test_a_search_goes_on_after_a_kill_and_with_more_trials(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[dict[str, Any]] = []

    def scored(config: Any, settled: Any, trial: Any, folder: Path) -> float:
        tried.append(trial.keys)
        if len(tried) == 2:
            raise KeyboardInterrupt
        return float(trial.keys["hyperparameters.gamma"])

    monkeypatch.setattr(command, "_tried", scored)
    with pytest.raises(KeyboardInterrupt):
        command.tune(config(tmp_path, GAMMA))
    folder = command.tune(config(tmp_path, GAMMA))
    assert len(tried) == 4
    assert tried[2] == tried[1], "what was cut is tried again"
    command.tune(config(tmp_path, GAMMA, "trials=5"))
    assert len(tried) == 6
    assert len({keys["hyperparameters.gamma"] for keys in tried}) == 5
    assert len(trials(folder)) == 6  # one of them cut
    other = command.tune(config(tmp_path, "agent.hyperparameters.gamma=interval(0.2,0.9)"))
    assert other != folder


def test_what_an_agent_refuses_is_told_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(config: Any, settled: Any, trial: Any, folder: Path) -> float:
        if trial.number == 0:
            raise InputError("agent.hyperparameters", 1, "not together")
        return 1.0

    monkeypatch.setattr(command, "_tried", refused)
    rows = trials(command.tune(config(tmp_path, GAMMA)))
    assert [row["state"] for row in rows] == ["refused", "done", "done"]
    assert "not together" in rows[0]["reason"]


def test_training_seeds_are_paired_and_test_episodes_untouched(tmp_path: Path) -> None:
    folder = command.tune(config(tmp_path, EPOCHS, "training_seeds=2", "trials=2", "seed=7"))
    runs = [read_config(file.parent) for file in (folder / "runs").rglob("config.yaml")]
    assert sorted({run.seed for run in runs}) == [7, 8]
    assert not any(run.baselines for run in runs)


def test_the_best_and_the_agent_as_it_is_are_compared_on_fresh_seeds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keys = [GAMMA, "trials=2", "confirm=1", "episodes=2", "baselines=false"]
    folder = command.tune(config(tmp_path, *keys))
    runs = [read_config(file.parent) for file in (folder / "confirmed").rglob("model.zip")]
    assert sorted((run.agent.name, run.seed) for run in runs) == [("ppo", 1), ("ppo_tuned", 1)]
    assert "ppo_tuned" in capsys.readouterr().out.split("fresh training seeds")[1]


def test_the_space_knows_intervals_logarithms_whole_numbers_and_lists() -> None:
    texts = {
        "a": "interval(0.1,0.9)",
        "b": "tag(log,interval(1e-4,1e-2))",
        "c": "interval(1,9)",
        "d": "choice(tanh,3)",
        "e": "range(1,4)",
        "f": "[8],[8,8]",
    }
    texts["g"] = "int(interval(2,4))"
    a, b, c, d, e, f, g = dimensions(texts, {"a": 1, "c": 4})
    assert (a.low, a.high, a.log, a.whole) == (0.1, 0.9, False, False)
    assert (b.log, b.whole, c.whole, g.whole) == (True, False, True, True)
    assert [d.value_of(it) for it in d.values or ()] == ["tanh", 3]
    assert [e.value_of(it) for it in e.values or ()] == [1, 2, 3]
    assert [f.value_of(it) for it in f.values or ()] == [[8], [8, 8]]
    assert (a.drawn_as(0.5), a.drawn_as(2), d.drawn_as(3), d.drawn_as(4)) == (0.5, None, "3", None)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([], "name keys of the agent"),
        (["agent.hyperparameters.gamma=interval(0.9,0.1)"], "needs low < high"),
        (["agent.hyperparameters.gamma=tag(log,interval(0,1))"], "needs 0 < low < high"),
        (["agent.hyperparameters.gamma=choice(1)"], "needs two values"),
        (["agent.gama=choice(1,2)"], "agent.gama"),
        (["agent.n_envs=choice(0,2)"], "n_envs = 0"),
        (["agent.n_envs=choice(few,many)"], "agent.n_envs = 'few'"),
        (["seed=1,2"], "what is searched are keys of the agent"),
        ([GAMMA, "trials=0"], "trials = 0"),
    ],
)
def test_mistakes_are_said_before_anything_runs(
    tmp_path: Path, given: list[str], said: str
) -> None:
    with pytest.raises(InputError, match=said):
        command.tune(config(tmp_path, *given))
    assert not list(tmp_path.rglob("*.zip"))


def test_a_search_in_a_folder_that_another_searches_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "there"
    folder.mkdir()
    monkeypatch.setattr(command, "_folder", lambda *given: folder)
    with locked(folder, "searched"), pytest.raises(InputError, match="is being searched by"):
        command.tune(config(tmp_path, GAMMA))
