"""Contests in worlds that differ in their seed alone: what is reached over all of these."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from edgesim.agents.comparing.aggregates import BESIDE, beside, hierarchical_interval
from edgesim.agents.comparing.contests import Contest, Contestant, labels
from edgesim.agents.comparing.profiles import profiles
from edgesim.agents.comparing.scores import filled

__all__ = ["over_worlds"]

_SEED = "world_seed"
_NOTHING: Mapping[str, float | None] = dict.fromkeys(BESIDE)

Tables = list[npt.NDArray[np.float64]]
"""Scores in each world, shape (runs, episodes) each."""


class _Entrant(NamedTuple):
    """An agent or a policy that is in all contests of a group."""

    name: str
    kind: str
    seats: list[Contestant]  # one a world
    values: Tables

    @property
    def score(self) -> float:
        """Its mean over worlds, each of which counts the same."""
        return _mean(self.values)


def over_worlds(contests: Sequence[Contest]) -> list[dict[str, Any]]:
    """What agents and policies reach over worlds that differ in ``world_seed`` alone.

    Returns:
        one mapping a group of at least two such contests: ``scenario``, the seeds of its worlds
        (``seeds``), ``metric``, ``better``, the policy that is best over all of them (``best``;
        None: there is none), ``rows`` and ``per_world``. A row is an agent (of the same settings
        in all worlds) or a policy that is in all contests, best first: its ``score`` over worlds
        with its interval; its paired difference to the best policy (``minus_best``) with its own,
        and in how many worlds the interval of that is on the better side of 0 (``ahead``) or on
        the worse (``behind``); ``beats_best``, the probability that a run scores better than that
        policy, averaged over worlds. ``per_world`` has the same for each world alone, ``profiles``
        how near each is to the best how often (:func:`edgesim.agents.comparing.profiles.profiles`).
        Missing
        scores count what they do in the contests, and where a world has none at all the worst of
        all worlds.
    """
    groups: dict[str, list[Contest]] = {}
    for contest in contests:
        groups.setdefault(_text(_unseeded(contest.keys)), []).append(contest)
    several = [group for group in groups.values() if len(group) > 1]
    names = labels([_unseeded(group[0].keys) for group in several])
    found = [_group(name, group) for name, group in zip(names, several, strict=True)]
    return [group for group in found if group["rows"]]


def _unseeded(keys: Mapping[str, Any]) -> dict[str, Any]:
    """A scenario without the seed of its world, which each part of a shared one has too."""
    return {
        key: _unseeded(value) if isinstance(value, Mapping) else value
        for key, value in keys.items()
        if key != _SEED
    }


def _text(values: Mapping[str, Any]) -> str:
    return json.dumps(values, sort_keys=True)


def _group(name: str, contests: Sequence[Contest]) -> dict[str, Any]:
    contests = sorted(contests, key=lambda contest: int(contest.keys[_SEED]))
    score = contests[0].score
    entrants = sorted(_entrants(contests), key=lambda entrant: -score.sign * entrant.score)
    best = next((entrant for entrant in entrants if entrant.kind == "policy"), None)
    rows, per_world = [], []
    for entrant in entrants:
        alone = [_in_world(contest, entrant, k, best) for k, contest in enumerate(contests)]
        rows.append(_over(entrant, best, alone, score.sign))
        per_world += alone
    return {
        "scenario": name,
        "seeds": [int(contest.keys[_SEED]) for contest in contests],
        "metric": score.metric,
        "better": score.better,
        "best": None if best is None else best.name,
        "rows": rows,
        "per_world": per_world,
        "profiles": profiles(
            {it.name: [table.mean() for table in it.values] for it in entrants}, score.sign
        )
        if entrants
        else [],
    }


def _entrants(contests: Sequence[Contest]) -> list[_Entrant]:
    """Who is in all contests, bounds left out; nobody where no world has a score."""
    seats: dict[tuple[str, str], list[Contestant]] = {}
    for contest in contests:
        for contestant in contest.contestants:
            agent = contestant.kind == "agent"
            identity = _text(contestant.settings) if agent else contestant.name
            if contestant.kind != "bound":
                seats.setdefault((contestant.kind, identity), []).append(contestant)
    everywhere = [own for own in seats.values() if len(own) == len(contests)]
    agents = [own for own in everywhere if own[0].kind == "agent"]
    others = [own for own in everywhere if own[0].kind != "agent"]
    names = labels([own[0].settings for own in agents], key="agent.name")
    names += [own[0].name for own in others]
    score = contests[0].score
    values = iter(filled(score, [seat.values for own in [*agents, *others] for seat in own]))
    found = [
        _Entrant(name, own[0].kind, own, [next(values) for _ in own])
        for name, own in zip(names, [*agents, *others], strict=True)
    ]
    return [] if any(np.isnan(entrant.score) for entrant in found) else found


def _in_world(
    contest: Contest, entrant: _Entrant, place: int, best: _Entrant | None
) -> dict[str, Any]:
    """An entrant's figures in one world, flat."""
    seat, values = entrant.seats[place], entrant.values[place]
    found = _NOTHING
    if best is not None and best is not entrant:
        found = beside(values, best.values[place], contest.score.sign)
    return {
        "contest": contest.label,
        _SEED: int(contest.keys[_SEED]),
        "name": entrant.name,
        "kind": entrant.kind,
        "runs": len(seat.seeds),
        "episodes": len(contest.episodes),
        "score": float(values.mean()),
        "missing": int(np.isnan(seat.metrics[contest.score.metric]).sum()),
        **found,
    }


def _over(
    entrant: _Entrant, best: _Entrant | None, worlds: Sequence[Mapping[str, Any]], sign: int
) -> dict[str, Any]:
    """An entrant's figures over all worlds, from its values and its rows in each of them."""
    low, high = hierarchical_interval(entrant.values)
    row = {
        "name": entrant.name,
        "kind": entrant.kind,
        "runs": sum(world["runs"] for world in worlds),
        "score": entrant.score,
        "score_low": low,
        "score_high": high,
        "missing": sum(world["missing"] for world in worlds),
        **_NOTHING,
        "ahead": None,
        "behind": None,
    }
    if best is None or best is entrant:
        return row
    differences = [own - theirs for own, theirs in zip(entrant.values, best.values, strict=True)]
    low, high = hierarchical_interval(differences)
    # A single difference tells nothing of the spread, and is no claim.
    claims = [
        sorted((sign * world["minus_best_low"], sign * world["minus_best_high"]))
        for world, difference in zip(worlds, differences, strict=True)
        if difference.size > 1
    ]
    return {
        **row,
        "minus_best": _mean(differences),
        "minus_best_low": low,
        "minus_best_high": high,
        "beats_best": float(np.mean([world["beats_best"] for world in worlds])),
        "ahead": sum(worse > 0 for worse, _ in claims),
        "behind": sum(better < 0 for _, better in claims),
    }


def _mean(tables: Tables) -> float:
    return float(np.mean([table.mean() for table in tables]))
