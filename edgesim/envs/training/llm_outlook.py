"""What each option of a large model's training is believed to bring: public knowledge."""

import numpy as np
from numpy.typing import NDArray

from edgesim.twin.training.llm.workload import LLMJob
from edgesim.twin.training.llm.world import Setting

__all__ = ["Outlook"]

Floats = NDArray[np.float64]


class Outlook:
    """The options of the decision at hand: the present setting, then each batch in each layout.

    Of the micro-batches of a batch and layout the fastest is taken.

    Args:
        twin: the workload at a decision.

    Attributes:
        settings: of each option; None where it cannot be run, or is the present one.
        there: whether there is a setting, shape (options,), as all others.
        batch: sequences; 0 where there is no setting, as all others.
        speed: believed sequences a second.
        efficiency: what a sequence is worth by the estimated noise scale.
        goodput: speed times efficiency.
        cost_s: what the change takes, s.
        left_s: time to the end with it, the change included, if the noise scale stayed, s; infinite
            where there is no setting.
        tried: whether the layout's speed was measured.
    """

    def __init__(self, twin: LLMJob) -> None:
        present, table = twin.setting, twin.world.options(twin.nodes)
        kept = present in twin.world.speeds(twin.nodes)
        layout = present.strategy.layout
        same = table.number.get(present) if kept else None
        self.settings: list[Setting | None] = [present if kept else None, *table.settings]
        self.there = np.concatenate([[kept], table.there])
        if same is not None:
            self.settings[same + 1], self.there[same + 1] = None, False
        measured = twin.measured
        known = np.ones(len(table.layouts) + 1)  # the last stands for what was not measured
        tried = np.zeros(len(known), bool)
        for one, factor in measured.items():
            number = table.layouts.get(one)
            if number is not None:
                known[number], tried[number] = factor, True
        self.batch = np.concatenate([[present.batch], table.batch]) * self.there
        speed = np.concatenate([[0.0], table.speed * known[table.layout]]) * self.there
        if kept:
            speed[0] = twin.believed(present)
        self.speed: Floats = speed
        self.efficiency: Floats = self.there / (1.0 + self.batch / twin.critical_batch)
        self.goodput: Floats = self.speed * self.efficiency
        self.tried = np.concatenate([[layout in measured], tried[table.layout]]) & self.there
        overheads = twin.scenario.overheads
        if twin.stopped:
            cost_s = np.full(len(self.there), sum(overheads.restart_s) / 2)
        else:
            moved = table.layout != table.layouts.get(layout, -1)
            cost_s = np.concatenate(
                [[0.0], np.where(moved, overheads.reshard_s, overheads.batch_s)]
            )
        self.cost_s: Floats = cost_s * self.there
        left = twin.scenario.job.useful_sequences * (1.0 - twin.progress)
        self.left_s: Floats = np.full(len(self.there), np.inf)
        np.divide(left, self.goodput, out=self.left_s, where=self.there)
        self.left_s += self.cost_s
