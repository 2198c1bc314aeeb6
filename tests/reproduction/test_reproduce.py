"""A small figure made from a real training and real measurements, twice and in other ways."""

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from edgesim.config.config import ReproduceConfig
from edgesim.errors import InputError
from edgesim.plots.curves import draw_learning
from edgesim.reproduction import budget as budgets
from edgesim.reproduction import figures
from edgesim.reproduction.budget import Budget, Training
from edgesim.reproduction.findings import Finding
from edgesim.reproduction.reproduce import reproduce
from edgesim.reproduction.results import ResultStore
from edgesim.reproduction.tables import read_progress, summarised, with_interval, write_table

TINY = Budget("tiny", 1, 1.0, 2, ("validations=1", "validation_episodes=1", "bound=false"))
TRAINING = Training("sfc_paper", "maskable_ppo", ("total_steps=64", "agent.n_envs=2", "episodes=1"))


def tables(results: ResultStore, folder: Path) -> list[Finding]:
    agent = results.measured_agent(TRAINING)
    rows = [
        summarised("maskable_ppo", "agent", agent, ["qoe"]),
        summarised("greedy", "policy", results.measured("sfc_paper", "greedy"), ["qoe"]),
    ]
    write_table(folder, "policies", rows)
    curve = [
        {"agent": "maskable_ppo", "seed": seed, "decisions": row["decisions"], "qoe": row["qoe"]}
        for seed, run in enumerate(results.folders(TRAINING))
        for row in read_progress(run)
    ]
    write_table(folder, "learning", curve)
    told = with_interval(rows[1], "qoe", 2)
    return [Finding("QoE of greedy", told, "3.69", "a paper", None, "other requests")]


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """One figure in the registry, a budget that costs nothing, and what was measured in it."""
    recipe = ModuleType("tiny_recipe")
    recipe.__dict__.update(TRAININGS=(TRAINING,), tables=tables)
    recipe.__dict__["draw"] = lambda folder: draw_learning(folder, "qoe", "QoE of a request")
    monkeypatch.setitem(sys.modules, "tiny_recipe", recipe)
    entry = figures.Figure("tiny", "a small one", "tiny_recipe", "tiny_recipe:draw")
    monkeypatch.setattr("edgesim.reproduction.reproduce.FIGURES", {"tiny": entry})
    monkeypatch.setitem(budgets.BUDGETS, "tiny", TINY)
    monkeypatch.chdir(tmp_path)
    made: list[str] = []
    measure = ResultStore._measure

    def counted(self: ResultStore, scenario: Any, policy: str, episodes: int) -> dict[str, Any]:
        made.append(policy)
        return measure(self, scenario, policy, episodes)

    monkeypatch.setattr(ResultStore, "_measure", counted)
    return made


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.name != "README.md"}


def test_a_figure_is_trained_measured_drawn_and_explained(
    tiny: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert reproduce(ReproduceConfig("tiny", "tiny")) == [Path("reproduction/tiny")]
    first = contents(Path("reproduction/tiny"))
    assert set(first) == {"figure.png", "figure.svg", "learning.csv", "policies.csv"}
    page = Path("reproduction/tiny/README.md").read_text()
    assert "edgesim reproduce figure=tiny budget=tiny seeds=1" in page
    assert "| QoE of greedy | " in page and "| 3.69 (a paper) |" in page
    assert "- QoE of greedy: other requests" in page
    assert len(tiny) == 2

    # again: nothing is trained or measured, and the files are equal to the byte
    monkeypatch.setattr("edgesim.commands.sweeps.sweep", lambda *_: pytest.fail("trained again"))
    reproduce(ReproduceConfig("tiny", "tiny"))
    assert len(tiny) == 2
    assert contents(Path("reproduction/tiny")) == first

    # in another place, from the same runs: measured anew, and equal
    reproduce(ReproduceConfig("tiny", "tiny", out="elsewhere"))
    assert len(tiny) == 4
    assert contents(Path("elsewhere/tiny")) == first

    # redrawn from the tables alone
    Path("reproduction/tiny/figure.png").unlink()
    monkeypatch.setattr(ResultStore, "measured", lambda *_: pytest.fail("measured again"))
    reproduce(ReproduceConfig("tiny", "tiny", redraw=True))
    assert contents(Path("reproduction/tiny")) == first


def test_a_training_that_fails_names_the_figure_that_lacks_it(
    tiny: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edgesim.commands.sweeps.sweep", lambda *_: 1)
    with pytest.raises(InputError, match="'tiny': could not be drawn; tiny: run folder"):
        reproduce(ReproduceConfig("tiny", "tiny"))


def test_tables_must_be_there_to_redraw(tiny: list[str]) -> None:
    with pytest.raises(InputError, match="has no tables yet"):
        reproduce(ReproduceConfig("tiny", "tiny", redraw=True))


@pytest.mark.parametrize("name", budgets.BUDGETS)
def test_a_budget_states_its_trainings_as_command_lines(name: str) -> None:
    given = budgets.BUDGETS[name]
    line = given.overrides(Training("aigc_paper", "ppo", ("scenario.world_seed=3",)))
    assert line[:3] == ["scenario=aigc_paper", "agent=ppo", "scenario.world_seed=3"]
    assert (len(line) == 3) == (name == "full"), "the full budget finds runs made by hand"
