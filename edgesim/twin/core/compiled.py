"""Functions that Numba compiles when they are first called; their machine code stays on disk."""

from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from inspect import getfile
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any, TypeVar

import numpy as np
from numba import njit, types
from numba.core.caching import FunctionCache, IndexDataCacheFile

from edgesim.compiling import announce

__all__ = ["NO_ARRAYS_MADE", "compiled"]

_Function = TypeVar("_Function", bound=Callable[..., Any])

NO_ARRAYS_MADE: Mapping[str, Any] = {"error_model": "numpy", "_nrt": False}
"""Options of functions that make no array: who has a reference to one need not be counted.

With tens of arrays in a call the counting takes longer than a short function does."""

_CONSTANTS = (bool, int, float, complex, str, bytes, tuple, np.generic, np.dtype)
"""Values that Numba compiles into a function, besides arrays."""


def compiled(**options: Any) -> Callable[[_Function], _Function]:
    """A decorator: compile a function by Numba, and keep what comes of it beside its file.

    What is kept is made anew when the function's file changes, or anything of another file that is
    compiled into it: functions that it calls, constants, and the classes of its named tuples.
    Numba's own ``cache=True`` looks at the function's file alone.

    Args:
        options: of :func:`numba.njit`, without ``cache``.
    """

    def decorate(function: _Function) -> _Function:
        dispatcher: Any = njit(**options)(function)
        dispatcher._cache = _Cache(function)  # what cache=True does, with Numba's own class
        done: _Function = dispatcher
        return done

    return decorate


class _Cache(FunctionCache):
    """Numba's cache of one function, fresh as long as all is that is compiled into it."""

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        # Looked at in the first call, not in the definition: what is called may stand further down.
        self._cache_file = IndexDataCacheFile(
            self._cache_path, self._impl.filename_base, _digest(self._py_func)
        )
        try:
            found = super().load_overload(sig, target_context)
        except (AttributeError, ImportError):
            # The old index names a class that has since been renamed or moved.
            self.flush()
            found = None
        if found is None:
            announce()
        return found

    def _index_key(self, sig: Any, codegen: Any) -> tuple[Any, ...]:
        return (*super()._index_key(sig, codegen), _fields(getattr(sig, "args", sig)))


def _fields(arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    """The names of the fields of all named tuples among types.

    Numba tells named tuples apart by their class and the types of their fields; compiled code finds
    a field by its place.
    """
    tuples: list[Any] = [kind for kind in arguments if isinstance(kind, types.BaseTuple)]
    return tuple((getattr(kind, "fields", ()), _fields(tuple(kind.types))) for kind in tuples)


def _digest(function: Callable[..., Any]) -> str:
    """A hash over what a function is made of: files of its package, and the constants it uses."""
    package = function.__module__.partition(".")[0]
    waiting: list[tuple[str, Any]] = [("", function)]
    seen: set[Any] = set()
    parts: set[bytes] = set()
    while waiting:
        name, value = waiting.pop()
        value = getattr(value, "py_func", value)  # of a compiled function
        if isinstance(value, _CONSTANTS):
            parts.add(f"{name} {value!r}".encode())
        elif isinstance(value, np.ndarray):
            parts.add(f"{name} {value.dtype} {value.shape}".encode() + value.tobytes())
        elif isinstance(value, FunctionType | type) and value not in seen:
            seen.add(value)
            if value.__module__.partition(".")[0] == package:
                parts.add(sha256(Path(getfile(value)).read_bytes()).digest())
                if isinstance(value, FunctionType):
                    waiting += _used(set(_names(value.__code__)), value.__globals__)
    return sha256(b"".join(sorted(parts))).hexdigest()


def _names(code: CodeType) -> Iterator[str]:
    """The names of globals and attributes in a function, those within it included."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def _used(names: set[str], place: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """What is called so in a module, and in the modules that are called so in it."""
    for name in names & place.keys():
        yield name, place[name]
        if isinstance(place[name], ModuleType):
            yield from _used(names - {name}, vars(place[name]))
