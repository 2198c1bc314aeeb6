"""What was assumed of somebody's input, or left out of it: said in one line, once a process."""

import logging

__all__ = ["note"]

_log = logging.getLogger("edgesim")
_said: set[str] = set()


def note(thing: str, what: str) -> None:
    """Say what was made of an input that can be used, but not all of it or not as it stands.

    The line goes to the logger ``edgesim`` as a warning, which a shell shows on standard error
    unless a program sets up logging otherwise. A world that is built many times says it once.

    Args:
        thing: the input, by the name that the user knows it by (a file, a key).
        what: what was assumed or left out, and how to state it otherwise.
    """
    line = " ".join(f"note: {thing}: {what}".splitlines())
    if line not in _said:
        _said.add(line)
        _log.warning("%s", line)
