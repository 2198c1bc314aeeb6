"""What a service costs: time of batches, memory, and loading it."""

from collections.abc import Sequence
from dataclasses import dataclass

from edgesim.errors import InputError
from edgesim.profiles.checks import check_above, check_at_least, check_one_of

__all__ = [
    "AffineLatency",
    "Extrapolation",
    "Inputs",
    "Latency",
    "LatencySample",
    "Loading",
    "Memory",
    "MemorySample",
]


@dataclass(frozen=True)
class LatencySample:
    """Repeated runs of one batch: ``batch`` items of ``work`` each took ``seconds``."""

    work: float
    batch: int
    seconds: tuple[float, ...]

    def __post_init__(self) -> None:
        check_above("work", self.work, 0)
        check_at_least("batch", self.batch, 1)
        if not self.seconds:
            raise InputError("seconds", [], "must not be empty")
        for value in self.seconds:
            if value <= 0:
                raise InputError("seconds", value, "must be above 0")


@dataclass(frozen=True)
class AffineLatency:
    """Seconds of a batch: ``fixed_s + fixed_s_per_item n + w (work_s + work_s_per_item n)``."""

    fixed_s: float
    fixed_s_per_item: float
    work_s: float
    work_s_per_item: float
    r2: float

    def __post_init__(self) -> None:
        for key in ("fixed_s", "fixed_s_per_item", "work_s", "work_s_per_item"):
            check_at_least(key, getattr(self, key), 0.0)
        if self.work_s + self.work_s_per_item <= 0:
            raise InputError("work_s", self.work_s, "work must take some time")

    def seconds(self, work: float, items: float = 1) -> float:
        """Seconds that a batch of ``items`` items of ``work`` each takes."""
        fixed = self.fixed_s + self.fixed_s_per_item * items
        return fixed + work * (self.work_s + self.work_s_per_item * items)


@dataclass(frozen=True)
class Extrapolation:
    """How far the affine model is off beyond what it was fitted to.

    Attributes:
        work: of the batches that were held out, the most that were timed.
        batches: their items.
        error: for each, the time of the model of all other samples over the measured median, less
            1.
    """

    work: float
    batches: tuple[int, ...]
    error: tuple[float, ...]

    def __post_init__(self) -> None:
        check_above("work", self.work, 0)
        if not self.batches or len(self.batches) != len(self.error):
            raise InputError("error", list(self.error), "must have one entry a batch")


@dataclass(frozen=True)
class Inputs:
    """What an item's own input changes of its time, where items are not all alike.

    Item i of work w takes as long as one of ``w share[i]`` of the affine model, and ``part_s`` for
    each of its parts more or less than their mean.

    Attributes:
        share: of each measured item, how large its input is beside the mean one (pixels of an
            image); their mean is 1.
        parts: of each, how many things are in it (parts of a schematic).
        part_s: what one more of them takes, s.
        work: at which every item was timed alone.
        seconds: of each item at each of these, s, shape (works, items).
        r2: of these times by the model.
    """

    share: tuple[float, ...]
    parts: tuple[float, ...]
    part_s: float
    work: tuple[float, ...]
    seconds: tuple[tuple[float, ...], ...]
    r2: float

    def __post_init__(self) -> None:
        if not self.share or len(self.share) != len(self.parts):
            raise InputError("parts", f"{len(self.parts)} entries", "must have one an item")
        for value in self.share:
            check_above("share", value, 0)
        if abs(sum(self.share) / len(self.share) - 1.0) > 1e-6:
            mean = round(sum(self.share) / len(self.share), 6)
            raise InputError("share", mean, "must be 1 on average")
        for value in self.parts:
            check_at_least("parts", value, 0)
        check_at_least("part_s", self.part_s, 0.0)
        for value in self.work:
            check_above("work", value, 0)
        shape = {len(self.share)} if self.work else set()
        if len(self.seconds) != len(self.work) or {len(row) for row in self.seconds} != shape:
            accepted = "must have a row for each work, and in it an entry for each item"
            raise InputError("seconds", f"{len(self.seconds)} rows", accepted)
        for row in self.seconds:
            for value in row:
                check_above("seconds", value, 0)

    @property
    def more_s(self) -> tuple[float, ...]:
        """Seconds that each item's parts take more than those of the mean item."""
        mean = sum(self.parts) / len(self.parts)
        return tuple(self.part_s * (parts - mean) for parts in self.parts)


@dataclass(frozen=True)
class Latency:
    """Time of batches, measured and as the affine model.

    Attributes:
        clock: ``cpu`` or ``wall``.
        threads: CPU threads that the service used.
        calls_per_unit: network calls for each unit of work.
        samples: what was measured.
        affine: the model fitted to it.
        extrapolation: what a model without the longest batches says of them; None where too few
            amounts of work were timed, or the file is older.
        inputs: what an item's input changes; None where items of equal work take equally long.
            The batches of ``samples`` are then of the first items.
    """

    clock: str
    threads: int
    calls_per_unit: float
    samples: tuple[LatencySample, ...]
    affine: AffineLatency
    extrapolation: Extrapolation | None = None
    inputs: Inputs | None = None

    def __post_init__(self) -> None:
        check_one_of("clock", self.clock, ("cpu", "wall"))
        check_at_least("threads", self.threads, 1)
        if self.calls_per_unit <= 0:
            raise InputError("calls_per_unit", self.calls_per_unit, "must be above 0")
        if not self.samples:
            raise InputError("samples", [], "must not be empty")
        if self.inputs is not None and self.max_batch > len(self.inputs.share):
            accepted = f"must have an entry an item of a batch: {self.max_batch}"
            raise InputError("inputs.share", f"{len(self.inputs.share)} entries", accepted)

    @property
    def max_batch(self) -> int:
        """The largest batch that was measured."""
        return max(sample.batch for sample in self.samples)

    def model_s(self, work: float, items: Sequence[int]) -> float:
        """What the model says of a batch of some of the measured items, s."""
        if self.inputs is None:
            return self.affine.seconds(work, len(items))
        affine, more_s = self.affine, self.inputs.more_s
        own = [work * self.inputs.share[item] for item in items]
        fixed_s = affine.fixed_s + affine.fixed_s_per_item * len(items)
        worked_s = affine.work_s * max(own) + affine.work_s_per_item * sum(own)
        return fixed_s + worked_s + sum(more_s[item] for item in items)

    def runs(self) -> tuple[LatencySample, ...]:
        """Every timed run as one of mean items: what it took, over what the model says of its own
        items, times what it says of mean ones. Without ``inputs`` they are the samples.
        """
        if self.inputs is None:
            return self.samples
        ran = [(it.work, tuple(range(it.batch)), it.seconds) for it in self.samples]
        for work, row in zip(self.inputs.work, self.inputs.seconds, strict=True):
            ran += [(work, (item,), (seconds,)) for item, seconds in enumerate(row)]
        found = []
        for work, items, seconds in ran:
            factor = self.affine.seconds(work, len(items)) / self.model_s(work, items)
            found.append(LatencySample(work, len(items), tuple(it * factor for it in seconds)))
        return tuple(found)

    def ratios(self) -> tuple[float, ...]:
        """Every measured time over the model's, the scatter that the model leaves."""
        return tuple(
            value / self.affine.seconds(sample.work, sample.batch)
            for sample in self.runs()
            for value in sample.seconds
        )


@dataclass(frozen=True)
class MemorySample:
    """Peak bytes of tensors while a batch of ``batch`` items ran."""

    batch: int
    bytes: int

    def __post_init__(self) -> None:
        check_at_least("batch", self.batch, 1)
        check_at_least("bytes", self.bytes, 1)


@dataclass(frozen=True)
class Memory:
    """Memory by batch, measured and as ``fixed_bytes + bytes_per_item n``."""

    by_batch: tuple[MemorySample, ...]
    fixed_bytes: float
    bytes_per_item: float

    def __post_init__(self) -> None:
        if not self.by_batch:
            raise InputError("by_batch", [], "must not be empty")
        check_at_least("fixed_bytes", self.fixed_bytes, 0.0)
        if self.bytes_per_item <= 0:
            raise InputError("bytes_per_item", self.bytes_per_item, "must be above 0")

    def bytes_of(self, items: int) -> float:
        """Peak bytes while a batch of ``items`` items runs."""
        return self.fixed_bytes + self.bytes_per_item * items


@dataclass(frozen=True)
class Loading:
    """What it takes until a service that is not there can run.

    Attributes:
        seconds: repeated loadings, by the clock of the latency.
        bytes: that are read or sent: weights as they lie on the disk.
    """

    seconds: tuple[float, ...]
    bytes: int

    def __post_init__(self) -> None:
        if not self.seconds:
            raise InputError("seconds", [], "must not be empty")
        for value in self.seconds:
            check_at_least("seconds", value, 0.0)
        check_at_least("bytes", self.bytes, 0)
