"""Detectors and treatments compared on one protocol: the same splits, the same gradient steps."""

from collections.abc import Sequence
from time import process_time
from typing import Any, NamedTuple

import numpy as np

from edgesim.services.detectors.balancing import balanced
from edgesim.services.detectors.detectors import Trained, found_kinds
from edgesim.services.detectors.flows import Flows, Scaler, split
from edgesim.services.detectors.metrics import confusion, confusion_metrics
from edgesim.services.detectors.scarcity import largest, scarcity, targets

__all__ = ["ARMS", "MOST_TEST", "TRAIN", "Arm", "compare"]

TRAIN = {
    "normal": 8000,
    "neptune": 4000,
    "smurf": 700,
    "portsweep": 440,
    "satan": 120,
    "guess_passwd": 60,
    "ipsweep": 30,
    "warezmaster": 10,
    "back": 6,
}
"""Flows of NSL-KDD to train with: four ample classes, three scarce, two rare."""

MOST_TEST = 4000
"""Most flows of a class to test with."""


class Arm(NamedTuple):
    """One detector with one treatment; ``everything`` raises all classes to the largest."""

    detector: str
    treatment: str
    everything: bool = False

    @property
    def name(self) -> str:
        """What tables call it."""
        return f"{self.detector} {self.treatment}{' all' if self.everything else ''}"


ARMS = (
    *(Arm("network", it) for it in ("none", "ros", "smote", "s2cgan", "weights")),
    *(Arm("network", it, everything=True) for it in ("ros", "smote")),
    *(Arm("forest", it) for it in ("none", "weights", "smote", "s2cgan")),
    *(Arm("boosting", it) for it in ("none", "weights", "smote", "s2cgan")),
)
"""What is compared: the paper's network with each treatment, and what it was not compared with."""


def compare(
    flows: Flows,
    seeds: Sequence[int],
    arms: Sequence[Arm] = ARMS,
    train: dict[str, int] | None = None,
    most_test: int = MOST_TEST,
) -> list[dict[str, Any]]:
    """A row for each arm and seed; the arms of a seed see the same split.

    Returns:
        rows of ``arm``, ``seed``, macro figures, ``f1`` by class, shares, the confusion
        ``matrix``, CPU seconds, and what the filter of S2CGAN let through.
    """
    rows: list[dict[str, Any]] = []
    for seed in seeds:
        training, test = split(
            flows, TRAIN if train is None else train, most_test, np.random.default_rng(seed)
        )
        scaled = Scaler(training).flows(training)
        kinds = scarcity(scaled)
        treated: dict[tuple[str, bool], Flows] = {}
        for arm in arms:
            began = process_time()
            key = (arm.treatment, arm.everything)
            if key not in treated:
                goal = largest(scaled) if arm.everything else targets(scaled, kinds)
                treated[key] = balanced(scaled, arm.treatment, seed, goal)
            detector = Trained(arm.detector, training, seed, arm.treatment, treated[key])
            found = found_kinds(detector.scores(test.values))
            matrix = confusion(test.kinds, found, len(test.classes))
            of = confusion_metrics(matrix)
            rows.append(
                {
                    "arm": arm.name,
                    "seed": seed,
                    "macro_precision": of.macro[0],
                    "macro_recall": of.macro[1],
                    "macro_f1": of.macro[2],
                    "f1": of.f1.tolist(),
                    "detected": of.attack_detected_share,
                    "false_alarms": of.false_alarm_share,
                    "right_type": of.right_type_share,
                    "matrix": matrix.tolist(),
                    "cpu_s": process_time() - began,
                }
            )
    return rows
