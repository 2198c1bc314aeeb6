"""What each option of a large model's training is believed to bring: public knowledge."""

from edgesim.twin.training.llm.workload import LLMJob
from edgesim.twin.training.llm.world import Setting

__all__ = ["Outlook"]


class Outlook:
    """The options of the decision at hand: the present setting, then each batch in each layout.

    Of the micro-batches of a batch and layout the fastest is taken.

    Args:
        twin: the workload at a decision.

    Attributes:
        settings: of each option; None where it cannot be run, or is the present one.
        speed: believed sequences a second; 0 where there is no setting.
        efficiency: what a sequence is worth by the estimated noise scale.
        goodput: speed times efficiency.
        cost_s: what the change takes, s.
        tried: whether the layout's speed was measured.
    """

    def __init__(self, twin: LLMJob) -> None:
        world, present = twin.world, twin.setting
        speeds = world.speeds(twin.nodes)
        fastest = world.fastest(twin.nodes)
        self.settings: list[Setting | None] = [present if present in speeds else None]
        for batch in twin.scenario.job.batches:
            for way in world.ways:
                found = fastest.get((batch, way))
                self.settings.append(None if found == self.settings[0] else found)
        critical = twin.critical_batch
        self.speed = [0.0 if one is None else twin.believed(one) for one in self.settings]
        self.efficiency = [
            0.0 if one is None else 1.0 / (1.0 + one.batch / critical) for one in self.settings
        ]
        self.goodput = [v * e for v, e in zip(self.speed, self.efficiency, strict=True)]
        self.cost_s = [0.0 if one is None else twin.cost_s(one) for one in self.settings]
        self.tried = [
            one is not None and one.strategy.layout in twin.measured for one in self.settings
        ]
