"""What the environments of all problems share: a running twin, the door to it, and its picture."""

from typing import Any, ClassVar, Generic, SupportsInt, TypeVar

import gymnasium
import numpy as np
import numpy.typing as npt
from gymnasium.error import ResetNeeded

from edgesim.importing import load
from edgesim.scenarios.checks import one_of

__all__ = ["TwinEnv", "episode_seed"]

Twin = TypeVar("Twin")


def episode_seed(generator: np.random.Generator) -> np.random.SeedSequence:
    """The seed of the next episode's twin, drawn from an environment's generator."""
    return np.random.SeedSequence([int(word) for word in generator.integers(2**32, size=4)])


class TwinEnv(gymnasium.Env[npt.NDArray[np.float32], SupportsInt], Generic[Twin]):
    """An environment around a twin.

    A subclass sets ``_twin`` at each reset and ``_over`` when an episode has ended.

    Attributes:
        picture: import string of what draws a twin onto an empty figure.
    """

    metadata = {"render_modes": ["rgb_array", "human"], "render_fps": 10}  # noqa: RUF012  # Gymnasium declares it so
    picture: ClassVar[str]

    def __init__(self, render_mode: str | None) -> None:
        one_of("render_mode", render_mode, (None, *self.metadata["render_modes"]))
        self.render_mode = render_mode
        self._twin: Twin | None = None
        self._over = True
        self._viewer: Any = None

    @property
    def twin(self) -> Twin:
        """The running twin: what is hidden, and the whole future.

        The one door to what a decision maker cannot know, for bounds and for reading results.
        """
        if self._twin is None:
            raise ResetNeeded("there is no episode yet: call reset() first")
        return self._twin

    def render(self) -> npt.NDArray[np.uint8] | None:
        """A picture of the world now: an array in mode "rgb_array", a window in mode "human"."""
        if self.render_mode is None:
            return None
        if self._viewer is None:
            from edgesim.plots.viewer import Viewer

            self._viewer = Viewer(self.render_mode, load(self.picture))
        frame: npt.NDArray[np.uint8] | None = self._viewer.show(self.twin)
        return frame

    def close(self) -> None:
        """Close the window, if there is one."""
        if self._viewer is not None:
            self._viewer.close()
            self._viewer = None

    def _running(self) -> Twin:
        """The twin of an episode that goes on.

        Raises:
            ResetNeeded: there is none.
        """
        if self._twin is None or self._over:
            raise ResetNeeded("the episode is over: call reset() first")
        return self._twin

    def _episode_seed(self, seed: int | None) -> np.random.SeedSequence:
        """The seed of an episode's twin, from the environment's generator alone."""
        super().reset(seed=seed)
        return episode_seed(self.np_random)
