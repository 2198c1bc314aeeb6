"""What changes in the worlds: a record and some arrays of each."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from edgesim.envs.sfc.kernel.rules import FloatArray, IntArray

__all__ = ["WORLD", "State"]

WORLD = np.dtype(
    [
        # the request at hand
        ("number", np.int64),
        ("bandwidth", np.float64),
        ("max_delay_ms", np.float64),
        ("holding_s", np.float64),
        ("log_bandwidth", np.float64),
        ("alone", np.float64),  # what it could pay with the network to itself
        # its chain
        ("stage", np.int64),  # to choose for
        ("previous", np.int64),  # instance chosen last
        ("delay_ms", np.float64),  # so far
        # the chains that will be released
        ("running", np.int64),
        ("soonest_s", np.float64),  # the first release
        # figures of the episode
        ("accepted", np.int64),
        ("rejected", np.int64),
        ("decisions", np.int64),
        ("paid", np.float64),
        ("owed", np.float64),  # what all running chains pay at their end
        ("lent", np.float64),  # what they have paid for their bandwidth and get back
        ("chain_delay_ms", np.float64),  # sum over the admitted
    ]
)
"""One world, but for its arrays."""


class State(NamedTuple):
    """The worlds: index [world, ...]."""

    worlds: npt.NDArray[Any]  # of WORLD
    residual: FloatArray  # [world, link], links counted
    # What a chain costs at least from a stage on, that stage included, by the instance before it;
    # nothing after the last stage. Delay, [world, stage, previous], and weighted with the price.
    to_go_ms: FloatArray
    to_go: FloatArray  # [world, stage, previous, weight]
    choices: IntArray  # of the chain at hand, [world, stage]
    drawn: FloatArray  # [world, request modulo block, (bandwidth, bound, life)]
    # running chains that will be released, in the order of their admission: [world, place, ...]
    released_s: FloatArray
    held: FloatArray
    held_qoe: FloatArray
    held_price: FloatArray
    held_choices: IntArray
    # scratch, of no world: of each link, counted; those of stage 0 cost nothing
    price: FloatArray
    far: FloatArray
