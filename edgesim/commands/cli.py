"""The commands: what stands after ``edgesim`` at a shell.

A thin dispatcher. Overrides become the command's dataclass (:mod:`edgesim.config.compose`), which
goes to the function that does the work; with ``-m`` it is called once for each combination of
values (:mod:`edgesim.commands.sweeps`).
"""

import os
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from io import TextIOWrapper

from edgesim.commands.names import COMMANDS, TASKS
from edgesim.compiling import announced
from edgesim.errors import InputError, did_you_mean
from edgesim.files import disk_failure
from edgesim.importing import load, trusted
from edgesim.stopping import Terminated, sigterm_interrupts

__all__ = ["main"]

_HELP = ("-h", "--help")


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line, without the program's name; the arguments of the process by default.

    Returns:
        The exit status: 0, 2 for input that cannot be used and disks that cannot be written to,
        130 for Ctrl-C, 143 for SIGTERM. Anything else that goes wrong is a fault of edgesim and
        keeps its traceback; in a sweep it is status 1, when the other runs are done.
    """
    status = 0
    _print_anywhere()
    try:
        with sigterm_interrupts():
            status = _dispatch(list(sys.argv[1:] if argv is None else argv))
            sys.stdout.flush()
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except Terminated:
        print("terminated", file=sys.stderr)
        return 143
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader (head, less) has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except Exception as error:
        failed = disk_failure(error)
        if failed is None:
            raise
        print(f"error: {failed}", file=sys.stderr)
        return 2
    return status


def _print_anywhere() -> None:
    """A terminal or file that knows fewer signs than UTF-8 gets a ``?`` for each, not an error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper) and "utf" not in stream.encoding.lower():
            stream.reconfigure(errors="replace")


def _dispatch(words: list[str]) -> int:
    """Find the command and run it; returns the exit status."""
    if words[:1] == ["help"]:  # edgesim help train is edgesim train --help
        words = [*words[1:], "--help"]
    if not words or words[0] in _HELP:
        print(_overview())
        return 0
    command, rest = words[0], words[1:]
    if command in ("--version", "version"):
        from edgesim.version import version

        print(f"edgesim {version()}")
        return 0
    if command.startswith("-"):
        raise InputError("option", command, did_you_mean(command, ("--help", "--version")))
    if command not in COMMANDS:
        raise InputError("command", command, did_you_mean(command, COMMANDS))
    if command == "completion":
        from edgesim.commands.completion import completion

        print(completion(rest), end="")
    elif any(word in _HELP for word in rest):
        from edgesim.commands.listing import command_help

        print(command_help(command, COMMANDS[command], rest))
    elif command == "list":
        from edgesim.commands.listing import show

        show(rest)
    elif command == "new":
        from edgesim.commands.new import new

        print(new(rest))
    else:
        if command == "demo":
            from edgesim.commands.words import demo_words

            rest = demo_words(rest)
        return _configured(command, rest)
    return 0


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


def _configured(command: str, words: Sequence[str]) -> int:
    """Run a command that is set by overrides, once or as a sweep; returns the exit status."""
    from edgesim.commands.words import SWEEP, check_words
    from edgesim.config.compose import compose

    if command == "validate" and words[:1] == ["ring"]:  # edgesim validate ring
        words = ["service=ring", *words[1:]]
    trust = [word for word in words if word.partition("=")[0] == "trust"]
    words = [word for word in words if word not in trust]
    for word in trust:
        if word not in ("trust=true", "trust=false"):
            raise InputError("trust", word.partition("=")[2], "must be true or false")
    check_words(command, words)
    overrides = [word for word in words if word not in SWEEP]
    if len(overrides) < len(words) and command == "tune":
        raise InputError("option", SWEEP[0], "a search is one run; accepted: key=value")
    if len(overrides) < len(words):
        from edgesim.commands.sweeps import sweep

        return sweep(command, TASKS[command], overrides)
    with announced(), trusted() if trust[-1:] == ["trust=true"] else nullcontext():
        load(TASKS[command])(compose(command, overrides))
    return 0
