"""The least time of a training, all known beforehand: noise scale, true speeds, no failures."""

from typing import Any

import numpy as np

from edgesim.agents.policies import Env
from edgesim.twin.training.llm.world import LLMWorld

__all__ = ["clairvoyant_s", "episode_bound"]

_GRID = 200  # steps of progress between which the setting may change


def episode_bound(env: Env) -> float:
    """The least hours of the episode of an environment that was just reset."""
    bare: Any = env.unwrapped
    return clairvoyant_s(bare.world) / 3600.0


def clairvoyant_s(world: LLMWorld, grid: int = _GRID) -> float:
    """Dynamic programming over progress and setting, what changes cost included; s.

    The setting may change at ``grid`` points of progress. Nodes that fail are left out, which only
    ever cost time. Of the micro-batches of one batch and layout the fastest is looked at: nothing
    else tells them apart.
    """
    nodes = world.scenario.accelerators.nodes
    formula = world.speeds(nodes)
    settings = list(world.fastest(nodes).values())
    speeds = np.array([formula[one] * world.factor(one.strategy) for one in settings])
    batches = np.array([setting.batch for setting in settings], dtype=float)
    overheads, job = world.scenario.overheads, world.scenario.job
    layouts = [setting.strategy.layout for setting in settings]
    change = np.array(
        [
            [overheads.batch_s if one == other else overheads.reshard_s for other in layouts]
            for one in layouts
        ]
    )
    np.fill_diagonal(change, 0.0)
    edges = np.linspace(0.0, 1.0, grid + 1)
    left = np.zeros(len(settings))  # time from a point on, with a setting before it is changed
    for low, high in zip(edges[-2::-1], edges[:0:-1], strict=True):
        takes = world.drift.seconds(batches, low, high, job.useful_sequences, speeds) + left
        left = (change + takes[None, :]).min(axis=1)
    first = world.first
    begin = [
        0.0
        if setting == first
        else overheads.batch_s
        if setting.strategy.layout == first.strategy.layout
        else overheads.reshard_s
        for setting in settings
    ]
    return float((np.array(begin) + left).min())
