"""Schema of one large model's training: cluster, model, noise scale, what changes cost.

A preset (one YAML file beside this one) fills these dataclasses.
"""

from dataclasses import dataclass

from edgesim.errors import InputError
from edgesim.numbers import LARGEST_SEED
from edgesim.scenarios.checks import (
    at_least,
    between,
    integer_from,
    interval,
    one_of,
    positive,
)
from edgesim.scenarios.parts.failures import SHAPES
from edgesim.scenarios.settings import setting

__all__ = ["DEVICES", "MODEL_NAMES", "Accelerators", "Job", "LLMScenario", "Noise", "Overheads"]

DEVICES = ("H100", "MI210")
"""Kinds of accelerators, see :data:`edgesim.twin.training.llm.world.KINDS`."""

MODEL_NAMES = ("3B", "7B", "13B", "32B")
"""Models, see :data:`edgesim.twin.training.parallel.MODELS`."""

MOST_FLOPS = 4.5e14
"""Operations a second that no device of :data:`DEVICES` does more of."""

MOST_NODES = 64
_MOST_DECISIONS = 100_000


@dataclass
class Accelerators:
    """The devices, and how nodes fail or are reclaimed."""

    kind: str = setting("H100", "kind of the devices: H100, MI210", DEVICES)
    nodes: int = setting(1, "nodes; a power of two")
    per_node: int = setting(8, "devices of a node")
    spread: float = setting(
        0.05, "standard deviation of the logarithm of a strategy's true speed over its formula's"
    )
    node_mtbf_s: float | None = setting(
        None, "s; mean time until a node fails or is reclaimed; null: none is"
    )
    node_mttr_s: float = setting(1800.0, "s; mean time until it is back")
    node_shape: float = setting(1.0, "Weibull shape of the time until it fails; 1: exponential")

    def check(self) -> None:
        one_of("accelerators.kind", self.kind, DEVICES)
        integer_from("accelerators.nodes", self.nodes, 1, MOST_NODES)
        integer_from("accelerators.per_node", self.per_node, 1, 64)
        for key in ("nodes", "per_node"):
            number = getattr(self, key)
            if number & (number - 1):
                raise InputError(f"accelerators.{key}", number, "must be a power of two")
        between("accelerators.spread", self.spread, 0, 1)
        if self.node_mtbf_s is not None:
            at_least("accelerators.node_mtbf_s", self.node_mtbf_s, 60)
        positive("accelerators.node_mttr_s", self.node_mttr_s)
        between("accelerators.node_shape", self.node_shape, *SHAPES)


@dataclass
class Job:
    """What is trained."""

    model: str = setting("3B", "3B, 7B, 13B, 32B", MODEL_NAMES)
    tokens: int = setting(2048, "tokens of a sequence")
    useful_sequences: float = setting(
        1e6, "sequences that the training takes at a batch far below the critical one"
    )
    batches: list[int] = setting(
        [16, 32, 64, 128, 256, 512, 1024, 2048], "global batches to choose from, sequences"
    )

    def check(self) -> None:
        one_of("job.model", self.model, MODEL_NAMES)
        integer_from("job.tokens", self.tokens, 16, 1_000_000)
        positive("job.useful_sequences", self.useful_sequences)
        given = self.batches
        if not isinstance(given, list) or not given or len(given) > 32:
            raise InputError("job.batches", given, "must be a list of 1 to 32 batches")
        for batch in given:
            integer_from("job.batches", batch, 1, 10**7)
        if sorted(set(given)) != list(given):
            raise InputError("job.batches", given, "must ascend")


@dataclass
class Noise:
    """The gradient noise scale, and how well it is known."""

    start: float = setting(16.0, "sequences; gradient noise scale at the beginning")
    growth: float = setting(25.0, "by how much it grows until the end, geometrically")
    small_spread: float = setting(
        0.05, "standard deviation of a step's squared norm of small gradients, over its mean"
    )
    big_spread: float = setting(0.1, "likewise of the whole batch's")
    beta: float = setting(0.95, "weight of what was in the moving averages of the norms")

    def check(self) -> None:
        positive("noise.start", self.start)
        between("noise.growth", self.growth, 1, 1e6)
        between("noise.small_spread", self.small_spread, 0, 1)
        between("noise.big_spread", self.big_spread, 0, 1)
        between("noise.beta", self.beta, 0, 0.9999)


@dataclass
class Overheads:
    """What changes cost."""

    batch_s: float = setting(2.0, "s; another batch or micro-batch in the same layout")
    reshard_s: float = setting(43.0, "s; another layout of the parameters, moved in place")
    restart_s: list[float] = setting([231.0, 809.0], "s; a start from a checkpoint, uniform")
    checkpoint_s: float = setting(1800.0, "s of training between checkpoints")

    def check(self) -> None:
        at_least("overheads.batch_s", self.batch_s, 0)
        at_least("overheads.reshard_s", self.reshard_s, 0)
        interval("overheads.restart_s", self.restart_s)
        positive("overheads.checkpoint_s", self.checkpoint_s)


@dataclass
class LLMScenario:
    """One large model, trained to its end.

    Raises:
        InputError: a value is out of its range (on construction).
    """

    problem: str = setting("llm_training", "the problem whose keys these are")
    name: str = ""
    title: str = setting("", "one line on the scenario")
    world_seed: int = setting(
        0, "seed of what is the same in every episode: how fast each strategy truly is"
    )
    interval_s: float = setting(600.0, "s between decisions")
    horizon_s: float = setting(1e6, "s after which an episode ends, done or not")
    accelerators: Accelerators = setting(Accelerators(), "the devices")
    job: Job = setting(Job(), "what is trained")
    noise: Noise = setting(Noise(), "the gradient noise scale")
    overheads: Overheads = setting(Overheads(), "what changes cost")

    def __post_init__(self) -> None:
        integer_from("world_seed", self.world_seed, 0, LARGEST_SEED)
        at_least("interval_s", self.interval_s, 1)
        positive("horizon_s", self.horizon_s)
        if self.interval_s > self.horizon_s:
            accepted = f"must be at most horizon_s, {self.horizon_s:g}: nothing would be decided"
            raise InputError("interval_s", self.interval_s, accepted)
        if self.horizon_s / self.interval_s > _MOST_DECISIONS:
            accepted = f"must be at most {_MOST_DECISIONS * self.interval_s:g}, {_MOST_DECISIONS:,}"
            raise InputError("horizon_s", self.horizon_s, f"{accepted} intervals")
        self.accelerators.check()
        self.job.check()
        self.noise.check()
        self.overheads.check()

    def expected_events(self) -> dict[str, float]:
        """About how often what takes time to simulate happens in an episode, at the least.

        It lasts as long as the training takes where no device could be faster.
        """
        devices, job = self.accelerators, self.job
        parameters = 1e9 * float(job.model.removesuffix("B"))
        operations = 6.0 * parameters * job.tokens * job.useful_sequences
        together = devices.nodes * devices.per_node * MOST_FLOPS
        length_s = min(self.horizon_s, operations / together)
        events = {"decisions": length_s / self.interval_s}
        if devices.node_mtbf_s is not None:
            cycle_s = devices.node_mtbf_s + devices.node_mttr_s
            events["failures and returns of nodes"] = 2.0 * devices.nodes * length_s / cycle_s
        return events
