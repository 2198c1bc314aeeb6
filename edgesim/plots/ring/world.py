"""A ring that serves, now: devices, memory, links, layers, queue."""

from typing import Any

from matplotlib.figure import Figure

from edgesim.plots.style import ACCENT, COLOURS, GREY, MUTED
from edgesim.twin.ring import serving

__all__ = ["draw_now"]


def draw_now(drawn: Figure, twin: Any) -> None:
    """Draw a running workload onto an empty figure."""
    axes = drawn.subplots()
    world, state = twin.world, twin.state
    devices = world.cluster.devices
    system = int(state.ints[serving.SYSTEM])
    for index in range(len(devices)):
        layers = int(world.tables.layers[system, index])
        away, busy = bool(state.away[index]), bool(state.busy[index])
        colour = GREY if away else COLOURS[1] if busy else ACCENT
        axes.barh(index, layers, color=colour, height=0.6)
        word = "away" if away else "memory taken" if busy else "memory free"
        axes.annotate(
            f"{layers} layers, {word}, link {state.link[index]:.2f}",
            (layers, index),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            color=MUTED,
        )
    axes.set_yticks(range(len(devices)), [device.name for device in devices])
    axes.invert_yaxis()
    axes.set_xlim(0, 1.5 * world.model.layers)
    axes.set_xlabel("layers")
    waiting = int(state.ints[serving.TAIL] - state.ints[serving.HEAD])
    axes.set_title(
        f"{state.floats[serving.NOW]:.0f} s: {world.names[system]};"
        f" {int(state.ints[serving.ACTIVE])} served, {waiting} wait"
    )
