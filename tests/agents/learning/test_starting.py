"""First weights from another run: what is taken over, and what is refused before anything is
written."""

from pathlib import Path
from typing import Any

import pytest
import torch

from edgesim.agents.learning.saved import parameters_in
from edgesim.agents.learning.training import train
from edgesim.agents.runs import runfolder
from edgesim.config.compose import compose
from edgesim.config.config import TrainConfig
from edgesim.errors import InputError


@pytest.fixture(autouse=True)
def few_baselines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgesim.agents.measuring.run_table.offered", lambda scenario: ["random"])


def short(runs: Path, *overrides: str) -> TrainConfig:
    config = compose(
        "train",
        [
            "scenario=aigc_paper",
            "scenario.horizon_s=20000",
            "agent=ppo",
            "agent.n_envs=2",
            "agent.hyperparameters.n_steps=32",
            "agent.hyperparameters.batch_size=64",
            "total_steps=64",
            "validations=1",
            "validation_episodes=1",
            "episodes=1",
            "bound=false",
            "progress=false",
            f"runs={runs}",
            *overrides,
        ],
    )
    assert isinstance(config, TrainConfig)
    return config


def weights(folder: Path, name: str = "model.zip") -> dict[str, Any]:
    state: dict[str, Any] = parameters_in(folder / name)["policy"]
    return state


def test_learning_begins_with_the_weights_of_the_run_that_is_named(tmp_path: Path) -> None:
    first = train(short(tmp_path))
    frozen = "agent.schedules.learning_rate=[0.0,0.0]"  # what it begins with is what it ends with
    second = train(short(tmp_path, "seed=5", f"start={first}", frozen))
    assert second != first
    old, new = weights(first), weights(second)
    assert all(torch.equal(old[name], new[name]) for name in old)
    apart = weights(train(short(tmp_path / "apart", "seed=5", frozen)))
    assert not all(torch.equal(old[name], apart[name]) for name in old)


def test_where_learning_begins_is_part_of_what_is_learned_from(tmp_path: Path) -> None:
    plain, begun = short(tmp_path), short(tmp_path, "start=runs/x")
    assert runfolder.folder_of(plain) != runfolder.folder_of(begun)


@pytest.mark.parametrize(
    ("start", "more", "message"),
    [
        ("nowhere", [], "start = 'nowhere': must be a run folder or pretrained"),
        (
            "first",
            ["agent.hyperparameters.policy_kwargs.net_arch={pi: [64], vf: [64]}"],
            "its weights do not fit the agent: mlp_extractor.policy_net.0.weight is of shape",
        ),
        ("pretrained", [], "its weights do not fit the agent"),
    ],
)
def test_weights_that_do_not_fit_are_refused_before_anything_is_written(
    tmp_path: Path, start: str, more: list[str], message: str
) -> None:
    if start == "first":
        start = str(train(short(tmp_path)))
    config = short(tmp_path / "other", f"start={start}", *more)
    with pytest.raises(InputError, match=message):
        train(config)
    assert not (tmp_path / "other").exists()
