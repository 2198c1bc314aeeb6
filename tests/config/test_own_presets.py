"""``scenario=my.yaml`` and ``agent=my.yaml``: a base, and what differs."""

from pathlib import Path

import gymnasium
import pytest

import edgesim  # noqa: F401  # registers the ids
from edgesim.agents.runs.runfolder import read_config, write_config
from edgesim.config.compose import compose
from edgesim.errors import InputError
from edgesim.scenarios import resolve


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_a_scenario_is_its_base_and_what_differs(here: Path) -> None:
    write(here / "city.yaml", "base: aigc_paper\nusers: 7\nquality: {by: [0.6, 0.9, 0.1]}\n")
    scenario = compose("train", ["scenario=city.yaml", "scenario.horizon_s=500"]).scenario
    assert (scenario.name, scenario.users, scenario.horizon_s) == ("city", 7, 500)
    assert scenario.quality.by == [0.6, 0.9, 0.1]
    assert scenario.quality.ax == resolve("aigc_paper").quality.ax, "the rest of a mapping stays"
    assert resolve("city.yaml", {"horizon_s": 500}) == scenario


def test_a_base_may_be_a_file_in_another_folder(here: Path) -> None:
    write(here / "towns/small.yaml", "base: aigc_paper\nusers: 3\n")
    write(here / "large.yaml", "base: towns/small.yaml\nname: large-town\nhorizon_s: 100\n")
    scenario = resolve("large.yaml")
    assert (scenario.name, scenario.users, scenario.horizon_s) == ("large-town", 3, 100)


def test_files_that_a_file_names_lie_beside_it(here: Path) -> None:
    write(here / "town/tasks.csv", "arrival_s,steps\n0,100\n5,120\n")
    write(here / "town/town.yaml", "base: aigc_paper\ntrace: tasks.csv\n")
    assert resolve("town/town.yaml").trace == "town/tasks.csv"


@pytest.mark.parametrize("top", ["", "slices:\n"], ids=["list", "under its key"])
def test_a_file_stands_where_a_list_belongs(here: Path, top: str) -> None:
    part = "{name: only, share: 1.0, chain: [nat], bandwidth_bps: [1.0e6, 2.0e6], "
    part += "max_delay_s: [0.1, 0.2], holding_s: 60.0}"
    write(here / "parts/slices.yaml", f"{top}- {part}\n")
    write(here / "parts/own.yaml", "base: sfc\nnetwork: {slices: slices.yaml}\n")
    at_shell = compose("evaluate", ["scenario=sfc", "scenario.network.slices=parts/slices.yaml"])
    for scenario in (
        at_shell.scenario,
        compose("evaluate", ["scenario=parts/own.yaml"]).scenario,
        resolve("sfc", {"network.slices": "parts/slices.yaml"}),
        resolve("sfc", {"network": {"slices": "parts/slices.yaml"}}),
    ):
        assert [part.name for part in scenario.network.slices] == ["only"]


def test_gymnasium_takes_the_file_too(here: Path) -> None:
    write(here / "city.yaml", "base: aigc_paper\nusers: 7\n")
    env = gymnasium.make("edgesim/AIGC-v0", scenario="city.yaml")
    assert env.unwrapped.scenario.users == 7  # type: ignore[attr-defined]


def test_a_runs_configuration_is_a_scenario_and_an_agent(here: Path) -> None:
    config = compose("train", ["scenario=aigc_paper", "scenario.users=7", "agent=ppo"])
    write_config(here, config)
    again = compose("train", ["scenario=config.yaml", "agent=config.yaml"])
    assert again.scenario == read_config(here).scenario
    assert again.agent == read_config(here).agent


def test_an_agent_is_its_base_and_what_differs_everywhere(here: Path) -> None:
    write(here / "mine.yaml", "base: ppo\ntotal_steps: 5\nhyperparameters: {gamma: 0.8}\n")
    agent = compose("train", ["scenario=sfc", "agent=mine.yaml"]).agent
    usual = compose("train", ["scenario=sfc", "agent=ppo"]).agent
    assert (agent.name, agent.total_steps, agent.hyperparameters["gamma"]) == ("mine", 5, 0.8)
    assert usual.hyperparameters["gamma"] != 0.8
    assert agent.hyperparameters["n_steps"] == usual.hyperparameters["n_steps"]
    assert agent.environment == usual.environment, "the base's keys for the problem hold"


def test_an_agents_keys_for_the_base_hold_in_what_stands_on_it(here: Path) -> None:
    write(here / "busy.yaml", "base: sfc_paper_10x\nrequests: 500\n")
    agent = compose("train", ["scenario=busy.yaml", "agent=ppo"]).agent
    usual = compose("train", ["scenario=sfc_paper_10x", "agent=ppo"]).agent
    assert agent == usual


def test_a_file_called_as_a_preset_does_not_replace_it(here: Path) -> None:
    write(here / "aigc.yaml", "base: aigc_paper\nusers: 7\n")
    assert compose("evaluate", ["scenario=aigc.yaml"]).scenario.users == 7
    assert compose("evaluate", ["scenario=aigc"]).scenario == resolve("aigc")


def test_a_file_that_changes_is_read_again(here: Path) -> None:
    write(here / "city.yaml", "base: aigc_paper\nusers: 7\n")
    assert compose("evaluate", ["scenario=city.yaml"]).scenario.users == 7
    write(here / "city.yaml", "base: aigc_paper\nusers: 8\n")
    assert compose("evaluate", ["scenario=city.yaml"]).scenario.users == 8


MISTAKES = [
    ("base: sfcc", "did you mean 'sfc'"),
    ("users: 3", "must name its base"),
    ("base: aigc\nusrs: 3", "own.yaml key = 'usrs': did you mean 'users'"),
    ("base: aigc\nusers: -3", "own.yaml: users = -3"),
    ("base: aigc\nusers: many", "own.yaml key users = 'many'"),
    ("base: own.yaml", "a circle"),
    ("base: [", "must be a readable YAML file"),
    ("- aigc", "must be keys of a scenario"),
    ("base: 3", "own.yaml: base = 3"),
    ("base: gone.yaml", "gone.yaml': cannot be read: No such file"),
    ("base: sfc\nnetwork: {slices: gone.yaml}", "network.slices = 'gone.yaml': cannot be read"),
    ("base: aigc\nname: a/b", "own.yaml: name = 'a/b'"),
]


@pytest.mark.parametrize(("text", "said"), MISTAKES)
def test_a_mistake_in_a_scenarios_file_is_said(here: Path, text: str, said: str) -> None:
    write(here / "own.yaml", text)
    with pytest.raises(InputError, match=said.replace("[", r"\[")):
        compose("evaluate", ["scenario=own.yaml"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("base: pop", "did you mean 'ppo'"),
        ("base: ppo\ngamma: 0.9", r"did you mean hyperparameters: \{gamma"),
        ("base: ppo\nn_envs: few", "own.yaml: n_envs = 'few'"),
        ("base: ppo\nn_envs: 0", "own.yaml: n_envs = 0"),
    ],
)
def test_a_mistake_in_an_agents_file_is_said(here: Path, text: str, said: str) -> None:
    write(here / "own.yaml", text)
    with pytest.raises(InputError, match=said):
        compose("train", ["agent=own.yaml"])
