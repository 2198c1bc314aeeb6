"""From a shell line to a checked dataclass."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from edgesim.config import agents
from edgesim.config.compose import compose, prepared
from edgesim.config.composition import _register_presets
from edgesim.config.config import (
    SCHEMAS,
    AgentConfig,
    BenchmarkConfig,
    EvaluateConfig,
    SimulateConfig,
    TrainConfig,
    is_run_folder,
)
from edgesim.config.overrides import config_name
from edgesim.errors import InputError
from edgesim.problems import PROBLEMS
from edgesim.scenarios import preset, presets, resolve, schema_of
from edgesim.scenarios.aigc.schema import AIGCScenario

PAPER = "scenario=aigc_paper"


@pytest.mark.parametrize("name", presets())
def test_every_scenario_composes_to_the_schema_of_its_problem(name: str) -> None:
    learned = PROBLEMS[preset(name)["problem"]].default_agent is not None
    scenario = compose("train" if learned else "evaluate", [f"scenario={name}"]).scenario
    assert type(scenario) is schema_of(preset(name))
    assert scenario == resolve(name)


@pytest.mark.parametrize("command", SCHEMAS)
def test_every_command_composes_without_overrides(command: str) -> None:
    config = compose(command)
    assert type(config) is SCHEMAS[command]
    if hasattr(config, "scenario"):
        assert config.scenario.name == "aigc"


def test_a_mapping_may_stand_where_a_preset_has_null() -> None:
    keys = ["quality={ax:[0,0,1]}", "wireless={side_m:500}", "run_time_minutes=null"]
    profiles = "profiles=[{name:a,fixed_s:1,seconds_per_step:0.1,batch_slope:0.5}]"
    scenario = compose(
        "evaluate", [PAPER, *(f"scenario.{key}" for key in (*keys, profiles))]
    ).scenario
    assert scenario.wireless.side_m == 500
    assert scenario.wireless.radio.carrier_ghz == 3.5
    with pytest.raises(InputError, match=r"scenario.wireless.sid_m.*500.*did you mean"):
        compose("evaluate", [PAPER, "scenario.wireless={sid_m:500}"])


def test_overrides_reach_their_typed_fields() -> None:
    config = compose(
        "train",
        [
            PAPER,
            "agent=dqn",
            "agent.n_envs=2",
            "agent.hyperparameters.policy_kwargs.net_arch=[8]",
            "agent.hyperparameters.tau=0.5",
            "~agent.hyperparameters.gamma",
            "scenario.capacity_range=[400,900]",
            "scenario.trace=tasks.csv",
            "scenario.providers=[{capacity:400,ax:0,ay:0,bx:150,by:0.9}]",
            "seed=3",
            "total_steps=500",
        ],
    )
    assert isinstance(config, TrainConfig)
    assert isinstance(config.scenario, AIGCScenario)
    assert config.scenario.capacity_range == [400, 900]
    assert config.scenario.trace == "tasks.csv"
    assert config.scenario.providers == [{"capacity": 400, "ax": 0, "ay": 0, "bx": 150, "by": 0.9}]
    assert (config.agent.name, config.agent.n_envs) == ("dqn", 2)
    # The preset's other policy_kwargs stay beside it.
    assert config.agent.hyperparameters["policy_kwargs"]["net_arch"] == [8]
    assert config.agent.hyperparameters["tau"] == 0.5
    assert "gamma" not in config.agent.hyperparameters
    assert (config.seed, config.total_steps) == (3, 500)


@pytest.mark.parametrize(
    ("value", "policies"),
    [
        ("random", ["random"]),
        ("random,round_robin", ["random", "round_robin"]),
        ("[random,runs/a/b/seed-0]", ["random", "runs/a/b/seed-0"]),
        ("all", ["all"]),
        ("my.module:choose", ["my.module:choose"]),
    ],
)
def test_several_policies_are_a_list(value: str, policies: list[str]) -> None:
    assert compose("evaluate", [PAPER, f"policy={value}"]).policies == policies


def test_where_no_agent_is_named_it_is_the_default_of_the_problem(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(PROBLEMS, "sfc", replace(PROBLEMS["sfc"], default_agent="ppo"))
    assert compose("train", ["scenario=sfc_paper"]).agent.name == "ppo"
    assert compose("train", ["scenario=sfc_paper", "agent=dqn"]).agent.name == "dqn"
    assert compose("train", [PAPER]).agent.name == "maskable_ppo"
    swept = ["scenario=sfc_paper,sfc"]
    assert prepared("train", swept, sweep=True) == [*swept, "agent=ppo"]
    with pytest.raises(InputError, match="ppo in sfc_paper, maskable_ppo in aigc"):
        prepared("train", ["scenario=sfc_paper,aigc"], sweep=True)


# --- the scenario of a run folder -------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a run folder is."""
    run = tmp_path / "runs" / "aigc_paper" / "ppo" / "seed-0"
    run.mkdir(parents=True)
    return run


def test_only_a_path_is_taken_for_a_run_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("random", "seed-0"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path)
    taken = {name: is_run_folder(name) for name in ("random", "./random", "seed-0", "a:b", "a/b")}
    assert taken == {"random": False, "./random": True, "seed-0": True, "a:b": False, "a/b": True}


def test_in_a_sweep_keys_of_a_run_folders_scenario_go_along(folder: Path) -> None:
    line = [f"policy={folder},random", "scenario.users=1,2"]
    assert config_name("evaluate", line) == "evaluate-run"
    assert prepared("evaluate", line, sweep=True) == [line[0], "++scenario_keys.users=1,2"]


# --- agents that differ by scenario -----------------------------------------------------------


@pytest.fixture
def special(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """One agent preset, with values of its own for the problem and for a scenario."""
    (tmp_path / "maskable_ppo.yaml").write_text(
        yaml.safe_dump(
            {
                "title": "special",
                "total_steps": 1,
                "hyperparameters": {"gamma": 0.1, "clip": 0.1},
                "scenarios": {
                    "aigc": {"total_steps": 2, "hyperparameters": {"gamma": 0.2, "lam": 0.2}},
                    "aigc_paper": {"hyperparameters": {"gamma": 0.3}},
                },
            }
        )
    )
    with monkeypatch.context() as patch:
        patch.setattr(agents, "_FOLDER", tmp_path)
        _forget()
        yield
    _forget()


def _forget() -> None:
    """Read all presets again."""
    for known in (agents._files, agents.presets, _register_presets):
        known.cache_clear()


@pytest.mark.usefixtures("special")
@pytest.mark.parametrize(
    ("overrides", "steps", "hyperparameters"),
    [
        ([], 2, {"gamma": 0.2, "clip": 0.1, "lam": 0.2}),
        ([PAPER], 2, {"gamma": 0.3, "clip": 0.1, "lam": 0.2}),
        (["agent.hyperparameters.gamma=0.9", PAPER], 2, {"gamma": 0.9, "clip": 0.1, "lam": 0.2}),
        ([PAPER, "agent.total_steps=7"], 7, {"gamma": 0.3, "clip": 0.1, "lam": 0.2}),
        ([PAPER, "~agent.hyperparameters.lam"], 2, {"gamma": 0.3, "clip": 0.1}),
    ],
)
def test_what_the_shell_says_stands_over_what_a_preset_says_for_a_scenario(
    overrides: list[str], steps: int, hyperparameters: dict[str, Any]
) -> None:
    agent = compose("train", overrides).agent
    assert (agent.total_steps, agent.hyperparameters) == (steps, hyperparameters)
    assert agent.scenarios == {}


# --- what cannot be used ----------------------------------------------------------------------

REFUSED: list[tuple[str, list[str], str]] = [
    # what does not exist
    ("train", ["scenario=aigcc"], "scenario = 'aigcc': did you mean 'aigc'? accepted: aigc, "),
    ("train", ["agent=pppo"], "agent = 'pppo': did you mean 'ppo'? accepted: "),
    ("train", ["scenario=null"], "scenario = None: accepted: aigc, "),
    ("train", ["agent={n_envs:3}"], "agent = {'n_envs': 3}: accepted: "),
    ("train", ["scenario=[aigc,aigc_paper]", "scenario=3"], "scenario = 3: accepted: "),
    ("train", ["sed=1"], "sed = '1': did you mean 'seed'? accepted: scenario, agent, seed"),
    ("train", ["+sed=1"], "did you mean 'seed'?"),
    ("train", ["++scenario.usrs=1"], "scenario.usrs = 1: did you mean 'scenario.users'?"),
    ("train", ["capacity_range=[1,2]"], "did you mean 'scenario.capacity_range'?"),
    ("train", ["scenario.capacty_range=[1,2]"], "did you mean 'scenario.capacity_range'?"),
    ("train", ["scenario.quality.az=[1]"], "accepted: scenario.quality.ax, scenario.quality.ay"),
    ("train", ["agent/x=ppo"], "agent/x = 'ppo': "),
    ("train", ["agent@b=ppo"], "agent@b = 'ppo': did you mean 'agent'?"),
    ("train", ["agent_in=ppo"], "agent_in = 'ppo': did you mean 'agent'?"),
    ("train", ["hydra.foo=1"], "hydra.foo = 1: no such key"),
    ("train", ["hydra/launcher=x"], "hydra/launcher = 'x': accepted: basic"),
    ("train", ["scenario.wireless.side_m=3"], "scenario.wireless is null here"),
    ("benchmark", ["scenario=aigc"], "no such key; accepted: parts, seconds, repeats, out"),
    # values of a wrong type
    ("train", ["seed=x"], "seed = 'x': must be a whole number"),
    ("train", ["seed=1.5"], "seed = 1.5: must be a whole number"),
    ("train", ["seed=null"], "seed = None: must not be null"),
    ("train", ["seed="], "seed = '': must be a whole number"),
    ("train", ["seed.x=1"], "seed.x = 1: must be a whole number"),
    ("train", ["bound=maybe"], "bound = 'maybe': must be true or false"),
    ("train", ["scenario.horizon_s=long"], "scenario.horizon_s = 'long': must be a number"),
    ("train", ["scenario.capacity_range=5"], "must be a list"),
    ("train", ["scenario.capacity_range=[1.5,2]"], "[1.5, 2]: must be a whole number"),
    ("train", ["scenario.profiles=[{z:1}]"], "Key 'z' not in 'ServiceProfile'"),
    ("train", ["agent.schedules.learning_rate=1"], "must be a list"),
    ("train", ["agent.total_steps=???"], "must have a value"),
    ("train", ["seed=${nowhere}"], "Interpolation key 'nowhere' not found"),
    # values out of their range, by their full key
    ("train", ["seed=-1"], "seed = -1: must be a whole number of at least 0"),
    ("train", ["scenario.arrival_rate_hz=nan"], "scenario.arrival_rate_hz = nan: "),
    ("train", ["scenario.capacity_range=[9,4]"], "scenario.capacity_range = [9, 4]: "),
    ("train", ["scenario.quality.ax=[0,1]"], "scenario.quality.ax = [0.0, 1.0]: "),
    ("train", ["agent.n_envs=0"], "agent.n_envs = 0: "),
    ("train", ["agent.name='a/b'"], "agent.name = 'a/b': "),
    ("train", ["agent.algorithm=PPO"], "must be module:attribute"),
    ("train", ["agent.schedules.learning_rate=[1]"], "must be [from, to]"),
    ("train", ["+agent.schedules.x=[0,.inf]"], "agent.schedules.x = "),
    ("train", ["device=gpu"], "accepted: auto, cpu, cuda, cuda:<n>"),
    ("train", ["runs=''"], "runs = '': must be text"),
    ("evaluate", ["policy=[]"], "must name at least one policy"),
    ("evaluate", ["policy=[random,3]"], "policy = 3: must be text"),
    ("evaluate", ["policy=[null]"], "policy = None: must be text"),
    ("evaluate", ["out=' '"], "out = ' ': must be text"),
    ("simulate", ["policy=[a,b]"], "policy = ['a', 'b']: "),
    ("benchmark", ["seconds=0"], "seconds = 0.0: "),
    # lines that cannot be read
    ("train", ["seed"], "argument = 'seed': must be key=value"),
    ("train", ["=3"], "argument = '=3': must be key=value"),
    ("train", [""], "argument = '': must be key=value"),
    ("train", ["runs=[a"], "runs = '[a': cannot be read"),
    ("train", ["runs=a(b"], "runs = 'a(b': cannot be read"),
    ("train", ["~seed"], "only keys of open dictionaries can be removed"),
    ("train", ["~scenario"], "only keys of open dictionaries can be removed"),
    ("train", ["~agent.hyperparameters.none"], "agent.hyperparameters.none"),
    ("train", ["seed=1,2"], "seed = '1,2': is several values: -m"),
    ("train", ["seed=range(3)"], "is several values: -m"),
    ("train", ["scenario=aigc,aigc_paper"], "is several values: -m"),
    ("simulate", ["policy=a,b"], "is several values: -m"),
]


@pytest.mark.parametrize(("command", "overrides", "message"), REFUSED)
def test_what_cannot_be_used_is_named(command: str, overrides: list[str], message: str) -> None:
    named = command != "benchmark" and not any(line.startswith("scenario=") for line in overrides)
    with pytest.raises(InputError) as caught:
        compose(command, [*([PAPER] if named else []), *overrides])
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("schema", "values"),
    [
        (AgentConfig, {"total_steps": 0}),
        (AgentConfig, {"name": ".."}),
        (AgentConfig, {"schedules": {"ent_coef": 3.0}}),
        (TrainConfig, {"episodes": 0}),
        (TrainConfig, {"threads": 1.0}),
        (TrainConfig, {"total_steps": True}),
        (EvaluateConfig, {"policy": ""}),
        (EvaluateConfig, {"episodes": -1}),
        (SimulateConfig, {"seed": -1}),
        (BenchmarkConfig, {"repeats": 0}),
        (BenchmarkConfig, {"out": ""}),
    ],
)
def test_a_config_made_by_hand_is_checked_too(schema: Any, values: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=next(iter(values))):
        schema(**values)
