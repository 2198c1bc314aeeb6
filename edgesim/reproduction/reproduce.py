"""``edgesim reproduce``: figures and the tables behind them, from seeds."""

import shlex
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from edgesim.config.agents import default_for
from edgesim.config.compose import compose
from edgesim.config.config import ReproduceConfig
from edgesim.config.keys import as_list
from edgesim.errors import InputError, did_you_mean
from edgesim.importing import load
from edgesim.reproduction.budget import Training, budget
from edgesim.reproduction.figures import FIGURES, Figure
from edgesim.reproduction.report import Effort, write_report
from edgesim.reproduction.results import ResultStore
from edgesim.scenarios import resolve

__all__ = ["reproduce"]


def reproduce(config: ReproduceConfig) -> list[Path]:
    """Draw figures again, training and measuring what is missing.

    Returns:
        the folder of each figure, ``<out>/<name>/`` with ``figure.png``, ``figure.svg``, the
        tables and a ``README.md``.

    Raises:
        InputError: unknown figure or budget; a training failed (the other figures are drawn).
    """
    figures = _chosen(config.figures)
    out = Path(config.out)
    if config.redraw:
        return [_drawn(figure, out / figure.name) for figure in figures]
    spent = budget(config.budget, config.seeds)
    if config.scenarios is not None:
        _of_ones_own(config)  # nothing is made where a name is wrong
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError("out", config.out, f"must be a folder: {error.strerror}") from None
    results = ResultStore(
        spent,
        config.runs,
        out,
        tell=lambda line: _say(f"  measuring {line}"),
        trainings=None if config.scenarios is None else _of_ones_own(config),
        data=config.data,
    )
    for figure in figures:
        for training in _trainings(results, figure):
            _train(results, training, config.launcher)
    made: list[Path] = []
    failed: dict[str, str] = {}
    for number, figure in enumerate(figures, 1):
        _say(f"[{number}/{len(figures)}] {figure.name}: {figure.title}")
        try:
            made.append(_make(results, figure))
        except InputError as error:
            failed[figure.name] = str(error)
    for folder in made:
        print(folder / "figure.png")
    if failed:
        name, reason = next(iter(failed.items()))
        raise InputError("figure", ", ".join(failed), f"could not be drawn; {name}: {reason}")
    return made


def _chosen(names: Sequence[str]) -> list[Figure]:
    for name in names:
        if name != "all" and name not in FIGURES:
            raise InputError("figure", name, did_you_mean(name, ("all", *FIGURES)))
    return list(FIGURES.values()) if "all" in names else [FIGURES[name] for name in names]


def _trainings(results: ResultStore, figure: Figure) -> list[Training]:
    """What the figure needs trained in the budget."""
    wanted: Sequence[Training] | None = results.trainings
    if wanted is None:
        wanted = load(f"{figure.recipe}:TRAININGS")
    return [training for training in wanted if results.budget.takes(training)]


def _of_ones_own(config: ReproduceConfig) -> list[Training]:
    """The trainings of scenarios and agents that the user names, each agent in each scenario.

    Raises:
        InputError: there is no such scenario or agent, or a scenario has no bound to measure by.
    """
    from edgesim.agents.finding import bound_wanted

    found = []
    for scenario in as_list(config.scenarios):
        bound_wanted(resolve(str(scenario)), True)
        given = [default_for(str(scenario))] if config.agents is None else as_list(config.agents)
        for agent in given:
            compose("train", [f"scenario={scenario}", f"agent={agent}"])
            found.append(Training(str(scenario), str(agent)))
    return found


def _train(results: ResultStore, training: Training, launcher: str) -> None:
    """Train the runs that are missing, through the same door as ``edgesim train -m``."""
    from edgesim.commands.names import TASKS
    from edgesim.commands.sweeps import sweep

    missing = results.missing(training)
    if not missing:
        return
    line = [*results.line(training), f"seed={','.join(map(str, missing))}"]
    _say(f"training {' '.join(line)}")
    # A failure is printed by the sweep; the figures that need the run then say what they lack.
    sweep("train", TASKS["train"], [*line, f"hydra/launcher={launcher}"])


def _make(results: ResultStore, figure: Figure) -> Path:
    folder = results.out / figure.name
    folder.mkdir(parents=True, exist_ok=True)
    wall_s, cpu_s = time.monotonic(), time.process_time()
    findings = load(f"{figure.recipe}:tables")(results, folder)
    _drawn(figure, folder)
    effort = Effort(time.monotonic() - wall_s, time.process_time() - cpu_s)
    runs = [run for training in _trainings(results, figure) for run in results.folders(training)]
    given = results.budget
    command = f"edgesim reproduce figure={figure.name} budget={given.name} seeds={given.seeds}"
    if results.trainings is not None:
        for key in ("scenario", "agent"):
            names = dict.fromkeys(getattr(training, key) for training in results.trainings)
            command += f" {key}s={','.join(names)}"
    if results.data is not None:
        command += f" data={shlex.quote(Path(results.data).name)}"
    write_report(folder, figure, command, given.seeds, results.seed, findings, runs, effort)
    return folder


def _drawn(figure: Figure, folder: Path) -> Path:
    if not folder.is_dir():
        raise InputError("figure", shlex.quote(str(folder)), "has no tables yet: drop redraw=true")
    load(figure.draw)(folder)
    return folder


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
