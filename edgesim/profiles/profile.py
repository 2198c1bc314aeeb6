"""A service profile: what was measured of one AIGC service, as one JSON file.

Nothing heavy is imported, so that the twin can read it. The file has ``"schema": 1`` and the keys
of :class:`ServiceProfile`, nested as its fields are:

``name, title``
    what the service is called, and a line on it.
``task, mode, grid_steps``
    what is generated (:data:`TASKS`), and how a number of denoising steps is spent
    (:data:`MODES`). ``truncated``: the schedule is a fixed grid of ``grid_steps`` steps, and a
    request of t steps starts from pure noise at step t of it, as in arXiv 2301.03220.
    ``respaced``: the whole schedule is spread over t steps; ``grid_steps`` is then the number of
    steps that the model was trained with.
``model``
    id, scheduler, number of parameters, licence, resolution in pixels.
``quality``
    ``steps``, an increasing grid; for each metric its unit, which way is better, and for every
    entry of ``steps`` the mean, the standard deviation and the 95 % interval of the mean over ``n``
    images, and the fitted curves. A metric ``of`` a ``set`` (Fréchet distance) has no value of one
    image: its standard deviation and interval are those of its bootstrap.
    ``score`` is the quality of one request in [0, 1]: ``(m - zero) / (one - zero)``, clipped, of
    the metric's value m of one image. ``zero`` and ``one`` belong to the metric and the task, not
    to the model, so that scores of two profiles of one task can be compared. ``samples[k][i]`` is
    the score of image i at ``steps[k]``; image i starts from the same content and the same noise at
    every k, so that between two steps it can be followed in a straight line.
``latency``
    samples (``seconds``, repeated runs of one batch of ``batch`` images of ``steps`` steps), and
    the affine model: a batch of n images of s steps takes
    ``fixed_s + fixed_s_per_image n + s (step_s + step_s_per_image n)`` seconds.
    ``extrapolation`` (not in older files): the model of the other samples, asked for the batches of
    the most steps.
    ``clock``: ``cpu`` for CPU seconds of the process (with one thread: wall time on a machine that
    does nothing else), ``wall`` for wall time. ``calls_per_step``: network calls that a step costs.
``memory``
    peak bytes of tensors, weights included, while a batch runs, measured and as the affine model
    ``fixed_bytes + bytes_per_image n``. The runtime's own memory is not in it.
``provenance``
    versions, processor, seed, images, and what the measurement cost.
"""

import json
import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from math import exp
from pathlib import Path
from typing import Any, NoReturn

from edgesim.errors import InputError, did_you_mean
from edgesim.profiles.reading import build
from edgesim.text_files import decoded

__all__ = [
    "MODES",
    "SCHEMA",
    "TASKS",
    "AffineLatency",
    "ExponentialFit",
    "Extrapolation",
    "Fits",
    "HillFit",
    "Latency",
    "LatencySample",
    "Memory",
    "MemorySample",
    "Metric",
    "Model",
    "PiecewiseFit",
    "Provenance",
    "Quality",
    "Score",
    "ServiceProfile",
    "embedded",
    "load_profile",
]

SCHEMA = 1
"""Version of the file's form."""

TASKS = ("inpainting", "unconditional", "text_to_image")
MODES = ("truncated", "respaced")

_FOLDER = Path(__file__).parent


def _one_of(key: str, value: str, accepted: Sequence[str]) -> None:
    if value not in accepted:
        raise InputError(key, value, did_you_mean(value, accepted))


def _at_least(key: str, value: float, low: float) -> None:
    if value < low:
        raise InputError(key, value, f"must be at least {low:g}")


@dataclass(frozen=True)
class Model:
    """What runs: ids, size, licence.

    Attributes:
        id: hub id, folder name, or name of the embedded weights.
        scheduler: class of the diffusion scheduler.
        parameters: numbers in the networks.
        licence: of the weights.
        resolution_px: side of the images.
    """

    id: str
    scheduler: str
    parameters: int
    licence: str
    resolution_px: int

    def __post_init__(self) -> None:
        _at_least("parameters", self.parameters, 1)
        _at_least("resolution_px", self.resolution_px, 1)


@dataclass(frozen=True)
class PiecewiseFit:
    """``ay`` up to ``ax`` steps, ``by`` from ``bx`` on, a straight line between."""

    ax: float
    ay: float
    bx: float
    by: float
    r2: float

    def __post_init__(self) -> None:
        if self.bx <= self.ax:
            raise InputError("bx", self.bx, f"must be above ax = {self.ax:g}")

    def at(self, steps: float) -> float:
        """The curve's value at ``steps``."""
        share = (steps - self.ax) / (self.bx - self.ax)
        return self.ay + (self.by - self.ay) * min(max(share, 0.0), 1.0)


@dataclass(frozen=True)
class HillFit:
    """``floor + (top - floor) s^power / (half^power + s^power)``."""

    floor: float
    top: float
    half: float
    power: float
    r2: float

    def __post_init__(self) -> None:
        if self.half <= 0:
            raise InputError("half", self.half, "must be above 0")

    def at(self, steps: float) -> float:
        """The curve's value at ``steps``."""
        if steps <= 0:
            return self.floor
        share = 1.0 / (1.0 + float((self.half / steps) ** self.power))
        return self.floor + (self.top - self.floor) * share


@dataclass(frozen=True)
class ExponentialFit:
    """``floor + (top - floor) (1 - exp(-s / scale))``."""

    floor: float
    top: float
    scale: float
    r2: float

    def __post_init__(self) -> None:
        if self.scale <= 0:
            raise InputError("scale", self.scale, "must be above 0")

    def at(self, steps: float) -> float:
        """The curve's value at ``steps``."""
        return self.floor + (self.top - self.floor) * (1.0 - exp(-steps / self.scale))


@dataclass(frozen=True)
class Fits:
    """The curves fitted to a metric's means; None where there are too few points for one."""

    piecewise: PiecewiseFit | None
    hill: HillFit | None
    exponential: ExponentialFit | None


@dataclass(frozen=True)
class Metric:
    """One metric against steps.

    Attributes:
        unit: its unit; "" where it has none.
        better: ``higher`` or ``lower``.
        of: ``image``, or ``set`` for a metric that only a set of images has.
        mean, sd, ci95: a value (a pair) for each entry of the quality's ``steps``.
        n: images that each value rests on.
        fits: the curves fitted to ``mean``.
    """

    unit: str
    better: str
    of: str
    mean: tuple[float, ...]
    sd: tuple[float, ...]
    ci95: tuple[tuple[float, float], ...]
    n: int
    fits: Fits

    def __post_init__(self) -> None:
        _one_of("better", self.better, ("higher", "lower"))
        _one_of("of", self.of, ("image", "set"))
        _at_least("n", self.n, 1)
        for value in self.sd:
            _at_least("sd", value, 0.0)
        for pair in self.ci95:
            if pair[0] > pair[1]:
                raise InputError("ci95", list(pair), "must be [low, high] with low <= high")


@dataclass(frozen=True)
class Score:
    """Quality of one request in [0, 1], see the module.

    Attributes:
        metric: the metric it comes from, one ``of`` an image.
        zero, one: values of the metric that score 0 and 1.
        samples: for each entry of ``steps``, the score of every image.
        fits: the curves fitted to the mean scores.
    """

    metric: str
    zero: float
    one: float
    samples: tuple[tuple[float, ...], ...]
    fits: Fits

    def __post_init__(self) -> None:
        if self.zero == self.one:
            raise InputError("one", self.one, "must differ from zero")
        counts = {len(row) for row in self.samples}
        if len(counts) != 1 or counts == {0}:
            raise InputError("samples", sorted(counts), "must have as many images at every step")
        for row in self.samples:
            for value in row:
                if not 0.0 <= value <= 1.0:
                    raise InputError("samples", value, "must lie in [0, 1]")

    @property
    def images(self) -> int:
        """Number of images that were scored."""
        return len(self.samples[0])

    @property
    def mean(self) -> tuple[float, ...]:
        """Mean score for each entry of ``steps``."""
        return tuple(sum(row) / len(row) for row in self.samples)


@dataclass(frozen=True)
class Quality:
    """Quality against denoising steps.

    Attributes:
        steps: the grid, increasing.
        metrics: each metric by name.
        score: the one that counts for a request.
    """

    steps: tuple[int, ...]
    metrics: Mapping[str, Metric]
    score: Score

    def __post_init__(self) -> None:
        if not self.steps or self.steps[0] < 1:
            raise InputError("steps", list(self.steps), "must be numbers of steps from 1 on")
        if any(first >= second for first, second in pairwise(self.steps)):
            raise InputError("steps", list(self.steps), "must increase, without repeats")
        if self.score.metric not in self.metrics:
            raise InputError(
                "score.metric", self.score.metric, did_you_mean(self.score.metric, self.metrics)
            )
        rows = {"score.samples": self.score.samples}
        for name, metric in self.metrics.items():
            for part in ("mean", "sd", "ci95"):
                rows[f"metrics.{name}.{part}"] = getattr(metric, part)
        for key, values in rows.items():
            if len(values) != len(self.steps):
                raise InputError(
                    key, f"{len(values)} entries", f"must have one a step: {len(self.steps)}"
                )

    def score_of(self, image: int, steps: float) -> float:
        """Score of one of the measured images at any number of steps.

        A straight line between measured steps; the first or last value outside of them.

        Args:
            image: index below ``score.images``.
            steps: denoising steps.
        """
        samples = self.score.samples
        above = bisect_right(self.steps, steps)
        if above == 0:
            return samples[0][image]
        if above == len(self.steps):
            return samples[-1][image]
        low, high = self.steps[above - 1], self.steps[above]
        before, after = samples[above - 1][image], samples[above][image]
        return before + (after - before) * (steps - low) / (high - low)


@dataclass(frozen=True)
class LatencySample:
    """Repeated runs of one batch: ``batch`` images of ``steps`` steps each took ``seconds``."""

    steps: int
    batch: int
    seconds: tuple[float, ...]

    def __post_init__(self) -> None:
        _at_least("steps", self.steps, 1)
        _at_least("batch", self.batch, 1)
        if not self.seconds:
            raise InputError("seconds", [], "must not be empty")
        for value in self.seconds:
            if value <= 0:
                raise InputError("seconds", value, "must be above 0")


@dataclass(frozen=True)
class AffineLatency:
    """Seconds of a batch: ``fixed_s + fixed_s_per_image n + s (step_s + step_s_per_image n)``."""

    fixed_s: float
    fixed_s_per_image: float
    step_s: float
    step_s_per_image: float
    r2: float

    def __post_init__(self) -> None:
        for key in ("fixed_s", "fixed_s_per_image", "step_s", "step_s_per_image"):
            _at_least(key, getattr(self, key), 0.0)
        if self.step_s + self.step_s_per_image <= 0:
            raise InputError("step_s", self.step_s, "a step must take some time")

    def seconds(self, steps: float, images: float = 1) -> float:
        """Seconds that a batch of ``images`` images of ``steps`` steps takes."""
        fixed = self.fixed_s + self.fixed_s_per_image * images
        return fixed + steps * (self.step_s + self.step_s_per_image * images)


@dataclass(frozen=True)
class Extrapolation:
    """How far the affine model is off beyond what it was fitted to.

    Attributes:
        steps: of the batches that were held out, the most that were timed.
        batches: their images.
        error: for each, the time of the model of all other samples over the measured median, less
            1.
    """

    steps: int
    batches: tuple[int, ...]
    error: tuple[float, ...]

    def __post_init__(self) -> None:
        _at_least("steps", self.steps, 1)
        if not self.batches or len(self.batches) != len(self.error):
            raise InputError("error", list(self.error), "must have one entry a batch")


@dataclass(frozen=True)
class Latency:
    """Time of batches, measured and as the affine model.

    Attributes:
        clock: ``cpu`` or ``wall``.
        threads: CPU threads that the service used.
        calls_per_step: network calls for each denoising step.
        samples: what was measured.
        affine: the model fitted to it.
        extrapolation: what a model without the longest batches says of them; None where too few
            numbers of steps were timed, or the file is older.
    """

    clock: str
    threads: int
    calls_per_step: float
    samples: tuple[LatencySample, ...]
    affine: AffineLatency
    extrapolation: Extrapolation | None = None

    def __post_init__(self) -> None:
        _one_of("clock", self.clock, ("cpu", "wall"))
        _at_least("threads", self.threads, 1)
        if self.calls_per_step <= 0:
            raise InputError("calls_per_step", self.calls_per_step, "must be above 0")
        if not self.samples:
            raise InputError("samples", [], "must not be empty")

    @property
    def max_batch(self) -> int:
        """The largest batch that was measured."""
        return max(sample.batch for sample in self.samples)

    def ratios(self) -> tuple[float, ...]:
        """Every measured time over the affine model's, the scatter that the model leaves."""
        return tuple(
            value / self.affine.seconds(sample.steps, sample.batch)
            for sample in self.samples
            for value in sample.seconds
        )


@dataclass(frozen=True)
class MemorySample:
    """Peak bytes of tensors while a batch of ``batch`` images ran."""

    batch: int
    bytes: int

    def __post_init__(self) -> None:
        _at_least("batch", self.batch, 1)
        _at_least("bytes", self.bytes, 1)


@dataclass(frozen=True)
class Memory:
    """Memory by batch, measured and as ``fixed_bytes + bytes_per_image n``."""

    by_batch: tuple[MemorySample, ...]
    fixed_bytes: float
    bytes_per_image: float

    def __post_init__(self) -> None:
        if not self.by_batch:
            raise InputError("by_batch", [], "must not be empty")
        _at_least("fixed_bytes", self.fixed_bytes, 0.0)
        if self.bytes_per_image <= 0:
            raise InputError("bytes_per_image", self.bytes_per_image, "must be above 0")

    def bytes_of(self, images: int) -> float:
        """Peak bytes while a batch of ``images`` images runs."""
        return self.fixed_bytes + self.bytes_per_image * images


@dataclass(frozen=True)
class Provenance:
    """Where the figures come from.

    Attributes:
        edgesim: version of this package.
        libraries: version of each library that counts.
        python: version.
        processor: model of the CPU.
        device: where the networks ran: ``cpu``, or the accelerator's name.
        seed: of content and noise.
        images: images a step.
        cpu_s: CPU seconds that the measurement took.
        note: what else one should know.
    """

    edgesim: str
    libraries: Mapping[str, str]
    python: str
    processor: str
    device: str
    seed: int
    images: int
    cpu_s: float
    note: str = ""

    def __post_init__(self) -> None:
        _at_least("seed", self.seed, 0)
        _at_least("images", self.images, 1)


@dataclass(frozen=True)
class ServiceProfile:
    """What was measured of one AIGC service; the module says what its keys mean.

    Raises:
        InputError: values that do not fit together (on construction).
    """

    schema: int
    name: str
    title: str
    task: str
    mode: str
    grid_steps: int
    model: Model
    quality: Quality
    latency: Latency
    memory: Memory
    provenance: Provenance

    def __post_init__(self) -> None:
        _check_schema(self.schema)
        if not re.fullmatch(r"[\w.-]+", self.name):
            raise InputError("name", self.name, "must be letters, digits, '_', '-' or '.'")
        _one_of("task", self.task, TASKS)
        _one_of("mode", self.mode, MODES)
        _at_least("grid_steps", self.grid_steps, 1)
        if self.quality.steps[-1] > self.grid_steps:
            raise InputError(
                "quality.steps", self.quality.steps[-1], f"at most grid_steps = {self.grid_steps}"
            )

    @classmethod
    def of(cls, values: Any) -> "ServiceProfile":
        """A profile from what JSON gave.

        Raises:
            InputError: it is none; the message names the key.
        """
        if isinstance(values, Mapping) and "schema" in values:
            _check_schema(values["schema"])  # before keys of another version are looked at
        return build(cls, values)

    def save(self, path: Path) -> Path:
        """Write the file, under another name first; returns ``path``.

        Raises:
            InputError: it cannot be written there.
        """
        from edgesim.files import replacing  # the twin reads profiles, and no agents

        text = json.dumps(asdict(self), indent=2, ensure_ascii=False, allow_nan=False)
        # A list of numbers stands on one line.
        text = re.sub(
            r"\[[-+\d.eE,\s]+\]", lambda found: f"[{' '.join(found[0][1:-1].split())}]", text
        )
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with replacing(path) as part:
                part.write_text(text + "\n", encoding="utf-8")
        except OSError as error:
            raise InputError("out", str(path), f"cannot be written: {error.strerror}") from None
        return path


def _check_schema(schema: Any) -> None:
    if isinstance(schema, bool) or schema != SCHEMA:
        raise InputError("schema", schema, f"this version of edgesim reads schema {SCHEMA}")


def embedded() -> list[str]:
    """Names of the profiles that come with the package."""
    return sorted(path.stem for path in _FOLDER.glob("*.json"))


def load_profile(name_or_path: str | Path) -> ServiceProfile:
    """A profile that comes with the package, by name, or a file (``.json``, or with a ``/``).

    Raises:
        InputError: no such profile, or the file is not one; the message names file and key.
    """
    given = str(name_or_path)
    if "/" in given or given.endswith(".json"):
        path = Path(given)
    else:
        path = _FOLDER / f"{given}.json"
        if not path.is_file():
            raise InputError(
                "profile", given, f"{did_you_mean(given, embedded())}, or the path of a .json file"
            )
    try:
        text = decoded(path.read_bytes(), path, "profile")
        values = json.loads(text, parse_constant=_not_finite, object_pairs_hook=_each_once)
    except FileNotFoundError:
        raise InputError("profile", given, "there is no such file") from None
    except OSError as error:
        raise InputError("profile", given, f"cannot be read: {error.strerror}") from None
    except InputError as error:
        raise InputError(f"profile {given}", error.value, error.accepted) from None
    except ValueError as error:
        raise InputError("profile", given, f"is not JSON: {error}") from None
    except RecursionError:
        raise InputError("profile", given, "is nested too deeply") from None
    try:
        return ServiceProfile.of(values)
    except InputError as error:
        raise InputError(f"profile {given}: {error.thing}", error.value, error.accepted) from None


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        names = [key for key, _ in pairs]
        twice = next(key for key in names if names.count(key) > 1)
        raise InputError("key", twice, "stands there twice")
    return values


def _not_finite(constant: str) -> NoReturn:
    raise InputError("value", constant, "every number must be finite")
