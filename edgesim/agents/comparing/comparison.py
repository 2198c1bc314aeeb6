"""``edgesim compare``: trainings, evaluations and policies in one table and one figure."""

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgesim.agents.comparing.aggregates import (
    BESIDE,
    beside,
    interquartile_mean,
    interval,
    probability_of_improvement,
    stratified_interval,
)
from edgesim.agents.comparing.contests import Contest, Contestant, contests_of, differences
from edgesim.agents.comparing.played import lacking
from edgesim.agents.comparing.profiles import write_profiles
from edgesim.agents.comparing.worlds import over_worlds
from edgesim.agents.finding import find_policy
from edgesim.agents.measuring.rollout import Rollout
from edgesim.config.config import CompareConfig
from edgesim.errors import InputError
from edgesim.files import replacing
from edgesim.importing import load
from edgesim.problems import PROBLEMS
from edgesim.scenarios import resolve
from edgesim.version import version

__all__ = [
    "compare_runs",
    "gather",
    "join",
    "overall",
    "summary",
    "write",
]


def compare_runs(config: CompareConfig) -> dict[str, Any]:
    """``edgesim compare``: gather folders of results, print their table, write it and its figure.

    Folders that are not complete are named and left out; policies that are named besides are
    played on the episodes of the others. ``out`` gets ``comparison.json``,
    ``comparison.csv`` and ``comparison.png``, and over worlds ``profiles.csv`` and
    ``profiles.png``.

    Returns:
        what ``comparison.json`` holds, see :func:`summary`.

    Raises:
        InputError: there is no complete run, or runs of one scenario have no episode in common.
    """
    from edgesim.agents.comparing.table import print_comparison
    from edgesim.plots.comparison import draw

    complete, left_out = gather(config.paths)
    contests = contests_of(complete)
    for policy in config.policies:
        join(contests, policy)
    content = summary(contests, left_out)
    print_comparison(content)
    if config.out is not None:
        folder = Path(config.out)
        write(folder, content)
        draw(folder)
        write_profiles(folder, [(it["scenario"], it["profiles"]) for it in content["worlds"]])
        print(f"written to {folder}")
    return content


def gather(paths: Sequence[str]) -> tuple[list[Path], dict[str, str]]:
    """The complete folders at or below the given ones, and those left out with the reason.

    Raises:
        InputError: a folder does not exist, or there is no complete run in any.
    """
    complete: list[Path] = []
    left_out: dict[str, str] = {}
    for path in paths:
        if not Path(path).is_dir():
            raise InputError("runs", path, "there is no such folder")
        for folder in _run_folders(Path(path)):
            reason = lacking(folder)
            if reason:
                left_out[str(folder)] = reason
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


def join(contests: Sequence[Contest], policy: str) -> None:
    """Have a policy play the episodes of every contest.

    Args:
        contests: at least one.
        policy: as of :func:`edgesim.agents.finding.find_policy`.

    Raises:
        InputError: there is no such policy, or none of the scenarios suits it.
    """
    refused: InputError | None = None
    found = False
    for contest in contests:
        scenario = resolve(contest.keys)
        try:
            build = find_policy(scenario, policy)
        except InputError as error:
            refused = error
            continue
        found = True
        if any(one.name == policy for one in contest.contestants):
            continue
        # Policies of an evaluation have its seed for their own dice; the usual one is 0.
        done: Rollout = load(PROBLEMS[scenario.problem].play)(
            scenario, build, contest.episodes, policy_seed=0
        )
        table = {int(row["seed"]): row for row in done.rows}
        contest.add(policy, "policy", [table])
        contest.fill()
    if refused is not None and not found:
        raise refused


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
    """What ``comparison.json`` holds: a row a contestant, what agents reach over all contests.

    And how the scenarios of contests differ, and what is reached over contests that differ in the
    seed of their world alone, see :func:`edgesim.agents.comparing.worlds.over_worlds`.
    """
    return {
        "edgesim": version(),
        "rows": [row(contest, c) for contest in contests for c in contest.contestants],
        "overall": overall(contests),
        "worlds": over_worlds(contests),
        "differences": differences(contests),
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
        part.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
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
        **_beside(contest, contestant, best[0] if best else None),
        **{
            name: float(np.nanmean(values))
            for name, values in contestant.metrics.items()
            if not np.isnan(values).all()
        },
    }


def _beside(
    contest: Contest, contestant: Contestant, best: Contestant | None
) -> dict[str, float | None]:
    """An agent beside the best policy, and where there is no agent, policies; None for others."""
    compared = contestant.kind == ("agent" if contest.of("agent") else "policy")
    if best is None or contestant is best or not compared:
        return dict.fromkeys(BESIDE)
    return {**beside(contestant.values, best.values, contest.score.sign)}
