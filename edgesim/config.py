"""What a command is given: one checked dataclass a command, and how a shell line becomes one.

The dataclasses are ordinary and can be filled by hand; :func:`compose` fills one from overrides in
Hydra's grammar, with the groups ``scenario`` (every preset in ``edgesim/scenarios``) and ``agent``
(every preset in ``edgesim/agents``). Hydra is imported only by :func:`compose` and its helpers.

The ``help`` of a field is what ``edgesim <command> --help`` shows.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgesim.errors import InputError, did_you_mean
from edgesim.problems import PROBLEMS
from edgesim.scenarios.checks import between, whole

if TYPE_CHECKING:
    from hydra.core.override_parser.types import Override
    from omegaconf import DictConfig

__all__ = [
    "DEFAULT_AGENT",
    "DEFAULT_SCENARIO",
    "SCHEMAS",
    "AgentConfig",
    "BenchmarkConfig",
    "EvaluateConfig",
    "SimulateConfig",
    "TrainConfig",
    "compose",
    "config_name",
    "explained",
    "flat",
    "is_run_folder",
    "prepared",
    "register",
    "scenario_of",
    "typed",
]

DEFAULT_SCENARIO = "aigc"
DEFAULT_AGENT = "maskable_ppo"
_LISTED = 15  # names that a message may list
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
        default="MlpPolicy", metadata=_help("stable-baselines3's name of the network")
    )
    total_steps: int = field(default=100_000, metadata=_help("decisions to learn from"))
    n_envs: int = field(default=8, metadata=_help("environments that are stepped side by side"))
    environment: dict[str, Any] = field(
        default_factory=dict, metadata=_help("keyword arguments of the environment")
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

    decisions: int = field(default=20_000, metadata=_help("decisions that each measurement takes"))
    repeats: int = field(
        default=3, metadata=_help("measurements of each thing; the median is shown")
    )
    out: str | None = field(
        default=None, metadata=_help("JSON file for the figures; null: prints them only")
    )

    def __post_init__(self) -> None:
        whole("decisions", self.decisions, 1)
        whole("repeats", self.repeats, 1)
        if self.out is not None:
            _filled("out", self.out)


SCHEMAS: dict[str, type[Any]] = {
    "train": TrainConfig,
    "evaluate": EvaluateConfig,
    "simulate": SimulateConfig,
    "benchmark": BenchmarkConfig,
}


def _filled(key: str, value: Any) -> None:
    """``value`` is text that is not empty."""
    if not isinstance(value, str) or not value.strip():
        raise InputError(key, value, "must be text that is not empty")


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


# --- from a shell line to a dataclass ---------------------------------------------------------


def compose(command: str, overrides: Iterable[str] = ()) -> Any:
    """The configuration of a command, from overrides in Hydra's grammar.

    Args:
        command: a key of :data:`SCHEMAS`.
        overrides: as on the command line: ``["scenario=aigc_paper", "agent.n_envs=4"]``.

    Returns:
        The command's dataclass. Where an agent preset has its own values for the problem or the
        scenario, they are in it, and overrides of ``agent.<key>`` stand over them.

    Raises:
        InputError: an override cannot be used.
    """
    given = prepared(command, list(overrides))
    name = config_name(command, given)
    try:
        return typed(command, _composed(name, given))
    except InputError:
        raise
    except Exception as error:
        raise explained(name, given, error) from None


def config_name(command: str, overrides: Sequence[str]) -> str:
    """Which stored configuration a command starts from: with the default scenario or without."""
    keys = {override.key_or_group: override for override in _parsed(overrides)}
    follows = "policy" in {item.name for item in fields(SCHEMAS[command])} and "policy" in keys
    if follows and "scenario" not in keys and any(map(is_run_folder, _values(keys["policy"]))):
        return f"{command}-run"
    return command


@cache
def register() -> None:
    """Store the schemas and every preset where Hydra finds them."""
    from hydra.core.config_store import ConfigStore
    from omegaconf import OmegaConf

    from edgesim.agents import presets as agents
    from edgesim.problems import load
    from edgesim.scenarios import preset, presets

    store = ConfigStore.instance()
    problems: dict[str, str] = {}
    for name in presets():
        values = preset(name)
        problems[name] = values["problem"]
        schema = OmegaConf.structured(load(PROBLEMS[values["problem"]].schema))
        store.store(group="scenario", name=name, node=OmegaConf.merge(schema, values))
    for name in agents.presets():
        values = agents.values(name)
        sections = values.pop("scenarios", {})
        schema = OmegaConf.structured(AgentConfig)
        store.store(group="agent", name=name, node=OmegaConf.merge(schema, values))
        for scenario, problem in problems.items():
            node = agents.section(sections, scenario, problem)
            store.store(group="agent_in", name=f"{name}-{scenario}", node=node)
    for command, schema in SCHEMAS.items():
        store.store(name=f"{command}-schema", node=schema)
        store.store(name=command, node={"defaults": _defaults(command)})
        store.store(name=f"{command}-run", node={"defaults": [f"{command}-schema", "_self_"]})


def _defaults(command: str) -> list[Any]:
    """Hydra's defaults list: the schema first, what the agent differs in for the scenario last."""
    keys = [item.name for item in fields(SCHEMAS[command])]
    defaults: list[Any] = [f"{command}-schema"]
    if "scenario" in keys:
        defaults.append({"scenario": DEFAULT_SCENARIO})
    if "agent" in keys:
        defaults.append({"agent": DEFAULT_AGENT})
        defaults.append({"agent_in@agent": "${agent}-${scenario}"})
    return [*defaults, "_self_"]


def _composed(name: str, overrides: Sequence[str]) -> "DictConfig":
    """Hydra's composition, also from within a Hydra job or a notebook that uses Hydra itself."""
    import hydra
    from hydra.core.global_hydra import GlobalHydra

    register()
    outer = GlobalHydra.instance().hydra
    GlobalHydra.instance().clear()
    try:
        with hydra.initialize(version_base="1.3", config_path=None, job_name="edgesim"):
            return hydra.compose(config_name=name, overrides=list(overrides))
    finally:
        GlobalHydra.instance().hydra = outer


def typed(command: str, config: "DictConfig") -> Any:
    """The command's dataclass from a composed configuration.

    Raises:
        InputError: a value is out of its range, by its full key.
    """
    from omegaconf import DictConfig, OmegaConf

    values: dict[str, Any] = {}
    for item in fields(SCHEMAS[command]):
        value = config[item.name]
        try:
            is_node = OmegaConf.is_config(value)
            values[item.name] = OmegaConf.to_object(value) if is_node else value
        except InputError as error:
            if not isinstance(value, DictConfig):
                raise
            thing = f"{item.name}.{error.thing}"
            raise InputError(thing, error.value, error.accepted) from None
    if "agent" in values and values["agent"].scenarios:
        raise InputError("agent.scenarios", values["agent"].scenarios, "set agent.<key> instead")
    return SCHEMAS[command](**values)


# --- what the shell line may hold -------------------------------------------------------------


def prepared(command: str, overrides: Sequence[str], *, sweep: bool = False) -> list[str]:
    """Overrides as Hydra takes them, with the choices of groups checked.

    ``+`` and ``~`` add and remove keys in the open dictionaries alone. ``policy=a,b`` is a list
    unless it is swept over. Keys of a scenario that a run folder names go to ``scenario_keys``.

    Raises:
        InputError: an override is malformed, or chooses what does not exist.
    """
    items = _parsed(overrides)
    by_folder = config_name(command, overrides).endswith("-run")
    return [_rewritten(command, item, sweep, by_folder) for item in items]


def _parsed(overrides: Sequence[str]) -> "list[Override]":
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import HydraException

    parser = OverridesParser.create()
    parsed = []
    for override in overrides:
        key, equals, value = override.partition("=")
        if not key or (not equals and not key.startswith("~")):
            raise InputError("argument", override, "must be key=value")
        try:
            parsed += parser.parse_overrides([override])
        except HydraException:
            raise InputError(
                key, value, "cannot be read; text with special characters is quoted: 'key=\"text\"'"
            ) from None
    return parsed


def _rewritten(command: str, item: "Override", sweep: bool, by_folder: bool) -> str:
    """One override, as :func:`prepared` describes."""
    line = str(item.input_line)
    key = item.key_or_group
    if key.startswith(("hydra.", "hydra/")):
        return line
    value = line.partition("=")[2]
    keys = {part.name for part in fields(SCHEMAS[command])}
    if re.split(r"[./]", key)[0] not in keys or item.package is not None:
        raise InputError(item.get_key_element(), value, _known_key(key, command, []))
    if item.is_delete() and not _is_open(key):
        raise InputError("argument", line, "only keys of open dictionaries can be removed")
    if line.startswith("+") and not _is_open(key):
        line = line.lstrip("+")
    if key in ("scenario", "agent"):
        _check_choice(key, item)
    if item.is_sweep_override() and not sweep:
        if (command, key) != ("evaluate", "policy") or not item.is_choice_sweep():
            raise InputError(key, value, "is several values: -m runs the command once for each")
        return f"{key}=[{value}]"
    if by_folder and key.startswith("scenario."):
        return f"++scenario_keys.{key.removeprefix('scenario.')}={value}"
    return line


def _is_open(key: str) -> bool:
    """Whether a key lies in a dictionary that takes any key."""
    return key.startswith(
        ("agent.hyperparameters.", "agent.environment.", "agent.schedules.", "scenario_keys.")
    )


def _check_choice(group: str, item: "Override") -> None:
    """A group is given names of its presets, or keys of it by another way of writing."""
    from edgesim.agents import presets as agents
    from edgesim.scenarios import presets

    names = presets() if group == "scenario" else agents.presets()
    for choice in _values(item):
        if not isinstance(choice, str) or choice not in names:
            raise InputError(group, choice, did_you_mean(str(choice), names))


def _values(item: "Override") -> list[Any]:
    """The value of an override, or all that a sweep goes through."""
    from hydra.core.override_parser.types import Glob

    if isinstance(item.value(), Glob):
        return []
    if item.is_sweep_override():
        return [_plain(value) for value in item.sweep_iterator()]
    value = item.value()
    return value if isinstance(value, list) else [value]


def _plain(value: Any) -> Any:
    """A swept value without the quotes that Hydra keeps for a shell."""
    return value.strip("'\"") if isinstance(value, str) else value


# --- what went wrong --------------------------------------------------------------------------


def explained(name: str, overrides: Sequence[str], error: Exception) -> Exception:
    """The :class:`InputError` that an exception of Hydra's stands for, or the exception itself.

    Args:
        name: the stored configuration, from :func:`config_name`.
        overrides: from :func:`prepared`.
        error: what Hydra raised.
    """
    from hydra.errors import HydraException, MissingConfigException
    from omegaconf.errors import OmegaConfBaseException

    if isinstance(error, AssertionError) and "Unexpected type for root" in str(error):
        return _below_null(name, overrides) or error
    if isinstance(error, MissingConfigException) and error.missing_cfg_file:
        group, _, choice = error.missing_cfg_file.rpartition("/")
        return InputError(group, choice, did_you_mean(choice, error.options or []))
    if isinstance(error, HydraException | OmegaConfBaseException):
        own = isinstance(error.__cause__, OmegaConfBaseException)
        cause = error.__cause__ if own and error.__cause__ else error
        return _on_override(name, overrides, str(error), cause)
    return error


def _on_override(
    name: str, overrides: Sequence[str], text: str, cause: BaseException
) -> InputError:
    """The error on the override that ``text`` quotes, or that has the key of ``cause``."""
    full = str(getattr(cause, "full_key", "") or "")
    item = _culprit(overrides, text, full)
    if item is None:
        return InputError("arguments", " ".join(overrides), _first_line(cause))
    key = item.key_or_group
    if not isinstance(cause, AttributeError | KeyError):
        return InputError(key, _shown(item), _accepted(_first_line(cause)))
    if full != key and not full.startswith(f"{key}."):  # a key within a value
        return InputError(key, _shown(item), _first_line(cause))
    return InputError(full, _shown(item), _known_key(full, name, overrides))


def _culprit(overrides: Sequence[str], text: str, full_key: str) -> "Override | None":
    """The override that an exception is about: the one it quotes, or the one with its key."""
    items = _parsed(overrides)
    for item in items:
        line = str(item.input_line)
        if line in text or f"override '{item.key_or_group}'" in text:
            return item
    for item in items:
        if full_key and full_key.startswith(item.key_or_group):
            return item
    return None


def _shown(item: "Override") -> Any:
    """An override's value as an error shows it."""
    if item.is_sweep_override():
        return str(item.input_line).partition("=")[2]
    return item.value()


def _first_line(error: BaseException) -> str:
    """What an exception says, without the lines on where."""
    return (str(getattr(error, "msg", None) or error).splitlines() or [type(error).__name__])[0]


def _accepted(reason: str) -> str:
    """OmegaConf's words on a value of a wrong type, as what would be accepted."""
    for end, accepted in (
        ("converted to Integer", "must be a whole number"),
        ("converted to Float", "must be a number"),
        ("is not a valid bool", "must be true or false"),
        ("is not a ListConfig, list or tuple.", "must be a list: [first,second]"),
        ("is not Optional", "must not be null"),
        ("missing mandatory value", "must have a value"),
    ):
        if end in reason:
            return accepted
    return reason


def _groups_only(name: str, overrides: Sequence[str]) -> dict[str, Any]:
    """The configuration with the choices of groups alone, as nested dictionaries."""
    from omegaconf import OmegaConf

    choices = [
        str(item.input_line)
        for item in _parsed(overrides)
        if item.key_or_group in ("scenario", "agent") and not item.is_sweep_override()
    ]
    values = OmegaConf.to_container(_composed(name, choices))
    assert isinstance(values, dict)
    return {str(key): value for key, value in values.items()}


def _below_null(name: str, overrides: Sequence[str]) -> InputError | None:
    """The error on a key below one that is null, as ``scenario.wireless.side_m`` can be."""
    names = flat(values := _groups_only(name, overrides))
    for item in _parsed(overrides):
        parts = item.key_or_group.split(".")
        for count in range(1, len(parts)):
            parent = ".".join(parts[:count])
            if parent in names and _at(values, parts[:count]) is None:
                return InputError(item.key_or_group, _shown(item), f"{parent} is null here")
    return None


def _at(values: Any, parts: Sequence[str]) -> Any:
    """The value at a path of keys."""
    for part in parts:
        values = values.get(part) if isinstance(values, Mapping) else None
    return values


def _known_key(key: str, name: str, overrides: Sequence[str]) -> str:
    """The end of a message on an unknown key: the nearest one, then those at its level."""
    names = [known for known in flat(_groups_only(name, overrides)) if known != "scenario_keys"]
    leaf = key.rpartition(".")[2]
    near = [known for known in names if known.rpartition(".")[2] == leaf and known != key]
    near += get_close_matches(key, names, n=1, cutoff=0.6)
    near += [known for known in names if get_close_matches(leaf, [known.rpartition(".")[2]])]
    levels = [key.rpartition(".")[0], *(known.rpartition(".")[0] for known in near[:1])]
    level = [known for known in names if known.rpartition(".")[0] == levels[-1]]
    hint = f"did you mean {near[0]!r}? " if near else "no such key; "
    add = f"; +{key}=... adds it" if _is_open(key) else ""
    command = name.removesuffix("-run")
    listed = level and len(level) <= _LISTED
    shown = (
        f"accepted: {', '.join(level)}" if listed else f"edgesim {command} --help lists the keys"
    )
    return f"{hint}{shown}{add}"


def flat(values: Mapping[str, Any], prefix: str = "") -> list[str]:
    """Dotted names of all keys in nested mappings, a mapping before its keys."""
    names: list[str] = []
    for key, value in values.items():
        names.append(f"{prefix}{key}")
        if isinstance(value, Mapping):
            names += flat(value, f"{prefix}{key}.")
    return names
