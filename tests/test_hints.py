"""Hints lead to what was meant: the field's synonyms, then the spelling."""

import pytest

import edgesim.scenarios
from edgesim.commands.completion import _tree
from edgesim.commands.names import COMMANDS
from edgesim.config import agents
from edgesim.config.composition import flat
from edgesim.config.config import SCHEMAS
from edgesim.hints import SYNONYMS, nearest, nearest_key
from edgesim.importing import load
from edgesim.problems import PROBLEMS
from edgesim.reproduction.budget import BUDGETS


def everything() -> set[str]:
    """Every name that a user may give: commands, keys, policies, agents, budgets."""
    names = {"--version", "--help", "cuda", *COMMANDS, *agents.presets(), *BUDGETS}
    names |= set(edgesim.scenarios.presets())
    for problem in PROBLEMS.values():
        names |= set(load(problem.policies))
    for command in SCHEMAS:
        for scenario in edgesim.scenarios.presets():
            for agent in agents.presets():
                tree = _tree(command, [f"scenario={scenario}", f"agent={agent}"])
                names |= {key.rpartition(".")[2] for key in flat(tree)}
                names |= {"holding_s"}  # of a slice, in a list
    return names


def test_every_synonym_leads_to_something_that_is_there() -> None:
    known = everything()
    for said, meant in SYNONYMS.items():
        assert all(name in known for name in meant), said
        assert said == said.lower().replace(" ", "_")


def test_a_synonym_is_no_name_of_its_own_at_the_same_place() -> None:
    """What is a command, a policy or an agent here is not led away from itself."""
    for name in (*COMMANDS, *agents.presets()):
        assert nearest(name, [*COMMANDS, *agents.presets()]) == name


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("Round-Robin", "round_robin"),
        ("rr", "round_robin"),
        ("oracle", "prophet"),
        ("rand", "random"),
        ("quasar", None),
    ],
)
def test_a_policy_by_another_name(said: str, meant: str | None) -> None:
    assert nearest(said, ["nearest", "prophet", "random", "round_robin"]) == meant


KEYS = [
    "seed",
    "total_steps",
    "agent",
    "agent.n_envs",
    "agent.total_steps",
    "agent.hyperparameters",
    "agent.hyperparameters.gamma",
    "agent.schedules.learning_rate",
    "scenario",
    "scenario.provider_count",
    "scenario.providers",
    "scenario.trace_columns.steps",
    "scenario.users",
    "scenario.wireless.side_m",
]


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("steps", "total_steps"),
        ("agent.steps", "agent.total_steps"),
        ("lr", "agent.schedules.learning_rate"),
        ("agent.hyperparameters.lr", "agent.schedules.learning_rate"),
        ("agent.hyperparameters.discount", "agent.hyperparameters.gamma"),
        ("scenario.n_providers", "scenario.provider_count"),
        ("n_providers", "scenario.provider_count"),
        ("num_users", "scenario.users"),
        ("n_envs", "agent.n_envs"),
        ("scenario.side_m", "scenario.wireless.side_m"),
        ("scenario.wireless.side_km", "scenario.wireless.side_m"),
        ("sead", "seed"),
        ("quasar", None),
    ],
)
def test_a_key_by_another_name(said: str, meant: str | None) -> None:
    assert nearest_key(said, KEYS) == meant
