"""The problems' environments in Gymnasium's registry, without importing Gymnasium.

``import edgesim`` has to register the environment ids, and Gymnasium has no entry points for
packages to be found by. But who runs a twin alone (``import edgesim.twin...`` runs
``edgesim/__init__.py`` as well) should not wait for Gymnasium, nor need it. So the ids are
registered at once where Gymnasium is imported already, and otherwise as soon as it has been: until
then a finder stands first in ``sys.meta_path`` and looks out for it.
"""

import sys
import warnings
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

from edgesim.errors import InputError
from edgesim.plugins import loaded
from edgesim.problems import PROBLEMS, Problem, add

__all__ = ["register", "register_installed", "register_problem"]


def register_problem(problem: Problem) -> None:
    """Make a problem known, to edgesim's commands and to Gymnasium; again changes nothing.

    Args:
        problem: the problem; its import strings must be importable in every process that uses it.

    Raises:
        InputError: another problem, or another package in Gymnasium, has its name or its id.
    """
    known = problem.name in PROBLEMS
    add(problem)
    try:
        register()
    except InputError:
        if not known:
            del PROBLEMS[problem.name]
        raise


def register_installed() -> None:
    """Register the problems that other installed packages name (:mod:`edgesim.plugins`).

    One that cannot be registered is told of in a warning and left out.
    """
    for name, found in loaded("edgesim.problems"):
        try:
            if isinstance(found, Problem):
                register_problem(found)
            elif not isinstance(found, ModuleType):
                accepted = "must be a Problem, or a module that registers some"
                raise InputError(f"edgesim.problems {name}", found, accepted)
        except InputError as error:
            warnings.warn(f"a problem of another package is left out: {error}", stacklevel=2)


def register() -> None:
    """Register every problem's id with Gymnasium, now or once it is imported; again is harmless.

    Raises:
        InputError: Gymnasium knows one of the ids as another environment.
    """
    if "gymnasium" in sys.modules:
        import gymnasium  # also waits for another thread that is importing it

        _register_with(gymnasium)
    elif not any(isinstance(finder, _AfterGymnasium) for finder in sys.meta_path):
        sys.meta_path.insert(0, _AfterGymnasium())


def _register_with(gymnasium: ModuleType) -> None:
    for problem in PROBLEMS.values():
        if not problem.env_id:
            continue
        known = gymnasium.registry.get(problem.env_id)
        if known is None:
            gymnasium.register(
                problem.env_id,
                entry_point=problem.env,
                vector_entry_point=problem.vector,
            )
        elif known.entry_point != problem.env:
            taken = f"Gymnasium knows it already, as {known.entry_point}"
            raise InputError("env_id", problem.env_id, taken)


class _AfterGymnasium(MetaPathFinder):
    """Finds Gymnasium as the other finders do, and registers once it has been executed.

    It stays until then: a specification may be looked up and never be executed.
    """

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        if fullname != "gymnasium":
            return None
        for finder in sys.meta_path:
            if finder is self or not hasattr(finder, "find_spec"):
                continue
            spec = finder.find_spec(fullname, path, target)
            if spec is not None:
                if spec.loader is not None:
                    self._then_register(spec.loader)
                return spec
        return None

    def _then_register(self, loader: Loader) -> None:
        """Have this one loader register after it has executed the module, and be as it was."""
        execute = loader.exec_module

        def execute_and_register(module: ModuleType) -> None:
            del loader.exec_module
            execute(module)
            if self in sys.meta_path:
                sys.meta_path.remove(self)
            _register_with(module)

        loader.exec_module = execute_and_register  # type: ignore[method-assign]  # of this loader alone
