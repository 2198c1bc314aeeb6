"""Flows: one row of numbers each, and what kind of traffic it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgesim.errors import InputError

__all__ = ["Flows", "Scaler", "split"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Flows:
    """Flows of a network, labelled.

    Attributes:
        values: shape (flows, features); finite.
        kinds: class of each flow, its place in ``classes``; shape (flows,).
        classes: what they are called, benign traffic first.
        features: what the columns are called.
        logarithmic: which of them are durations and volumes, that a detector sees as logarithms.

    Raises:
        InputError: values that are not finite, a kind that is none, names that are too few.
    """

    values: Floats
    kinds: Ints
    classes: tuple[str, ...]
    features: tuple[str, ...]
    logarithmic: tuple[bool, ...]

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or self.values.shape[1] != len(self.features):
            shape = f"shape {self.values.shape}"
            raise InputError("flows", shape, f"must have {len(self.features)} features")
        check_finite(self.values, self.features)
        if len(self.kinds) != len(self.values):
            raise InputError("flows", len(self.kinds), f"must have {len(self.values)} labels")
        if len(self.kinds) and not 0 <= self.kinds.min() <= self.kinds.max() < len(self.classes):
            raise InputError("flows", int(self.kinds.max()), "is no class")

    def __len__(self) -> int:
        return len(self.values)

    @property
    def support(self) -> Ints:
        """Flows of each class."""
        return np.bincount(self.kinds, minlength=len(self.classes))

    def of(self, rows: Ints) -> "Flows":
        """The flows of some rows."""
        values, kinds = self.values[rows], self.kinds[rows]
        return Flows(values, kinds, self.classes, self.features, self.logarithmic)

    def distinct(self) -> "Flows":
        """Each flow once that is there more often with the same label; in their order."""
        labelled = np.column_stack([self.values, self.kinds])
        _, rows = np.unique(labelled, axis=0, return_index=True)
        return self.of(np.sort(rows))

    def with_more(self, added: Sequence[tuple[int, Floats]]) -> "Flows":
        """These flows and others, given as class and values."""
        values = np.concatenate([self.values, *(more for _, more in added)])
        more_kinds = (np.full(len(more), number) for number, more in added)
        kinds = np.concatenate([self.kinds, *more_kinds])
        return Flows(values, kinds, self.classes, self.features, self.logarithmic)

    def check_learnable(self) -> None:
        """See that there is something to learn.

        Raises:
            InputError: there are not flows of at least two classes, benign traffic among them.
        """
        if len(self.classes) < 2 or not self.support[0] or not self.support[1:].any():
            there = [name for name, of in zip(self.classes, self.support, strict=True) if of]
            accepted = f"must hold {self.classes[:1]} and attacks: two classes or more"
            raise InputError("flows", there, accepted)


def check_finite(values: Floats, features: Sequence[str]) -> None:
    """See that every value is a finite number.

    Raises:
        InputError: one is not; it is named by column and row.
    """
    bad = ~np.isfinite(values)
    if bad.any():
        row, column = (int(at) for at in np.argwhere(bad)[0])
        more = int(bad.sum()) - 1
        others = f" ({more} more are not)" if more else ""
        where = f"flows: {features[column]} in row {row + 1}"
        raise InputError(where, float(values[row, column]), f"must be a finite number{others}")


def split(
    flows: Flows, train: Mapping[str, int], most_test: int, rng: np.random.Generator
) -> tuple[Flows, Flows]:
    """Stated numbers of flows of each class to train with, and others to test with.

    Args:
        flows: all.
        train: flows of each class to train with; other classes are left out.
        most_test: most flows of a class to test with; and no more than 40 % of the class.
        rng: draws which.

    Raises:
        InputError: a class is not there, or has too few flows.
    """
    names = tuple(train)
    parts: tuple[list[Ints], list[Ints]] = ([], [])
    for name, count in train.items():
        if name not in flows.classes:
            raise InputError("flows", name, f"is no class here; accepted: {flows.classes}")
        rows = rng.permutation(np.flatnonzero(flows.kinds == flows.classes.index(name)))
        tests = min(int(0.4 * len(rows)), most_test)
        if tests + count > len(rows):
            raise InputError(name, len(rows), f"must have {tests + count} flows")
        parts[0].append(rows[tests : tests + count])
        parts[1].append(rows[:tests])
    place = np.full(len(flows.classes), -1)
    place[[flows.classes.index(name) for name in names]] = np.arange(len(names))
    made = []
    for rows_of in parts:
        rows = rng.permutation(np.concatenate(rows_of))
        kinds = place[flows.kinds[rows]]
        made.append(Flows(flows.values[rows], kinds, names, flows.features, flows.logarithmic))
    return made[0], made[1]


class Scaler:
    """Logarithms of durations and volumes, then every feature to [0, 1] by its extremes.

    Args:
        flows: those whose extremes count: the ones to train with.
    """

    def __init__(self, flows: Flows) -> None:
        self._logarithmic = np.array(flows.logarithmic)
        seen = self._logged(flows.values)
        self._low = seen.min(axis=0)
        span = seen.max(axis=0) - self._low
        self._span = np.where(span > 0, span, 1.0)

    def __call__(self, values: Floats) -> Floats:
        """Scaled, shape (flows, features); beyond [0, 1] by one at most where training was not."""
        scaled: Floats = np.clip((self._logged(values) - self._low) / self._span, -1.0, 2.0)
        return scaled

    def flows(self, flows: Flows) -> Flows:
        """The same flows, scaled."""
        scaled, no_logs = self(flows.values), (False,) * len(flows.features)
        return Flows(scaled, flows.kinds, flows.classes, flows.features, no_logs)

    def _logged(self, values: Floats) -> Floats:
        logged = np.array(values, dtype=np.float64)
        part = logged[:, self._logarithmic]
        logged[:, self._logarithmic] = np.sign(part) * np.log1p(np.abs(part))
        return logged
