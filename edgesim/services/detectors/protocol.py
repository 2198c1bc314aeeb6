"""Detectors and treatments compared on one protocol: the same splits, the same gradient steps."""

from collections.abc import Mapping, Sequence
from time import process_time
from typing import Any, NamedTuple

import numpy as np

from edgesim.errors import InputError
from edgesim.notes import note
from edgesim.services.detectors.balancing import balanced
from edgesim.services.detectors.detectors import Trained, found_kinds
from edgesim.services.detectors.flows import Flows, Scaler, split
from edgesim.services.detectors.metrics import confusion, confusion_metrics
from edgesim.services.detectors.s2cgan import Made, s2cgan_made
from edgesim.services.detectors.scarcity import largest, scarcity, targets

__all__ = ["ARMS", "CICIDS2017", "MOST_TEST", "TRAIN", "Arm", "Protocol", "compare", "protocol_of"]

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

CICIDS2017 = {
    "BENIGN": 136,
    "WebAttack": 1280,
    "Bot": 860,
    "DoS": 510,
    "BruteForce": 260,
    "PortScan": 98,
    "Infiltration": 22,
}
"""Flows of the rare classes of CICIDS2017 to train with: three fifths of those that differ."""

_FEWEST = 5  # flows of a class of another file: three to train with and two to test with


class Protocol(NamedTuple):
    """Which flows a comparison trains with, and which classes are called rare.

    Attributes:
        name: what reports call it.
        train: flows of each class to train with, benign traffic first.
        most_test: most flows of a class to test with; and no more than 40 % of the class.
        borders: how many times larger the largest class is than a scarce and than a rare one; the
            authors of arXiv 2306.03707 set theirs by hand.
        distinct: whether flows that are repeated count once, so that none is both trained with and
            tested on.
    """

    name: str
    train: Mapping[str, int]
    most_test: int = MOST_TEST
    borders: tuple[float | None, float | None] = (None, None)
    distinct: bool = True


def protocol_of(flows: Flows) -> Protocol:
    """The protocol that flows are compared on.

    NSL-KDD and the rare classes of CICIDS2017 are known by their classes; of any other file 40 %
    of each class is tested with, and the rest trained with.

    Raises:
        InputError: fewer than two classes have enough flows.
    """
    if set(TRAIN) <= set(flows.classes):
        # Repeated flows stay, as those who cite it keep them.
        return Protocol("NSL-KDD", TRAIN, distinct=False)
    if set(flows.classes) == set(CICIDS2017):
        # Benign flows are few in this sample, so borders lie lower: two scarce classes, one rare.
        return Protocol("rare classes of CICIDS2017", CICIDS2017, borders=(8.0, 40.0))
    support = dict(zip(flows.classes, flows.support.tolist(), strict=True))
    few = [name for name, size in support.items() if size < _FEWEST]
    if few:
        note("flows", f"classes of fewer than {_FEWEST} flows are left out: {', '.join(few)}")
    train = {
        name: size - min(int(0.4 * size), MOST_TEST)
        for name, size in support.items()
        if name not in few
    }
    if flows.classes[0] in few or len(train) < 2:
        accepted = f"must hold {_FEWEST} benign flows and {_FEWEST} of an attack or more"
        raise InputError("flows", support, accepted)
    return Protocol("flows of a file", train)


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
    train: Mapping[str, int] | None = None,
    most_test: int = MOST_TEST,
    borders: tuple[float | None, float | None] = (None, None),
) -> list[dict[str, Any]]:
    """A row for each arm and seed; the arms of a seed see the same split.

    Args:
        flows: all.
        seeds: of the split, of what treatments draw and of training.
        arms: what is compared.
        train: flows of each class to train with, see :class:`Protocol`; None: those of NSL-KDD.
        most_test: most flows of a class to test with.
        borders: of scarce and of rare classes.

    Returns:
        rows of ``arm``, ``seed``, macro figures, ``f1`` by class, shares, the confusion
        ``matrix``, CPU seconds, and of S2CGAN ``passed``: the share that its filter let through,
        by class (a class that SKN makes is not in it).
    """
    rows: list[dict[str, Any]] = []
    for seed in seeds:
        training, test = split(
            flows, TRAIN if train is None else train, most_test, np.random.default_rng(seed)
        )
        scaled = Scaler(training).flows(training)
        kinds = scarcity(scaled, *borders)
        treated: dict[tuple[str, bool], tuple[Flows, dict[int, Made]]] = {}
        for arm in arms:
            began = process_time()
            key = (arm.treatment, arm.everything)
            if key not in treated:
                goal = largest(scaled) if arm.everything else targets(scaled, kinds)
                made = {}
                if arm.treatment == "s2cgan":
                    made = s2cgan_made(scaled, kinds, goal, seed)
                    more = scaled.with_more([(number, it.values) for number, it in made.items()])
                else:
                    more = balanced(scaled, arm.treatment, seed, goal)
                treated[key] = more, made
            more, made = treated[key]
            detector = Trained(arm.detector, training, seed, arm.treatment, more)
            found = found_kinds(detector.scores(test.values))
            matrix = confusion(test.kinds, found, len(test.classes))
            of = confusion_metrics(matrix)
            row = {
                "arm": arm.name,
                "seed": seed,
                "macro_precision": of.macro[0],
                "macro_recall": of.macro[1],
                "macro_f1": of.macro[2],
                "f1": of.f1.tolist(),
                "classes": list(test.classes),
                "detected": of.attack_detected_share,
                "false_alarms": of.false_alarm_share,
                "right_type": of.right_type_share,
                "matrix": matrix.tolist(),
                "cpu_s": process_time() - began,
            }
            if made:
                row["passed"] = {
                    test.classes[number]: it.passed
                    for number, it in made.items()
                    if not np.isnan(it.passed)
                }
            rows.append(row)
    return rows
