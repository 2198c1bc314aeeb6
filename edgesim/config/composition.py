"""Configurations as Hydra composes them: what is stored, and how a command's dataclass is made.

Hydra and OmegaConf are imported only where they are used.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from functools import cache
from typing import TYPE_CHECKING, Any

from edgesim.config.config import DEFAULT_SCENARIO, SCHEMAS, AgentConfig
from edgesim.errors import InputError
from edgesim.presets import is_preset_file, nested_files
from edgesim.scenarios.listed import numbered, passes_list

if TYPE_CHECKING:
    from hydra.core.override_parser.types import Override
    from omegaconf import DictConfig


__all__ = ["composed", "flat", "register", "typed"]


def register(command: str | None = None) -> None:
    """Store the schemas where Hydra finds them, and every preset, which takes a second.

    Args:
        command: whose configuration is to be made; presets are left out where it takes none.
    """
    _register_schemas()
    keys = {"scenario"} if command is None else {item.name for item in fields(SCHEMAS[command])}
    if keys & {"scenario", "agent"}:
        from edgesim.scenarios import presets

        _register_presets(tuple(presets()))


@cache
def _register_schemas() -> None:
    from hydra.core.config_store import ConfigStore

    store = ConfigStore.instance()
    for command, schema in SCHEMAS.items():
        store.store(name=f"{command}-schema", node=schema)
        store.store(name=command, node={"defaults": _defaults(command)})
        store.store(name=f"{command}-run", node={"defaults": [f"{command}-schema", "_self_"]})


@cache
def _register_presets(scenarios: tuple[str, ...]) -> None:
    from hydra.core.config_store import ConfigStore
    from omegaconf import OmegaConf

    from edgesim.config import agents
    from edgesim.scenarios import lineage, preset, schema_of

    store = ConfigStore.instance()
    problems: dict[str, str] = {}
    for name in scenarios:
        values = preset(name)
        problems[name] = values["problem"]
        schema = OmegaConf.structured(schema_of(values))
        store.store(group="scenario", name=name, node=OmegaConf.merge(schema, values))
    for name in agents.presets():
        values = agents.values(name)
        sections = values.pop("scenarios", {})
        schema = OmegaConf.structured(AgentConfig)
        store.store(group="agent", name=name, node=OmegaConf.merge(schema, values))
        for scenario, problem in problems.items():
            node = agents.section(sections, problem, *lineage(scenario))
            store.store(group="agent_in", name=f"{name}-{scenario}", node=node)


def _defaults(command: str) -> list[Any]:
    """Hydra's defaults list: the schema first, what the agent differs in for the scenario last."""
    from edgesim.config import agents

    keys = [item.name for item in fields(SCHEMAS[command])]
    defaults: list[Any] = [f"{command}-schema"]
    if "scenario" in keys:
        defaults.append({"scenario": DEFAULT_SCENARIO})
    if "agent" in keys:
        defaults.append({"agent": agents.default_for(DEFAULT_SCENARIO)})
        defaults.append({"agent_in@agent": "${agent}-${scenario}"})
    return [*defaults, "_self_"]


def composed(name: str, overrides: Sequence[str]) -> "DictConfig":
    """Hydra's composition, also from within a Hydra job or a notebook that uses Hydra itself."""
    from omegaconf import DictConfig, OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    from edgesim.config.overrides import parsed

    register(name.removesuffix("-run"))
    # Hydra cannot put a mapping where the schema has null; OmegaConf's merge can.
    items = parsed(overrides)
    mappings = {item.key_or_group: item.value() for item in items if _is_merged(item)}
    rest = [line for line, item in zip(overrides, items, strict=True) if not _is_merged(item)]
    try:
        config = _by_hydra(name, rest)
    except TypeError as error:
        if "is not an int" not in str(error):
            raise
        # Hydra knows an item of a list by its number alone.
        groups = [item for item in items if "." not in item.key_or_group]
        bare = OmegaConf.to_container(_by_hydra(name, [str(item.input_line) for item in groups]))
        plain = {item.key_or_group: item for item in items if not _is_merged(item)}
        listed = [key for key in plain if passes_list(key, bare)]
        mappings = {**{key: plain[key].value() for key in listed}, **mappings}
        kept = {str(item.input_line) for key, item in plain.items() if key not in listed}
        config = _by_hydra(name, [line for line in rest if line in kept])
    for key, given in mappings.items():
        if passes_list(key, values := OmegaConf.to_container(config)):
            try:
                OmegaConf.update(config, numbered(key, values), given, merge=True)
            except OmegaConfBaseException as error:
                reason = str(error.msg or error).splitlines()[0]
                raise InputError(key, given, reason) from None
            continue
        nested: Any = _held(config, key, given)
        for part in reversed(key.split(".")):
            nested = {part: nested}
        merged = OmegaConf.merge(config, nested)
        assert isinstance(merged, DictConfig)
        config = merged
    return config


def _by_hydra(name: str, overrides: Sequence[str]) -> "DictConfig":
    import hydra
    from hydra.core.global_hydra import GlobalHydra

    outer = GlobalHydra.instance().hydra
    GlobalHydra.instance().clear()
    try:
        with hydra.initialize(version_base="1.3", config_path=None, job_name="edgesim"):
            return hydra.compose(config_name=name, overrides=list(overrides))
    finally:
        GlobalHydra.instance().hydra = outer


def _is_merged(item: "Override") -> bool:
    """Whether an override's value is merged: ``scenario.key={...}``, or a file that holds it."""
    plain = not (item.is_add() or item.is_delete() or item.is_sweep_override())
    value = item.value()
    file = is_preset_file(value) and item.key_or_group.startswith("agent.")
    in_scenario = item.key_or_group.startswith("scenario.")
    return plain and (file or (in_scenario and (isinstance(value, dict) or is_preset_file(value))))


def _held(config: "DictConfig", key: str, value: Any) -> Any:
    """The value of a key, read from the file that stands for it where one does.

    Raises:
        InputError: the file cannot be read.
    """
    from omegaconf import OmegaConf

    group, _, rest = key.partition(".")
    schema = OmegaConf.get_type(config[group])
    return nested_files(schema, {rest: value}, f"{group}.")[rest]


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


def flat(values: Mapping[str, Any], prefix: str = "") -> list[str]:
    """Dotted names of all keys in nested mappings, a mapping before its keys."""
    names: list[str] = []
    for key, value in values.items():
        names.append(f"{prefix}{key}")
        if isinstance(value, Mapping):
            names += flat(value, f"{prefix}{key}.")
    return names
