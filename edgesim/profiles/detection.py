"""What a detector finds: its confusion matrix at every threshold."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from edgesim.errors import InputError

__all__ = ["Detection"]


@dataclass(frozen=True)
class Detection:
    """A detector on held-out flows.

    Attributes:
        classes: their names; the first is the harmless one.
        thresholds: increasing, in [0, 1]; an alarm is raised where the detector's share for the
            harmless class is at most one minus the threshold.
        confusion: for each threshold, flows by true class (rows) and by class found (columns).
    """

    classes: tuple[str, ...]
    thresholds: tuple[float, ...]
    confusion: tuple[tuple[tuple[int, ...], ...], ...]

    def __post_init__(self) -> None:
        if len(self.classes) < 2 or len(set(self.classes)) < len(self.classes):
            raise InputError("classes", list(self.classes), "must be two or more, each once")
        if not self.thresholds or not all(0 <= it <= 1 for it in self.thresholds):
            raise InputError("thresholds", list(self.thresholds), "must lie in [0, 1]")
        if any(first >= second for first, second in pairwise(self.thresholds)):
            raise InputError("thresholds", list(self.thresholds), "must increase")
        if len(self.confusion) != len(self.thresholds):
            accepted = f"must have a matrix for each threshold: {len(self.thresholds)}"
            raise InputError("confusion", f"{len(self.confusion)} matrices", accepted)
        size = len(self.classes)
        for matrix in self.confusion:
            if len(matrix) != size or any(len(row) != size for row in matrix):
                raise InputError("confusion", "a matrix", f"must be {size} x {size}")
            if any(count < 0 for row in matrix for count in row):
                raise InputError("confusion", "a matrix", "must hold numbers of flows from 0 on")
            if not sum(matrix[0]) or not sum(map(sum, matrix[1:])):
                raise InputError("confusion", "a matrix", "must hold harmless flows and attacks")

    def detected_share(self, row: int) -> float:
        """Share of the attacks that are found as any attack, at ``thresholds[row]``."""
        attacks = self.confusion[row][1:]
        return sum(sum(found[1:]) for found in attacks) / sum(map(sum, attacks))

    def false_alarm_share(self, row: int) -> float:
        """Share of the harmless flows that raise an alarm."""
        harmless = self.confusion[row][0]
        return sum(harmless[1:]) / sum(harmless)

    def right_type_share(self, row: int) -> float:
        """Share of the attacks that are found as what they are."""
        attacks: Sequence[Sequence[int]] = self.confusion[row][1:]
        right = sum(found[kind + 1] for kind, found in enumerate(attacks))
        return right / sum(map(sum, attacks))
