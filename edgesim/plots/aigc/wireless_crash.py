"""Time line of a crash and its recovery: reads CSV files."""

from pathlib import Path

from edgesim.plots.style import ACCENT, COLOURS, GREY, INK, figure, save_both
from edgesim.plots.tables import read

__all__ = ["draw"]

_CRASH = "#D55E00"


def draw(folder: Path) -> Path:
    """Draw ``figure.png`` and ``figure.svg`` from ``held.csv`` and ``events.csv``."""
    held, events = read(folder, "held"), read(folder, "events")
    number = events[0]["provider"]
    crash = next(row for row in events if row["event"] == "crash")
    begin_s = crash["time_s"]
    restart = next(r for r in events if r["event"] == "restart" and r["time_s"] > begin_s)
    times_s = [row["time_s"] for row in held]
    with figure(9.0, 5.2) as drawn:
        above, below = drawn.subplots(2, 1, sharex=True, height_ratios=(3, 2))
        for axes, name, capacity, colour in (
            (above, "crashed", "capacity", ACCENT),
            (below, "others", "others_capacity", GREY),
        ):
            steps = [row[name] for row in held]
            axes.fill_between(times_s, steps, step="post", color=colour, alpha=0.35, linewidth=0)
            axes.step(times_s, steps, where="post", color=colour, linewidth=1.5)
            axes.axvspan(begin_s, restart["time_s"], color=_CRASH, alpha=0.08, linewidth=0)
            most = held[0][capacity]
            if name == "crashed":
                axes.axhline(most, color=INK, linestyle="--", linewidth=1)
                axes.annotate(
                    "its capacity", (times_s[-1], most), ha="right", va="bottom", fontsize=9
                )
                axes.set_ylim(0, 1.35 * most)
            else:
                axes.set_ylim(0, 1.15 * max(steps))
        last = next(r for r in events if r["event"] == "refuse" and r["time_s"] == begin_s)
        for row, text, side in (
            (crash, f"crash: {last['value']:.0f} steps\n more do not fit", "left"),
            (restart, "restart", "left"),
        ):
            above.axvline(row["time_s"], color=_CRASH, linewidth=1.2)
            above.annotate(
                f" {text} ",
                (row["time_s"], 0.99),
                xycoords=("data", "axes fraction"),
                ha=side,
                va="top",
                color=_CRASH,
            )
        for event, colour, height in (("lose", COLOURS[5], 0.72), ("refuse", COLOURS[2], 0.62)):
            at = [row["time_s"] for row in events if row["event"] == event]
            text = {"lose": "lost", "refuse": "refused"}[event]
            mark = {"lose": "x", "refuse": "v"}[event]
            above.plot(
                at,
                [height] * len(at),
                mark,
                color=colour,
                markersize=8,
                transform=above.get_xaxis_transform(),
                label=f"{text} there ({len(at)})",
            )
        above.legend(loc="upper left", bbox_to_anchor=(0, 1.14), ncols=2, frameon=False)
        above.set_ylabel(f"steps that run at\nprovider {number:.0f}")
        below.set_ylabel("steps that run at\nall other providers")
        below.set_xlabel("time in the episode, s")
        below.set_xlim(times_s[0], times_s[-1])
        return save_both(drawn, folder)
