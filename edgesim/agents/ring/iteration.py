"""Value iteration for plans where all is seen and nothing else happens: exact in a small world.

The world of :func:`edgesim.agents.ring.iteration.solve`: one request without an end, devices whose
memory is taken and given back at exponential times, plans chosen at each of these changes, seen at
once. A plan that is chosen reads its layers first. State: which memories are taken, and the plan.
The chain between changes is embedded; what is maximised is tokens a second in the long run
(policy by relative value iteration, Puterman, "Markov decision processes", 2005, chapter 8).
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from edgesim.twin.ring.serving import move_s
from edgesim.twin.ring.serving_world import RingWorld

__all__ = ["Solved", "fixed", "solve"]

FloatArray = npt.NDArray[np.float64]


class Solved(NamedTuple):
    """What value iteration found.

    Attributes:
        tokens_per_s: in the long run.
        policy: the plan for each memory state and present plan (S, P).
    """

    tokens_per_s: float
    policy: npt.NDArray[np.int64]


def solve(world: RingWorld, *, tolerance: float = 1e-9, most: int = 100_000) -> Solved:
    """The best plans, and their tokens a second."""
    reward, chances, mean_s = _model(world)
    states, plans = reward.shape[:2]
    value, worth = np.zeros((states, plans)), reward
    gain = 0.0
    for _ in range(most):
        # value of the plan q that is run until the next change, from memory state s and plan p
        future = np.einsum("st,tq->sq", chances, value)
        worth = reward + future[:, None, :]
        new = worth.max(axis=2)
        # Half of the old value keeps a chain with a period from swinging
        new = 0.5 * (new + value)
        step = new - value
        gain = 2.0 * float(step.mean())
        value = new - new[0, 0]
        if step.max() - step.min() < tolerance:
            break
    return Solved(gain / mean_s, worth.argmax(axis=2).astype(np.int64))


def fixed(world: RingWorld, policy: npt.NDArray[np.int64]) -> float:
    """Tokens a second of any policy (S, P), from its chain's stationary distribution."""
    reward, chances, mean_s = _model(world)
    states, plans = reward.shape[:2]
    count = states * plans
    matrix, pays = np.zeros((count, count)), np.zeros(count)
    for state in range(states):
        for plan in range(plans):
            chosen = policy[state, plan]
            pays[state * plans + plan] = reward[state, plan, chosen]
            for after in range(states):
                matrix[state * plans + plan, after * plans + chosen] = chances[state, after]
    # From the first plan on: what is reached from there in the long run
    share = np.zeros(count)
    share[np.arange(states) * plans] = 1.0 / states
    mean = np.zeros(count)
    for _ in range(5000):
        mean += share
        share = share @ matrix
    return float(mean @ pays / mean.sum() / mean_s)


def _model(world: RingWorld) -> tuple[FloatArray, FloatArray, float]:
    """Expected tokens until the next change (S, P, P'), chances of the next state, mean s."""
    changes, tables = world.scenario.changes, world.tables
    devices = tables.uses.shape[1]
    states, plans = tables.token_s.shape[1], len(tables.token_s)
    rates = np.array(
        [
            [
                1.0 / (changes.memory_busy_s if state >> device & 1 else changes.memory_free_s)
                for device in range(devices)
            ]
            for state in range(states)
        ]
    )
    # Uniform: all states change at the highest rate, to themselves with what is too much of it
    whole = rates.sum(axis=1).max()
    chances = np.zeros((states, states))
    for state in range(states):
        for device in range(devices):
            chances[state, state ^ (1 << device)] = rates[state, device] / whole
        chances[state, state] = 1.0 - chances[state].sum()
    moves = np.array([[move_s(tables, old, new) for new in range(plans)] for old in range(plans)])
    speed = 1.0 / tables.token_s.T  # (S, P'), 0 where out of memory
    reward = (1.0 / whole - moves[None, :, :]) * speed[:, None, :]
    return reward, chances, float(1.0 / whole)
