"""Words behind a command that are not ``key=value``: what was meant by them."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path

from edgesim.errors import InputError
from edgesim.hints import nearest_key

__all__ = ["SWEEP", "check_words"]

SWEEP = ("-m", "--multirun")
"""The one option: run once for each combination of values."""

_OPTIONS = "accepted: --help, --multirun (-m)"


def check_words(command: str, words: Sequence[str]) -> None:
    """See that all words behind a command are ``key=value`` or an option of edgesim.

    Raises:
        InputError: one is not, with what would say the same.
    """
    for word, after in zip(words, (*words[1:], ""), strict=False):
        if word in SWEEP:
            continue
        if word.startswith("-"):
            raise InputError("option", word, _of_option(command, word, after))
        if "=" not in word and not word.startswith("~"):
            raise InputError("argument", word, _of_bare(command, word, after))


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


def _of_bare(command: str, word: str, after: str) -> str:
    """What a word without ``=`` would be with it."""
    known = _keys(command)
    key, colon, value = word.partition(":")
    if word in known and len(after) > 1 and "=" not in after[1:] and after[0] != "-":
        after = after.removeprefix("=")
        return f"must be key=value: did you mean {word}={after}?"
    if colon and key in known:
        return f"must be key=value: did you mean {key}={value}?"
    if word in known:
        return f"must be key=value, as in {word}=..."
    for key, names in _names(command).items():
        if word in names:
            return f"must be key=value: did you mean {key}={word}?"
    if Path(word).is_dir():
        for key in ("policy", "runs"):
            if key in known:
                return f"must be key=value: did you mean {key}={word}?"
    near = nearest_key(word, known)
    hint = f": did you mean {near}=...?" if near else ""
    return f"must be key=value{hint or f'; edgesim {command} --help lists the keys'}"


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
