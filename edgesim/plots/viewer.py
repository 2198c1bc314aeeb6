"""Shows a twin while it runs: as an array of pixels, or in a window."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

__all__ = ["Viewer"]


class Viewer:
    """Shows a twin as an array ("rgb_array") or in a window ("human").

    Args:
        mode: "rgb_array" or "human".
        draw: draws a twin as it is now onto an empty figure.
    """

    def __init__(self, mode: str, draw: Callable[[Figure, Any], None]) -> None:
        self._draw = draw
        self._window: Any = None
        if mode == "human":
            from matplotlib import pyplot

            pyplot.ion()
            self._window = pyplot.figure(figsize=(10, 5), layout="constrained")
            self._figure: Figure = self._window
        else:
            self._figure = Figure(figsize=(10, 5), dpi=100, layout="constrained")
            FigureCanvasAgg(self._figure)

    def show(self, twin: Any) -> npt.NDArray[np.uint8] | None:
        """The world now, shape (height, width, 3); None where a window shows it."""
        self._figure.clear()
        self._draw(self._figure, twin)
        self._figure.canvas.draw()
        if self._window is not None:
            self._window.canvas.flush_events()
            return None
        canvas: Any = self._figure.canvas  # buffer_rgba has no types
        return np.asarray(canvas.buffer_rgba(), dtype=np.uint8)[..., :3].copy()

    def close(self) -> None:
        """Close the window, if there is one."""
        if self._window is not None:
            from matplotlib import pyplot

            pyplot.close(self._window)
            self._window = None
