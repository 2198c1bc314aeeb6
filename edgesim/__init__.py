"""edgesim: a digital twin of wireless edge networks and 5G slices, as Gymnasium environments.

``import edgesim`` registers the environment ids; nothing heavy is imported until it is used, not
even Gymnasium (:mod:`edgesim.registration` says how). The functions of :mod:`edgesim.api` are those
of this package: ``edgesim.train(...)``.
"""

from typing import TYPE_CHECKING, Any

from edgesim.problems import Problem, Score
from edgesim.registration import register, register_installed, register_problem

if TYPE_CHECKING:
    from edgesim.api import compare, evaluate, make, scenario, simulate, train, whatif

    __version__: str

__all__ = [
    "Problem",
    "Score",
    "__version__",
    "compare",
    "evaluate",
    "make",
    "register",
    "register_problem",
    "scenario",
    "simulate",
    "train",
    "whatif",
]

_LATER = ("compare", "evaluate", "make", "scenario", "simulate", "train", "whatif")

register()
register_installed()


def __getattr__(name: str) -> Any:
    """Functions of :mod:`edgesim.api` and the version, once they are asked for."""
    if name in _LATER:
        from edgesim import api

        return getattr(api, name)
    if name == "__version__":
        from edgesim.version import version

        return version()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
