r"""Step time and memory of a transformer under tensor, pipeline and data parallelism.

Our reconstruction, from textbook arithmetic (Megatron-LM, arXiv 2104.04473 and 2205.05198); COPUS
(arXiv 2604.26687) has its own tables, which could not be read. With ``P`` parameters, ``Lay``
layers, width ``h``, sequences of ``S`` tokens, ``t`` tensor, ``p`` pipeline and ``d = n/(tp)`` data
parallel ways of ``n`` devices, ``g`` in a node, micro-batches of ``u`` sequences, ``A = 2uSh``
bytes of activations and ``m = B/(du)`` micro-batches:

    t_mb = 6 (P/(pt)) u S / (F eta) + [t>1] 8 (t-1)/t A (Lay/p) / BW + [p>1] 2A/BW
    step = (m + p - 1) t_mb + (1 - overlap) 2 (d-1)/d 2P/(tp) / BW
    memory = 18 P/(tp) + u S h (Lay/p) (10 + 24/t) min(m, p)

``BW`` is that inside a node where the group fits into one (``t <= g``, ``tp <= g``, ``n <= g``).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from edgesim.errors import InputError
from edgesim.numbers import as_finite

__all__ = [
    "HBM_SHARE",
    "MODELS",
    "OVERLAP",
    "Hardware",
    "Model",
    "Step",
    "Strategy",
    "best_step",
    "feasible",
    "step_of",
    "strategies",
]

HBM_SHARE = 0.92
"""Of the memory that may be filled; the rest is fragments and workspaces [chosen]."""

OVERLAP = 0.3
"""Of the gradients' all-reduce, what hides behind the backward pass [chosen]."""

MOST_MICRO = 16
"""Sequences of the largest micro-batch that is looked at; powers of two [chosen]."""


def _positive(figures: dict[str, object]) -> None:
    for key, value in figures.items():
        number = as_finite(value)
        if number is None or number <= 0:
            raise InputError(key, value, "must be a finite number above 0")


@dataclass(frozen=True)
class Hardware:
    """Devices of one kind, in nodes.

    Attributes:
        devices: how many, ``n``.
        per_node: in a node, ``g``.
        flops: peak of a device, ``F``, FLOP/s.
        utilisation: share of the peak that matrix products reach, ``eta``.
        intra_bytes_per_s: between devices of a node, bytes/s.
        inter_bytes_per_s: between nodes, bytes/s a device.
        memory_bytes: of a device.

    Raises:
        InputError: a figure is not above 0, or the utilisation above 1.
    """

    devices: int
    per_node: int
    flops: float
    utilisation: float
    intra_bytes_per_s: float
    inter_bytes_per_s: float
    memory_bytes: float

    def __post_init__(self) -> None:
        _positive(self.__dict__)
        if self.utilisation > 1:
            raise InputError("utilisation", self.utilisation, "must lie in (0, 1]")


@dataclass(frozen=True)
class Model:
    """A transformer.

    Attributes:
        parameters: ``P``.
        layers: ``Lay``.
        width: ``h``.
        tokens: of a sequence, ``S``.

    Raises:
        InputError: a figure is not above 0.
    """

    parameters: float
    layers: int
    width: int
    tokens: int = 2048

    def __post_init__(self) -> None:
        _positive(self.__dict__)


MODELS = {
    "3B": Model(3.2e9, 28, 3072),
    "7B": Model(6.7e9, 32, 4096),
    "13B": Model(13e9, 40, 5120),
    "32B": Model(32e9, 64, 5120),
}
"""Sizes that COPUS names; layers and widths are those of common models of that size."""


class Strategy(NamedTuple):
    """How a step is cut: tensor, pipeline and data parallel ways, sequences a micro-batch."""

    tensor: int
    pipeline: int
    data: int
    micro: int

    @property
    def layout(self) -> tuple[int, int, int]:
        """Where the parameters lie; another one takes a re-sharding."""
        return self[:3]


class Step(NamedTuple):
    """What a strategy makes of a global batch.

    Attributes:
        strategy: the strategy.
        micro_batches: of a replica, ``m``.
        micro_s: of a micro-batch, s.
        reduce_s: all-reduce of the gradients before anything hides it, s.
        step_s: s.
        memory_bytes: of the fullest device.
        samples_per_s: sequences a second.
    """

    strategy: Strategy
    micro_batches: int
    micro_s: float
    reduce_s: float
    step_s: float
    memory_bytes: float
    samples_per_s: float


def step_of(
    hardware: Hardware, model: Model, strategy: Strategy, batch: int, overlap: float = OVERLAP
) -> Step:
    """The step of a global batch of ``batch`` sequences.

    Raises:
        InputError: the ways do not multiply to the number of devices, or the batch is not whole
            micro-batches of every replica.
    """
    t, p, d, u = strategy
    n = hardware.devices
    if min(strategy) < 1:
        raise InputError("strategy", tuple(strategy), "must be whole numbers of at least 1")
    if t * p * d != n:
        raise InputError("strategy", (t, p, d), f"must multiply to the {n} devices")
    if batch < 1 or batch % (d * u):
        accepted = f"must be a multiple of {d} replicas times {u} sequences a micro-batch"
        raise InputError("batch", batch, accepted)
    m = batch // (d * u)
    near, far = hardware.intra_bytes_per_s, hardware.inter_bytes_per_s
    activations = 2 * u * model.tokens * model.width
    micro_s = 6 * (model.parameters / (p * t)) * u * model.tokens
    micro_s /= hardware.flops * hardware.utilisation
    if t > 1:
        group = near if t <= hardware.per_node else far
        micro_s += 8 * (t - 1) / t * activations * (model.layers / p) / group
    if p > 1:
        micro_s += 2 * activations / (near if t * p <= hardware.per_node else far)
    reduce_s = 2 * (d - 1) / d * 2 * model.parameters / (t * p)
    reduce_s /= near if n <= hardware.per_node else far
    step_s = (m + p - 1) * micro_s + (1 - overlap) * reduce_s
    kept = u * model.tokens * model.width * (model.layers / p) * (10 + 24 / t) * min(m, p)
    memory = 18 * model.parameters / (t * p) + kept
    return Step(strategy, m, micro_s, reduce_s, step_s, memory, batch / step_s)


def strategies(hardware: Hardware, model: Model) -> Iterator[Strategy]:
    """What is looked at: powers of two; tensor ways inside a node, stages of whole layers."""
    n = hardware.devices
    t = 1
    while t <= min(n, hardware.per_node):
        p = 1
        while t * p <= n:
            if n % (t * p) == 0 and model.layers % p == 0:
                u = 1
                while u <= MOST_MICRO:
                    yield Strategy(t, p, n // (t * p), u)
                    u *= 2
            p *= 2
        t *= 2


def feasible(hardware: Hardware, model: Model, batch: int, overlap: float = OVERLAP) -> list[Step]:
    """The steps of all strategies that divide the batch and fit into memory."""
    found = []
    for strategy in strategies(hardware, model):
        if batch % (strategy.data * strategy.micro) == 0:
            step = step_of(hardware, model, strategy, batch, overlap)
            if step.memory_bytes <= HBM_SHARE * hardware.memory_bytes:
                found.append(step)
    return found


def best_step(hardware: Hardware, model: Model, batch: int, overlap: float = OVERLAP) -> Step:
    """The fastest feasible step of a batch; of equals the first.

    Raises:
        InputError: nothing fits: the model is larger than the memory, or the batch does not divide.
    """
    found = feasible(hardware, model, batch, overlap)
    if not found:
        where = f"{hardware.devices} devices of {hardware.memory_bytes / 1e9:g} GB"
        accepted = f"no strategy for it fits into {where}: take more devices or another batch"
        raise InputError("batch", batch, accepted)
    return min(found, key=lambda step: step.step_s)
