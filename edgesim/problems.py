"""The decision problems edgesim knows: the one registry. A new problem adds one entry here.

Everything is named by import strings (``module:attribute``), so that reading the registry imports
nothing heavy.
"""

from dataclasses import dataclass
from importlib import import_module
from typing import Any

__all__ = ["ENGINES", "PROBLEMS", "Problem", "load"]

ENGINES = ("auto", "simpy", "batched")
"""What steps many worlds: SimPy, the batched engine, or that where it can step the scenario."""


@dataclass(frozen=True)
class Problem:
    """One decision problem and where its parts live.

    Attributes:
        name: key of the registry; a scenario names its problem in its ``problem`` key.
        env_id: the Gymnasium id.
        env: the environment class.
        schema: the dataclass that checks a scenario of this problem.
        twin: the simulator, runnable without reinforcement learning.
        policies: mapping of policy name to :class:`edgesim.agents.policies.PolicySpec`.
        metrics: mapping of episode metric to what it is, in the order in which tables show them.
        simulation_figure: draws one recorded episode.
        default_scenario: the preset taken where none is named.
        batched: the engine that steps many worlds at once, a subclass of
            :class:`edgesim.envs.batched.BatchedEnv`; None where there is none.
    """

    name: str
    env_id: str
    env: str
    schema: str
    twin: str
    policies: str
    metrics: str
    simulation_figure: str
    default_scenario: str
    batched: str | None = None


PROBLEMS: dict[str, Problem] = {
    problem.name: problem
    for problem in (
        Problem(
            name="aigc",
            env_id="edgesim/AIGC-v0",
            env="edgesim.envs.aigc.env:AIGCEnv",
            schema="edgesim.scenarios.aigc.schema:AIGCScenario",
            twin="edgesim.twin.aigc.twin:AIGCTwin",
            policies="edgesim.agents.aigc.registry:POLICIES",
            metrics="edgesim.envs.aigc.env:METRICS",
            simulation_figure="edgesim.plots.aigc.episode:draw",
            default_scenario="aigc",
            batched="edgesim.envs.aigc.batched:AIGCBatchedEnv",
        ),
        Problem(
            name="sfc",
            env_id="edgesim/SFC-v0",
            env="edgesim.envs.sfc.env:SFCEnv",
            schema="edgesim.scenarios.sfc.schema:SFCScenario",
            twin="edgesim.twin.sfc.twin:SFCTwin",
            policies="edgesim.agents.sfc.registry:POLICIES",
            metrics="edgesim.envs.sfc.env:METRICS",
            simulation_figure="edgesim.plots.sfc.episode:draw",
            default_scenario="sfc",
            batched="edgesim.envs.sfc.batched:BatchedSFCEnv",
        ),
    )
}


def load(entry: str) -> Any:
    """The object that an import string ``module:attribute`` names."""
    module, _, attribute = entry.partition(":")
    return getattr(import_module(module), attribute)
