"""What all worlds share."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["MODELS", "FlagArray", "FloatArray", "IntArray", "Rules", "SeenArray"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
FlagArray = npt.NDArray[np.bool_]
SeenArray = npt.NDArray[np.float32]

MODELS = ("authors", "iqx", "emodel")
"""The models of QoE, by their number in the rules."""


class Rules(NamedTuple):
    """What all worlds share. Shapes are those of :class:`edgesim.twin.sfc.stage_links.StageWorld`.

    Links are also counted: that of stage s from i to j is ``(s * instances + i) * instances + j``.
    Places of entries count from the start of a world's observation. The channels of the authors'
    tensor lie beside each other, instance pair after instance pair.
    """

    requests: int
    capacity: FloatArray  # of each link, counted
    delay_ms: FloatArray
    # rewards
    model: int  # place in MODELS
    bandwidth_unit: float
    iqx_alpha: float
    iqx_beta: float
    iqx_gamma: float
    floor: float
    rejected: float
    on_release: bool
    shaped: bool
    relative: bool
    price: float  # of all that a link has left
    # what lies ahead
    weighted: FloatArray  # delay of each link times each weight of it that goes with a price,
    # [stage, previous, next, weight]
    open_ms: FloatArray  # State.to_go_ms where all links hold
    far: float
    # observations
    ways: bool  # else the authors' tensor
    fresh: SeenArray  # of a world without chains, but for its request
    residual_at: IntArray  # place of each link's residual; -1 at stage 0
    scale: FloatArray  # of each link's residual
    request_at: int  # first entry, or channel, of the request
    stage_at: int
    previous_at: int
    slack_at: int
    regret: FloatArray
    slowness: SeenArray  # delay of each link over the slowest's
    most: float
    log_most: float
    most_ms: float
