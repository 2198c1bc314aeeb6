"""A service profile: what was measured of one service, as one JSON file.

Nothing heavy is imported, so that the twin can read it. The file has ``"schema": 2`` and the keys
of :class:`ServiceProfile`, nested as its fields are; files of schema 1, of diffusion services
alone, are read too (:mod:`edgesim.profiles.older`).

``name, title``
    what the service is called, and a line on it.
``task, unit``
    what it does (``inpainting``, ``text_generation``, ``intrusion_detection``), and in what its
    work is counted (:data:`UNITS`): denoising steps, tokens, mega- or kilopixels, flows.
``mode, most_work``
    how a number of denoising steps is spent (:data:`MODES`; null where work is no steps), and the
    most work that an item can be given (null: no limit). ``truncated``: the schedule is a fixed
    grid of ``most_work`` steps, and a request of t steps starts from pure noise at step t of it,
    as in arXiv 2301.03220. ``respaced``: the whole schedule is spread over t steps;
    ``most_work`` is then the number of steps that the model was trained with.
``model``
    id, number of parameters, licence; what kind it is (of a diffusion model the scheduler), side
    of the images in pixels, bytes of the weights, where they are known.
``quality`` (null for a detector)
    ``work``, an increasing grid; for each metric its unit, which way is better, and for every
    entry of ``work`` the mean, the standard deviation and the 95 % interval of the mean over ``n``
    items, and the fitted curves. A metric ``of`` a ``set`` (Fréchet distance) has no value of one
    item: its standard deviation and interval are those of its bootstrap.
    ``score`` is the quality of one item in [0, 1]: ``(m - zero) / (one - zero)``, clipped, of
    the metric's value m of one item. ``zero`` and ``one`` belong to the metric and the task, not
    to the model, so that scores of two profiles of one task can be compared. ``samples[k][i]`` is
    the score of item i at ``work[k]``; item i is the same content (and the same noise) at every k
    and for every variant of a service, so that differences are paired.
``detection`` (null for all but detectors)
    the confusion matrix at every threshold (:mod:`edgesim.profiles.detection`).
``latency``
    samples (``seconds``, repeated runs of one batch of ``batch`` items of ``work`` each), and
    the affine model: a batch of n items of work w takes
    ``fixed_s + fixed_s_per_item n + w (work_s + work_s_per_item n)`` seconds.
    ``extrapolation`` (not in older files): the model of the other samples, asked for the batches of
    the most work.
    ``inputs`` (null where items of equal work take equally long): how large the input of each
    measured item is and how many parts are in it, and the seconds of a part.
    ``clock``: ``cpu`` for CPU seconds of the process (with one thread: wall time on a machine that
    does nothing else), ``wall`` for wall time. ``calls_per_unit``: network calls for a unit
    of work.
``memory``
    peak bytes, weights included, while a batch runs, measured and as the affine model
    ``fixed_bytes + bytes_per_item n``. The runtime's own memory is not in it.
``loading`` (null in older files)
    seconds until a service that is not there can run, and the bytes of its file.
``provenance``
    versions, processor, seed, items, and what the measurement cost.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NoReturn

from edgesim.errors import InputError, did_you_mean
from edgesim.files import is_file
from edgesim.profiles.checks import check_above, check_at_least, check_one_of
from edgesim.profiles.cost import (
    AffineLatency,
    Extrapolation,
    Inputs,
    Latency,
    LatencySample,
    Loading,
    Memory,
    MemorySample,
)
from edgesim.profiles.detection import Detection
from edgesim.profiles.older import as_schema_2, older_key, older_words
from edgesim.profiles.quality import (
    ExponentialFit,
    Fits,
    HillFit,
    Metric,
    PiecewiseFit,
    Quality,
    Score,
)
from edgesim.profiles.reading import build
from edgesim.text_files import check_file, decoded

__all__ = [
    "MODES",
    "SCHEMA",
    "UNITS",
    "AffineLatency",
    "Detection",
    "ExponentialFit",
    "Extrapolation",
    "Fits",
    "HillFit",
    "Inputs",
    "Latency",
    "LatencySample",
    "Loading",
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

SCHEMA = 2
"""Version of the file's form."""

UNITS = ("step", "token", "megapixel", "kilopixel", "flow")
MODES = ("truncated", "respaced")

_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Model:
    """What runs: ids, size, licence.

    Attributes:
        id: hub id, folder name, or name of the embedded weights.
        parameters: numbers in the networks (of a service without any: 1).
        licence: of the weights.
        kind: what kind of model it is: of a diffusion model the class of its scheduler.
        resolution_px: side of the images; None where there are none.
        weights_bytes: of the weights as they lie in memory; None in older files.
    """

    id: str
    parameters: int
    licence: str
    kind: str = ""
    resolution_px: int | None = None
    weights_bytes: int | None = None

    def __post_init__(self) -> None:
        check_at_least("parameters", self.parameters, 1)
        for key in ("resolution_px", "weights_bytes"):
            if getattr(self, key) is not None:
                check_at_least(key, getattr(self, key), 1)


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
        items: that each figure of quality rests on.
        cpu_s: CPU seconds that the measurement took.
        note: what else one should know.
    """

    edgesim: str
    libraries: Mapping[str, str]
    python: str
    processor: str
    device: str
    seed: int
    items: int
    cpu_s: float
    note: str = ""

    def __post_init__(self) -> None:
        check_at_least("seed", self.seed, 0)
        check_at_least("items", self.items, 1)


@dataclass(frozen=True)
class ServiceProfile:
    """What was measured of one service; the module says what its keys mean.

    Raises:
        InputError: values that do not fit together (on construction).
    """

    schema: int
    name: str
    title: str
    task: str
    unit: str
    model: Model
    latency: Latency
    memory: Memory
    provenance: Provenance
    quality: Quality | None = None
    detection: Detection | None = None
    loading: Loading | None = None
    mode: str | None = None
    most_work: float | None = None

    def __post_init__(self) -> None:
        _check_schema(self.schema)
        if not re.fullmatch(r"[\w.-]+", self.name):
            raise InputError("name", self.name, "must be letters, digits, '_', '-' or '.'")
        check_one_of("unit", self.unit, UNITS)
        if self.mode is not None:
            check_one_of("mode", self.mode, MODES)
        if self.quality is None and self.detection is None:
            raise InputError("quality", None, "is missing, and so is detection")
        if self.unit != "megapixel" and self.quality is not None:
            for amount in self.quality.work:
                if amount != int(amount):
                    accepted = f"must be whole numbers of {self.unit}s"
                    raise InputError("quality.work", amount, accepted)
        if self.most_work is not None:
            check_above("most_work", self.most_work, 0)
            if self.quality is not None and self.quality.work[-1] > self.most_work:
                accepted = f"at most most_work = {self.most_work:g}"
                raise InputError("quality.work", self.quality.work[-1], accepted)

    @property
    def scored(self) -> Quality:
        """Its quality.

        Raises:
            InputError: it has none: it is a detector's.
        """
        if self.quality is None:
            raise InputError(
                f"profile {self.name}: quality", None, "it has none: it is a detector's"
            )
        return self.quality

    @classmethod
    def of(cls, values: Any) -> "ServiceProfile":
        """A profile from what JSON gave.

        Raises:
            InputError: it is none; the message names the key.
        """
        if isinstance(values, Mapping):
            if "schema" not in values:
                raise InputError("schema", None, "is missing")
            if values["schema"] == 1 and not isinstance(values["schema"], bool):
                return cls._of_schema_1(values)
            _check_schema(values["schema"])  # before keys of another version are looked at
        return build(cls, values)

    @classmethod
    def _of_schema_1(cls, values: Mapping[str, Any]) -> "ServiceProfile":
        try:
            return build(cls, as_schema_2(values))
        except InputError as error:  # in the file's own words
            raise InputError(
                older_key(error.thing), error.value, older_words(error.accepted)
            ) from None

    def save(self, path: Path) -> Path:
        """Write the file, under another name first; returns ``path``.

        Raises:
            InputError: it cannot be written there.
        """
        from edgesim.files import replacing  # the twin reads profiles, and no agents

        text = json.dumps(_written(asdict(self)), indent=2, ensure_ascii=False, allow_nan=False)
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


def _written(value: Any) -> Any:
    """Amounts of work that are whole without a point, as people write them."""
    if isinstance(value, dict):
        return {
            key: _whole(item) if key in ("work", "most_work") else _written(item)
            for key, item in value.items()
        }
    return [_written(item) for item in value] if isinstance(value, tuple | list) else value


def _whole(work: Any) -> Any:
    if isinstance(work, tuple | list):
        return [_whole(item) for item in work]
    return int(work) if work is not None and work == int(work) else work


def _check_schema(schema: Any) -> None:
    if isinstance(schema, bool) or schema != SCHEMA:
        raise InputError("schema", schema, f"this version of edgesim reads schemas 1 and {SCHEMA}")


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
        if not is_file(path):
            raise InputError(
                "profile", given, f"{did_you_mean(given, embedded())}, or the path of a .json file"
            )
    try:
        check_file(path, "profile")
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
