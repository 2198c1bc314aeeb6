"""Inputs that nobody would write: each has to work, or end in an InputError, within 5 CPU-seconds.

    python tests/fuzz/fuzz.py 20000            # so many, from seed 0
    python tests/fuzz/fuzz.py 20000 5000 600   # from seed 5000 on, for ten minutes at most
    FUZZ_SHOW=1 python tests/fuzz/fuzz.py 1 1234    # number 1234 again, with its traceback

Input number n is the same wherever and whenever it is made. What is printed is one JSON object:
how many were tried by way in, and each distinct failure once, with its number.
"""

import contextlib
import io
import json
import logging
import os
import shutil
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

from targets import TARGETS, warmed

from edgesim.commands.cli import main
from edgesim.errors import InputError

LIMIT_S = 5.0
SHOWN = "FUZZ_SHOW"
GIVEN = (
    *("train", "scenario=aigc_paper", "scenario.horizon_s=3000", "agent=ppo", "total_steps=64"),
    *("agent.hyperparameters.n_steps=16", "agent.n_envs=2", "agent.hyperparameters.batch_size=16"),
    *("validations=1", "validation_episodes=1", "episodes=1", "baselines=false", "bound=false"),
)


class TooLong(BaseException):
    """More CPU time than an input may take."""


@contextlib.contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise :class:`TooLong` after so much CPU time."""

    def stop(number: int, frame: Any) -> None:
        raise TooLong

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def attempt(number: int, place: Path, whole: Path) -> tuple[str, str, str | None]:
    """One input; returns its way in, how it ended, and where, if that is a failure."""
    dice = Random(number)
    names = list(TARGETS)
    name = dice.choices(names, [TARGETS[it][1] for it in names])[0]
    way = TARGETS[name][0]
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    try:
        with limited(LIMIT_S):
            way(place, dice, whole) if name == "run folders" else way(place, dice)
    except InputError as error:
        if SHOWN in os.environ:
            os.write(2, f"{name}: {error}\n".encode())
        lines = str(error).splitlines()
        return name, "refused", None if len(lines) == 1 else "a message of several lines"
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        if SHOWN in os.environ:
            os.write(2, traceback.format_exc().encode())
        return name, "failed", _where(error)
    return name, "taken", None


def _where(error: BaseException) -> str:
    """The kind of a failure, and the innermost line of edgesim that it passed."""
    inside = [it for it in traceback.extract_tb(error.__traceback__) if "/edgesim/" in it.filename]
    last = inside[-1] if inside else traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {last.filename.rpartition('/edgesim/')[2]}:{last.lineno}"


def run(count: int, first: int = 0, most_s: float = 1e9) -> dict[str, Any]:
    """Try inputs, so many or for so long (s); returns what came of them."""
    tried: dict[str, Counter[str]] = {name: Counter() for name in TARGETS}
    failures: dict[str, list[int]] = {}
    slowest = (0.0, -1)
    with tempfile.TemporaryDirectory() as folder, _silence():
        assert main([*GIVEN, f"runs={folder}/runs"]) == 0
        (whole,) = Path(folder).glob("runs/aigc_paper/ppo/seed-0*")
        os.chdir(folder)
        warmed()
        ends_s = time.monotonic() + most_s
        for number in range(first, first + count):
            if time.monotonic() > ends_s:
                break
            begun = time.process_time()
            name, end, where = attempt(number, Path(folder) / "input", whole)
            slowest = max(slowest, (round(time.process_time() - begun, 1), number))
            tried[name][end] += 1
            if where is not None:
                failures.setdefault(f"{name}: {where}", []).append(number)
    told = {where: numbers[:3] for where, numbers in sorted(failures.items())}
    return {"tried": tried, "slowest_s and its number": slowest, "failures": told}


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Keep notes, warnings and what commands print to themselves."""
    logging.getLogger("edgesim").disabled = True
    with (
        warnings.catch_warnings(),
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        warnings.simplefilter("ignore")
        yield


if __name__ == "__main__":
    print(json.dumps(run(*map(int, sys.argv[1:])), indent=1))
