"""What Windows lacks is not needed: modules, calls of the system, UTF-8 at the terminal, links.

No Windows is there to try it on. What can be seen from here: no file of edgesim imports such a
module without an alternative or calls such a function, and a training runs without them, from a
copy without the repository's links.
"""

import ast
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import edgesim

PACKAGE = Path(edgesim.__path__[0])

# What the standard library's documentation gives to Unix alone: modules, functions and names.
UNIX_MODULES = """
crypt curses dbm.gnu fcntl grp nis ossaudiodev posix pty pwd readline resource spwd syslog termios
tty
"""
UNIX_CALLS = {
    "os": """
    chown chroot ctermid fchmod fchown fork forkpty getegid geteuid getgid getgroups getloadavg
    getpgid getpgrp getpriority getresuid getsid getuid initgroups killpg lchown mkfifo mknod nice
    openpty pipe2 posix_spawn pread pwrite sched_getaffinity sched_setaffinity setegid seteuid
    setgid setpgid setsid setuid statvfs symlink sync sysconf tcgetpgrp ttyname uname wait wait3
    wait4 WEXITSTATUS
    """,
    "signal": """
    SIGALRM SIGCHLD SIGCONT SIGHUP SIGKILL SIGPIPE SIGQUIT SIGSTOP SIGTSTP SIGUSR1 SIGUSR2 alarm
    pause pthread_kill setitimer sigwait
    """,
    "time": "clock_gettime pthread_getcpuclockid tzset",
    "socket": "AF_UNIX fromfd",
}
MODULES = UNIX_MODULES.split()
CALLS = {module: names.split() for module, names in UNIX_CALLS.items()}

FILES = sorted(PACKAGE.rglob("*.py"))


def lacking(tree: ast.AST) -> Iterator[str]:
    """What a module uses that Windows lacks, without an alternative."""
    guarded = {
        id(node)
        for attempt in ast.walk(tree)
        if isinstance(attempt, ast.Try)
        for statement in attempt.body
        for node in ast.walk(statement)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}", *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            names = [f"{node.value.id}.{node.attr}"]
        else:
            continue
        for name in names:
            module, _, attribute = name.partition(".")
            used = name in MODULES or attribute in CALLS.get(module, ())
            if used and id(node) not in guarded:
                yield name


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_file_uses_what_windows_lacks(path: Path) -> None:
    assert list(lacking(ast.parse(path.read_text(encoding="utf-8")))) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("import resource", ["resource"]),
        ("from fcntl import flock", ["fcntl"]),
        ("import os\nos.fork()", ["os.fork"]),
        ("import signal\nsignal.SIGKILL", ["signal.SIGKILL"]),
        ("from os import fork", ["os.fork"]),
        ("try:\n  import resource\nexcept ImportError:\n  resource = None", []),
        ("import os\nos.replace(a, b)", []),
    ],
)
def test_the_reader_above_finds_it(text: str, found: list[str]) -> None:
    assert list(lacking(ast.parse(text))) == found


WITHOUT = f"""
import builtins, os, signal, sys

lacking = {MODULES!r}
given = builtins.__import__

def importing(name, globals=None, locals=None, fromlist=(), level=0):
    if name in lacking and str((globals or {{}}).get("__name__")).startswith("edgesim"):
        raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
    return given(name, globals, locals, fromlist, level)

builtins.__import__ = importing
for name in ("symlink", "mkfifo", "killpg"):
    delattr(os, name)

from edgesim.commands.cli import main

sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package alone, without the links beside it."""
    folder = tmp_path_factory.mktemp("copied")
    shutil.copytree(PACKAGE, folder / "edgesim", copy_function=shutil.copy2)
    return folder


def run(folder: Path, line: str, encoding: str = "cp1252") -> subprocess.CompletedProcess[bytes]:
    variables = {**os.environ, "PYTHONPATH": str(folder), "PYTHONIOENCODING": encoding}
    return subprocess.run(
        [sys.executable, "-X", "utf8=0", "-c", WITHOUT, *line.split()],
        cwd=folder,
        env={**variables, "LC_ALL": "C"},
        capture_output=True,
        check=False,
    )


@pytest.mark.slow
def test_a_training_runs_without_it(copied: Path) -> None:
    """Also without a locale, so that a file whose encoding is not stated would be read as ASCII."""
    ran = run(
        copied,
        "train scenario=aigc_paper scenario.horizon_s=20000 engine=simpy agent.n_envs=2"
        " agent.hyperparameters.n_steps=8 agent.hyperparameters.batch_size=16"
        " total_steps=16 validations=1 validation_episodes=1 episodes=1 bound=false",
    )
    assert ran.returncode == 0, ran.stderr.decode("cp1252")
    (run_folder,) = (copied / "runs" / "aigc_paper" / "maskable_ppo").iterdir()
    assert '"peak_memory_bytes": null' in (run_folder / "provenance.json").read_text("utf-8")


def test_a_terminal_with_few_signs_gets_others_for_those_it_lacks(copied: Path) -> None:
    ran = run(
        copied,
        "evaluate scenario=aigc_paper scenario.horizon_s=20000 policy=random episodes=2",
        encoding="ascii",
    )
    assert ran.returncode == 0, ran.stderr
    assert b" ? " in ran.stdout  # for the sign between a mean and its interval
