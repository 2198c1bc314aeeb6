"""A picture of federated learning at one instant: the last round's devices, and what was sent."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from edgesim.plots.panels import draw_bars, panels
from edgesim.plots.style import ACCENT, COLOURS
from edgesim.twin.federated.workload import FederatedWorkload

__all__ = ["draw_bytes", "draw_now", "draw_round"]

_SHOWN = 40  # rounds whose bytes are shown
_MB = 1e6


def draw_round(axes: Axes, twin: FederatedWorkload, fresh: bool = True) -> None:
    """When each device of the last round was done, s after its beginning."""
    last = twin.ledger.rounds[-1] if twin.ledger.rounds else None
    done = {} if last is None else {k: t - last.begun_s for k, t in last.done.items()}
    rows = {label: at for label, at in done.items() if isinstance(label, int)}
    shown = sorted(rows, key=lambda label: rows[label])[-_SHOWN:]
    draw_bars(axes, range(len(shown)), [rows[label] for label in shown], ACCENT)
    axes.set_yticks(range(len(shown)), [str(label) for label in shown], fontsize=7)
    axes.set_xlim(0, 1.05 * max(rows.values(), default=1.0))
    axes.set_ylim(-0.6, max(len(shown), 1) - 0.4)
    if fresh:
        axes.set(xlabel="done after, s", ylabel="device of the last round")


def draw_bytes(axes: Axes, twin: FederatedWorkload, fresh: bool = True) -> None:
    """MB of the last rounds, over the links of devices and of factories.

    ``fresh``: whether the panel is new, and gets its labels and legend.
    """
    rounds = twin.ledger.rounds[-_SHOWN:]
    numbers = [each.number + 1 for each in rounds]
    edge = [sum(each.edge_bytes) / _MB for each in rounds]
    wan = [sum(each.wan_bytes) / _MB for each in rounds]
    axes.plot(numbers, edge, "-", color=ACCENT, label="links of devices")
    axes.plot(numbers, wan, "--", color=COLOURS[1], label="links of factories")
    first = max(1, (numbers[0] if numbers else 1))
    axes.set_xlim(first - 0.5, first + _SHOWN)
    axes.set_ylim(0, 1.1 * max([*edge, *wan], default=1.0) or 1.0)
    if fresh:
        axes.set(xlabel="round", ylabel="MB")
        axes.plot([], [], "-", color=ACCENT)
        axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2, frameon=False)


def draw_now(figure: Figure, twin: FederatedWorkload) -> None:
    """The whole picture, onto an empty figure or the one of an instant before."""
    (left, right), fresh = panels(figure, 1, 1)
    draw_round(left, twin, fresh)
    draw_bytes(right, twin, fresh)
    figure.suptitle(f"t = {twin.clock.now:,.1f} s, {twin.ledger.over} rounds")
