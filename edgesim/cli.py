"""The commands: what stands after ``edgesim`` at a shell.

A thin dispatcher. Overrides become the command's dataclass (:mod:`edgesim.compose`), which goes to
the function that does the work; ``-m`` hands the line to Hydra's sweeper, which calls it once for
each combination of values.
"""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from edgesim.errors import InputError, did_you_mean
from edgesim.problems import load

if TYPE_CHECKING:
    from omegaconf import DictConfig

__all__ = ["COMMANDS", "TASKS", "main"]

COMMANDS = {
    "train": "train an agent and measure it beside every baseline on the same held-out episodes",
    "evaluate": "measure baselines and trained agents on the same held-out episodes",
    "simulate": "run one episode of the twin: event log, summary, picture",
    "benchmark": "measure decisions a CPU-second, beside SimPy alone",
    "list": "show scenarios, agents, policies and figures",
    "completion": "print the shell's completion script: bash, zsh or fish",
}

TASKS = {
    "train": "edgesim.agents.training:train",
    "evaluate": "edgesim.agents.evaluation:evaluate",
    "simulate": "edgesim.agents.simulation:simulate",
    "benchmark": "edgesim.agents.benchmark:benchmark",
}

_HELP = ("-h", "--help")
_SWEEP = ("-m", "--multirun")
_LOCAL_LAUNCHERS = ("basic", "joblib")


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line, without the program's name; the arguments of the process by default.

    Returns:
        The exit status: 0, 2 for input that cannot be used, 130 for Ctrl-C. Anything else that
        goes wrong is a fault of edgesim and keeps its traceback.
    """
    try:
        _dispatch(list(sys.argv[1:] if argv is None else argv))
        sys.stdout.flush()
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader (head, less) has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _dispatch(words: list[str]) -> None:
    """Find the command and run it."""
    if not words or words[0] in (*_HELP, "help"):
        print(_overview())
        return
    command, rest = words[0], words[1:]
    if command == "--version":
        from edgesim.version import version

        print(f"edgesim {version()}")
        return
    if command.startswith("-"):
        raise InputError("option", command, "accepted: --help, --version")
    if command not in COMMANDS:
        raise InputError("command", command, did_you_mean(command, COMMANDS))
    if any(word in _HELP for word in rest):
        from edgesim.listing import command_help

        print(command_help(command, COMMANDS[command], rest))
    elif command == "list":
        from edgesim.listing import listing

        print(listing(rest))
    elif command == "completion":
        from edgesim.completion import completion

        print(completion(rest), end="")
    else:
        _configured(command, rest)


def _overview() -> str:
    """The commands, a line each."""
    width = max(map(len, COMMANDS))
    return "\n".join(
        (
            "usage: edgesim <command> [key=value ...]",
            "",
            *(f"  {name:{width}}  {what}" for name, what in COMMANDS.items()),
            "",
            "edgesim <command> --help   its groups and keys",
            "edgesim --version          the version",
        )
    )


def _configured(command: str, words: Sequence[str]) -> None:
    """Run a command that is set by overrides, once or as a sweep."""
    from edgesim.compose import compose

    overrides = [word for word in words if word not in _SWEEP]
    for word in overrides:
        if word.startswith("-"):
            raise InputError("option", word, "accepted: --help, --multirun (-m)")
    if len(overrides) < len(words):
        _sweep(command, overrides)
    else:
        config = compose(command, overrides)
        load(TASKS[command])(config)


# --- sweeps -----------------------------------------------------------------------------------


def _sweep(command: str, overrides: Sequence[str]) -> None:
    """Run a command once for each combination of values, by Hydra's sweeper and launcher."""
    import hydra

    from edgesim.compose import prepared
    from edgesim.composition import register
    from edgesim.explain import explained
    from edgesim.overrides import config_name

    given = prepared(command, overrides, sweep=True)
    name = config_name(command, overrides)
    register()
    job = hydra.main(version_base="1.3", config_path=None, config_name=name)(_job)
    with _sweep_folder(command, given) as settings, _process(["edgesim", "-m", *settings, *given]):
        try:
            job()
        except Exception as error:
            cause = explained(name, given, error)
            if cause is error:
                raise
            raise cause from None


def _job(config: "DictConfig") -> None:
    """One run of a sweep, perhaps in a process of its own."""
    from hydra.core.hydra_config import HydraConfig

    from edgesim.composition import typed

    running = HydraConfig.get()
    command = str(running.job.config_name).removesuffix("-run")
    with _process(["edgesim", command, *running.overrides.task]):
        settings = typed(command, config)
        load(TASKS[command])(settings)


@contextmanager
def _sweep_folder(command: str, overrides: Sequence[str]) -> Iterator[list[str]]:
    """Hydra's settings of a sweep that the user has not set.

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
    with TemporaryDirectory(prefix="edgesim-sweep-") as folder:
        shared = f"runs/.sweeps/{datetime.now():%Y-%m-%d_%H-%M-%S}"
        settings["hydra.sweep.dir"] = f"'{folder if launcher in _LOCAL_LAUNCHERS else shared}'"
        yield [f"{key}={value}" for key, value in settings.items() if key not in given]


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
