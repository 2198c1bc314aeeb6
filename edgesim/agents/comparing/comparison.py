"""``edgesim compare``: any set of run folders in one table and one figure."""

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgesim.agents.comparing.aggregates import (
    interquartile_mean,
    interval,
    normalised,
    probability_of_improvement,
    stratified_interval,
)
from edgesim.agents.comparing.scores import filled
from edgesim.agents.runs import runfolder
from edgesim.config.config import CompareConfig
from edgesim.errors import InputError
from edgesim.files import replacing
from edgesim.problems import PROBLEMS, Score
from edgesim.version import version

__all__ = [
    "Contest",
    "Contestant",
    "compare_runs",
    "contests_of",
    "gather",
    "overall",
    "summary",
    "write",
]

_NOT_A_METRIC = ("policy", "seed")

Table = Mapping[int, Mapping[str, Any]]
"""The rows of a policy, by episode seed."""


@dataclass
class Contestant:
    """A policy, a bound, or the runs of one agent, in one contest.

    Attributes:
        name: the policy, or the agent with the keys in which its variants differ.
        kind: ``"agent"``, ``"policy"`` or ``"bound"``.
        seeds: training seeds, empty where nothing is trained by us.
        metrics: for each episode metric an array of shape (runs, episodes), NaN where missing.
        values: the score of each episode, missing ones filled in, shape (runs, episodes).
    """

    name: str
    kind: str
    seeds: list[int]
    metrics: dict[str, npt.NDArray[np.float64]]
    values: npt.NDArray[np.float64]

    @property
    def scores(self) -> npt.NDArray[np.float64]:
        """The mean score of each run, shape (runs,)."""
        return np.asarray(self.values.mean(axis=1))


@dataclass
class Contest:
    """Contestants on the same held-out episodes of one scenario.

    Attributes:
        label: the scenario, with the keys in which several of its name differ.
        episodes: their seeds.
        score: which metric counts.
        contestants: best first, the bound above all.
    """

    label: str
    scenario: str
    episodes: list[int]
    score: Score
    contestants: list[Contestant] = field(default_factory=list)

    def of(self, kind: str) -> list[Contestant]:
        """Its agents, policies or bounds, best first."""
        return [contestant for contestant in self.contestants if contestant.kind == kind]

    def normalised(self, contestant: Contestant) -> npt.NDArray[np.float64] | None:
        """Scores between the random policy (0) and the bound (1), shape (runs,).

        None where the folders hold no bound or no random policy.
        """
        ends = {c.name: float(c.scores.mean()) for c in self.contestants if c.kind != "agent"}
        if "bound" not in ends or "random" not in ends:
            return None
        sign = self.score.sign
        return normalised(sign * contestant.scores, sign * ends["random"], sign * ends["bound"])

    def fill(self) -> None:
        """Fill in the missing scores of all contestants, and rank these."""
        filled_in = filled(self.score, [c.metrics[self.score.metric] for c in self.contestants])
        for contestant, values in zip(self.contestants, filled_in, strict=True):
            contestant.values = values
        sign = self.score.sign
        self.contestants.sort(key=lambda c: (c.kind != "bound", -sign * float(c.scores.mean())))


def compare_runs(config: CompareConfig) -> dict[str, Any]:
    """``edgesim compare``: gather run folders, print their table, write it and its figure.

    Folders that are no complete runs are named and left out. ``out`` gets ``comparison.json``,
    ``comparison.csv`` and ``comparison.png``.

    Returns:
        what ``comparison.json`` holds, see :func:`summary`.

    Raises:
        InputError: there is no complete run, or runs of one scenario have no episode in common.
    """
    from edgesim.agents.comparing.table import print_comparison
    from edgesim.plots.comparison import draw

    complete, left_out = gather(config.paths)
    content = summary(contests_of(complete), left_out)
    print_comparison(content)
    if config.out is not None:
        folder = Path(config.out)
        write(folder, content)
        draw(folder)
        print(f"written to {folder}")
    return content


def gather(paths: Sequence[str]) -> tuple[list[Path], dict[str, str]]:
    """The complete run folders at or below the given ones, and those left out with the reason.

    Raises:
        InputError: a folder does not exist, or there is no complete run in any.
    """
    complete: list[Path] = []
    left_out: dict[str, str] = {}
    for path in paths:
        if not Path(path).is_dir():
            raise InputError("runs", path, "there is no such folder")
        for folder in _run_folders(Path(path)):
            lacking = runfolder.missing(folder)
            if lacking:
                left_out[str(folder)] = f"is not complete, it lacks {', '.join(lacking)}"
            elif folder not in complete:
                complete.append(folder)
    if not complete:
        found = "".join(f"; {folder} {reason}" for folder, reason in [*left_out.items()][:1])
        raise InputError("runs", ", ".join(paths), f"there is no complete run folder in it{found}")
    return complete, left_out


def _run_folders(path: Path) -> Iterator[Path]:
    for file in sorted(path.rglob("config.yaml")):
        if not any(part.startswith(".") for part in file.relative_to(path).parts):
            yield file.parent


def contests_of(folders: Sequence[Path]) -> list[Contest]:
    """The contests that complete run folders make up: one a scenario, equal in every key."""
    runs = [_Run(folder) for folder in folders]
    by_scenario: dict[str, list[_Run]] = {}
    for run in runs:
        by_scenario.setdefault(json.dumps(run.scenario, sort_keys=True), []).append(run)
    labels = _labels([group[0].scenario for group in by_scenario.values()])
    return [
        _contest(label, group) for label, group in zip(labels, by_scenario.values(), strict=True)
    ]


class _Run:
    """What a comparison reads of one run folder."""

    def __init__(self, folder: Path) -> None:
        import pyarrow.parquet as pq

        self.folder = folder
        config = runfolder.read_config(folder)
        self.settings = runfolder.learned_from(config)
        self.scenario = self.settings.pop("scenario")
        self.seed = config.seed
        self.agent = config.agent.name
        try:
            table = pq.read_table(folder / "episodes.parquet").to_pylist()
            self.rows: dict[str, dict[int, dict[str, float]]] = {}
            for row in table:
                self.rows.setdefault(row["policy"], {})[int(row["seed"])] = row
            self.episodes = set(self.rows[self.agent])
        except (OSError, ValueError, KeyError, TypeError) as error:
            reason = (str(error).splitlines() or [""])[0]
            raise InputError(
                "run folder", str(folder), f"its episodes.parquet cannot be read ({reason})"
            ) from None


def _contest(label: str, runs: Sequence[_Run]) -> Contest:
    episodes = sorted(set.intersection(*(run.episodes for run in runs)))
    if not episodes:
        raise InputError(
            "runs", str(runs[-1].folder), f"has no episode in common with {runs[0].folder}"
        )
    score = PROBLEMS[runs[0].scenario["problem"]].score
    contest = Contest(label, runs[0].scenario["name"], episodes, score)

    def contestant(name: str, kind: str, seeds: list[int], tables: Sequence[Table]) -> Contestant:
        metrics = _metrics(tables, episodes, score.metric)
        return Contestant(name, kind, seeds, metrics, metrics[score.metric])

    variants: dict[str, list[_Run]] = {}
    for run in runs:
        variants.setdefault(json.dumps(run.settings, sort_keys=True), []).append(run)
    names = _labels([group[0].settings for group in variants.values()], key="agent.name")
    agents = {run.agent for run in runs}
    for name, variant in zip(names, variants.values(), strict=True):
        group = sorted({run.seed: run for run in variant}.values(), key=lambda run: run.seed)
        tables = [run.rows[run.agent] for run in group]
        seeds = [run.seed for run in group]
        contest.contestants.append(contestant(name, "agent", seeds, tables))
    others = dict.fromkeys(name for run in runs for name in run.rows if name not in agents)
    for name in others:
        # Baselines are equal in all folders: they depend on the evaluation's seed alone.
        table = next(run.rows[name] for run in runs if name in run.rows)
        kind = "bound" if name == "bound" else "policy"
        if set(episodes) <= set(table):
            contest.contestants.append(contestant(name, kind, [], [table]))
    contest.fill()
    return contest


def _metrics(
    tables: Sequence[Table], episodes: Sequence[int], score: str
) -> dict[str, npt.NDArray[np.float64]]:
    known = [
        key
        for key in tables[0][episodes[0]]
        if key not in _NOT_A_METRIC
        and (
            key == score
            or any(table[seed][key] is not None for table in tables for seed in episodes)
        )
    ]
    return {
        key: np.array([[table[seed][key] for seed in episodes] for table in tables], dtype=float)
        for key in known
    }


def _labels(configurations: Sequence[Mapping[str, Any]], key: str = "name") -> list[str]:
    """Names, each with the keys in which those of its name differ."""
    flats = [runfolder.flat_values(configuration) for configuration in configurations]
    labels = []
    for own in flats:
        alike = [other for other in flats if other[key] == own[key]]
        differing = [
            name
            for name in dict.fromkeys(name for other in alike for name in other)
            if any(other.get(name) != own.get(name) for other in alike)
        ]
        labels.append(
            " ".join([str(own[key]), *(f"{n}={_written(own.get(n))}" for n in differing)])
        )
    return labels


def _written(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def overall(contests: Sequence[Contest]) -> dict[str, dict[str, Any]]:
    """What each agent reaches over all contests, in normalised scores of its runs.

    Only agents that took part in every contest that can be normalised, with at least two runs in
    each. For each: ``iqm`` and ``mean`` with stratified bootstrap intervals, and the probability
    that a run of it beats one of each other such agent.
    """
    usable = [it for it in contests if it.normalised(it.contestants[0]) is not None]
    names = dict.fromkeys(c.name for contest in usable for c in contest.of("agent"))
    scores: dict[str, list[npt.NDArray[np.float64]]] = {}
    for name in names:
        found = [
            values
            for contest in usable
            for c in contest.of("agent")
            if c.name == name and (values := contest.normalised(c)) is not None and len(values) > 1
        ]
        if usable and len(found) == len(usable):
            scores[name] = found
    return {
        name: {
            "iqm": float(interquartile_mean(np.concatenate(own))),
            "iqm_ci95": list(stratified_interval(own)),
            "mean": float(np.mean(np.concatenate(own))),
            "mean_ci95": list(stratified_interval(own, np.mean)),
            "probability_of_improvement": {
                other: probability_of_improvement(own, theirs)
                for other, theirs in scores.items()
                if other != name
            },
        }
        for name, own in scores.items()
    }


def summary(contests: Sequence[Contest], left_out: Mapping[str, str]) -> dict[str, Any]:
    """What ``comparison.json`` holds: a row a contestant, what agents reach over all contests."""
    return {
        "edgesim": version(),
        "rows": [row(contest, c) for contest in contests for c in contest.contestants],
        "overall": overall(contests),
        "left_out": dict(left_out),
    }


def write(folder: Path, content: Mapping[str, Any]) -> None:
    """Write ``comparison.json`` and ``comparison.csv`` (its rows).

    Raises:
        InputError: the folder cannot be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError("out", str(folder), f"must be a folder: {error.strerror}") from None
    with replacing(folder / "comparison.json") as part:
        part.write_text(json.dumps(content, indent=2) + "\n")
    with (
        replacing(folder / "comparison.csv") as part,
        part.open("w", newline="", encoding="utf-8") as file,
    ):
        names = dict.fromkeys(name for it in content["rows"] for name in it)
        writer = csv.DictWriter(file, list(names))
        writer.writeheader()
        writer.writerows(content["rows"])


def row(contest: Contest, contestant: Contestant) -> dict[str, Any]:
    """One contestant's figures, flat.

    Its score with intervals, the mean of each metric over the episodes that have it, and of an
    agent the difference to the best policy on the same episodes (``minus_best``, with its interval)
    and the probability that a run of it beats that policy.
    """
    low, high = interval(contestant.values)
    iqm_low, iqm_high = interval(contestant.values, interquartile_mean)
    scale = contest.normalised(contestant)
    best = contest.of("policy")
    return {
        "contest": contest.label,
        "scenario": contest.scenario,
        "name": contestant.name,
        "kind": contestant.kind,
        "runs": len(contestant.seeds),
        "seeds": " ".join(map(str, contestant.seeds)),
        "episodes": len(contest.episodes),
        "metric": contest.score.metric,
        "better": contest.score.better,
        "score": float(contestant.values.mean()),
        "score_low": low,
        "score_high": high,
        "missing": int(np.isnan(contestant.metrics[contest.score.metric]).sum()),
        "iqm": float(interquartile_mean(contestant.values)),
        "iqm_low": iqm_low,
        "iqm_high": iqm_high,
        "normalised": None if scale is None else float(scale.mean()),
        **_beside(contestant, best[0] if best else None, contest.score.sign),
        **{
            name: float(np.nanmean(values))
            for name, values in contestant.metrics.items()
            if not np.isnan(values).all()
        },
    }


def _beside(contestant: Contestant, best: Contestant | None, sign: int) -> dict[str, float | None]:
    """An agent beside the best policy; None for all others."""
    keys = ("minus_best", "minus_best_low", "minus_best_high", "beats_best")
    if best is None or contestant.kind != "agent":
        return dict.fromkeys(keys)
    difference = contestant.values - best.values  # episode by episode
    low, high = interval(difference)
    share = probability_of_improvement([sign * contestant.scores], [sign * best.scores])
    return dict(zip(keys, (float(difference.mean()), low, high, share), strict=True))
