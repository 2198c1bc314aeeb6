"""Where a result comes from: versions, command line, machine, time."""

import os
import platform
import subprocess
import sys
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

from edgesim.version import version

__all__ = ["provenance"]

_LIBRARIES = (
    "gymnasium",
    "numpy",
    "sb3-contrib",
    "scipy",
    "simpy",
    "stable-baselines3",
    "torch",
)


def provenance(wall_s: float, cpu_s: float) -> dict[str, Any]:
    """Everything that a ``provenance.json`` says.

    Args:
        wall_s: seconds that the run took.
        cpu_s: CPU seconds of the process in them.
    """
    return {
        "edgesim": version(),
        "libraries": {name: found for name in _LIBRARIES if (found := _installed(name))},
        "python": platform.python_version(),
        "git_commit": _commit(),
        "command": ["edgesim", *sys.argv[1:]],
        "host": {"platform": platform.platform(), "cpus": os.cpu_count()},
        "wall_s": round(wall_s, 3),
        "cpu_s": round(cpu_s, 3),
        "peak_memory_bytes": _peak_memory_bytes(),
    }


def _installed(name: str) -> str | None:
    try:
        return installed(name)
    except PackageNotFoundError:
        return None


def _commit() -> str | None:
    """The commit of the checkout that this package lies in; None where it lies in none."""
    package = Path(__file__).resolve().parents[2]
    if not (package.parent / ".git").exists():  # an installed package below somebody's repository
        return None
    git = ["git", "-C", str(package)]
    try:
        run = subprocess.run(
            [*git, "rev-parse", "HEAD"],
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=True,
            timeout=10,
        )
        changed = subprocess.run(
            [*git, "status", "--porcelain", "--untracked-files=no"],
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=True,
            timeout=10,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return run.stdout.strip() + (" with changes" if changed.stdout.strip() else "")


def _peak_memory_bytes() -> int | None:
    """The most memory that the process has held, in bytes; None where no one tells, on Windows."""
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(peak if sys.platform == "darwin" else peak * 1024)
