"""What a user did wrong, said in one line."""

from collections.abc import Iterable
from reprlib import Repr
from typing import Any

from edgesim.hints import nearest

__all__ = ["InputError", "Unshown", "did_you_mean"]

_SHOWN = 200  # characters of a value that a message shows
_NAMED = 20  # accepted names that a message lists

# A few lines of YAML with aliases can stand for more values than fit in memory: a message writes
# out the first of them alone.
_FIRST = Repr()
_FIRST.maxlevel, _FIRST.maxother, _FIRST.maxstring, _FIRST.maxlong = 3, 1000, 1000, 1000
_FIRST.maxlist = _FIRST.maxtuple = _FIRST.maxdict = _FIRST.maxset = 20


class InputError(ValueError):
    """Input that cannot be used: the thing, the value it had, and what is accepted.

    The command line prints the message alone and exits with status 2; in a notebook it is an
    ordinary ``ValueError``.

    Args:
        thing: what was given, by the name the user knows it by (a key, a path, a column).
        value: the value that was given.
        accepted: what would have been accepted, as the end of the sentence.
    """

    def __init__(self, thing: str, value: Any, accepted: str) -> None:
        self.thing, self.value, self.accepted = thing, value, accepted
        message = f"{thing} = {_shown(value)}: {accepted}"
        # A key may hold a line break; a message is one line all the same.
        super().__init__("\\n".join(message.splitlines()))

    def __reduce__(self) -> tuple[type["InputError"], tuple[str, Any, str]]:
        """Pickle by the three parts, so that a worker process can raise it through."""
        return (type(self), (self.thing, self.value, self.accepted))


class Unshown:
    """What a file holds, in a message that says its kind alone: ``<text>``, ``<a mapping>``.

    A file that is not what it was taken for may hold what nobody should read in a log.
    """

    def __init__(self, value: Any) -> None:
        kinds = {str: "text", dict: "a mapping", list: "a list", type(None): "nothing"}
        self._kind = kinds.get(type(value), "a number")

    def __repr__(self) -> str:
        return f"<{self._kind}>"


def _shown(value: Any) -> str:
    """A value as a message shows it: on one line, and not too much of it."""
    try:
        shown = _FIRST.repr(value) if isinstance(value, list | tuple | dict | set) else repr(value)
    except (ValueError, RecursionError):  # a number of thousands of digits; nested thousands deep
        return f"<{type(value).__name__}>"
    if len(shown) > _SHOWN:
        # The end of a path tells more than its middle.
        shown = f"{shown[: _SHOWN // 2]}...{shown[3 - _SHOWN // 2 :]}"
    return shown


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The end of a message on an unknown name: the nearest known one, then all of them.

    Of very many the first, and how many others there are.
    """
    names = sorted(known)
    near = nearest(str(name), names)
    hint = f"did you mean {near!r}? " if near is not None else ""
    if len(names) > _NAMED:
        shown = ", ".join(names[:_NAMED])
        return f"{hint}accepted: {shown} and {len(names) - _NAMED} others"
    return f"{hint}accepted: {', '.join(names)}"
