"""What ``edgesim whatif`` is given."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from edgesim.config.keys import as_list, help_text, not_empty
from edgesim.errors import InputError
from edgesim.numbers import LARGEST_SEED
from edgesim.scenarios.checks import at_least, integer_from, one_of, positive

__all__ = ["EACH", "WhatIfConfig", "without_changes"]

EACH = ("links", "nodes", "sites", "hosts", "providers")
"""What can be tried to fail, one after the other."""


@dataclass
class WhatIfConfig:
    """Changes of a scenario or a policy, or single failures, beside what is as it was.

    ``scenario`` as in :class:`edgesim.config.config.EvaluateConfig`.

    Raises:
        InputError: a value is out of its range (on construction).
    """

    scenario: Any = field(
        default=None, metadata=help_text("the world: a preset, or a key of it (scenario.<key>=...)")
    )
    policy: str | None = field(
        default=None,
        metadata=help_text(
            "who decides: a baseline, a run folder, or module:attribute; null: the problem's"
            " default"
        ),
    )
    change: Any = field(
        default=None,
        metadata=help_text(
            "what is otherwise: overrides with spaces between them, of scenario and policy; once"
            " for each change"
        ),
    )
    each: Any = field(
        default=None,
        metadata=help_text(
            "instead of changes every single failure: links, nodes (sites), hosts or providers;"
            " several: each=[links,nodes]",
            EACH,
        ),
    )
    at_s: float = field(default=0.0, metadata=help_text("s; when each of them fails"))
    until_s: float | None = field(
        default=None, metadata=help_text("s; when it is repaired; null: not in the episode")
    )
    episodes: int = field(default=10, metadata=help_text("held-out episodes, the same for all"))
    seed: int = field(default=0, metadata=help_text("seed of the episodes"))
    out: str | None = field(
        default=None,
        metadata=help_text(
            "folder for the results; null: whatif/<scenario>-<hash of the question>"
        ),
    )
    scenario_keys: dict[str, Any] = field(default_factory=dict, metadata=help_text(""))
    given: list[str] = field(default_factory=list, metadata=help_text(""))

    def __post_init__(self) -> None:
        integer_from("episodes", self.episodes, 1)
        integer_from("seed", self.seed, 0, LARGEST_SEED)
        at_least("at_s", self.at_s, 0)
        if self.until_s is not None:
            positive("until_s", self.until_s)
            if self.until_s <= self.at_s:
                raise InputError("until_s", self.until_s, f"must be after at_s = {self.at_s:g}")
        for what in self.kinds:
            one_of("each", what, EACH)
        for key in ("policy", "out"):
            if getattr(self, key) is not None:
                not_empty(key, getattr(self, key))

    @property
    def policies(self) -> list[str]:
        """The one policy, as the list that an evaluation has."""
        return [] if self.policy is None else [self.policy]

    @property
    def changes(self) -> list[Any]:
        """The changes as a list; in Python one may be a mapping of keys."""
        return [] if self.change is None else as_list(self.change)

    @property
    def kinds(self) -> list[str]:
        """What fails, as a list."""
        return [] if self.each is None else as_list(self.each)


def without_changes(words: Iterable[str]) -> tuple[list[str], list[str]]:
    """The words of a shell line apart from its changes, and the changes.

    A change holds overrides itself, which Hydra's grammar does not take as a value.
    """
    rest, changes = [], []
    for word in words:
        key, equals, value = word.partition("=")
        if key == "change" and equals:
            changes.append(value)
        else:
            rest.append(word)
    return rest, changes
