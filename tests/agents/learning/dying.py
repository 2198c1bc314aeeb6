"""A small training that is killed, or meets a full disk, at an instant of one's choice.

Run as a script, so that everything is imported once and each training is a fork of this process:

    python tests/agents/learning/dying.py FOLDER instants kill 1     # at every operation on files
    python tests/agents/learning/dying.py FOLDER instants full 7     # at every seventh
    python tests/agents/learning/dying.py FOLDER small 0 1000 30000  # no file can be larger
    python tests/agents/learning/dying.py FOLDER random 200          # killed at random times

After each the same command with ``resume=true`` has to go on and leave a whole run folder. What is
printed is one JSON object.
"""

import errno
import json
import os
import random
import resource
import shutil
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from edgesim.agents.learning.saved import parameters_in
from edgesim.agents.runs.checkpoint import read_checkpoint
from edgesim.agents.runs.runfolder import check_complete, missing
from edgesim.commands.cli import main

GIVEN = (
    *("train", "scenario=aigc_paper", "scenario.horizon_s=3000", "agent=ppo", "agent.n_envs=2"),
    *("agent.hyperparameters.n_steps=16", "agent.hyperparameters.batch_size=16"),
    *("agent.hyperparameters.n_epochs=1", "total_steps=64", "validations=2"),
    *("validation_episodes=1", "episodes=1", "baselines=false", "bound=false", "progress=false"),
)
KILLED = 77
_MAKE_OR_CHANGE = {"os.rename", "os.mkdir", "os.link", "os.truncate", "shutil.copyfile"}
_TAKE_AWAY = {"os.remove", "os.rmdir", "shutil.rmtree"}


class Operations:
    """Counts what a process does to files under a folder, and acts before one of it.

    Args:
        folder: where it looks.
        at: number of the operation, from 0.
        full: from then on the disk is full; otherwise the process dies.
    """

    def __init__(self, folder: Path, at: int, *, full: bool) -> None:
        self._folder, self._at, self._full = str(folder), at, full
        self.count = 0

    def __call__(self, event: str, given: tuple[Any, ...]) -> None:
        writes = event in _MAKE_OR_CHANGE or (event == "open" and _to_write(given))
        if not (writes or event in _TAKE_AWAY) or not self._is_there(given):
            return
        now, self.count = self.count, self.count + 1
        if self._full and writes and now >= self._at:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(given[0]))
        if not self._full and now == self._at:
            os._exit(KILLED)

    def _is_there(self, given: tuple[Any, ...]) -> bool:
        return any(isinstance(it, str | Path) and str(it).startswith(self._folder) for it in given)


def _to_write(given: tuple[Any, ...]) -> bool:
    _, mode, flags = given
    if isinstance(mode, str):
        return bool(set(mode) & set("wax+"))
    return bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))


class Fork:
    """A command in a fork of this process.

    Args:
        words: the command.
        hook: an audit hook of the fork.
        file_bytes: how much any file may hold.
        cpu_s: CPU time after which the system ends it, with nothing said to it.
    """

    def __init__(
        self,
        words: list[str],
        hook: Operations | None = None,
        file_bytes: int | None = None,
        cpu_s: float = 0.0,
    ) -> None:
        self._read, write = os.pipe()
        self.number = os.fork()
        if self.number == 0:
            signal.signal(signal.SIGPROF, signal.SIG_DFL)
            signal.setitimer(signal.ITIMER_PROF, cpu_s)
            _in_fork(words, write, hook, file_bytes)
        os.close(write)

    def ended(self) -> tuple[int, str]:
        """Wait for it; its exit status (less than 0: a signal), and what it printed."""
        with os.fdopen(self._read, "rb") as pipe:
            said = pipe.read().decode()
        _, status, used = os.wait4(self.number, 0)
        self.cpu_s = used.ru_utime + used.ru_stime
        return os.waitstatus_to_exitcode(status), said


def _in_fork(
    words: list[str], out: int, hook: Operations | None, file_bytes: int | None
) -> NoReturn:
    status = 1
    try:
        os.dup2(out, 1)
        os.dup2(out, 2)
        if file_bytes is not None:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes))
        if hook is not None:
            sys.addaudithook(hook)
        status = main(words)
        if hook is not None:
            os.write(out, f"\noperations {hook.count}\n".encode())
    except BaseException:
        os.write(out, traceback.format_exc().encode())
    finally:
        os._exit(status)


def folder_in(runs: Path) -> Path:
    """The one run folder."""
    (folder,) = runs.glob("aigc_paper/ppo/seed-0*")
    return folder


def gone_on(runs: Path) -> str | None:
    """Go on with a run that died; returns what is wrong, or None."""
    status, said = Fork([*GIVEN, f"runs={runs}", "resume=true"]).ended()
    return wrong_in(folder_in(runs)) if status == 0 else f"status {status}: {said[-300:]}"


def wrong_in(folder: Path) -> str | None:
    """What is wrong with a run folder that should be complete, or None."""
    try:
        check_complete(folder)
        parameters_in(folder / "model.zip")
    except ValueError as error:
        return str(error)
    made = [int(line.split(",")[0]) for line in (folder / "progress.csv").open().readlines()[1:]]
    left = [it.name for it in folder.iterdir() if it.name[0] == "." or "checkpoint" in it.name]
    if made != sorted(set(made)) or made[0] != 0 or made[-1] < 64 or left:
        return f"rows at {made}, left {left}"
    return None


def instants(place: Path, what: str, step: int, first: int = 0) -> dict[str, Any]:
    """Die, or find the disk full, at every ``step``-th operation from the ``first`` on."""
    full = what == "full"
    runs = place / "whole"
    status, said = Fork([*GIVEN, f"runs={runs}"], Operations(runs, 10**9, full=full)).ended()
    assert status == 0, said
    total = int(said.rsplit("operations ", 1)[1])
    failures: list[str] = []
    for at in range(first, total, step):
        runs = place / f"at-{at}"
        status, said = Fork([*GIVEN, f"runs={runs}"], Operations(runs, at, full=full)).ended()
        if full:
            failures += _badly_told(at, status, said, runs)
        elif status != KILLED:
            failures.append(f"{at}: was not killed: {status} {said[-200:]}")
        wrong = gone_on(runs)
        if wrong is not None:
            failures.append(f"{at}, resumed: {wrong}")
        shutil.rmtree(runs)
    return {"operations": total, "tried": len(range(first, total, step)), "failures": failures}


def small(place: Path, sizes: list[int]) -> dict[str, Any]:
    """No file can grow beyond a size: writes fail in their middle."""
    failures: list[str] = []
    for size in sizes:
        runs = place / f"of-{size}"
        status, said = Fork([*GIVEN, f"runs={runs}"], file_bytes=size).ended()
        failures += _badly_told(size, status, said, runs)
        wrong = gone_on(runs)
        if wrong is not None:
            failures.append(f"{size}, resumed: {wrong}")
    return {"tried": len(sizes), "failures": failures}


def _badly_told(at: int, status: int, said: str, runs: Path) -> list[str]:
    """What is wrong with how a full disk was told: one line that names the path, no traceback."""
    error = [line for line in said.splitlines() if line.startswith("error: ")]
    # What fails while things are taken away is nothing to a person: the run may end well.
    told = status == 2 and len(error) == 1 and str(runs) in error[0]
    badly = "Traceback" in said or not (told or status == 0)
    return [f"{at}: {status} {said[-1500:]}"] if badly else []


def at_random(place: Path, kills: int, seed: int = 0) -> dict[str, Any]:
    """Kill trainings at random times, each again and again until it is complete."""
    first = Fork([*GIVEN, f"runs={place / 'whole'}"])
    status, said = first.ended()
    assert status == 0, said
    dice = random.Random(seed)
    done = tries = completed = 0
    failures: list[str] = []
    while done < kills and len(failures) < 20:
        runs = place / f"run-{completed}"
        tries += 1
        after_s = dice.uniform(0.001, first.cpu_s)
        status, said = Fork([*GIVEN, f"runs={runs}", "resume=true"], cpu_s=after_s).ended()
        done += status == -signal.SIGPROF
        if status not in (0, -signal.SIGPROF):
            failures.append(f"try {tries}: {status} {said[-500:]}")
        wrong = wrong_in(folder_in(runs)) if status == 0 else _half(runs)
        if wrong is not None:
            failures.append(f"try {tries}: {wrong}")
        if status == 0 or wrong is not None:
            completed += 1
            shutil.rmtree(runs, ignore_errors=True)
    return {"kills": done, "tries": tries, "completed": completed, "failures": failures}


def _half(runs: Path) -> str | None:
    """What is wrong with a run folder after a kill, or None."""
    found = list(runs.glob("aigc_paper/ppo/seed-0*"))
    if not found:
        return None
    try:
        checkpoint = read_checkpoint(found[0])
    except ValueError as error:
        return str(error)
    if checkpoint is None and (found[0] / "model.zip").is_file() and missing(found[0]):
        return "a model without a checkpoint"
    return None


def warmed(place: Path) -> None:
    """Import and compile all that a training needs, in this process."""
    assert main([*GIVEN, f"runs={place / 'warm'}"]) == 0


def run(place: Path, work: str, *given: str) -> dict[str, Any]:
    """Do one of the works above; returns what it found."""
    works: dict[str, Callable[[], dict[str, Any]]] = {
        "instants": lambda: instants(place, given[0], *map(int, given[1:])),
        "small": lambda: small(place, [int(it) for it in given]),
        "random": lambda: at_random(place, *map(int, given)),
    }
    warmed(place)
    return works[work]()


if __name__ == "__main__":
    where = Path(sys.argv[1]).absolute()
    where.mkdir(parents=True, exist_ok=True)
    found = os.dup(1)
    os.dup2(2, 1)  # what the trainings say goes elsewhere
    os.write(found, json.dumps(run(where, *sys.argv[2:])).encode())
