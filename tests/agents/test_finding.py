"""What a command names: its scenario and its policies."""

from pathlib import Path
from typing import Any

import pytest

from edgesim.agents.finding import (
    _options,
    bound_wanted,
    find_policy,
    named_policies,
    offered,
    scenario_of_command,
)
from edgesim.agents.runs import runfolder
from edgesim.config.compose import compose
from edgesim.config.config import EvaluateConfig, SimulateConfig
from edgesim.errors import InputError
from edgesim.scenarios import resolve

PAPER = "scenario=aigc_paper"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A run folder of ``aigc_paper`` with one key changed."""
    config = compose("train", [PAPER, "agent=ppo", "scenario.capacity_range=[400,900]"])
    runfolder.write_config(tmp_path, config)
    return tmp_path


@pytest.mark.parametrize("command", ["evaluate", "simulate"])
def test_a_run_folder_brings_its_scenario(command: str, folder: Path) -> None:
    config = compose(command, [f"policy={folder}", "scenario.quality.by=[0.6,0.9,0.1]"])
    assert config.scenario is None
    assert config.scenario_keys == {"quality": {"by": [0.6, 0.9, 0.1]}}
    scenario = scenario_of_command(config)
    assert (scenario.name, scenario.capacity_range) == ("aigc_paper", [400, 900])
    assert scenario.quality.by == [0.6, 0.9, 0.1]
    assert scenario.quality.ax == [0, 90, 10], "the rest of a changed group stays"


def test_a_named_scenario_stands_over_the_run_folder(folder: Path) -> None:
    config = compose("evaluate", [f"policy={folder},random", PAPER, "scenario.users=7"])
    assert (config.scenario.capacity_range, config.scenario.users) == ([400, 1500], 7)
    assert scenario_of_command(config) is config.scenario


def test_without_run_folder_or_name_it_is_the_default_scenario() -> None:
    assert compose("evaluate", ["policy=random"]).scenario.name == "aigc"
    assert scenario_of_command(EvaluateConfig(policy="random")).name == "aigc"
    keys = {"users": 5}
    assert scenario_of_command(SimulateConfig(scenario="aigc_paper", scenario_keys=keys)).users == 5


@pytest.mark.parametrize("content", [None, "", "scenario: 3", "[", "seed: 1", "\udcff"])
def test_a_folder_that_is_not_a_run_is_refused(folder: Path, content: str | None) -> None:
    (folder / "config.yaml").unlink()
    if content is not None:
        (folder / "config.yaml").write_bytes(content.encode(errors="surrogateescape"))
    with pytest.raises(InputError, match="run folder = "):
        scenario_of_command(EvaluateConfig(policy=str(folder)))


def test_where_no_policy_is_named_it_is_the_default_of_the_problem() -> None:
    for command in ("evaluate", "simulate"):
        config = compose(command, [PAPER])
        assert named_policies(config, config.scenario) == ["overload_avoidance"]
    config = compose("evaluate", [PAPER, "policy=all,runs/a"])
    assert named_policies(config, config.scenario) == [*offered(config.scenario), "runs/a"]


def test_the_bound_is_wanted_where_there_is_one_unless_it_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scenario = resolve("aigc_paper")
    assert [bound_wanted(scenario, said) for said in (None, True, False)] == [True, True, False]
    monkeypatch.setattr("edgesim.agents.finding.offered", lambda scenario, bound=False: [])
    assert [bound_wanted(scenario, said) for said in (None, False)] == [False, False]
    with pytest.raises(InputError, match="bound = True: aigc_paper has none"):
        bound_wanted(scenario, True)


@pytest.mark.parametrize(
    ("text", "default", "found"),
    [
        ("3", None, 3),
        ("0.5", None, 0.5),
        ("null", None, None),
        ("nearest", None, "nearest"),
        ("false", True, False),
        ("3", 1, 3),
        ("3", 1.0, 3.0),
        ("a", "b", "a"),
    ],
)
def test_an_option_is_of_the_type_of_its_default(text: str, default: Any, found: Any) -> None:
    option = _options(f"mine:it={text}", f"it={text}", {"it": default})["it"]
    assert option == found and type(option) is type(found)


@pytest.mark.parametrize(
    ("text", "default", "told"),
    [("x", 1, "a whole number"), ("x", 1.0, "a number"), ("x", True, "true or false")],
)
def test_an_option_of_another_type_is_told(text: str, default: Any, told: str) -> None:
    with pytest.raises(InputError, match=f"it must be .*{told}"):
        _options(f"mine:it={text}", f"it={text}", {"it": default})


@pytest.mark.parametrize("scenario", ["aigc_paper", "aigc_steps", "aigc_text"])
@pytest.mark.parametrize("policy", ["marginal_cost", "planner"])
def test_a_policy_that_follows_tasks_says_what_it_needs(scenario: str, policy: str) -> None:
    words = r"network \(wireless\).*variants.*step_shares.*unlike " + scenario
    with pytest.raises(InputError, match=words):
        find_policy(resolve(scenario), policy)
