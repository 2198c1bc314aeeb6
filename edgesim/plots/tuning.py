"""A search over an agent's keys: the scores of its trials, and each key against them."""

import json
from pathlib import Path
from typing import Any

from edgesim.plots.style import ACCENT, GREY, INK, figure, save

__all__ = ["draw"]


def draw(folder: Path) -> Path:
    """Draw ``tuning.png`` of a study's folder from its ``tuning.json``.

    The first panel has the score of each trial in their order and the best so far, with the agent
    as it is as a line; then follows a panel for each key that was searched.
    """
    content: dict[str, Any] = json.loads((folder / "tuning.json").read_text(encoding="utf-8"))
    metric, less = content["score"]["metric"], content["score"]["better"] == "lower"
    done = [row for row in content["trials"] if row["state"] == "done"]
    base = next((row["score"] for row in done if row["base"]), None)
    scores = [row["score"] for row in done]
    keys = list(done[0]["keys"])
    with figure(3.4 * (1 + len(keys)), 3.6) as drawn:
        panels = drawn.subplots(1, 1 + len(keys), sharey=True, squeeze=False)[0]
        best = [min(scores[: k + 1]) if less else max(scores[: k + 1]) for k in range(len(scores))]
        panels[0].plot([row["number"] for row in done], scores, "o", color=GREY, markersize=4)
        panels[0].plot([row["number"] for row in done], best, color=ACCENT, linewidth=2)
        panels[0].set_xlabel("trial; line: the best so far")
        panels[0].set_ylabel(f"{metric}, best of a training")
        for panel, key in zip(panels[1:], keys, strict=True):
            values = [row["keys"][key] for row in done]
            numbers = all(isinstance(it, int | float) and not isinstance(it, bool) for it in values)
            panel.plot(
                values if numbers else [str(it) for it in values],
                scores,
                "o",
                color=ACCENT,
                markersize=4,
            )
            if numbers and min(values) > 0 and max(values) / min(values) > 20:
                panel.set_xscale("log")
            panel.set_xlabel(key.rpartition(".")[2])
        panels[0].set_ylim(*_limits([*scores, *([] if base is None else [base])], less=less))
        if base is not None:
            for panel in panels:
                panel.axhline(base, color=INK, linewidth=1, linestyle="--")
        as_it_is = "" if base is None else "; dashed: the agent as it is"
        drawn.suptitle(f"{content['agent']} tuned in {content['scenario']}{as_it_is}", fontsize=11)
        return save(drawn, folder / "tuning.png")


def _limits(scores: list[float], *, less: bool) -> tuple[float, float]:
    """Limits of the score: the better half as a third of the height, the far ends left out."""
    ordered = sorted(scores, reverse=less)
    best, middle = ordered[-1], ordered[len(ordered) // 2]
    far = best - 3 * (best - middle) or best - 1.0
    worst = ordered[0] if abs(best - ordered[0]) < abs(best - far) else far
    room = 0.05 * (abs(best - worst) or 1.0)
    return min(best, worst) - room, max(best, worst) + room
