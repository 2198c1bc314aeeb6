"""Weights & Biases and MLflow beside TensorBoard: what a training logs goes there too.

Both are stable-baselines3 log writers, so that they get the algorithm's own figures and those of
the validations. Where they write to (a server, a folder) is set as their documentation says:
``WANDB_MODE=offline``, ``MLFLOW_TRACKING_URI=...``.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stable_baselines3.common.logger import KVWriter

from edgesim.errors import InputError

__all__ = ["trackers"]


def trackers(
    names: list[str], project: str, run: str, folder: Path, values: Mapping[str, Any]
) -> list[KVWriter]:
    """The writers of some trackers, by name.

    Args:
        names: ``wandb``, ``mlflow``.
        project: what runs belong together: the scenario.
        run: what this one is called: the agent and its seed.
        folder: the run folder, in which files are kept that are not sent.
        values: what the run was given, by dotted key.

    Raises:
        InputError: a library is not installed, or cannot begin a run.
    """
    makers = {"wandb": _Wandb, "mlflow": _MLflow}
    return [makers[name](project, run, folder, values) for name in names]


def _numbers(key_values: Mapping[str, Any]) -> dict[str, float]:
    return {key: float(it) for key, it in key_values.items() if isinstance(it, int | float)}


class _Wandb(KVWriter):
    """A run of Weights & Biases."""

    def __init__(self, project: str, run: str, folder: Path, values: Mapping[str, Any]) -> None:
        try:
            import wandb
        except ImportError:
            raise InputError("trackers", "wandb", _needs("wandb")) from None
        try:
            self._run = wandb.init(
                project=f"edgesim-{project}", name=run, dir=folder, config=dict(values)
            )
        except wandb.Error as error:
            raise InputError("trackers", "wandb", f"cannot begin a run: {error}") from None

    def write(
        self, key_values: dict[str, Any], key_excluded: dict[str, Any], step: int = 0
    ) -> None:
        """Log the numbers of a dump."""
        self._run.log({**_numbers(key_values), "decisions": step})

    def close(self) -> None:
        """End the run."""
        self._run.finish()


class _MLflow(KVWriter):
    """A run of MLflow."""

    def __init__(self, project: str, run: str, folder: Path, values: Mapping[str, Any]) -> None:
        try:
            from mlflow.exceptions import MlflowException
            from mlflow.tracking import MlflowClient
        except ImportError:
            raise InputError("trackers", "mlflow", _needs("mlflow")) from None
        self._client = MlflowClient()
        try:
            name = f"edgesim-{project}"
            known = self._client.get_experiment_by_name(name)
            place = known.experiment_id if known else self._client.create_experiment(name)
            begun = self._client.create_run(place, tags={"mlflow.runName": run})
            self._id = begun.info.run_id
            for key, value in values.items():
                self._client.log_param(self._id, key, str(value)[:_LONGEST])
        except (MlflowException, OSError) as error:
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise InputError("trackers", "mlflow", f"cannot begin a run: {reason}") from None

    def write(
        self, key_values: dict[str, Any], key_excluded: dict[str, Any], step: int = 0
    ) -> None:
        """Log the numbers of a dump."""
        for key, value in _numbers(key_values).items():
            self._client.log_metric(self._id, key, value, step=step)

    def close(self) -> None:
        """End the run."""
        self._client.set_terminated(self._id)


_LONGEST = 250  # characters of a parameter that every version of MLflow takes


def _needs(name: str) -> str:
    return f"is not installed: pip install 'edgesim[{name}]'"
