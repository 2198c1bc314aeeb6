"""The gallery of reproduced figures: a hook of MkDocs, and what fills its folder.

``python docs/gallery.py <reproduction>`` takes the figures of a folder that ``edgesim reproduce``
made into ``docs/gallery``, smaller, with the times that their reports give.
"""

import json
import re
import sys
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from edgesim.config.compose import compose
from edgesim.importing import load
from edgesim.reproduction.budget import BUDGETS, Budget, Training
from edgesim.reproduction.figures import FIGURES, Figure

__all__ = ["gallery", "on_page_markdown", "take", "trainings"]

FOLDER = Path(__file__).parent / "gallery"
COSTS = FOLDER / "costs.json"
_WIDTH, _COLOURS = 1000, 64  # pixels, and colours: a figure has few


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Put the gallery where a page asks for it."""
    return markdown.replace("<!-- gallery -->", gallery())


def gallery() -> str:
    """All figures that ``edgesim reproduce`` draws: a picture where there is one, and the cost."""
    lines = ['<div class="gallery" markdown="0">']
    costs = json.loads(COSTS.read_text(encoding="utf-8"))
    pictured = sorted(FIGURES.values(), key=lambda figure: figure.name not in costs)
    for figure in pictured:
        name, title = figure.name, escape(figure.title)
        lines.append(f'<figure id="{name}">')
        if name in costs:
            place = f"gallery/{name}.png"
            picture = f'<img src="{place}" alt="{title}" loading="lazy">'
            lines.append(f'<a href="{place}">{picture}</a>')
        words = f"<strong><code>{name}</code></strong> {title}. {_cost(figure, costs.get(name))}"
        lines += [f"<figcaption>{words}</figcaption>", "</figure>"]
    return "\n".join([*lines, "</div>"])


def _cost(figure: Figure, measured: dict[str, Any] | None) -> str:
    """What a figure takes: trainings by budget, and seconds where they were measured."""
    parts = []
    for budget in BUDGETS.values():
        runs, decisions = trainings(figure, budget)
        if runs:
            parts.append(f"{budget.name}: {runs} trainings, {decisions / 1e6:.2g} M decisions")
    told = "; ".join(parts) or "nothing is trained"
    if measured is None:
        return f"<br><small>{told}</small>"
    seconds = f"{measured['cpu_s']:,.0f} s of CPU time with budget={measured['budget']}"
    return f"<br><small>{told}; {seconds}</small>"


def trainings(figure: Figure, budget: Budget) -> tuple[int, int]:
    """Runs that a figure needs trained in a budget, and the decisions that they learn from."""
    wanted = [it for it in load(f"{figure.recipe}:TRAININGS") if budget.takes(it)]
    decisions = sum(max(round(_decisions(it) * budget.steps), 1) for it in wanted)
    return len(wanted) * budget.seeds, decisions * budget.seeds


@cache
def _decisions(training: Training) -> int:
    line = [f"scenario={training.scenario}", f"agent={training.agent}", *training.overrides]
    whole: int = compose("train", line).agent.total_steps
    return whole


def take(reproduction: Path) -> list[str]:
    """Take the figures of a reproduction into the gallery; returns their names."""
    from PIL import Image

    FOLDER.mkdir(exist_ok=True)
    costs = json.loads(COSTS.read_text(encoding="utf-8")) if COSTS.exists() else {}
    taken = []
    for name in FIGURES:
        folder = reproduction / name
        if not (folder / "figure.png").exists() or not (folder / "README.md").exists():
            continue
        report = (folder / "README.md").read_text(encoding="utf-8")
        times = re.findall(r"([\d,.]+) s of CPU\s+time", report)
        budget = re.search(r"budget=(\w+)", report)
        assert times and budget is not None
        costs[name] = {
            "budget": budget[1],
            "cpu_s": round(sum(float(it.replace(",", "")) for it in times), 1),
        }
        with Image.open(folder / "figure.png") as picture:
            height = round(picture.height * _WIDTH / picture.width)
            small = picture.convert("RGB").resize((_WIDTH, height), Image.Resampling.LANCZOS)
            flat = small.quantize(_COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
            flat.save(FOLDER / f"{name}.png", optimize=True)
        taken.append(name)
    ordered = {name: costs[name] for name in FIGURES if name in costs}
    COSTS.write_text(json.dumps(ordered, indent=2) + "\n", encoding="utf-8")
    return taken


if __name__ == "__main__":
    print("\n".join(take(Path(sys.argv[1]))))
