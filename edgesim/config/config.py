"""What a command is given: one checked dataclass a command.

They are ordinary and can be filled by hand; :func:`edgesim.config.compose.compose` fills one from
overrides in Hydra's grammar, with the groups ``scenario`` (every preset in ``edgesim/scenarios``)
and ``agent`` (every preset in ``edgesim/agents``).

The ``help`` of a field is what ``edgesim <command> --help`` shows.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edgesim.config.keys import as_list, help_text, not_empty
from edgesim.config.ring import MeasureDeviceConfig, PlanConfig
from edgesim.config.services import (
    CalibrateConfig,
    CalibrateTrainConfig,
    DemoConfig,
    ValidateConfig,
)
from edgesim.config.swarm import SwarmConfig
from edgesim.config.whatif import WhatIfConfig
from edgesim.errors import InputError, did_you_mean
from edgesim.importing import is_import_string
from edgesim.numbers import LARGEST_SEED
from edgesim.problems import ENGINES
from edgesim.scenarios.checks import between, integer_from, one_of

__all__ = [
    "DEFAULT_SCENARIO",
    "SCHEMAS",
    "AgentConfig",
    "BenchmarkConfig",
    "CompareConfig",
    "EvaluateConfig",
    "ExportConfig",
    "ReproduceConfig",
    "SimulateConfig",
    "TrainConfig",
    "TuneConfig",
    "is_run_folder",
]

DEFAULT_SCENARIO = "aigc"
_DEVICES = ("cpu", "cuda", "auto")
_PARTS = ("scenarios", "worlds", "learner", "sizes", "transfers", "peers", "all")
_BUDGETS = ("quick", "full")
_OF_FLOWS = "ids_treatments"  # the figure that takes a file of flows
_LAUNCHERS = ("basic", "joblib", "ray", "submitit_local", "submitit_slurm")
_ACTIONS = ("Discrete", "MultiDiscrete", "MultiBinary", "Box")  # spaces of Gymnasium


@dataclass
class AgentConfig:
    """A learning agent: an algorithm, how it is set, and how long it learns.

    Raises:
        InputError: a value is out of its range (on construction).
    """

    name: str = field(
        default="custom",
        metadata=help_text("what the agent is called: a folder of the runs has this name"),
    )
    title: str = field(default="", metadata=help_text("one line on it"))
    algorithm: str = field(
        default="sb3_contrib:MaskablePPO", metadata=help_text("the class, as module:attribute")
    )
    policy: str = field(
        default="MlpPolicy",
        metadata=help_text(
            "stable-baselines3's name of the network, or a class as module:attribute"
        ),
    )
    actions: list[str] = field(
        default_factory=lambda: ["Discrete"],
        metadata=help_text("kinds of action spaces that the algorithm takes"),
    )
    total_steps: int = field(default=100_000, metadata=help_text("decisions to learn from"))
    n_envs: int = field(default=8, metadata=help_text("environments that are stepped side by side"))
    environment: dict[str, Any] = field(
        default_factory=dict, metadata=help_text("keyword arguments of the environment")
    )
    worlds: int = field(
        default=0,
        metadata=help_text("random worlds to learn in; 0: that of the scenario"),
    )
    reward_scale: float = field(
        default=1.0, metadata=help_text("what rewards are multiplied by while learning")
    )
    endless: bool = field(
        default=False,
        metadata=help_text(
            "learn as if episodes went on: for ends that the observation does not tell"
        ),
    )
    hyperparameters: dict[str, Any] = field(
        default_factory=dict, metadata=help_text("keyword arguments of the algorithm")
    )
    schedules: dict[str, list[float]] = field(
        default_factory=dict,
        metadata=help_text("hyperparameters that move linearly while learning: [from, to]"),
    )
    scenarios: dict[str, dict[str, Any]] = field(
        default_factory=dict,
        metadata=help_text("keys that differ for a problem or a scenario, by its name"),
    )

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[\w.-]+", self.name) or not self.name.strip("."):
            raise InputError("name", self.name, "must be letters, digits, '_', '-' or '.'")
        if not is_import_string(self.algorithm):
            raise InputError(
                "algorithm",
                self.algorithm,
                "must be module:attribute, as in sb3_contrib:MaskablePPO",
            )
        if not self.actions:
            raise InputError("actions", self.actions, f"must name some of {', '.join(_ACTIONS)}")
        for space in self.actions:
            one_of("actions", space, _ACTIONS)
        integer_from("total_steps", self.total_steps, 1)
        integer_from("n_envs", self.n_envs, 1)
        integer_from("worlds", self.worlds, 0)
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
        default=None, metadata=help_text("the world: a preset, or a key of it (scenario.<key>=...)")
    )
    agent: AgentConfig = field(
        default_factory=AgentConfig,
        metadata=help_text("the learner: a preset, or a key of it (agent.<key>=...)"),
    )
    seed: int = field(default=0, metadata=help_text("seed of everything that is random in the run"))
    total_steps: int | None = field(
        default=None, metadata=help_text("decisions to learn from; null: as the agent says")
    )
    episodes: int = field(
        default=20, metadata=help_text("held-out test episodes of the final table")
    )
    validation_episodes: int = field(
        default=5, metadata=help_text("episodes of each evaluation while learning")
    )
    validations: int = field(
        default=20, metadata=help_text("how often to evaluate while learning; the best is kept")
    )
    bound: bool | None = field(
        default=None,
        metadata=help_text(
            "also compute the upper bound on the test episodes; null: if the problem has one"
        ),
    )
    baselines: bool = field(
        default=True,
        metadata=help_text("also measure every baseline (and the bound) on the test episodes"),
    )
    start: str | None = field(
        default=None,
        metadata=help_text(
            "where the first weights come from: a run folder of the same agent, or pretrained"
            " (those that edgesim ships); null: random ones"
        ),
    )
    resume: bool = field(default=False, metadata=help_text("go on with a run that was stopped"))
    runs: str = field(default="runs", metadata=help_text("folder that holds the run folders"))
    progress: bool = field(default=True, metadata=help_text("show a progress bar"))
    trackers: list[str] = field(
        default_factory=list,
        metadata=help_text("log there too, beside TensorBoard: [wandb], [mlflow] (extras)"),
    )
    engine: str = field(
        default="auto",
        metadata=help_text(
            "what steps the training worlds: simpy, batched, or auto (batched if it can)",
            ENGINES,
        ),
    )
    threads: int = field(default=1, metadata=help_text("CPU threads of torch"))
    device: str = field(
        default="cpu",
        metadata=help_text("where torch computes: cpu, cuda, cuda:<n> or auto", _DEVICES),
    )

    def __post_init__(self) -> None:
        integer_from("seed", self.seed, 0, LARGEST_SEED)
        if self.total_steps is not None:
            integer_from("total_steps", self.total_steps, 1)
        integer_from("episodes", self.episodes, 1)
        integer_from("validation_episodes", self.validation_episodes, 1)
        integer_from("validations", self.validations, 1)
        integer_from("threads", self.threads, 1)
        if self.start is not None:
            not_empty("start", self.start)
        not_empty("runs", self.runs)
        for tracker in self.trackers:
            one_of("trackers", tracker, ("wandb", "mlflow"))
        one_of("engine", self.engine, ENGINES)
        if not re.fullmatch(r"cpu|auto|cuda(:\d+)?", self.device):
            accepted = f"{did_you_mean(self.device, _DEVICES)}, cuda:<n>"
            raise InputError("device", self.device, accepted)


@dataclass
class TuneConfig(TrainConfig):
    """A search over keys of an agent; all keys of a training, and how long to search.

    ``search_space`` holds what is searched by key of the agent, in Hydra's sweep grammar; at the
    shell these are the keys of the agent that are given several values.

    Raises:
        InputError: a value is out of its range (on construction).
    """

    trials: int = field(
        default=20, metadata=help_text("settings that are tried, all calls together")
    )
    training_seeds: int = field(
        default=1, metadata=help_text("trainings of each setting, from seed on; their mean counts")
    )
    confirm: int = field(
        default=0,
        metadata=help_text(
            "fresh training seeds by which the best setting and the agent as it is are compared"
        ),
    )
    prune: bool = field(
        default=True, metadata=help_text("stop a training that is worse than half of the others")
    )
    out: str = field(default="tuning", metadata=help_text("folder of the studies"))
    search_space: dict[str, str] = field(default_factory=dict, metadata=help_text(""))

    def __post_init__(self) -> None:
        super().__post_init__()
        integer_from("trials", self.trials, 1)
        integer_from("training_seeds", self.training_seeds, 1)
        integer_from("confirm", self.confirm, 0)
        not_empty("out", self.out)


@dataclass
class ExportConfig:
    """A run as a model folder.

    Raises:
        InputError: a value is out of its range (on construction).
    """

    run: str | None = field(
        default=None, metadata=help_text("the run folder: runs/<scenario>/<agent>/seed-<n>")
    )
    out: str | None = field(
        default=None, metadata=help_text("the model folder; null: <scenario>-<agent>, here")
    )

    def __post_init__(self) -> None:
        if self.run is not None:
            not_empty("run", self.run)
        if self.out is not None:
            not_empty("out", self.out)


@dataclass
class EvaluateConfig:
    """Policies measured on the same held-out episodes.

    ``scenario`` is None where the shell names none and ``policy`` holds a run folder: the world is
    then the one that the folder was trained in, with ``scenario_keys`` replaced in it.
    :func:`edgesim.agents.finding.scenario_of_command` settles it.

    Raises:
        InputError: a value is out of its range (on construction).
    """

    scenario: Any = field(
        default=None, metadata=help_text("the world: a preset, or a key of it (scenario.<key>=...)")
    )
    policy: Any = field(
        default=None,
        metadata=help_text(
            "a baseline, a run folder or module:attribute; several (a,b); all baselines (all);"
            " null: the problem's default"
        ),
    )
    episodes: int = field(default=20, metadata=help_text("held-out episodes"))
    seed: int = field(default=0, metadata=help_text("seed of the episodes"))
    bound: bool = field(
        default=False, metadata=help_text("also compute the upper bound on the episodes")
    )
    record: bool = field(
        default=False, metadata=help_text("also write what became of every task, as Parquet")
    )
    out: str | None = field(
        default=None, metadata=help_text("folder for the results; null: prints the table only")
    )
    worlds: int | None = field(
        default=None,
        metadata=help_text(
            "held-out random worlds around the scenario, each with so many episodes; null: the"
            " scenario itself"
        ),
    )
    scenario_keys: dict[str, Any] = field(default_factory=dict, metadata=help_text(""))

    def __post_init__(self) -> None:
        integer_from("episodes", self.episodes, 1)
        integer_from("seed", self.seed, 0, LARGEST_SEED)
        if self.worlds is not None:
            integer_from("worlds", self.worlds, 1)
            for key in ("bound", "record"):
                if getattr(self, key):
                    raise InputError(key, True, "cannot be had over worlds; accepted: false")
        if self.out is not None:
            not_empty("out", self.out)
        if not self.policies and self.policy is not None:
            raise InputError("policy", self.policy, "must name at least one policy")
        for policy in self.policies:
            not_empty("policy", policy)

    @property
    def policies(self) -> list[str]:
        """The policies as a list, empty where the problem's default is meant.

        ``all`` is left for the evaluation, which knows the problem.
        """
        return [] if self.policy is None else as_list(self.policy)


@dataclass
class SimulateConfig:
    """One episode of the twin, without learning. ``scenario`` as in :class:`EvaluateConfig`.

    Raises:
        InputError: a value is out of its range (on construction).
    """

    scenario: Any = field(
        default=None, metadata=help_text("the world: a preset, or a key of it (scenario.<key>=...)")
    )
    policy: str | None = field(
        default=None,
        metadata=help_text(
            "a baseline, a run folder, or module:attribute; null: the problem's default"
        ),
    )
    seed: int = field(default=0, metadata=help_text("seed of the episode"))
    out: str = field(
        default="simulations", metadata=help_text("folder that gets the event log and the picture")
    )
    video: str | None = field(
        default=None,
        metadata=help_text(
            "also a film of the episode: a name in the folder, or a path, that ends in .gif or"
            " .mp4 (which needs ffmpeg); null: none"
        ),
    )
    scenario_keys: dict[str, Any] = field(default_factory=dict, metadata=help_text(""))

    def __post_init__(self) -> None:
        integer_from("seed", self.seed, 0, LARGEST_SEED)
        if self.policy is not None:
            not_empty("policy", self.policy)
        not_empty("out", self.out)
        if self.video is not None and Path(self.video).suffix not in (".gif", ".mp4"):
            raise InputError("video", self.video, "must end in .gif or .mp4, as in episode.gif")

    @property
    def policies(self) -> list[str]:
        """The one policy, as the list that :class:`EvaluateConfig` has."""
        return [] if self.policy is None else [self.policy]


@dataclass
class BenchmarkConfig:
    """How fast the environments decide, beside SimPy alone.

    Raises:
        InputError: a value is out of its range (on construction).
    """

    parts: Any = field(
        default_factory=lambda: ["scenarios", "worlds", "learner"],
        metadata=help_text(
            "scenarios, worlds, learner, sizes, transfers, peers; several: parts=[a,b]; or all",
            _PARTS,
        ),
    )
    seconds: float = field(
        default=1.0, metadata=help_text("CPU seconds that each measurement takes")
    )
    repeats: int = field(
        default=3, metadata=help_text("measurements of each thing; the median is shown")
    )
    out: str | None = field(
        default=None,
        metadata=help_text(
            "JSON file for the figures, a picture beside it; null: prints them only"
        ),
    )

    def __post_init__(self) -> None:
        if not self.chosen:
            raise InputError("parts", self.parts, "must name at least one part")
        for part in self.chosen:
            not_empty("parts", part)
        between("seconds", self.seconds, 0.001, 3600)
        integer_from("repeats", self.repeats, 1)
        if self.out is not None:
            not_empty("out", self.out)

    @property
    def chosen(self) -> list[str]:
        """The parts as a list."""
        return as_list(self.parts)


@dataclass
class CompareConfig:
    """Trainings, evaluations and policies gathered into one table and one figure.

    Raises:
        InputError: a value is out of its range (on construction).
    """

    runs: Any = field(
        default="runs",
        metadata=help_text(
            "folders of trainings, evaluations and simulations, or folders that hold some; several:"
            " runs=[a,b]"
        ),
    )
    out: str | None = field(
        default="comparison",
        metadata=help_text("folder for the table and the figure; null: prints the table only"),
    )
    policy: Any = field(
        default=None,
        metadata=help_text(
            "also played on their episodes: a baseline, a run folder or module:attribute; several"
            " (a,b)"
        ),
    )

    def __post_init__(self) -> None:
        if not self.paths:
            raise InputError("runs", self.runs, "must name at least one folder")
        for path in self.paths:
            not_empty("runs", path)
        for policy in self.policies:
            not_empty("policy", policy)
        if self.out is not None:
            not_empty("out", self.out)

    @property
    def paths(self) -> list[str]:
        """The folders as a list."""
        return as_list(self.runs)

    @property
    def policies(self) -> list[str]:
        """The policies as a list."""
        return [] if self.policy is None else as_list(self.policy)


@dataclass
class ReproduceConfig:
    """Figures drawn again from seeds, and the tables behind them.

    Raises:
        InputError: a value is out of its range (on construction).
    """

    figure: Any = field(
        default="all", metadata=help_text("a figure by name; several (a,b); or all of them (all)")
    )
    budget: str = field(
        default="quick",
        metadata=help_text(
            "quick: enough to look at; full: what our reported figures use", _BUDGETS
        ),
    )
    seeds: int | None = field(
        default=None, metadata=help_text("training seeds; null: 2 in quick, 5 in full")
    )
    out: str = field(default="reproduction", metadata=help_text("folder for the figures"))
    runs: str = field(
        default="runs", metadata=help_text("folder of the run folders; those there are used")
    )
    launcher: str = field(
        default="basic",
        metadata=help_text(
            "where runs are trained: basic, joblib, ray, submitit_slurm", _LAUNCHERS
        ),
    )
    redraw: bool = field(
        default=False,
        metadata=help_text("draw from the tables that are there, and do nothing else"),
    )
    scenarios: Any = field(
        default=None,
        metadata=help_text(
            "of figure=agents: scenarios to compare in, presets or files of one's own; null: the"
            " figure's"
        ),
    )
    agents: Any = field(
        default=None,
        metadata=help_text("likewise the agents; null: the default of each scenario's problem"),
    )
    data: str | None = field(
        default=None,
        metadata=help_text(
            f"of figure={_OF_FLOWS}: a CSV or Parquet file of labelled flows, as NSL-KDD or"
            " CICIDS2017; null: drawn flows"
        ),
    )

    def __post_init__(self) -> None:
        if not self.figures:
            raise InputError("figure", self.figure, "must name at least one figure")
        for figure in self.figures:
            not_empty("figure", figure)
        if self.seeds is not None:
            integer_from("seeds", self.seeds, 1)
        for key in ("scenarios", "agents"):
            for name in [] if getattr(self, key) is None else as_list(getattr(self, key)):
                not_empty(key, name)
        if self.agents is not None and self.scenarios is None:
            raise InputError("agents", self.agents, "needs scenarios=<those to compare in>")
        if self.scenarios is not None and self.figures != ["agents"]:
            accepted = "is for figure=agents alone; the other figures are of presets"
            raise InputError("scenarios", self.scenarios, accepted)
        if self.data is not None:
            not_empty("data", self.data)
            if self.figures != [_OF_FLOWS]:
                raise InputError("data", self.data, f"is for figure={_OF_FLOWS} alone")
        for key in ("budget", "out", "runs", "launcher"):
            not_empty(key, getattr(self, key))

    @property
    def figures(self) -> list[str]:
        """The figures as a list."""
        return as_list(self.figure)


SCHEMAS: dict[str, type[Any]] = {
    "train": TrainConfig,
    "tune": TuneConfig,
    "evaluate": EvaluateConfig,
    "simulate": SimulateConfig,
    "benchmark": BenchmarkConfig,
    "compare": CompareConfig,
    "export": ExportConfig,
    "calibrate": CalibrateConfig,
    "calibrate-train": CalibrateTrainConfig,
    "reproduce": ReproduceConfig,
    "validate": ValidateConfig,
    "whatif": WhatIfConfig,
    "demo": DemoConfig,
    "plan": PlanConfig,
    "measure-device": MeasureDeviceConfig,
    "swarm": SwarmConfig,
}


def is_run_folder(policy: Any) -> bool:
    """Whether a policy is meant as a run folder: it has a ``/``, or a folder is called that.

    A bare word (``random``) is always the name of a baseline; its folder is ``./random``.
    """
    if not isinstance(policy, str) or policy.isidentifier():
        return False
    return "/" in policy or Path(policy).is_dir()
