"""Agent presets: each file is a usable agent, and its ``scenarios`` section is applied in order."""

import inspect
import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from edgesim import agents
from edgesim.config.agents import for_scenario, preset, presets, section
from edgesim.config.compose import compose
from edgesim.config.config import AgentConfig
from edgesim.errors import InputError
from edgesim.importing import load
from edgesim.problems import PROBLEMS
from edgesim.scenarios import preset as scenario_preset
from edgesim.scenarios import presets as scenario_presets


@pytest.mark.parametrize("name", presets())
def test_a_preset_is_an_agent_with_a_title(name: str) -> None:
    agent = preset(name)
    assert agent.name == name
    assert agent.title == presets()[name] != ""


@pytest.mark.parametrize("name", presets())
def test_a_comment_beside_an_agents_key_says_what_help_says(name: str) -> None:
    described = {item.name: item.metadata["help"] for item in fields(AgentConfig)}
    text = Path(agents.__file__).with_name(f"{name}.yaml").read_text()
    beside = dict(re.findall(r"^(\w+):.*?# (.*)$", text, re.MULTILINE))
    assert {"total_steps", "n_envs"} <= beside.keys()
    assert beside == {key: described[key] for key in beside}


@pytest.mark.parametrize("name", presets())
def test_the_algorithm_takes_every_hyperparameter_that_is_set_anywhere(name: str) -> None:
    agent = preset(name)
    sections = [vars(agent), *agent.scenarios.values()]
    given = {key for part in sections for key in part.get("hyperparameters", {})}
    given |= {key for part in sections for key in part.get("schedules", {})}
    assert given <= set(inspect.signature(load(agent.algorithm)).parameters)


@pytest.mark.parametrize("name", presets())
def test_sections_name_problems_or_scenarios_and_keys_of_an_agent(name: str) -> None:
    sections = preset(name).scenarios
    assert set(sections) <= {*PROBLEMS, *scenario_presets()}
    assert {key for part in sections.values() for key in part} <= {
        item.name for item in fields(AgentConfig)
    }


def sections() -> list[tuple[str, str]]:
    """Each agent with the scenarios, or a scenario of the problems, that its sections name."""
    return [
        (name, PROBLEMS[section].default_scenario if section in PROBLEMS else section)
        for name in presets()
        for section in preset(name).scenarios or {"aigc": {}}
    ]


@pytest.mark.parametrize(("name", "scenario"), sections())
def test_a_composed_agent_is_the_preset_set_for_the_scenario(name: str, scenario: str) -> None:
    composed = compose("train", [f"scenario={scenario}", f"agent={name}"]).agent
    problem = scenario_preset(scenario)["problem"]
    assert composed == for_scenario(preset(name), scenario, problem)
    assert composed.scenarios == {}
    assert for_scenario(composed, scenario, problem) == composed


SECTIONS: dict[str, Any] = {
    "aigc": {"total_steps": 2, "hyperparameters": {"gamma": 0.2, "net": {"width": 2}}},
    "aigc_paper": {"hyperparameters": {"gamma": 0.3, "arch": [3]}},
    "elsewhere": {"total_steps": 9},
}


@pytest.mark.parametrize(
    ("scenario", "steps", "hyperparameters"),
    [
        ("aigc_paper", 2, {"gamma": 0.3, "net": {"width": 2, "depth": 1}, "arch": [3]}),
        ("aigc", 2, {"gamma": 0.2, "net": {"width": 2, "depth": 1}, "arch": [1, 1]}),
    ],
)
def test_a_scenario_stands_over_its_problem_and_that_over_the_preset(
    scenario: str, steps: int, hyperparameters: dict[str, Any]
) -> None:
    own = {"gamma": 0.1, "net": {"width": 1, "depth": 1}, "arch": [1, 1]}
    agent = AgentConfig(total_steps=1, hyperparameters=own, scenarios=SECTIONS)
    tuned = for_scenario(agent, scenario, "aigc")
    assert (tuned.total_steps, tuned.hyperparameters) == (steps, hyperparameters)
    assert agent.hyperparameters is own
    assert own["gamma"] == 0.1, "the preset itself is not changed"


def test_without_a_section_nothing_changes() -> None:
    assert section(SECTIONS, "unheard_of", "unheard_of") == {}
    agent = AgentConfig(total_steps=1)
    assert for_scenario(agent, "aigc", "aigc") == agent


def test_a_section_with_a_misspelt_key_is_refused() -> None:
    with pytest.raises(InputError, match="did you mean 'total_steps'"):
        for_scenario(AgentConfig(scenarios={"aigc": {"totl_steps": 3}}), "aigc", "aigc")


def test_an_unknown_agent_names_the_nearest() -> None:
    with pytest.raises(InputError, match=r"agent = 'pppo': did you mean 'ppo'\? accepted: "):
        preset("pppo")
