"""Training: a configuration in, a run folder out."""

import csv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from shutil import rmtree

from edgesim.agents.finding import bound_wanted, policies_of, score_of
from edgesim.agents.learning.display import Display, Silence
from edgesim.agents.measuring.evaluation import show
from edgesim.agents.measuring.run_table import measure, measured_otherwise
from edgesim.agents.runs import runfolder
from edgesim.agents.runs.checkpoint import newest, read_checkpoint, remove_checkpoints, tidy
from edgesim.config.config import TrainConfig
from edgesim.devices import check_device
from edgesim.errors import InputError
from edgesim.importing import trusted
from edgesim.locking import LOCK, check_free, locked
from edgesim.stopping import sigterm_interrupts

__all__ = ["best_score", "train"]


def train(
    config: TrainConfig,
    *,
    report: Callable[[int, float], None] | None = None,
    quiet: bool = False,
) -> Path:
    """Train an agent, then measure its best model beside every baseline; returns the run folder.

    The best model is the one with the largest mean return over the validation episodes. A run that
    was stopped goes on with ``resume=true`` from its last checkpoint, which holds the network, the
    optimiser, the counters, the best so far and the rows of ``progress.csv``. Not kept are the
    random generators (a resumed run draws anew, and starts new episodes) and a replay buffer (it
    fills again before the next update): a resumed run is as good as an undisturbed one, and not
    equal to it. Undisturbed runs of equal configurations on one machine are equal.

    A run that is complete already is not trained again. Its table is printed; where another one is
    asked for (``episodes``, ``bound``), its model is measured again first.

    Args:
        config: what to train.
        report: called with the decisions made and the mean score at each look at the model; what it
            raises ends the training.
        quiet: show and print nothing.

    Raises:
        InputError: something in the configuration cannot be used, or the run folder holds an
            unfinished run (without ``resume``) or one of another configuration.
    """
    check_device(config.device)
    with sigterm_interrupts():
        return _train(config, report, quiet)


def _train(config: TrainConfig, report: Callable[[int, float], None] | None, quiet: bool) -> Path:
    """See :func:`train`."""
    config = runfolder.settled(config)
    bound = bound_wanted(config.scenario, config.bound if config.baselines else False)
    config = replace(config, bound=bound)
    _check_name(config)
    folder = runfolder.folder_of(config)
    check_free(folder, "trained")
    if _is_done(folder, config):
        # Whoever finished it was killed before it had tidied up, or could not on a full disk.
        if (folder / LOCK).exists() or newest(folder) is not None:
            with locked(folder, "trained"):
                remove_checkpoints(folder)
                tidy(folder)
        if not quiet:
            _show_again(folder, config)
        return folder
    # Imported late: torch takes its time, and an input error need not wait for it.
    from edgesim.agents.learning.learner import check_agent
    from edgesim.agents.learning.run import Run
    from edgesim.agents.learning.starting import check_start
    from edgesim.envs.vector import engine_of

    engine_of(config.scenario, config.engine, config.agent.environment)
    check_agent(config.scenario, config.agent)
    if config.start is not None:
        check_start(config)
    with _kept_if_learned(folder):
        if _is_done(folder, config):  # by another process, in the meantime
            return folder
        tidy(folder)
        read_checkpoint(folder)  # a damaged one is told before anything is changed
        runfolder.write_config(folder, config)
        run = Run(config, folder, report)
        with Silence() if quiet else _display(config) as display:
            try:
                run.learn(display)
            except KeyboardInterrupt:
                run.save()
                done = f"stopped after {run.decisions:,} decisions"
                display.say(f"{done}; the same command with resume=true goes on")
                raise
            run.finish(display)
    if not quiet:
        show(folder)
        print(f"run folder: {folder}")
    return folder


def best_score(folder: Path) -> float:
    """The best mean score over the validation episodes of a run folder's training.

    Raises:
        InputError: its ``progress.csv`` cannot be read.
    """
    path = folder / "progress.csv"
    metric = score_of(runfolder.read_config(folder).scenario).metric
    try:
        with path.open(newline="", encoding="utf-8") as file:
            return float(list(csv.DictReader(file))[-1][f"best_{metric}"])
    except (OSError, TypeError, ValueError, KeyError, IndexError):  # a short row has no value
        raise InputError("run folder", str(folder), "its progress.csv cannot be read") from None


@contextmanager
def _kept_if_learned(folder: Path) -> Iterator[None]:
    """Make a run folder and lock it; where an error comes before anything is learned, take it away
    again.

    What a run learned before it failed stays, and ``resume=true`` goes on with it.
    """
    places = [folder, *folder.parents]
    made = [place for place in places if not place.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError("runs", str(folder), f"must be a folder: {error.strerror}") from None
    with locked(folder, "trained"):
        try:
            yield
        except Exception:
            if folder in made and not runfolder.learned(folder):
                rmtree(folder, ignore_errors=True)
                for place in made[1:]:
                    if not any(place.iterdir()):
                        place.rmdir()
            raise


def _check_name(config: TrainConfig) -> None:
    """See that the table can tell the agent from the policies beside it."""
    if config.agent.name in policies_of(config.scenario.problem):
        accepted = "is the name of a policy of the problem; name the agent otherwise"
        raise InputError("agent.name", config.agent.name, accepted)


def _show_again(folder: Path, config: TrainConfig) -> None:
    """Print the table of a complete run, measured again where another one is asked for."""
    bound = bool(config.bound)
    beside = config.baselines
    changed = measured_otherwise(folder, config.episodes, bound, beside)
    if changed is None:
        print(f"{folder} is trained already; choose another runs=<folder> to train it again")
    else:
        print(f"{folder} is trained already; its model is measured again ({changed})")
        with (
            locked(folder, "measured"),
            _display(config) as display,
            display.measuring() as progress,
            trusted(),
        ):
            measure(folder, config.episodes, bound, beside=beside, progress=progress)
    show(folder)


def _display(config: TrainConfig) -> Display:
    assert config.total_steps is not None
    title = f"{config.scenario.name} {config.agent.name} seed {config.seed}"
    return Display(title, config.total_steps, bar=config.progress)


def _is_done(folder: Path, config: TrainConfig) -> bool:
    """Whether the run is complete; refuses a folder that must not be touched."""
    stopped = newest(folder) is not None
    if not stopped and not (folder / "model.zip").is_file():
        return False  # nothing was learnt here yet
    differs = runfolder.difference(folder, config)
    if differs is not None:
        raise InputError(
            "run folder",
            str(folder),
            f"holds a run of another configuration ({differs}); choose another runs=<folder>",
        )
    lacking = runfolder.missing(folder)
    if lacking and not stopped:
        raise InputError(
            "run folder",
            str(folder),
            f"has lost {', '.join(lacking)}; delete it or choose another runs=<folder>",
        )
    if lacking and not config.resume:
        raise InputError(
            "run folder",
            str(folder),
            "holds an unfinished run; resume=true goes on with it, runs=<folder> starts elsewhere",
        )
    return not lacking
