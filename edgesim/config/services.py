"""What the commands that measure real services are given (see :mod:`edgesim.config.config`)."""

import re
from dataclasses import dataclass, field

from edgesim.config.keys import help_text, increasing, not_empty, rising
from edgesim.errors import InputError, did_you_mean
from edgesim.numbers import LARGEST_SEED
from edgesim.scenarios.checks import at_least, between, integer_from, interval, one_of, positive

__all__ = ["CalibrateConfig", "CalibrateTrainConfig", "DemoConfig", "ValidateConfig"]

_DEVICES = ("cpu", "cuda")
_CLOCKS = ("cpu", "wall")
_PRECISIONS = ("float32", "float16", "bfloat16")
_NETWORKS = ("digits", "photo_inpaint", "photo_inpaint_small", "text_small", "text_large")
_DEMOS = ("text", "detect", "netlist")


@dataclass
class CalibrateConfig:
    """What is measured of a service, and how.

    Raises:
        InputError: a value is out of its range (on construction).
    """

    service: str = field(
        default="photo_inpaint",
        metadata=help_text(
            "an embedded service (edgesim list services), the folder or hub id of a diffusers"
            " pipeline or a causal language model, one of your own as module:attribute, or the"
            " address of one that answers HTTP"
        ),
    )
    out: str = field(
        default="calibrations", metadata=help_text("folder; the results go to <out>/<service>/")
    )
    images: int | None = field(
        default=None,
        metadata=help_text("of an image service the same as items"),
    )
    steps: list[int] | None = field(
        default=None,
        metadata=help_text("of a diffusion service the same as work"),
    )
    batches: list[int] | None = field(
        default=None,
        metadata=help_text("batch sizes that are timed; null: as the service says"),
    )
    repeats: int = field(default=3, metadata=help_text("runs of each batch that is timed"))
    seed: int = field(default=0, metadata=help_text("seed of contents and noise"))
    threads: int = field(default=1, metadata=help_text("CPU threads of torch"))
    device: str = field(
        default="cpu", metadata=help_text("where the networks run: cpu, cuda or cuda:<n>", _DEVICES)
    )
    clock: str | None = field(
        default=None,
        metadata=help_text("cpu (CPU seconds) or wall; null: cpu on a CPU, wall on a GPU", _CLOCKS),
    )
    metric: str | None = field(
        default=None,
        metadata=help_text(
            "the metric that is the score of a request: ssim, psnr or total_variation, confidence"
            " for digits, or a function of images as module:attribute; null: as the service says"
        ),
    )
    prompt: str | None = field(
        default=None,
        metadata=help_text(
            "what a pipeline that takes a prompt is asked for; null: 'a photograph'"
        ),
    )
    negative_prompt: str | None = field(
        default=None, metadata=help_text("what a pipeline is asked to leave out; null: nothing")
    )
    guidance: float | None = field(
        default=None, metadata=help_text("guidance scale of a pipeline; null: its own")
    )
    resolution_px: int | None = field(
        default=None,
        metadata=help_text("side of a pipeline's images where it can be chosen; null: its own"),
    )
    precision: str | None = field(
        default=None,
        metadata=help_text(
            "numbers of a pipeline's networks: float32, float16 or bfloat16; null: float32 on a"
            " CPU, float16 on a GPU",
            _PRECISIONS,
        ),
    )
    scheduler: str | None = field(
        default=None,
        metadata=help_text("scheduler class for a pipeline, as DDIMScheduler; null: its own"),
    )
    licence: str | None = field(
        default=None, metadata=help_text("licence of a pipeline's weights, for the profile")
    )
    progress: bool = field(default=True, metadata=help_text("show a progress bar"))
    items: int | None = field(
        default=None,
        metadata=help_text("items at each amount of work; null: as the service says"),
    )
    work: list[float] | None = field(
        default=None,
        metadata=help_text(
            "amounts of work (steps, tokens, mega- or kilopixels, flows) at which quality is"
            " measured; null: as the service says"
        ),
    )
    data: str | None = field(
        default=None,
        metadata=help_text(
            "detectors: a CSV or Parquet file of labelled flows to learn from and be measured on,"
            " half each; null: drawn flows"
        ),
    )

    def __post_init__(self) -> None:
        not_empty("service", self.service)
        not_empty("out", self.out)
        for key, older in (("items", "images"), ("work", "steps")):
            if getattr(self, key) is not None and getattr(self, older) is not None:
                raise InputError(older, getattr(self, older), f"is {key}: give one of them")
            if key == "items" and getattr(self, key) is not None:
                integer_from(key, getattr(self, key), 2)
            if older == "images" and getattr(self, older) is not None:
                integer_from(older, getattr(self, older), 2)
        if self.work is not None:
            rising("work", self.work)
        for key in ("steps", "batches"):
            increasing(key, getattr(self, key))
        integer_from("repeats", self.repeats, 1)
        integer_from("seed", self.seed, 0, LARGEST_SEED)
        integer_from("threads", self.threads, 1)
        if not re.fullmatch(r"cpu|cuda(:\d+)?", self.device):
            accepted = f"{did_you_mean(self.device, _DEVICES)}, cuda:<n>"
            raise InputError("device", self.device, accepted)
        one_of("clock", self.clock, (None, *_CLOCKS))
        if self.clock == "cpu" and self.device != "cpu":
            raise InputError("clock", self.clock, "a GPU's time is not the CPU's: clock=wall")
        if self.guidance is not None:
            at_least("guidance", self.guidance, 0)
        if self.resolution_px is not None:
            integer_from("resolution_px", self.resolution_px, 8)
        one_of("precision", self.precision, (None, *_PRECISIONS))


@dataclass
class CalibrateTrainConfig:
    """The weights of an embedded service, trained again.

    Raises:
        InputError: a value is out of its range (on construction).
    """

    service: str = field(
        default="digits",
        metadata=help_text(f"which network: {', '.join(_NETWORKS)}", _NETWORKS),
    )
    out: str = field(default="weights", metadata=help_text("folder for the safetensors files"))
    iterations: int | None = field(
        default=None, metadata=help_text("gradient steps; null: as the recipe says")
    )
    seed: int = field(default=0, metadata=help_text("seed of first weights, data and noise"))
    threads: int = field(default=1, metadata=help_text("CPU threads of torch"))
    progress: bool = field(default=True, metadata=help_text("show a progress bar"))

    def __post_init__(self) -> None:
        not_empty("service", self.service)
        not_empty("out", self.out)
        if self.iterations is not None:
            integer_from("iterations", self.iterations, 1)
        integer_from("seed", self.seed, 0, LARGEST_SEED)
        integer_from("threads", self.threads, 1)


@dataclass
class ValidateConfig:
    """A real server beside the twin's, at several loads.

    Raises:
        InputError: a value is out of its range (on construction).
    """

    service: str = field(
        default="photo_inpaint", metadata=help_text("a service, as calibrate takes it")
    )
    out: str = field(
        default="validations", metadata=help_text("folder; the results go to <out>/<service>/")
    )
    fit_loads: list[float] = field(
        default_factory=lambda: [0.4, 0.6, 0.8],
        metadata=help_text("loads, as shares of capacity, whose batches make the twin's latencies"),
    )
    check_loads: list[float] = field(
        default_factory=lambda: [0.3, 0.5, 0.7, 0.9],
        metadata=help_text("loads that only check"),
    )
    requests: int = field(default=200, metadata=help_text("requests at each load"))
    steps_range: list[int] = field(
        default_factory=lambda: [10, 40],
        metadata=help_text(
            "denoising steps of a request, of a service that counts them: uniform from the first"
            " to the second"
        ),
    )
    window_s: float = field(
        default=0.1,
        metadata=help_text("longest wait of a first request for others to join its batch"),
    )
    max_batch: int = field(default=4, metadata=help_text("most requests in a batch"))
    seed: int = field(default=0, metadata=help_text("seed of arrivals, steps, contents and noise"))
    threads: int = field(default=1, metadata=help_text("CPU threads of torch"))
    device: str = field(
        default="cpu", metadata=help_text("where the networks run: cpu, cuda or cuda:<n>", _DEVICES)
    )
    clock: str = field(
        default="cpu",
        metadata=help_text(
            "cpu: virtual time that goes on by the CPU seconds of each batch, for a machine that"
            " does other things too; wall: real time",
            _CLOCKS,
        ),
    )
    progress: bool = field(default=True, metadata=help_text("show a progress bar"))
    work_range: list[float] | None = field(
        default=None,
        metadata=help_text(
            "work of a request (tokens, mega- or kilopixels, flows), uniform from first to second;"
            " null: what the service is timed at, or steps_range"
        ),
    )

    def __post_init__(self) -> None:
        not_empty("service", self.service)
        not_empty("out", self.out)
        if self.work_range is not None:
            interval("work_range", self.work_range, 0)
            positive("work_range", self.work_range[0])
        for key in ("fit_loads", "check_loads"):
            if not getattr(self, key):
                raise InputError(key, [], "must name at least one load")
            for load in getattr(self, key):
                between(key, load, 0.01, 0.99)
        for load in self.check_loads:
            if load in self.fit_loads:
                raise InputError("check_loads", load, "is one of fit_loads, and would check itself")
        integer_from("requests", self.requests, 10)
        interval("steps_range", self.steps_range, 1)
        at_least("window_s", self.window_s, 0)
        integer_from("max_batch", self.max_batch, 1)
        integer_from("seed", self.seed, 0, LARGEST_SEED)
        integer_from("threads", self.threads, 1)
        if not re.fullmatch(r"cpu|cuda(:\d+)?", self.device):
            accepted = f"{did_you_mean(self.device, _DEVICES)}, cuda:<n>"
            raise InputError("device", self.device, accepted)
        one_of("clock", self.clock, _CLOCKS)
        if self.clock == "cpu" and self.device != "cpu":
            raise InputError("clock", self.clock, "a GPU's time is not the CPU's: clock=wall")


@dataclass
class DemoConfig:
    """One service on one file.

    Raises:
        InputError: a value is out of its range (on construction).
    """

    demo: str = field(default="text", metadata=help_text(f"what is shown: {', '.join(_DEMOS)}"))
    input: str = field(default="", metadata=help_text("the file, the second word behind demo"))
    service: str | None = field(
        default=None, metadata=help_text("which service of the kind; null: its default")
    )
    out: str = field(default="demos", metadata=help_text("folder; the results go to <out>/<demo>/"))
    tokens: int = field(default=200, metadata=help_text("text: tokens to write"))
    temperature: float = field(
        default=0.7, metadata=help_text("text: 0 takes the likeliest token, more is more random")
    )
    seed: int = field(default=0, metadata=help_text("seed of what is drawn"))
    threads: int = field(default=1, metadata=help_text("CPU threads"))

    def __post_init__(self) -> None:
        if self.demo not in _DEMOS:
            raise InputError("demo", self.demo, did_you_mean(self.demo, _DEMOS))
        not_empty("out", self.out)
        integer_from("tokens", self.tokens, 1, 100_000)
        between("temperature", self.temperature, 0, 10)
        integer_from("seed", self.seed, 0, LARGEST_SEED)
        integer_from("threads", self.threads, 1)
