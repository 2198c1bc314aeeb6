"""What happens between the updates of an agent that learns."""

from collections.abc import Callable, Mapping
from typing import Any

from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.logger import KVWriter

from edgesim.agents.learning.schedules import Linear
from edgesim.errors import InputError

__all__ = ["Checks", "Coefficients", "LatestValues"]


class Coefficients(BaseCallback):
    """Moves hyperparameters that stable-baselines3 does not schedule itself.

    Args:
        moved: attribute of the model to its values over the training. ``gamma`` and the like reach
            the rollout buffer too.

    Raises:
        InputError: the model has no such attribute.
    """

    def __init__(self, moved: Mapping[str, Linear]) -> None:
        super().__init__()
        self._moved = dict(moved)

    def _on_training_start(self) -> None:
        for key in self._moved:
            if not hasattr(self.model, key):
                name = type(self.model).__name__
                raise InputError("agent.schedules", key, f"{name} has no such hyperparameter")

    def _on_rollout_start(self) -> None:
        remaining = float(self.model._current_progress_remaining)
        owners: list[Any] = [self.model, getattr(self.model, "rollout_buffer", None)]
        for key, line in self._moved.items():
            for owner in owners:
                if hasattr(owner, key):
                    setattr(owner, key, line(remaining))

    def _on_step(self) -> bool:
        return True


class Checks(BaseCallback):
    """Looks at the model every so many decisions, and tells the decisions made so far.

    The model is looked at between an update and the next rollout, so never half-updated.

    Args:
        every: decisions between two looks.
        done: decisions made before this training (a resumed one).
        look: called with the decisions made so far.
        tick: called after every step of the environments with the decisions made so far.
    """

    def __init__(
        self, every: float, done: int, look: Callable[[int], None], tick: Callable[[int], None]
    ) -> None:
        super().__init__()
        self._every = every
        self._seen = int(done // every)
        self._look, self._tick = look, tick

    def _on_rollout_start(self) -> None:
        # Counted in whole intervals, so that long rollouts skip looks instead of piling them up.
        passed = int(self.num_timesteps // self._every)
        if passed > self._seen:
            self._seen = passed
            self._look(self.num_timesteps)

    def _on_step(self) -> bool:
        self._tick(self.num_timesteps)
        return True


class LatestValues(KVWriter):
    """Keeps the latest numbers that an algorithm logged of its training, by key
    (``"train/loss"``, ``"rollout/ep_rew_mean"``).
    """

    def __init__(self) -> None:
        self.values: dict[str, float] = {}

    def write(
        self,
        key_values: dict[str, Any],
        key_excluded: dict[str, tuple[str, ...]],
        step: int = 0,
    ) -> None:
        """Take what the logger dumps."""
        for key, value in key_values.items():
            if isinstance(value, int | float) and key.startswith(("train/", "rollout/")):
                self.values[key] = float(value)

    def close(self) -> None:
        """Nothing is held open."""
