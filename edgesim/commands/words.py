"""Words behind a command that are not ``key=value``: what was meant by them."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path

from edgesim.errors import InputError
from edgesim.hints import nearest_key

__all__ = ["SWEEP", "check_words", "demo_words"]

SWEEP = ("-m", "--multirun")
"""The one option: run once for each combination of values."""

_OPTIONS = "accepted: --help, --multirun (-m)"


def check_words(command: str, words: Sequence[str]) -> None:
    """See that all words behind a command are ``key=value`` or an option of edgesim.

    Raises:
        InputError: one is not, with what would say the same.
    """
    for word, after, later in zip(words, (*words[1:], ""), (*words[2:], "", ""), strict=False):
        if word in SWEEP:
            continue
        if word.startswith("-"):
            raise InputError("option", word, _of_option(command, word, after))
        if "=" not in word and not word.startswith("~"):
            raise InputError("argument", word, _of_bare(command, word, after, later))


def demo_words(words: Sequence[str]) -> list[str]:
    """``text poem.txt`` behind ``demo`` as ``demo=text input='poem.txt'``; the rest as it is."""
    bare = [word for word in words if "=" not in word and not word.startswith(("-", "~"))]
    rest = [word for word in words if word not in bare[:2]]
    named = [f"demo={word}" for word in bare[:1]]
    quoted = [word.replace("\\", "\\\\").replace("'", "\\'") for word in bare[1:2]]
    return [*named, *(f"input='{word}'" for word in quoted), *rest]


def _of_option(command: str, word: str, after: str) -> str:
    """``--seed=1`` and ``--seed 1`` are ``seed=1`` here."""
    name, equals, value = word.lstrip("-").partition("=")
    if not equals and "=" not in after and not after.startswith("-"):
        value = after
    key = name.replace("-", "_")
    known = [*_keys(command), *_keys_of_agent(command)]
    near = key if key in known else nearest_key(key, known)
    if near is None:
        return _OPTIONS
    switch = "true" in _names(command).get(near, ())
    return f"did you mean {near}={value or ('true' if switch else '...')}? {_OPTIONS}"


def _of_bare(command: str, word: str, after: str, later: str) -> str:
    """What a word without ``=`` would be with it."""
    meant = _meant(command, word, after, later)
    if meant is not None:
        return f"must be key=value without spaces: did you mean {meant}?"
    if word in _keys(command):
        return f"must be key=value, as in {word}=..."
    return f"must be key=value; edgesim {command} --help lists the keys"


def _meant(command: str, word: str, after: str, later: str) -> str | None:
    """The word that was most likely meant by one without ``=``, and those that follow it."""
    known = _keys(command)
    key, colon, value = word.partition(":")
    if word in known:
        if after == "=":
            return f"{word}={later or '...'}"
        taken = after.removeprefix("=")
        return f"{word}={taken}" if taken and "=" not in taken and taken[0] != "-" else None
    if colon and key in known:
        return f"{key}={value}"
    if word in ("help", "h"):
        return "--help"
    named = [name for name, words in _names(command).items() if word in words]
    if not named and ("/" in word or Path(word).is_dir()):
        order = ("runs", "policy") if command == "compare" else ("policy", "runs")
        named = [name for name in order if name in known]
    near = nearest_key(word, known)
    return f"{named[0]}={word}" if named else f"{near}=..." if near else None


def _keys(command: str) -> list[str]:
    """The keys of a command that a user may give."""
    from edgesim.config.config import SCHEMAS

    return [item.name for item in fields(SCHEMAS[command]) if item.metadata["help"]]


def _keys_of_agent(command: str) -> list[str]:
    """The keys of the agent, where the command has one."""
    from edgesim.config.config import AgentConfig

    own = "agent" in _keys(command)
    return [f"agent.{item.name}" for item in fields(AgentConfig)] if own else []


def _names(command: str) -> Mapping[str, Sequence[str]]:
    """The names that keys of the command take."""
    from edgesim.commands.choices import choices

    return {key: choices(command, key, {}) for key in _keys(command)}
