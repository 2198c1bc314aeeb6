"""``edgesim whatif``: the same episodes with and without a change, or with each single failure."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import Any

from edgesim.agents.finding import find_policy
from edgesim.agents.runs.measured import Measured
from edgesim.agents.runs.seeds import held_out_seeds
from edgesim.agents.whatif.answer import Answer, write
from edgesim.agents.whatif.changes import Case, changed, failing, started
from edgesim.agents.whatif.pairs import play
from edgesim.agents.whatif.places import places_of
from edgesim.config.whatif import WhatIfConfig
from edgesim.envs.making import make_envs
from edgesim.errors import InputError
from edgesim.importing import load
from edgesim.problems import PROBLEMS

__all__ = ["answered", "whatif"]

_SUBJECTS = {
    "links": "link",
    "nodes": "node",
    "sites": "node",
    "hosts": "host",
    "providers": "provider",
}


def whatif(config: WhatIfConfig) -> dict[str, Any]:
    """Answer what would be otherwise; print the table, write it and its picture.

    The episodes are the same in all cases, so that differences are paired: means of differences
    with their intervals. ``out`` gets ``whatif.json``, ``whatif.csv``, ``episodes.parquet`` (a row
    an episode and case), ``whatif.png``, and ``config.yaml`` and ``provenance.json``, see
    :mod:`edgesim.agents.runs.measured`; with changes also ``elements.csv``, a row a link, slice,
    provider and so on.

    Returns:
        what ``whatif.json`` holds, see :meth:`edgesim.agents.whatif.answer.Answer.content`.

    Raises:
        InputError: nothing is asked, a change cannot be made, or the folder holds something else.
    """
    base, cases = _asked(config)
    measured = Measured(
        "whatif",
        base.scenario,
        {
            "policies": [base.policy],
            "changes": config.changes,
            "each": config.kinds,
            "at_s": config.at_s,
            "until_s": config.until_s,
            "episodes": config.episodes,
            "seed": config.seed,
        },
    )
    folder = Path(config.out or _place(measured))
    with measured.at(folder):
        answer = _answer(config, base, cases)
        write(folder, answer)
        measured.finish(folder)
    picture = load("edgesim.plots.whatif:draw")(folder)
    load("edgesim.agents.whatif.table:print_answer")(answer)
    print(f"written to {folder}; picture in {picture}")
    return answer.content()


def answered(config: WhatIfConfig) -> Answer:
    """The answer alone: nothing is printed or written. See :func:`whatif`."""
    return _answer(config, *_asked(config))


def _world(scenario: Any) -> Any:
    """The world that the environments of a scenario have; None where they have none."""
    (env,) = make_envs(scenario, 1)
    world: Any = getattr(env.unwrapped, "world", None)
    env.close()
    return world


def _asked(config: WhatIfConfig) -> tuple[Case, list[Case]]:
    """The base and what is beside it, all checked before the first episode."""
    if bool(config.changes) == bool(config.kinds):
        accepted = "state either changes (change='scenario.<key>=...') or each=links"
        raise InputError("change", config.change, accepted)
    base = started(config)
    find_policy(base.scenario, base.policy)
    cases = (
        [changed(config, base, change) for change in config.changes]
        if config.changes
        else _failures(config, base)
    )
    for case in cases if config.changes else ():
        # What is wrong is said before the first episode.
        find_policy(case.scenario, case.policy)
        for env in make_envs(case.scenario, 1) if PROBLEMS[case.scenario.problem].env else ():
            env.close()
    return base, cases


def _answer(config: WhatIfConfig, base: Case, cases: list[Case]) -> Answer:
    """Play all cases, one after the other."""
    seeds = held_out_seeds(config.seed, config.episodes)
    looks = bool(config.changes)
    with _bar((1 + len(cases)) * len(seeds)) as tell:

        def told(case: Case, number: int) -> Callable[[int], None] | None:
            if tell is None:
                return None
            return lambda done: tell(case.label, number * len(seeds) + done)

        before = play(base, seeds, config.seed, looks=looks, progress=told(base, 0))
        places = None if looks else places_of(_world(base.scenario))
        answer = Answer(before, single=not looks, places=places)
        for number, case in enumerate(cases, start=1):
            after = play(case, seeds, config.seed, looks=looks, progress=told(case, number))
            answer.add(after)
    return answer


def _failures(config: WhatIfConfig, base: Case) -> list[Case]:
    """A case for every thing that can fail.

    Raises:
        InputError: the scenario has none of them, or plays no events.
    """
    world = _world(base.scenario)
    there = dict(getattr(world, "elements", {}))
    times = {"at_s": config.at_s}
    if config.until_s is not None:
        times["until_s"] = config.until_s
    cases = []
    for kind in config.kinds:
        subject = _SUBJECTS[kind]
        if subject not in there:
            known = [name for name, one in _SUBJECTS.items() if one in there]
            accepted = f"accepted here: {', '.join(known)}" if known else "nothing fails here"
            raise InputError("each", kind, accepted)
        names = there[subject]
        wanted: set[str] = set(names)
        if subject == "host":  # nodes without machines cannot lose any
            wanted &= set(getattr(world, "hosts", None) or names)
        several = len(config.kinds) > 1
        cases += [
            failing(base, subject, number, f"{subject} {name}" if several else name, times)
            for number, name in enumerate(names)
            if name in wanted
        ]
    return cases


def _place(measured: Measured) -> str:
    """The folder where none is named: a question of its own has one of its own."""
    content = measured.content()
    text = json.dumps([content[key] for key in content if key != "scenario"], default=str)
    return f"whatif/{measured.scenario.name}-{blake2b(text.encode(), digest_size=4).hexdigest()}"


@contextmanager
def _bar(total: int) -> Iterator[Callable[[str, int], None] | None]:
    """A progress bar over all episodes, at a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("episodes"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as shown:
        line = shown.add_task("", total=total)
        yield lambda label, done: shown.update(line, description=label, completed=done)
