"""Operating points of detectors: what each finds, and what it costs in CPU and delay."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from edgesim.errors import InputError, did_you_mean
from edgesim.profiles.profile import ServiceProfile, load_profile
from edgesim.scenarios.sfc.attack_schema import AttackScenario, OperatingPoint

__all__ = ["Point", "read_points"]

Floats = npt.NDArray[np.float64]


class Point(NamedTuple):
    """One way to inspect flows.

    Attributes:
        name: what the scenario calls it.
        shares: of benign flows (row 0) and of each kind of attack, the share that is found as
            benign (column 0) or as each kind; shape (kinds + 1, kinds + 1).
        batch: flows that are inspected together.
        batch_s: CPU seconds that they take.
    """

    name: str
    shares: Floats
    batch: int
    batch_s: float

    @property
    def missed(self) -> Floats:
        """Share of each kind of attack that passes."""
        return self.shares[1:, 0]

    @property
    def false_alarms(self) -> float:
        """Share of the benign flows that is stopped."""
        return float(1.0 - self.shares[0, 0])

    @property
    def flow_s(self) -> float:
        """CPU seconds a flow."""
        return self.batch_s / self.batch

    def wait_ms(self, flows_hz: float) -> float:
        """Mean time that a flow's first packets are held, ms: until its batch is full, and until
        that has been inspected.

        Of a batch of n, a flow waits for (n - 1) / 2 others on average.
        """
        return 1000 * ((self.batch - 1) / (2 * flows_hz) + self.batch_s)


def read_points(scenario: AttackScenario) -> list[Point]:
    """The operating points of a scenario.

    Raises:
        InputError: a profile is none, is of no detector, or lacks a kind of attack.
    """
    kinds = [kind.name for kind in scenario.attacks.kinds]
    return [_point(stated, kinds) for stated in scenario.points]


def _point(stated: OperatingPoint, kinds: list[str]) -> Point:
    if stated.profile is None:  # nothing is inspected: all is taken for benign
        shares = np.zeros((len(kinds) + 1, len(kinds) + 1))
        shares[:, 0] = 1.0
        return Point(stated.name, shares, 1, 0.0)
    profile = load_profile(stated.profile)
    if profile.detection is None:
        key = f"points.{stated.name}.profile"
        raise InputError(key, stated.profile, f"must be a detector; it does {profile.task}")
    # The work of a detector is flows: a batch of n is one item of work n.
    batch_s = profile.latency.affine.seconds(stated.batch)
    return Point(stated.name, _shares(stated, profile, kinds), stated.batch, batch_s)


def _shares(stated: OperatingPoint, profile: ServiceProfile, kinds: list[str]) -> Floats:
    """The confusion matrix of the profile's nearest threshold, as shares of the kinds asked for.

    What is found as a class that is no kind of the scenario counts to the likeliest kind of them.
    """
    detection = profile.detection
    assert detection is not None
    for kind in kinds:
        if kind not in detection.classes[1:]:
            accepted = f"the detector {stated.profile} does not know it; "
            accepted += did_you_mean(kind, detection.classes[1:])
            raise InputError("attacks.kinds", kind, accepted)
    nearest = np.abs(np.array(detection.thresholds) - stated.threshold).argmin()
    counts = np.array(detection.confusion[int(nearest)], dtype=np.float64)
    rows = [0, *(detection.classes.index(kind) for kind in kinds)]
    others = [place for place in range(1, len(detection.classes)) if place not in rows]
    found = counts[np.ix_(rows, rows)]
    likeliest = 1 + found[:, 1:].argmax(axis=1)
    found[np.arange(len(rows)), likeliest] += counts[np.ix_(rows, others)].sum(axis=1)
    totals = found.sum(axis=1, keepdims=True)
    for kind, total in zip(kinds, totals[1:, 0], strict=True):
        if not total:
            raise InputError("attacks.kinds", kind, f"{stated.profile} was measured on none")
    shares: Floats = found / totals
    return shares
