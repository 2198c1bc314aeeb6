"""Baselines and the bound, worked out once for a scenario and its held-out episodes.

Trainings in one world, as a sweep or a search over hyperparameters makes many, all end with the
same baselines on the same episodes. What they reached is kept under ``<runs>/.baselines``, a file a
policy, under a hash of all that it depends on: the scenario, the files that it names, the episodes,
and edgesim's own code. What other packages bring is worked out each time.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

from edgesim.agents.finding import find_policy
from edgesim.agents.measuring.evaluation import BOUND, Evaluation, PolicyProgress, compare
from edgesim.agents.specs import policies_of
from edgesim.errors import InputError
from edgesim.files import replacing
from edgesim.problems import PROBLEMS

__all__ = ["baselines"]


def baselines(
    scenario: Any,
    names: Sequence[str],
    episodes: int,
    *,
    bound: bool,
    kept: Path,
    progress: PolicyProgress | None = None,
) -> Evaluation:
    """What named policies, and the bound, reach on the held-out episodes of seed 0.

    Args:
        scenario: the checked dataclass.
        names: of baselines, in the order in which they are wanted.
        episodes: how many.
        bound: whether the bound is wanted too; it comes last.
        kept: the folder of the run folders, in which results are kept.
        progress: called now and then while something is worked out.

    Raises:
        InputError: a policy does not suit the scenario, or the folder cannot be written.
    """
    specs = policies_of(scenario.problem)
    own = [name for name in names if not _of_edgesim(scenario, specs[name].build)]
    places = {name: _place(kept, scenario, name, episodes) for name in (*names, BOUND)}
    found = {name: None if name in own else _read(path) for name, path in places.items()}
    wanted = {name: find_policy(scenario, name) for name in names if found[name] is None}
    bounded = bound and found[BOUND] is None
    done = Evaluation(scenario, 0, episodes)
    if wanted or bounded:
        done = compare(scenario, wanted, episodes, bound=bounded, progress=progress)
        for name, rows in done.rows.items():
            if name not in own:
                speed = done.speeds.get(name)
                _write(places[name], {"policy": name, "rows": rows, "speed": speed})
    for name, content in found.items():
        if content is not None:
            done.rows[name] = content["rows"]
            if content["speed"] is not None:
                done.speeds[name] = content["speed"]
    order = [*names, BOUND] if bound else list(names)
    done.rows = {name: done.rows[name] for name in order}
    return done


def _place(kept: Path, scenario: Any, name: str, episodes: int) -> Path:
    stated = asdict(scenario)
    values = {
        "scenario": stated,
        "files": _files(stated),
        "policy": name,
        "episodes": episodes,
        "code": _code(),
    }
    text = json.dumps(values, sort_keys=True, default=str)
    return kept / ".baselines" / f"{blake2b(text.encode(), digest_size=12).hexdigest()}.json"


def _of_edgesim(scenario: Any, build: str) -> bool:
    """Whether a policy and the problem that it decides are edgesim's own."""
    problem = PROBLEMS[scenario.problem]
    return all(it.startswith("edgesim.") for it in (build, problem.env, problem.schema))


def _files(value: Any) -> list[tuple[str, int, int]]:
    """The files that a scenario names, with their sizes and times."""
    if isinstance(value, dict | list):
        parts = value.values() if isinstance(value, dict) else value
        return [file for part in parts for file in _files(part)]
    if not isinstance(value, str) or "." not in value:
        return []
    try:
        about = Path(value).stat()
    except (OSError, ValueError):  # no file, or no name of one
        return []
    return [(value, about.st_size, about.st_mtime_ns)]


@cache
def _code() -> str:
    """A digest of edgesim's source: what an older version reached is not taken for this one's."""
    package = Path(__file__).parents[2]
    digest = blake2b(digest_size=12)
    for path in sorted(package.rglob("*.py")):
        digest.update(str(path.relative_to(package)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _read(path: Path) -> dict[str, Any] | None:
    """What is kept in a file; None where there is none that can be read."""
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return content if content["rows"] and "speed" in content else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write(path: Path, content: dict[str, Any]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError("runs", str(path.parent), f"cannot be made: {error.strerror}") from None
    with replacing(path) as part:
        part.write_text(json.dumps(content), encoding="utf-8")
