"""What a request under attack may be given: operating points, each with a few chains."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from edgesim.envs.sfc.outlook import FAR, ChainOutlook
from edgesim.twin.core.layered import best_chain
from edgesim.twin.sfc.attack_workload import AttackWorkload
from edgesim.twin.sfc.chain import QoS

__all__ = ["PRICES", "Options", "find_options"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

PRICES = (0.0, 1.0, 6.0)
"""What chains of an operating point make small: delay over the bound and loss over its bound, and
this many times the bandwidth asked for over what each way has left. From the fastest to one that
keeps away from what is scarce [chosen, as of :data:`edgesim.envs.sfc.candidates.TRADE_OFFS`]."""

_MOST_LOSS = 1.0 - 2.0**-53  # the largest of which the logarithm is finite


class Options(NamedTuple):
    """Operating points and chains for one request, an entry each.

    Attributes:
        point: number of the operating point.
        choices: instance of each stage, shape (options, stages).
        there: whether the chain holds within the bound, and is not the one before.
        qoe: quality of experience, as things are measured now.
        delay: with inspection, over the bound.
        loss: over the QoE model's loss bound.
        scarce: sum over the ways of the bandwidth asked for over what is left; of the instance that
            inspects, of what inspection takes.
        inspection: share of what that instance has left that is taken.
        damage, stopped: QoE that attacks which pass, and false alarms, are expected to cost.
        alarmed: what the attacks would cost that were found of late, if they went on.
    """

    point: Ints
    choices: Ints
    there: npt.NDArray[np.bool_]
    qoe: Floats
    delay: Floats
    loss: Floats
    scarce: Floats
    inspection: Floats
    damage: Floats
    stopped: Floats
    alarmed: Floats


def find_options(twin: AttackWorkload, outlook: ChainOutlook) -> Options:
    """The options of the request at hand, :data:`PRICES` of each operating point together."""
    world, request, layers = twin.world, outlook.request, outlook.layers
    bound_ms, loss_bound = request.max_delay_ms, world.scenario.qoe.loss_bound
    stage = world.chains[request.kind].index(world.inspects)
    room = twin.fabric.room_bps(request)
    delay_ms = layers.delay_ms
    lost = np.zeros_like(delay_ms)
    if layers.loss is not None:
        lost = -np.log1p(-np.minimum(layers.loss, _MOST_LOSS))
    count = len(world.operating_points) * len(PRICES)
    point = np.repeat(np.arange(len(world.operating_points)), len(PRICES))
    choices = np.zeros((count, request.stages), dtype=np.int64)
    there = np.zeros(count, dtype=np.bool_)
    columns = np.zeros((8, count))
    flows_hz, alarms = world.flows_hz(request), twin.alarms[request.kind]
    flows = flows_hz * world.slice_holding_s[request.kind]
    for number, of in enumerate(world.operating_points):
        needs = world.taken(of) * request.bandwidth
        share = np.minimum(needs / np.maximum(room, 1e-9), 1.0)
        holds, price = outlook.holds.copy(), outlook.price.copy()
        holds[stage] &= room >= needs
        price[stage] = np.maximum(price[stage], share)
        wait_ms = of.wait_ms(flows_hz)
        damage, stopped = world.foreseen(request, of)
        alarmed = flows * float((alarms * of.missed) @ world.damage)
        quality = delay_ms / bound_ms + lost / loss_bound + FAR * ~holds
        for row, weight in enumerate(PRICES, number * len(PRICES)):
            chain, _ = best_chain(quality + weight * price, 0, 0)
            before = [0, *chain[:-1]]
            ways = (np.arange(request.stages), before, chain)
            spent_ms = float(delay_ms[ways].sum()) + wait_ms
            loss = float(-np.expm1(-lost[ways].sum()))
            choices[row] = chain
            same = row % len(PRICES) and (choices[row - 1] == choices[row]).all()
            there[row] = bool(holds[ways].all()) and spent_ms <= bound_ms and not same
            columns[:, row] = (
                twin.qoe(request, QoS(spent_ms, request.bandwidth, loss)),
                spent_ms / bound_ms,
                loss / loss_bound,
                float(price[ways].sum()),
                share[chain[stage]],
                damage,
                stopped,
                alarmed,
            )
    return Options(point, choices, there, *columns)
