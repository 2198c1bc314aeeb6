"""What a command is given: one checked dataclass a command.

They are ordinary and can be filled by hand; :func:`edgesim.compose.compose` fills one from
overrides in Hydra's grammar, with the groups ``scenario`` (every preset in ``edgesim/scenarios``)
and ``agent`` (every preset in ``edgesim/agents``).

The ``help`` of a field is what ``edgesim <command> --help`` shows.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edgesim.errors import InputError
from edgesim.problems import ENGINES
from edgesim.scenarios.checks import at_least, between, interval, one_of, whole

__all__ = [
    "DEFAULT_AGENT",
    "DEFAULT_SCENARIO",
    "SCHEMAS",
    "AgentConfig",
    "BenchmarkConfig",
    "CalibrateConfig",
    "CalibrateTrainConfig",
    "CompareConfig",
    "EvaluateConfig",
    "ReproduceConfig",
    "SimulateConfig",
    "TrainConfig",
    "ValidateConfig",
    "is_run_folder",
    "scenario_of",
]

DEFAULT_SCENARIO = "aigc"
DEFAULT_AGENT = "maskable_ppo"
_IMPORT_STRING = re.compile(r"[A-Za-z_]\w*(\.\w+)*:[A-Za-z_]\w*(\.\w+)*")


def _help(line: str) -> dict[str, str]:
    """The metadata of a field: the line that ``--help`` shows on it."""
    return {"help": line}


@dataclass
class AgentConfig:
    """A learning agent: an algorithm, how it is set, and how long it learns.

    Raises:
        InputError: a value is out of its range (on construction).
    """

    name: str = field(
        default="custom",
        metadata=_help("what the agent is called: a folder of the runs has this name"),
    )
    title: str = field(default="", metadata=_help("one line on it"))
    algorithm: str = field(
        default="sb3_contrib:MaskablePPO", metadata=_help("the class, as module:attribute")
    )
    policy: str = field(
        default="MlpPolicy",
        metadata=_help("stable-baselines3's name of the network, or a class as module:attribute"),
    )
    total_steps: int = field(default=100_000, metadata=_help("decisions to learn from"))
    n_envs: int = field(default=8, metadata=_help("environments that are stepped side by side"))
    environment: dict[str, Any] = field(
        default_factory=dict, metadata=_help("keyword arguments of the environment")
    )
    reward_scale: float = field(
        default=1.0, metadata=_help("what rewards are multiplied by while learning")
    )
    endless: bool = field(
        default=False,
        metadata=_help("learn as if episodes went on: for ends that the observation does not tell"),
    )
    hyperparameters: dict[str, Any] = field(
        default_factory=dict, metadata=_help("keyword arguments of the algorithm")
    )
    schedules: dict[str, list[float]] = field(
        default_factory=dict,
        metadata=_help("hyperparameters that move linearly while learning: [from, to]"),
    )
    scenarios: dict[str, dict[str, Any]] = field(
        default_factory=dict,
        metadata=_help("in a preset: keys that differ for a problem or a scenario, by its name"),
    )

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[\w.-]+", self.name) or not self.name.strip("."):
            raise InputError("name", self.name, "must be letters, digits, '_', '-' or '.'")
        if not _IMPORT_STRING.fullmatch(self.algorithm):
            raise InputError(
                "algorithm",
                self.algorithm,
                "must be module:attribute, as in sb3_contrib:MaskablePPO",
            )
        whole("total_steps", self.total_steps, 1)
        whole("n_envs", self.n_envs, 1)
        between("reward_scale", self.reward_scale, 1e-9, 1e9)
        for key, ends in self.schedules.items():
            if not isinstance(ends, Sequence) or isinstance(ends, str) or len(ends) != 2:
                raise InputError(f"schedules.{key}", ends, "must be [from, to]")
            for end in ends:
                between(f"schedules.{key}", end, -1e12, 1e12)


@dataclass
class TrainConfig:
    """One training run and the table that ends it.

    Raises:
        InputError: a value is out of its range (on construction).
    """

    scenario: Any = field(
        default=None, metadata=_help("the world: a preset, or a key of it (scenario.<key>=...)")
    )
    agent: AgentConfig = field(
        default_factory=AgentConfig,
        metadata=_help("the learner: a preset, or a key of it (agent.<key>=...)"),
    )
    seed: int = field(default=0, metadata=_help("seed of everything that is random in the run"))
    total_steps: int | None = field(
        default=None, metadata=_help("decisions to learn from; null: as the agent says")
    )
    episodes: int = field(default=20, metadata=_help("held-out test episodes of the final table"))
    validation_episodes: int = field(
        default=5, metadata=_help("episodes of each evaluation while learning")
    )
    validations: int = field(
        default=20, metadata=_help("how often to evaluate while learning; the best is kept")
    )
    bound: bool = field(
        default=True, metadata=_help("also compute the upper bound on the test episodes")
    )
    resume: bool = field(default=False, metadata=_help("go on with a run that was stopped"))
    runs: str = field(default="runs", metadata=_help("folder that holds the run folders"))
    progress: bool = field(default=True, metadata=_help("show a progress bar"))
    engine: str = field(
        default="auto",
        metadata=_help(
            "what steps the training worlds: simpy, batched, or auto (batched if it can)"
        ),
    )
    threads: int = field(default=1, metadata=_help("CPU threads of torch"))
    device: str = field(
        default="cpu", metadata=_help("where torch computes: cpu, cuda, cuda:<n> or auto")
    )

    def __post_init__(self) -> None:
        whole("seed", self.seed, 0)
        if self.total_steps is not None:
            whole("total_steps", self.total_steps, 1)
        whole("episodes", self.episodes, 1)
        whole("validation_episodes", self.validation_episodes, 1)
        whole("validations", self.validations, 1)
        whole("threads", self.threads, 1)
        _filled("runs", self.runs)
        one_of("engine", self.engine, ENGINES)
        if not re.fullmatch(r"cpu|auto|cuda(:\d+)?", self.device):
            raise InputError("device", self.device, "accepted: cpu, cuda, cuda:<n>, auto")


@dataclass
class EvaluateConfig:
    """Policies measured on the same held-out episodes.

    ``scenario`` is None where the shell names none and ``policy`` holds a run folder: the world is
    then the one that the folder was trained in, with ``scenario_keys`` replaced in it.
    :func:`scenario_of` settles it.

    Raises:
        InputError: a value is out of its range (on construction).
    """

    scenario: Any = field(
        default=None, metadata=_help("the world: a preset, or a key of it (scenario.<key>=...)")
    )
    policy: Any = field(
        default="overload_avoidance",
        metadata=_help(
            "a baseline, a run folder or module:attribute; several (a,b); or all baselines (all)"
        ),
    )
    episodes: int = field(default=20, metadata=_help("held-out episodes"))
    seed: int = field(default=0, metadata=_help("seed of the episodes"))
    bound: bool = field(
        default=False, metadata=_help("also compute the upper bound on the episodes")
    )
    record: bool = field(
        default=False, metadata=_help("also write what became of every task, as Parquet")
    )
    out: str | None = field(
        default=None, metadata=_help("folder for the results; null: prints the table only")
    )
    scenario_keys: dict[str, Any] = field(default_factory=dict, metadata=_help(""))

    def __post_init__(self) -> None:
        whole("episodes", self.episodes, 1)
        whole("seed", self.seed, 0)
        if self.out is not None:
            _filled("out", self.out)
        if not self.policies:
            raise InputError("policy", self.policy, "must name at least one policy")
        for policy in self.policies:
            _filled("policy", policy)

    @property
    def policies(self) -> list[str]:
        """The policies as a list; ``all`` is left for the evaluation, which knows the problem."""
        if isinstance(self.policy, Sequence) and not isinstance(self.policy, str):
            return list(self.policy)
        return [self.policy]


@dataclass
class SimulateConfig:
    """One episode of the twin, without learning. ``scenario`` as in :class:`EvaluateConfig`.

    Raises:
        InputError: a value is out of its range (on construction).
    """

    scenario: Any = field(
        default=None, metadata=_help("the world: a preset, or a key of it (scenario.<key>=...)")
    )
    policy: str = field(
        default="overload_avoidance",
        metadata=_help("a baseline, a run folder, or module:attribute"),
    )
    seed: int = field(default=0, metadata=_help("seed of the episode"))
    out: str = field(
        default="simulations", metadata=_help("folder that gets the event log and the picture")
    )
    scenario_keys: dict[str, Any] = field(default_factory=dict, metadata=_help(""))

    def __post_init__(self) -> None:
        whole("seed", self.seed, 0)
        _filled("policy", self.policy)
        _filled("out", self.out)

    @property
    def policies(self) -> list[str]:
        """The one policy, as the list that :class:`EvaluateConfig` has."""
        return [self.policy]


@dataclass
class BenchmarkConfig:
    """How fast the environments decide, beside SimPy alone.

    Raises:
        InputError: a value is out of its range (on construction).
    """

    parts: Any = field(
        default_factory=lambda: ["scenarios", "worlds", "learner"],
        metadata=_help("scenarios, worlds, learner, sizes, peers; several: parts=[a,b]; or all"),
    )
    seconds: float = field(default=1.0, metadata=_help("CPU seconds that each measurement takes"))
    repeats: int = field(
        default=3, metadata=_help("measurements of each thing; the median is shown")
    )
    out: str | None = field(
        default=None,
        metadata=_help("JSON file for the figures, a picture beside it; null: prints them only"),
    )

    def __post_init__(self) -> None:
        if not self.chosen:
            raise InputError("parts", self.parts, "must name at least one part")
        for part in self.chosen:
            _filled("parts", part)
        between("seconds", self.seconds, 0.001, 3600)
        whole("repeats", self.repeats, 1)
        if self.out is not None:
            _filled("out", self.out)

    @property
    def chosen(self) -> list[str]:
        """The parts as a list."""
        if isinstance(self.parts, Sequence) and not isinstance(self.parts, str):
            return list(self.parts)
        return [self.parts]


@dataclass
class CompareConfig:
    """Run folders gathered into one table and one figure.

    Raises:
        InputError: a value is out of its range (on construction).
    """

    runs: Any = field(
        default="runs",
        metadata=_help("run folders, or folders that hold some; several: runs=[a,b]"),
    )
    out: str | None = field(
        default="comparison",
        metadata=_help("folder for the table and the figure; null: prints the table only"),
    )

    def __post_init__(self) -> None:
        if not self.paths:
            raise InputError("runs", self.runs, "must name at least one folder")
        for path in self.paths:
            _filled("runs", path)
        if self.out is not None:
            _filled("out", self.out)

    @property
    def paths(self) -> list[str]:
        """The folders as a list."""
        if isinstance(self.runs, Sequence) and not isinstance(self.runs, str):
            return list(self.runs)
        return [self.runs]


@dataclass
class CalibrateConfig:
    """What is measured of a service, and how.

    Raises:
        InputError: a value is out of its range (on construction).
    """

    service: str = field(
        default="photo_inpaint",
        metadata=_help(
            "an embedded service (edgesim list services), or the folder or hub id of a diffusers"
            " pipeline"
        ),
    )
    out: str = field(
        default="calibrations", metadata=_help("folder; the results go to <out>/<service>/")
    )
    images: int | None = field(
        default=None, metadata=_help("images at each number of steps; null: as the service says")
    )
    steps: list[int] | None = field(
        default=None,
        metadata=_help("numbers of steps at which quality is measured; null: as the service says"),
    )
    batches: list[int] | None = field(
        default=None,
        metadata=_help("batch sizes that are timed; null: as the service says"),
    )
    repeats: int = field(default=3, metadata=_help("runs of each batch that is timed"))
    seed: int = field(default=0, metadata=_help("seed of contents and noise"))
    threads: int = field(default=1, metadata=_help("CPU threads of torch"))
    device: str = field(
        default="cpu", metadata=_help("where the networks run: cpu, cuda or cuda:<n>")
    )
    clock: str | None = field(
        default=None,
        metadata=_help("cpu (CPU seconds) or wall; null: cpu on a CPU, wall on a GPU"),
    )
    metric: str | None = field(
        default=None,
        metadata=_help(
            "the metric that is the score of a request: ssim, psnr or total_variation, confidence"
            " for digits, or a function of images as module:attribute; null: as the service says"
        ),
    )
    prompt: str | None = field(
        default=None, metadata=_help("what a text-to-image pipeline is asked for")
    )
    scheduler: str | None = field(
        default=None,
        metadata=_help("scheduler class for a pipeline, as DDIMScheduler; null: its own"),
    )
    licence: str | None = field(
        default=None, metadata=_help("licence of a pipeline's weights, for the profile")
    )
    progress: bool = field(default=True, metadata=_help("show a progress bar"))

    def __post_init__(self) -> None:
        _filled("service", self.service)
        _filled("out", self.out)
        if self.images is not None:
            whole("images", self.images, 2)
        for key in ("steps", "batches"):
            _increasing(key, getattr(self, key))
        whole("repeats", self.repeats, 1)
        whole("seed", self.seed, 0)
        whole("threads", self.threads, 1)
        if not re.fullmatch(r"cpu|cuda(:\d+)?", self.device):
            raise InputError("device", self.device, "accepted: cpu, cuda, cuda:<n>")
        one_of("clock", self.clock, (None, "cpu", "wall"))


@dataclass
class CalibrateTrainConfig:
    """The weights of an embedded service, trained again.

    Raises:
        InputError: a value is out of its range (on construction).
    """

    service: str = field(
        default="digits",
        metadata=_help("which network: digits, photo_inpaint or photo_inpaint_small"),
    )
    out: str = field(default="weights", metadata=_help("folder for the safetensors files"))
    iterations: int | None = field(
        default=None, metadata=_help("gradient steps; null: as the recipe says")
    )
    seed: int = field(default=0, metadata=_help("seed of first weights, data and noise"))
    threads: int = field(default=1, metadata=_help("CPU threads of torch"))
    progress: bool = field(default=True, metadata=_help("show a progress bar"))

    def __post_init__(self) -> None:
        _filled("service", self.service)
        _filled("out", self.out)
        if self.iterations is not None:
            whole("iterations", self.iterations, 1)
        whole("seed", self.seed, 0)
        whole("threads", self.threads, 1)


@dataclass
class ValidateConfig:
    """A real server beside the twin's, at several loads.

    Raises:
        InputError: a value is out of its range (on construction).
    """

    service: str = field(
        default="photo_inpaint", metadata=_help("a service, as calibrate takes it")
    )
    out: str = field(
        default="validations", metadata=_help("folder; the results go to <out>/<service>/")
    )
    fit_loads: list[float] = field(
        default_factory=lambda: [0.4, 0.6, 0.8],
        metadata=_help("loads, as shares of capacity, whose batches make the twin's latencies"),
    )
    check_loads: list[float] = field(
        default_factory=lambda: [0.3, 0.5, 0.7, 0.9],
        metadata=_help("loads that only check"),
    )
    requests: int = field(default=200, metadata=_help("requests at each load"))
    steps_range: list[int] = field(
        default_factory=lambda: [10, 40],
        metadata=_help("denoising steps of a request: uniform from the first to the second"),
    )
    window_s: float = field(
        default=0.1, metadata=_help("longest wait of a first request for others to join its batch")
    )
    max_batch: int = field(default=4, metadata=_help("most requests in a batch"))
    seed: int = field(default=0, metadata=_help("seed of arrivals, steps, contents and noise"))
    threads: int = field(default=1, metadata=_help("CPU threads of torch"))
    device: str = field(
        default="cpu", metadata=_help("where the networks run: cpu, cuda or cuda:<n>")
    )
    clock: str = field(
        default="cpu",
        metadata=_help(
            "cpu: virtual time that goes on by the CPU seconds of each batch, for a machine that"
            " does other things too; wall: real time"
        ),
    )
    progress: bool = field(default=True, metadata=_help("show a progress bar"))

    def __post_init__(self) -> None:
        _filled("service", self.service)
        _filled("out", self.out)
        for key in ("fit_loads", "check_loads"):
            if not getattr(self, key):
                raise InputError(key, [], "must name at least one load")
            for load in getattr(self, key):
                between(key, load, 0.01, 0.99)
        for load in self.check_loads:
            if load in self.fit_loads:
                raise InputError("check_loads", load, "is one of fit_loads, and would check itself")
        whole("requests", self.requests, 10)
        interval("steps_range", self.steps_range, 1)
        at_least("window_s", self.window_s, 0)
        whole("max_batch", self.max_batch, 1)
        whole("seed", self.seed, 0)
        whole("threads", self.threads, 1)
        if not re.fullmatch(r"cpu|cuda(:\d+)?", self.device):
            raise InputError("device", self.device, "accepted: cpu, cuda, cuda:<n>")
        one_of("clock", self.clock, ("cpu", "wall"))
        if self.clock == "cpu" and self.device != "cpu":
            raise InputError("clock", self.clock, "a GPU's time is not the CPU's: clock=wall")


@dataclass
class ReproduceConfig:
    """Figures drawn again from seeds, and the tables behind them.

    Raises:
        InputError: a value is out of its range (on construction).
    """

    figure: Any = field(
        default="all", metadata=_help("a figure by name; several (a,b); or all of them (all)")
    )
    budget: str = field(
        default="quick",
        metadata=_help("quick: enough to look at; full: what our reported figures use"),
    )
    seeds: int | None = field(
        default=None, metadata=_help("training seeds; null: 2 in quick, 5 in full")
    )
    out: str = field(default="reproduction", metadata=_help("folder for the figures"))
    runs: str = field(
        default="runs", metadata=_help("folder of the run folders; those there are used")
    )
    launcher: str = field(
        default="basic",
        metadata=_help("where runs are trained: basic, joblib, ray, submitit_slurm"),
    )
    redraw: bool = field(
        default=False, metadata=_help("draw from the tables that are there, and do nothing else")
    )

    def __post_init__(self) -> None:
        if not self.figures:
            raise InputError("figure", self.figure, "must name at least one figure")
        for figure in self.figures:
            _filled("figure", figure)
        if self.seeds is not None:
            whole("seeds", self.seeds, 1)
        for key in ("budget", "out", "runs", "launcher"):
            _filled(key, getattr(self, key))

    @property
    def figures(self) -> list[str]:
        """The figures as a list."""
        if isinstance(self.figure, Sequence) and not isinstance(self.figure, str):
            return list(self.figure)
        return [self.figure]


SCHEMAS: dict[str, type[Any]] = {
    "train": TrainConfig,
    "evaluate": EvaluateConfig,
    "simulate": SimulateConfig,
    "benchmark": BenchmarkConfig,
    "compare": CompareConfig,
    "calibrate": CalibrateConfig,
    "calibrate-train": CalibrateTrainConfig,
    "reproduce": ReproduceConfig,
    "validate": ValidateConfig,
}


def _filled(key: str, value: Any) -> None:
    """``value`` is text that is not empty."""
    if not isinstance(value, str) or not value.strip():
        raise InputError(key, value, "must be text that is not empty")


def _increasing(key: str, values: Any) -> None:
    """``values`` is None, or whole numbers from 1 on, each above the one before."""
    if values is None:
        return
    accepted = "must be whole numbers from 1 on, increasing: [1,2,4]"
    if not isinstance(values, Sequence) or isinstance(values, str) or not values:
        raise InputError(key, values, accepted)
    for before, value in zip([0, *values], values, strict=False):
        if isinstance(value, bool) or not isinstance(value, int) or value <= before:
            raise InputError(key, list(values), accepted)


def is_run_folder(policy: Any) -> bool:
    """Whether a policy is meant as a run folder: it has a ``/``, or a folder is called that.

    A bare word (``random``) is always the name of a baseline; its folder is ``./random``.
    """
    if not isinstance(policy, str) or policy.isidentifier():
        return False
    return "/" in policy or Path(policy).is_dir()


def scenario_of(config: EvaluateConfig | SimulateConfig) -> Any:
    """The checked scenario that a command works in, whether named or the run folder's.

    Raises:
        InputError: the run folder has no readable ``config.yaml``, or ``scenario_keys`` do not fit.
    """
    from edgesim.scenarios import resolve

    if config.scenario is not None and not isinstance(config.scenario, str | Mapping):
        return config.scenario
    base: Any = config.scenario
    if base is None:
        folders = [policy for policy in config.policies if is_run_folder(policy)]
        base = _trained_in(folders[0]) if folders else DEFAULT_SCENARIO
    return resolve(base, config.scenario_keys)


def _trained_in(folder: str) -> dict[str, Any]:
    """The scenario in a run folder's ``config.yaml``."""
    import yaml

    try:
        values = yaml.safe_load((Path(folder) / "config.yaml").read_text())
        return dict(values["scenario"])
    except FileNotFoundError:
        raise InputError("policy", folder, "is not a run folder: it has no config.yaml") from None
    except (OSError, ValueError, TypeError, KeyError, yaml.YAMLError):
        raise InputError("policy", folder, "its config.yaml is not one of a run") from None
