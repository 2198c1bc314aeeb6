"""Policies on random worlds of a problem: a table a world, and one over all of them."""

import csv
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgesim.agents.comparing.aggregates import hierarchical_interval
from edgesim.agents.comparing.profiles import NEAR, profiles, shortfalls, within, write_profiles
from edgesim.agents.comparing.scores import filled
from edgesim.agents.comparing.statistics import ci95
from edgesim.agents.finding import find_policy, score_of
from edgesim.agents.measuring.evaluation import PolicyProgress, compare
from edgesim.agents.runs.seeds import held_out_seeds
from edgesim.files import replacing
from edgesim.scenarios import resolve
from edgesim.scenarios.worlds import random_worlds
from edgesim.tables import console, show_table
from edgesim.version import version

__all__ = ["OverWorlds", "compare_over_worlds"]


@dataclass
class OverWorlds:
    """What policies reached on the same episodes of the same worlds.

    Attributes:
        scenario: name of the scenario that the worlds are drawn around.
        worlds: what makes each of them, keys of the preset.
        scores: by policy, the score of every episode, shape (worlds, episodes).
        metric: which metric that is.
        sign: 1 where more of it is better, -1 where less.
    """

    scenario: str
    worlds: list[dict[str, Any]]
    scores: dict[str, npt.NDArray[np.float64]]
    metric: str
    sign: int

    def rows(self) -> list[dict[str, Any]]:
        """A row a policy, best first: its mean over worlds with its interval, and beside each.

        ``minus``: to every other policy the paired difference over all worlds with its interval,
        and the worlds in which the interval of the difference lies on either side of 0. ``within``:
        in which share of the worlds it is behind the best of them by at most so much.
        """
        found = []
        behind = shortfalls(self._means(), self.sign)
        for name, own in self.scores.items():
            low, high = hierarchical_interval(own[:, None, :])
            minus = {
                other: self._beside(own - theirs)
                for other, theirs in self.scores.items()
                if other != name
            }
            mean = float(own.mean())
            near = {f"{share:g}": within(behind[name], share) for share in NEAR}
            found.append(
                {
                    "policy": name,
                    "mean": mean,
                    "low": low,
                    "high": high,
                    "minus": minus,
                    "within": near,
                }
            )
        return sorted(found, key=lambda row: -self.sign * row["mean"])

    def _means(self) -> dict[str, npt.NDArray[np.float64]]:
        """Mean score of each policy in each world, shape (worlds,)."""
        return {name: own.mean(axis=1) for name, own in self.scores.items()}

    def _beside(self, difference: npt.NDArray[np.float64]) -> dict[str, Any]:
        low, high = hierarchical_interval(difference[:, None, :])
        ends = np.array([ci95(world) for world in self.sign * difference])
        if difference.shape[1] < 2:  # a single episode is no claim
            ends = np.zeros_like(ends)
        return {
            "mean": float(difference.mean()),
            "low": low,
            "high": high,
            "ahead": int((ends[:, 0] > 0).sum()),
            "behind": int((ends[:, 1] < 0).sum()),
        }

    def print(self) -> None:
        """Print a row a policy, and the best beside the others."""
        rows = self.rows()
        best = rows[0]["policy"]
        count, episodes = next(iter(self.scores.values())).shape
        headings = (
            "policy",
            self.metric,
            "95 % interval",
            f"minus {best}",
            "ahead",
            "behind",
            *(f"in {share:.0%}" for share in NEAR),
        )
        lines = []
        for row in rows:
            cells = [
                row["policy"],
                f"{row['mean']:,.4g}",
                f"[{row['low']:,.4g}, {row['high']:,.4g}]",
            ]
            if row["policy"] != best:
                own = row["minus"][best]
                cells.append(f"{own['mean']:+,.3g} [{own['low']:+,.3g}, {own['high']:+,.3g}]")
                cells += [str(own["ahead"]), str(own["behind"])]
            cells += [""] * (len(headings) - len(NEAR) - len(cells))
            lines.append([*cells, *(f"{share:.0%}" for share in row["within"].values())])
        out = console()
        out.print(f"{self.scenario}: {count} held-out worlds, {episodes} episodes in each")
        show_table(out, headings, lines, words=["policy"], spare=["95 % interval"])
        out.print("intervals: bootstrap over worlds, and over the episodes in each")
        out.print(f"ahead, behind: worlds in which the interval of the difference to {best}")
        out.print("excludes 0" + (f"; less {self.metric} is better" if self.sign < 0 else ""))
        out.print("in 1 %, 5 %: worlds in which it is behind the best of all here by at most that")

    def write(self, folder: Path) -> None:
        """Write ``worlds.json``, ``worlds.csv`` (a row an episode) and performance profiles."""
        folder.mkdir(parents=True, exist_ok=True)
        content = {
            "scenario": self.scenario,
            "edgesim": version(),
            "metric": self.metric,
            "better": "higher" if self.sign > 0 else "lower",
            "worlds": self.worlds,
            "policies": self.rows(),
        }
        with replacing(folder / "worlds.json") as part:
            part.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
        with (
            replacing(folder / "worlds.csv") as part,
            part.open("w", newline="", encoding="utf-8") as file,
        ):
            writer = csv.writer(file)
            writer.writerow(("policy", "world", "episode", self.metric))
            for name, scores in self.scores.items():
                for (world, episode), score in np.ndenumerate(scores):
                    writer.writerow((name, world, episode, float(score)))
        write_profiles(folder, [(self.scenario, profiles(self._means(), self.sign))])


def compare_over_worlds(
    scenario: Any,
    policies: Sequence[str],
    worlds: int,
    episodes: int,
    seed: int = 0,
    *,
    progress: PolicyProgress | None = None,
) -> OverWorlds:
    """Measure policies on the same held-out episodes of the same held-out worlds.

    Args:
        scenario: the checked dataclass that the worlds are drawn around; its problem says how.
        policies: as of :func:`edgesim.agents.finding.find_policy`.
        worlds: how many.
        episodes: in each.
        seed: the evaluation seed, from which worlds and episodes follow.
        progress: called now and then.

    Raises:
        InputError: the problem draws no worlds, or a policy cannot be used in one.
    """
    drawn = random_worlds(scenario, held_out_seeds(seed, worlds))
    made = [resolve(asdict(scenario), keys) for keys in drawn]
    score = score_of(scenario)
    rows: dict[str, list[list[float]]] = {name: [] for name in policies}
    for number, world in enumerate(made):
        found = {name: find_policy(world, name) for name in policies}

        def told(policy: str, done: int, decisions: int, number: int = number) -> None:
            if progress is not None:
                progress(f"world {number + 1} of {worlds}: {policy}", done, decisions)

        done = compare(world, found, episodes, seed, progress=told)
        for name in policies:
            rows[name].append([row[score.metric] for row in done.rows[name]])
    found_scores = filled(score, [np.array(values, dtype=float) for values in rows.values()])
    scores = dict(zip(rows, found_scores, strict=True))
    return OverWorlds(scenario.name, drawn, scores, score.metric, score.sign)
