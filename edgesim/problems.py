"""The problems edgesim knows: the one registry. A problem is added by one call of ``add``.

Everything is named by import strings (``module:attribute``), so that reading the registry imports
nothing heavy. Packages of others call :func:`edgesim.register_problem`, which adds a problem here
and registers its environment with Gymnasium.
"""

from dataclasses import dataclass, fields
from typing import Literal

from edgesim.errors import InputError

__all__ = ["ENGINES", "PROBLEMS", "SHARED_SCHEMA", "Problem", "Score", "add"]

SHARED_SCHEMA = "edgesim.scenarios.shared:SharedScenario"
"""The dataclass that checks a scenario with parts of several problems, a key each."""

ENGINES = ("auto", "simpy", "batched")
"""What steps many worlds: SimPy, the batched engine, or that where it can step the scenario."""


@dataclass(frozen=True)
class Score:
    """The figure of an episode by which policies are ranked.

    Attributes:
        metric: a key of the problem's metrics.
        better: whether a higher or a lower value is better.
        missing: what an episode counts whose value is missing (a target never reached): "worst",
            as the worst value that any of the compared policies has; "drop", not at all.
    """

    metric: str = "return"
    better: Literal["higher", "lower"] = "higher"
    missing: Literal["worst", "drop"] = "worst"


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One problem and where its parts live.

    Attributes:
        name: key of the registry; a scenario names its problem in its ``problem`` key.
        env_id: the Gymnasium id.
        env: the environment class.
        schema: the dataclass that checks a scenario of this problem.
        twin: the simulator, runnable without reinforcement learning.
        policies: mapping of policy name to :class:`edgesim.agents.specs.PolicySpec`.
        columns: the :class:`edgesim.agents.specs.Column` of the table, between score and bound.
        metrics: mapping of episode metric to what it is, in the order in which tables show them.
        picture: draws one recorded episode.
        default_scenario: the preset taken where none is named.
        default_policy: the policy taken where none is named.
        default_agent: the agent preset taken where none is named.
        score: which metric counts, and in which direction.
        play: plays episodes under a policy and returns a
            :class:`edgesim.agents.measuring.rollout.Rollout`, called as
            :func:`edgesim.agents.measuring.rollout.rollout` is.
        vector: what ``gymnasium.make_vec`` calls; None: Gymnasium's own synchronous environment.
        batched: the engine that steps many worlds at once, a subclass of
            :class:`edgesim.envs.batched.BatchedEnv`; None where there is none.
    """

    name: str
    env_id: str
    env: str
    schema: str
    twin: str
    policies: str
    columns: str
    metrics: str
    picture: str
    default_scenario: str
    default_policy: str
    default_agent: str
    score: Score = Score()
    play: str = "edgesim.agents.measuring.rollout:rollout"
    vector: str | None = None
    batched: str | None = None


PROBLEMS: dict[str, Problem] = {}
"""Every problem by its name."""


def add(problem: Problem) -> None:
    """Add a problem to the registry; adding an equal one again changes nothing.

    Raises:
        InputError: another problem has its name or its Gymnasium id.
    """
    for known in PROBLEMS.values():
        if known.name == problem.name and known != problem:
            differing = [
                item.name
                for item in fields(Problem)
                if getattr(known, item.name) != getattr(problem, item.name)
            ]
            taken = f"is registered already, with another {' and '.join(differing)}"
            raise InputError("problem", problem.name, taken)
        if known.name != problem.name and known.env_id == problem.env_id:
            raise InputError("env_id", problem.env_id, f"is that of the problem {known.name!r}")
    PROBLEMS[problem.name] = problem


add(
    Problem(
        name="aigc",
        env_id="edgesim/AIGC-v0",
        env="edgesim.envs.aigc.env:AIGCEnv",
        schema="edgesim.scenarios.aigc.schema:AIGCScenario",
        twin="edgesim.twin.aigc.workload:AIGCWorkload",
        policies="edgesim.agents.aigc.registry:POLICIES",
        columns="edgesim.agents.aigc.registry:COLUMNS",
        metrics="edgesim.envs.aigc.env:METRICS",
        picture="edgesim.plots.aigc.episode:draw",
        default_scenario="aigc",
        default_policy="overload_avoidance",
        default_agent="maskable_ppo",
        vector="edgesim.envs.aigc.env:make_vec",
        batched="edgesim.envs.aigc.batched:AIGCBatchedEnv",
    )
)
add(
    Problem(
        name="sfc",
        env_id="edgesim/SFC-v0",
        env="edgesim.envs.sfc.env:SFCEnv",
        schema="edgesim.scenarios.sfc.schema:SFCScenario",
        twin="edgesim.twin.sfc.workload:SFCWorkload",
        policies="edgesim.agents.sfc.registry:POLICIES",
        columns="edgesim.agents.sfc.registry:COLUMNS",
        metrics="edgesim.envs.sfc.env:METRICS",
        picture="edgesim.plots.sfc.episode:draw",
        default_scenario="sfc",
        default_policy="overload_avoidance",
        default_agent="maskable_ppo",
        vector="edgesim.envs.sfc.env:make_vec",
        batched="edgesim.envs.sfc.batched:BatchedSFCEnv",
    )
)
