"""Silos that label a public set for each other: rows of seeds."""

from collections.abc import Callable, Sequence
from time import process_time
from typing import Any

import numpy as np

from edgesim.agents.measuring.rollout import Progress, Rollout
from edgesim.errors import InputError

__all__ = ["play"]

KB = 1e3


def play(
    scenario: Any,
    build: Callable[..., Any],
    seeds: Sequence[int],
    *,
    policy_seed: int = 0,
    progress: Progress | None = None,
    **_: Any,
) -> Rollout:
    """Teach the silos of each seed; the arguments are those of
    :func:`edgesim.agents.measuring.rollout.rollout`.

    Raises:
        InputError: ``build`` makes no method, or the data cannot be used.
    """
    from edgesim.methods.federated.silos.images import SiloImages
    from edgesim.methods.federated.silos.training import SiloMethod, accuracy_of, trained

    rows, begun = [], process_time()
    for number, seed in enumerate(seeds):
        images = SiloImages(scenario, np.random.SeedSequence(seed))
        first = int(seed) % 2**31
        method = build(images, first + policy_seed)
        if not isinstance(method, SiloMethod):
            accepted = "must be a SiloMethod of edgesim.methods.federated.silos.training"
            raise InputError("policy", type(method).__name__, accepted)
        local = [trained(silo, first + k) for k, silo in enumerate(images.silos)]
        taught = method.teach(local)
        alone, now = (
            np.array(
                [
                    accuracy_of(silo, it, images)
                    for silo, it in zip(images.silos, models, strict=True)
                ]
            )
            for models in (local, taught.models)
        )
        rows.append(
            {
                "seed": int(seed),
                "accuracy": float(now.mean()),
                "ratio": float((now / np.maximum(alone, 1e-9)).mean()),
                "helped": float((now > alone).mean()),
                "up_kb": taught.up_bytes / KB,
                "down_kb": taught.down_bytes / KB,
            }
        )
        if progress is not None:
            progress(number + 1, number + 1)
    return Rollout(rows, len(rows), process_time() - begun)
