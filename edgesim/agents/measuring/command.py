"""``edgesim evaluate``: policies measured beside each other, in a scenario or over worlds."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from edgesim.agents.finding import (
    bound_wanted,
    find_policy,
    named_policies,
    scenario_of_command,
)
from edgesim.agents.measuring.evaluation import BOUND, Evaluation, PolicyProgress, compare
from edgesim.agents.measuring.recording import Recorder
from edgesim.agents.measuring.worlds import compare_over_worlds
from edgesim.agents.policies import Build
from edgesim.agents.runs.measured import Measured
from edgesim.config.config import EvaluateConfig
from edgesim.errors import InputError
from edgesim.problems import PROBLEMS

__all__ = ["evaluate"]


def evaluate(config: EvaluateConfig) -> dict[str, Any]:
    """``edgesim evaluate``: measure policies on held-out episodes and print the table.

    Nothing is written unless ``out`` is given, or ``record`` is set, for which it is
    ``evaluations/<scenario>`` by default (and a hash where the scenario is not its preset). The
    folder then gets ``config.yaml`` and ``provenance.json``, see
    :mod:`edgesim.agents.runs.measured`, ``evaluation.json``, ``episodes.parquet`` and, recorded,
    ``events.parquet``: every event of every task, with its policy and episode seed. A bound plays
    no episode and has no events. A folder with other results is not written to.

    Returns:
        what ``evaluation.json`` holds.

    Raises:
        InputError: a policy or the scenario cannot be used, or the folder cannot be written to.
    """
    scenario = scenario_of_command(config)
    names = named_policies(config, scenario)
    bound = bound_wanted(scenario, config.bound or BOUND in names)
    if config.record and not PROBLEMS[scenario.problem].env:
        raise InputError("record", True, f"{scenario.name} has methods, which keep no events")
    policies = {name: find_policy(scenario, name) for name in names if name != BOUND}
    if config.record and not policies:
        raise InputError("record", True, "the bound plays no episode; name a policy beside it")
    asked = {
        "policies": names,
        "episodes": config.episodes,
        "seed": config.seed,
        "bound": bound,
        "record": config.record,
        "worlds": config.worlds,
    }
    measured = Measured("evaluate", scenario, asked)
    out = config.out
    if out is None and config.record:
        out = str(Path("evaluations") / f"{scenario.name}{measured.suffix}")
    with measured.at(None if out is None else Path(out)) as folder:
        if config.worlds is not None:
            named = [name for name in names if name != BOUND]
            return _over_worlds(config, scenario, named, measured, folder)
        done = _measured(config, scenario, policies, bound, folder)
        if folder is not None:
            done.write(folder)
            measured.finish(folder)
    done.print()
    if folder is not None:
        print(f"written to {folder}")
    return done.content()


def _measured(
    config: EvaluateConfig,
    scenario: Any,
    policies: Mapping[str, Build],
    bound: bool,
    folder: Path | None,
) -> Evaluation:
    """Play the episodes, and record them where that is asked for."""
    given = (scenario, policies, config.episodes, config.seed, bound)
    with _bar() as progress:
        if folder is None or not config.record:
            return compare(*given, progress=progress)
        with Recorder(folder / "events.parquet") as recorder:
            return compare(*given, progress=progress, record=recorder)


def _over_worlds(
    config: EvaluateConfig,
    scenario: Any,
    names: list[str],
    measured: Measured,
    folder: Path | None,
) -> dict[str, Any]:
    """Measure on random worlds, which differ from the scenario in what its problem draws."""
    with _bar() as progress:
        done = compare_over_worlds(
            scenario, names, config.worlds or 1, config.episodes, config.seed, progress=progress
        )
    if folder is not None:
        done.write(folder)
        measured.finish(folder)
    done.print()
    if folder is not None:
        print(f"written to {folder}")
    return {"policies": done.rows()}


@contextmanager
def _bar() -> Iterator[PolicyProgress | None]:
    """A line that tells what is going on, at a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn

    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        console=Console(stderr=True),
        transient=True,
    ) as shown:
        line = shown.add_task("")

        def tell(policy: str, episodes: int, decisions: int) -> None:
            made = f", {decisions:,} decisions" if decisions else ""
            shown.update(line, description=f"{policy}: {episodes} episodes{made}")

        yield tell
