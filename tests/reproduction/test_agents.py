"""Scores, aggregates and ties of agents, from returns that are made up."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgesim.problems import Score
from edgesim.reproduction.agents import AGENTS, TRAININGS, _scale, tables
from edgesim.reproduction.budget import BUDGETS, Training
from edgesim.reproduction.results import Measured, ResultStore

LEVEL = {"maskable_ppo": 90.0, "ppo": 60.0, "dqn": 75.0, "qrdqn": 75.0}


def rows(returns: Sequence[float]) -> Measured:
    return Measured([{"seed": k, "return": value} for k, value in enumerate(returns)], None)


class MadeUp(ResultStore):
    """Random reaches 0, the bound 100; runs of an agent lie around its level."""

    def measured(self, scenario: str, policy: str, **given: Any) -> Measured:
        return rows([{"random": 0.0, "bound": 100.0}[policy]] * 10)

    def measured_agent(self, training: Training, **given: Any) -> list[Measured]:
        level = LEVEL[training.agent]
        return [rows([level + jitter] * 10) for jitter in (-2.0, 2.0)]


@pytest.fixture
def results(tmp_path: Path) -> ResultStore:
    return MadeUp(BUDGETS["quick"], "runs", tmp_path)


def read(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / f"{name}.csv").open() as file:
        return list(csv.DictReader(file))


def test_agents_are_ranked_and_equal_ones_tied(results: ResultStore, tmp_path: Path) -> None:
    found = tables(results, tmp_path)
    iqm = {row["agent"]: float(row["iqm"]) for row in read(tmp_path, "aggregates")}
    assert iqm == pytest.approx({agent: level / 100 for agent, level in LEVEL.items()})
    ties = {(row["agent"], row["other"]): row["tie"] for row in read(tmp_path, "improvement")}
    assert [pair for pair, tie in ties.items() if tie == "True"] == [("dqn", "qrdqn")]
    assert any(finding.here.endswith("a tie") for finding in found)
    # in quick, one agent alone stands for the wireless setting, and counts in no aggregate
    assert {row["agent"] for row in read(tmp_path, "runs") if row["scenario"] == "aigc"} == {
        "maskable_ppo"
    }
    assert {row["scenarios"] for row in read(tmp_path, "aggregates")} == {"2"}


def test_a_bound_known_on_few_episodes_moves_with_what_agents_reach_there(
    results: ResultStore,
) -> None:
    returns = np.full((2, 10), 50.0)
    returns[:, :3] = 60.0  # the first three episodes are generous by 7 over the mean of all
    assert _scale(results, TRAININGS[0], Score(), returns) == pytest.approx((0.0, 93.0))


def test_the_full_budget_trains_all_agents_everywhere() -> None:
    full = [training for training in TRAININGS if BUDGETS["full"].takes(training)]
    assert full == list(TRAININGS) and len(full) % len(AGENTS) == 0
    assert not all(BUDGETS["quick"].takes(training) for training in TRAININGS)
