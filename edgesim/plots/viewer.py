"""Shows a twin while it runs: as an array of pixels, or in a window."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from edgesim.plots.panels import kept
from edgesim.plots.style import house

__all__ = ["SIZE_IN", "Viewer"]

SIZE_IN = (10.0, 5.0)
_DPI = 100


class Viewer:
    """Shows a twin as an array ("rgb_array") or in a window ("human"), in the house style.

    Finding where all panels fit takes longer than drawing them. It is done for frames 0, 1, 3, 7,
    15 and so on, and kept in between.

    Args:
        mode: "rgb_array" or "human".
        draw: draws a twin as it is now onto an empty figure.
        headline: what stands before the figure's own title, such as scenario and policy.
    """

    def __init__(self, mode: str, draw: Callable[[Figure, Any], None], headline: str = "") -> None:
        self._draw, self._headline = draw, headline
        self._window: Any = None
        self._places: Sequence[Bbox] = ()
        self._frame, self._next_layout = 0, 0
        if mode == "human":
            from matplotlib import pyplot

            pyplot.ion()
            with house():
                self._window = pyplot.figure(figsize=SIZE_IN)
            self.figure: Figure = self._window
        else:
            with house():
                self.figure = Figure(figsize=SIZE_IN, dpi=_DPI)
            FigureCanvasAgg(self.figure)

    def compose(self, twin: Any) -> None:
        """Draw the world as it is now onto :attr:`figure`."""
        figure = self.figure
        if not kept(figure):
            figure.clear()
        with house():
            self._draw(figure, twin)
        title = figure.get_suptitle()
        if self._headline:
            title = f"{self._headline}   {title}".rstrip()
        figure.suptitle(title, x=0.01, ha="left", fontsize="medium")
        axes = figure.axes
        if self._frame >= self._next_layout or len(axes) != len(self._places):
            self._lay_out()
        for panel, place in zip(axes, self._places, strict=True):
            panel.set_position(place)
        self._frame += 1

    def _lay_out(self) -> None:
        """Find where all panels fit, and keep the places."""
        figure = self.figure
        for panel in figure.axes:
            panel.set_in_layout(True)  # matplotlib leaves out what has been placed by hand
        figure.set_layout_engine("constrained")
        figure.draw_without_rendering()
        self._places = [panel.get_position() for panel in figure.axes]
        figure.set_layout_engine("none")
        self._next_layout = 2 * self._frame + 1

    def show(self, twin: Any) -> npt.NDArray[np.uint8] | None:
        """The world now, shape (height, width, 3); None where a window shows it."""
        self.compose(twin)
        self.figure.canvas.draw()
        if self._window is not None:
            self._window.canvas.flush_events()
            return None
        canvas: Any = self.figure.canvas  # buffer_rgba has no types
        return np.asarray(canvas.buffer_rgba(), dtype=np.uint8)[..., :3].copy()

    def close(self) -> None:
        """Close the window, if there is one."""
        if self._window is not None:
            from matplotlib import pyplot

            pyplot.close(self._window)
            self._window = None
