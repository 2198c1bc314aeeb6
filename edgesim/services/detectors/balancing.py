"""Training flows of rare classes made more: repeated, interpolated, weighted, or made by a GAN."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from edgesim.errors import InputError
from edgesim.services.detectors.flows import Flows
from edgesim.services.detectors.interpolation import NEIGHBOURS
from edgesim.services.detectors.scarcity import scarcity, targets

__all__ = ["TREATMENTS", "balanced"]

TREATMENTS = ("none", "weights", "ros", "smote", "s2cgan")
"""What may be done: nothing, weights of the classes in the loss, random repetition, SMOTE, and
S2CGAN of arXiv 2306.03707."""


def balanced(
    flows: Flows,
    treatment: str,
    seed: int,
    wanted: Mapping[int, int] | None = None,
    **options: Any,
) -> Flows:
    """The flows with more of the rare classes.

    Args:
        flows: to train with, scaled, so that a distance between two means something.
        treatment: one of :data:`TREATMENTS`; weights change no flow (:func:`class_weights`).
        seed: of what is drawn.
        wanted: flows of a class afterwards, by its number; None: as the paper has it.
        options: of S2CGAN, see :func:`edgesim.services.detectors.s2cgan.s2cgan`.

    Raises:
        InputError: there is no such treatment.
    """
    if treatment not in TREATMENTS:
        raise InputError("treatment", treatment, f"accepted: {', '.join(TREATMENTS)}")
    if treatment in ("none", "weights"):
        return flows
    kinds = scarcity(flows)
    goal = dict(targets(flows, kinds) if wanted is None else wanted)
    if not goal:
        return flows
    if treatment == "s2cgan":
        from edgesim.services.detectors.s2cgan import s2cgan

        return s2cgan(flows, kinds, goal, seed, **options)
    return _resampled(flows, treatment, goal, seed)


def _resampled(flows: Flows, treatment: str, goal: dict[int, int], seed: int) -> Flows:
    """By imbalanced-learn."""
    from imblearn.over_sampling import SMOTE, RandomOverSampler

    if treatment == "ros":
        sampler = RandomOverSampler(sampling_strategy=goal, random_state=seed)
        rows, _ = sampler.fit_resample(np.arange(len(flows))[:, None], flows.kinds)
        return flows.of(rows[:, 0])
    support = flows.support
    added = []
    for number, size in goal.items():
        few = int(support[number])
        if few < 2:  # there is nothing between one flow and itself: it is repeated
            more = np.repeat(flows.values[flows.kinds == number], size - few, axis=0)
        else:
            # A class of few flows has few neighbours, so each is raised by itself.
            sampler = SMOTE(
                sampling_strategy={number: size},
                k_neighbors=min(NEIGHBOURS, few - 1),
                random_state=seed,
            )
            made, _ = sampler.fit_resample(flows.values, flows.kinds)
            more = made[len(flows) :]
        added.append((number, more))
    return flows.with_more(added)
