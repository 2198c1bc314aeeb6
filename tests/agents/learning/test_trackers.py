"""Weights & Biases and MLflow get what a training logs; no network is needed for it."""

import sys
from pathlib import Path
from typing import Any

import pytest

from edgesim import api
from edgesim.errors import InputError

TINY: dict[str, Any] = {
    "agent_overrides": {
        "hyperparameters.n_steps": 32,
        "hyperparameters.batch_size": 32,
        "n_envs": 2,
    },
    "total_steps": 128,
    "validations": 2,
    "validation_episodes": 1,
    "episodes": 1,
    "baselines": False,
    "progress": False,
}


def test_wandb_keeps_an_offline_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("wandb")
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_SILENT", "true")
    done = api.train("aigc_paper", "ppo", runs=tmp_path, trackers=["wandb"], **TINY)
    assert list((done.folder / "wandb").glob("offline-run-*/*.wandb"))


def test_mlflow_keeps_the_curve_and_what_was_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracking = pytest.importorskip("mlflow.tracking")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", (tmp_path / "mlruns").as_uri())
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")  # no database is installed for a test
    api.train("aigc_paper", "ppo", runs=tmp_path / "runs", trackers=["mlflow"], **TINY)
    client = tracking.MlflowClient()
    experiment = client.get_experiment_by_name("edgesim-aigc_paper")
    (run,) = client.search_runs([experiment.experiment_id])
    assert run.data.params["agent.n_envs"] == "2"
    curve = client.get_metric_history(run.info.run_id, "validation/return")
    assert [point.step for point in curve] == [0, 64, 128]
    assert run.info.status == "FINISHED"


def test_a_tracker_that_is_not_installed_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "wandb", None)
    with pytest.raises(InputError, match=r"edgesim\[wandb\]"):
        api.train("aigc_paper", "ppo", runs=tmp_path, trackers=["wandb"], **TINY)
    assert not any(tmp_path.iterdir())
    with pytest.raises(InputError, match="trackers = 'comet'"):
        api.train("aigc_paper", "ppo", runs=tmp_path, trackers=["comet"], **TINY)
