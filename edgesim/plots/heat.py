"""What runs where over an episode: a row a place, darker the fuller it is."""

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

__all__ = ["draw_heat"]

MARKS = (10.0, 25.0, 50.0, 100.0)
"""Where the scale of colours may end, %: a network that is hardly used is not all white."""

FloatArray = npt.NDArray[np.float64]


def draw_heat(
    drawn: Figure,
    axes: Axes,
    load: FloatArray,
    end: float,
    capacities: FloatArray | None,
    unit: str,
) -> None:
    """Draw loads as shares of what each place holds, or as they are where that is not known.

    Args:
        drawn: the figure, for the bar of colours.
        axes: where to.
        load: of each place at equal steps of time, shape (places, times).
        end: time of the last column, in the unit of the time axis.
        capacities: what each place holds, in the unit of ``load``, shape (places,); None: unknown.
        unit: what ``load`` is in, for the bar where capacities are unknown.
    """
    known = capacities is not None and len(capacities) == len(load)
    if known:
        assert capacities is not None
        shown = 100.0 * load / np.where(capacities > 0, capacities, np.inf)[:, None]
    else:
        shown = load
    most = float(shown.max(initial=0.0))
    top = next((mark for mark in MARKS if mark >= most), MARKS[-1]) if known else max(most, 1e-9)
    image = axes.imshow(
        shown,
        aspect="auto",
        interpolation="nearest",
        cmap="Blues",
        vmin=0.0,
        vmax=top,
        extent=(0.0, end, len(load) - 0.5, -0.5),
    )
    beyond = "max" if known and most > top else "neither"
    drawn.colorbar(
        image, ax=axes, label="utilisation, %" if known else unit, pad=0.01, extend=beyond
    )
    axes.set_yticks(range(0, len(load), max(1, -(-len(load) // 10))))
