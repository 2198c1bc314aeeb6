"""Sweeps: one command run for every combination of values, by Hydra's sweeper and launchers.

Each run writes its own run folder. A run that fails does not stop the others; it is listed at the
end with its reason. A sweep that is repeated skips the runs that are complete and goes on with
those that were cut: that is all it takes after a crash, wherever the runs were launched.
"""

import json
import os
import sys
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from edgesim.errors import InputError
from edgesim.files import disk_failure
from edgesim.importing import load

if TYPE_CHECKING:
    from omegaconf import DictConfig

__all__ = ["sweep"]

_LOCAL_LAUNCHERS = ("basic", "joblib")
_LOST = (
    "When the other runs are over, the same sweep again skips what is complete and goes on with"
    " what was cut."
)


@dataclass(frozen=True)
class _Failure:
    """A run of a sweep that failed: what it was given, why, and, of our faults, where."""

    overrides: list[str]
    reason: str
    trace: str | None


def sweep(command: str, task: str, overrides: Sequence[str]) -> int:
    """Run a command once for each combination of values.

    Args:
        command: its name.
        task: import string of the function that does its work.
        overrides: in Hydra's grammar: ``["seed=range(5)", "agent=ppo,dqn"]``; ``hydra/launcher``
            chooses where the runs go: one after the other (``basic``), to processes of this machine
            (``joblib``), to a Ray cluster (``ray``), to Slurm (``submitit_slurm``),
            or in the way of Slurm to processes here (``submitit_local``).

    Returns:
        The exit status: 0 where all runs went well, 2 where some could not use their input, 1
        where some met a fault.

    Raises:
        InputError: no run could be composed.
        Exception: what the launcher raised when it lost a run.
    """
    import hydra

    from edgesim.config.compose import prepared
    from edgesim.config.composition import register
    from edgesim.config.explain import explained
    from edgesim.config.overrides import config_name

    if command == "whatif":
        accepted = "has no sweep: change=... stands once for each change"
        raise InputError("option", "--multirun", accepted)
    given = prepared(command, overrides, sweep=True)
    name = config_name(command, overrides)
    register()
    job = hydra.main(version_base="1.3", config_path=None, config_name=name)(_Job(task))
    with _sweep_folder(command, given) as (folder, settings):
        with _process(["edgesim", "-m", *settings, *given]):
            try:
                job()
            except Exception as error:
                cause = explained(name, given, error)
                if cause is not error:
                    raise cause from None
                # The launcher lost a run, as Slurm's does when a job is killed from outside.
                _report(_failures(folder), others="may still go on")
                error.add_note(_LOST)
                raise
        _summary(folder, given)
        return _report(_failures(folder))


class _Job:
    """One run of a sweep, perhaps in a process of its own or on another machine."""

    def __init__(self, task: str) -> None:
        self._task = task

    def __call__(self, config: "DictConfig") -> None:
        from hydra.core.hydra_config import HydraConfig

        from edgesim.config.composition import typed

        running = HydraConfig.get()
        command = str(running.job.config_name).removesuffix("-run")
        overrides = list(running.overrides.task)
        with _process(["edgesim", command, *overrides]):
            try:
                settings = typed(command, config)
                if command == "train" and not any(word.startswith("resume=") for word in overrides):
                    settings.resume = True  # a run that was cut goes on when it is launched again
                _note(
                    Path(str(running.sweep.dir)),
                    running.job.num,
                    overrides,
                    load(self._task)(settings),
                )
            except InputError as error:
                failure = _Failure(overrides, str(error), None)
            except Exception as error:
                disk = disk_failure(error)
                reason = str(disk or traceback.format_exception_only(error)[-1].strip())
                failure = _Failure(overrides, reason, None if disk else traceback.format_exc())
            else:
                return
        folder = _failure_folder(Path(str(running.sweep.dir)))
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{running.job.num}.json").write_text(
            json.dumps(asdict(failure)), encoding="utf-8"
        )


def _note(folder: Path, number: int, overrides: list[str], result: Any) -> None:
    """Keep what a run of a sweep gave: the table of a training, or of an evaluation."""
    if isinstance(result, Path) and (result / "evaluation.json").is_file():
        from edgesim.agents.measuring.evaluation import evaluation_in
        from edgesim.agents.runs.runfolder import read_config

        content = evaluation_in(result)
        own = read_config(result).agent.name
        content = {**content, "policies": {own: content["policies"][own]}}
    elif isinstance(result, Mapping) and {"policies", "score"} <= result.keys():
        content = dict(result)
    else:
        return
    place = folder / "results"
    place.mkdir(parents=True, exist_ok=True)
    kept = {"overrides": overrides, "score": content["score"], "policies": content["policies"]}
    (place / f"{number}.json").write_text(json.dumps(kept), encoding="utf-8")


def _summary(folder: Path, given: Sequence[str]) -> None:
    """Print what the runs of a sweep reached, a line each, with the keys that differ."""
    from edgesim.problems import Score
    from edgesim.tables import console, show_table

    files = sorted((folder / "results").glob("*.json"), key=lambda file: int(file.stem))
    found = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    if len(found) < 2:
        return
    lines = [dict(word.partition("=")[::2] for word in one["overrides"]) for one in found]
    differing = [key for key in lines[0] if len({str(line.get(key)) for line in lines}) > 1]
    keys = [key for key in differing if key != "policy"]  # it is named anyway
    rows = []
    for one, line in zip(found, lines, strict=True):
        score = Score.of(one)
        for name, figures in one["policies"].items():
            own = figures.get(score.metric)
            mean = "none" if own is None else f"{own['mean']:,.{score.digits}f}"
            interval = "" if own is None else _interval(own, score.digits)
            rows.append([*(line.get(key, "") for key in keys), name, score.metric, mean, interval])
    headings = [*keys, "policy", "score", "mean", "95 % interval"]
    out = console()
    out.print(f"{len(found)} runs of the sweep:")
    show_table(out, headings, rows, words=[*keys, "policy", "score"])


def _interval(figures: Mapping[str, Any], digits: int) -> str:
    """The interval of a mean, where there is one: of one episode there is none."""
    ends = figures.get("ci95")
    return "" if not ends or None in ends else f"{ends[0]:,.{digits}f} to {ends[1]:,.{digits}f}"


def _failure_folder(folder: Path) -> Path:
    return folder / "failures"


def _failures(folder: Path) -> list[_Failure]:
    """The runs that failed, in the order of the sweep."""
    files = sorted(_failure_folder(folder).glob("*.json"), key=lambda file: int(file.stem))
    return [_Failure(**json.loads(file.read_text(encoding="utf-8"))) for file in files]


def _report(failures: Sequence[_Failure], others: str = "are done") -> int:
    """Say which runs failed and why, and what of the others; returns the exit status."""
    if not failures:
        return 0
    sys.stdout.flush()
    for failure in failures:
        if failure.trace is not None:
            print(failure.trace, file=sys.stderr)
    plural = "run" if len(failures) == 1 else "runs"
    print(f"{len(failures)} {plural} of the sweep failed, the others {others}:", file=sys.stderr)
    for failure in failures:
        print(f"  {' '.join(failure.overrides)}", file=sys.stderr)
        print(f"error: {failure.reason}", file=sys.stderr)
    return 2 if all(failure.trace is None for failure in failures) else 1


@contextmanager
def _sweep_folder(command: str, overrides: Sequence[str]) -> Iterator[tuple[Path, list[str]]]:
    """The folder for what Hydra writes, and Hydra's settings of a sweep that the user has not set.

    Each run writes its own run folder. What Hydra writes beside it goes to a temporary folder, or,
    where runs start on other machines and need it there, to ``runs/.sweeps``.
    """
    given = dict(override.partition("=")[::2] for override in overrides)
    settings = {
        "hydra.output_subdir": "null",
        "hydra.job.chdir": "false",
        "hydra/job_logging": "none",
    }
    launcher = given.get("hydra/launcher", "basic")
    if command == "train" and launcher != "basic":
        settings["progress"] = "false"  # bars of several processes would overwrite each other
    with TemporaryDirectory(prefix="edgesim-sweep-") as temporary:
        shared = f"{Path.cwd()}/runs/.sweeps/{datetime.now():%Y-%m-%d_%H-%M-%S}"
        folder = temporary if launcher in _LOCAL_LAUNCHERS else shared
        folder = given.get("hydra.sweep.dir", folder).strip("'\"")
        folder = Path(folder).as_posix()  # a backslash has a meaning of its own in Hydra's quotes
        settings["hydra.sweep.dir"] = f"'{folder}'"
        left = [f"{key}={value}" for key, value in settings.items() if key not in given]
        yield Path(folder), left


@contextmanager
def _process(argv: list[str]) -> Iterator[None]:
    """The process as Hydra reads it: its arguments, and errors that are raised, not printed."""
    kept_argv, kept_errors = sys.argv, os.environ.get("HYDRA_FULL_ERROR")
    sys.argv, os.environ["HYDRA_FULL_ERROR"] = argv, "1"
    try:
        yield
    finally:
        sys.argv = kept_argv
        if kept_errors is None:
            del os.environ["HYDRA_FULL_ERROR"]
        else:
            os.environ["HYDRA_FULL_ERROR"] = kept_errors
