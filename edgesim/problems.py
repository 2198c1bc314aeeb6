"""The problems edgesim knows: the one registry. A problem is added by one call of ``add``.

Everything is named by import strings (``module:attribute``), so that reading the registry imports
nothing heavy. Packages of others call :func:`edgesim.register_problem`, which adds a problem here
and registers its environment with Gymnasium.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal

from edgesim.errors import InputError

__all__ = ["ENGINES", "PROBLEMS", "ROLLOUT", "SHARED_SCHEMA", "Problem", "Score", "add"]

SHARED_SCHEMA = "edgesim.scenarios.shared:SharedScenario"
"""The dataclass that checks a scenario with parts of several problems, a key each."""

ROLLOUT = "edgesim.agents.measuring.rollout:rollout"
"""What plays the episodes of a problem with an environment."""

ENGINES = ("auto", "simpy", "batched")
"""What steps many worlds: SimPy, the batched engine, or that where it can step the scenario."""


@dataclass(frozen=True)
class Score:
    """The figure of an episode by which policies are ranked.

    Attributes:
        metric: a key of the problem's metrics.
        better: whether a higher or a lower value is better.
        missing: what an episode counts whose value is missing (a target that was never reached),
            such as the horizon; None: the worst value of all compared policies and episodes.
        digits: digits after the point in tables.
    """

    metric: str = "return"
    better: Literal["higher", "lower"] = "higher"
    missing: float | None = None
    digits: int = 1

    @property
    def sign(self) -> int:
        """1 where higher is better, -1 where lower is: larger ``sign * value`` is better."""
        return 1 if self.better == "higher" else -1

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> "Score":
        """The score that a file tells of in its key ``score``; of edgesim 0.1, the return."""
        known = {item.name for item in fields(cls)}
        return cls(**{key: it for key, it in content.get("score", {}).items() if key in known})


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One problem and where its parts live.

    Attributes:
        name: key of the registry; a scenario names its problem in its ``problem`` key.
        presets: the package whose folder holds its presets, a YAML file each.
        schema: the dataclass that checks a scenario of this problem.
        policies: mapping of policy name to :class:`edgesim.agents.specs.PolicySpec`.
        columns: the :class:`edgesim.agents.specs.Column` of the table, between score and bound.
        metrics: mapping of episode metric to what it is, in the order in which tables show them.
        default_scenario: the preset taken where none is named.
        default_policy: the policy taken where none is named.
        default_agent: the agent preset taken where none is named.
        score: which metric counts, and in which direction.
        env_id: the Gymnasium id; empty for methods, which pose no sequential decision.
        env: the environment class; empty for methods.
        play: gives the rows of some seeds under a policy (or a method), called as
            :func:`edgesim.agents.measuring.rollout.rollout` is, which is the default: it steps
            environments.
        picture: draws one recorded episode; None where nothing is drawn.
        vector: what ``gymnasium.make_vec`` calls; None: Gymnasium's own synchronous environment.
        batched: the engine that steps many worlds at once, a subclass of
            :class:`edgesim.envs.batched.BatchedEnv`; None where there is none.
        trainings: the :class:`edgesim.reproduction.budget.Training` of the figure that compares
            agents over all problems; None: it takes no part.
        worlds: a function of a random generator and a scenario that draws the keys of a random
            world of it; None: it draws none.
        benchmark: a function that returns the :class:`edgesim.benchmark.points.Point` of
            ``edgesim benchmark parts=sizes``; None: it has none.
    """

    name: str
    presets: str
    schema: str
    policies: str
    columns: str
    metrics: str
    default_scenario: str
    default_policy: str
    default_agent: str | None = None
    score: Score = Score()
    env_id: str = ""
    env: str = ""
    play: str = ROLLOUT
    picture: str | None = None
    vector: str | None = None
    batched: str | None = None
    trainings: str | None = None
    worlds: str | None = None
    benchmark: str | None = None

    def __post_init__(self) -> None:
        if bool(self.env) != bool(self.env_id):
            raise InputError("env_id", self.env_id, "needs env, and env needs env_id")
        if not self.env and self.play == ROLLOUT:
            raise InputError("play", self.play, f"steps environments, and {self.name} has none")


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
        same_id = problem.env_id != "" and known.env_id == problem.env_id
        if known.name != problem.name and same_id:
            raise InputError("env_id", problem.env_id, f"is that of the problem {known.name!r}")
    PROBLEMS[problem.name] = problem


add(
    Problem(
        name="aigc",
        presets="edgesim.scenarios.aigc",
        env_id="edgesim/AIGC-v0",
        env="edgesim.envs.aigc.env:AIGCEnv",
        schema="edgesim.scenarios.aigc.schema:AIGCScenario",
        policies="edgesim.agents.aigc.registry:POLICIES",
        columns="edgesim.agents.aigc.registry:COLUMNS",
        metrics="edgesim.envs.aigc.env:METRICS",
        picture="edgesim.plots.aigc.episode:draw",
        default_scenario="aigc",
        default_policy="overload_avoidance",
        default_agent="maskable_ppo",
        vector="edgesim.envs.aigc.env:make_vec",
        batched="edgesim.envs.aigc.batched:AIGCBatchedEnv",
        trainings="edgesim.reproduction.aigc.agents:TRAININGS",
        worlds="edgesim.scenarios.aigc.worlds:draw",
        benchmark="edgesim.benchmark.aigc:sizes",
    )
)
add(
    Problem(
        name="sfc",
        presets="edgesim.scenarios.sfc",
        env_id="edgesim/SFC-v0",
        env="edgesim.envs.sfc.env:SFCEnv",
        schema="edgesim.scenarios.sfc.schema:SFCScenario",
        policies="edgesim.agents.sfc.registry:POLICIES",
        columns="edgesim.agents.sfc.registry:COLUMNS",
        metrics="edgesim.envs.sfc.env:METRICS",
        picture="edgesim.plots.sfc.episode:draw",
        default_scenario="sfc",
        default_policy="overload_avoidance",
        default_agent="least_squares",
        vector="edgesim.envs.sfc.env:make_vec",
        batched="edgesim.envs.sfc.batched:BatchedSFCEnv",
        trainings="edgesim.reproduction.sfc.agents:TRAININGS",
        worlds="edgesim.scenarios.sfc.worlds:draw",
        benchmark="edgesim.benchmark.sfc:sizes",
    )
)
add(
    Problem(
        name="sfc_attack",
        presets="edgesim.scenarios.sfc",
        env_id="edgesim/SFCAttack-v0",
        env="edgesim.envs.sfc.attack_env:SFCAttackEnv",
        schema="edgesim.scenarios.sfc.attack_schema:AttackScenario",
        policies="edgesim.agents.sfc.attack_registry:POLICIES",
        columns="edgesim.agents.sfc.attack_registry:COLUMNS",
        metrics="edgesim.envs.sfc.attack_env:METRICS",
        picture="edgesim.plots.sfc.episode:draw",
        default_scenario="sfc_attack",
        default_policy="load_aware",
        default_agent="least_squares",
        vector="edgesim.envs.sfc.attack_env:make_vec",
        worlds="edgesim.scenarios.sfc.worlds:draw",
    )
)
add(
    Problem(
        name="vne",
        presets="edgesim.scenarios.vne",
        env_id="edgesim/VNE-v0",
        env="edgesim.envs.vne.env:VNEEnv",
        schema="edgesim.scenarios.vne.schema:VNEScenario",
        policies="edgesim.agents.vne.registry:POLICIES",
        columns="edgesim.agents.vne.registry:COLUMNS",
        metrics="edgesim.envs.vne.env:METRICS",
        picture="edgesim.plots.vne.episode:draw",
        default_scenario="vne_wx100",
        default_policy="marginal_cost",
        default_agent="least_squares",
        score=Score(metric="rac", digits=4),
        vector="edgesim.envs.vne.env:make_vec",
        worlds="edgesim.twin.vne.worlds:draw",
    )
)
add(
    Problem(
        name="wan_training",
        presets="edgesim.scenarios.training",
        env_id="edgesim/WanTraining-v0",
        env="edgesim.envs.training.wan:WanTrainingEnv",
        schema="edgesim.scenarios.training.wan:WANScenario",
        policies="edgesim.agents.training.registry:WAN_POLICIES",
        columns="edgesim.agents.training.registry:WAN_COLUMNS",
        metrics="edgesim.envs.training.wan:METRICS",
        picture="edgesim.plots.training.wan_episode:draw",
        default_scenario="wan_training",
        default_policy="greedy",
        default_agent="maskable_ppo",
        vector="edgesim.envs.training.wan:make_vec",
        worlds="edgesim.scenarios.training.wan_worlds:draw",
    )
)
add(
    Problem(
        name="federated",
        presets="edgesim.scenarios.federated",
        env_id="edgesim/FL-v0",
        env="edgesim.envs.federated.env:FLEnv",
        schema="edgesim.scenarios.federated.schema:FederatedScenario",
        policies="edgesim.agents.federated.registry:POLICIES",
        columns="edgesim.agents.federated.registry:COLUMNS",
        metrics="edgesim.methods.federated.experiment:METRICS",
        picture="edgesim.plots.federated.episode:draw",
        default_scenario="factories",
        default_policy="random",
        default_agent="evolution",
        score=Score(digits=3),
        play="edgesim.agents.federated.play:play",
        vector="edgesim.envs.federated.env:make_vec",
        worlds="edgesim.scenarios.federated.worlds:draw",
    )
)
add(
    Problem(
        name="silos",
        presets="edgesim.scenarios.federated",
        schema="edgesim.scenarios.federated.silos_schema:SilosScenario",
        policies="edgesim.agents.federated.other_registry:SILO_METHODS",
        columns="edgesim.agents.federated.other_registry:SILO_COLUMNS",
        metrics="edgesim.agents.federated.other_registry:SILO_METRICS",
        default_scenario="silos",
        default_policy="cofed",
        score=Score(metric="accuracy", digits=3),
        play="edgesim.agents.federated.silos:play",
    )
)
add(
    Problem(
        name="fl_parallel",
        presets="edgesim.scenarios.federated",
        env_id="edgesim/FLParallel-v0",
        env="edgesim.envs.federated.parallel:FLParallelEnv",
        schema="edgesim.scenarios.federated.schema:FederatedScenario",
        policies="edgesim.agents.federated.other_registry:PARALLEL",
        columns="edgesim.agents.federated.other_registry:SIBLING_COLUMNS",
        metrics="edgesim.methods.federated.experiment:METRICS",
        picture="edgesim.plots.federated.episode:draw",
        default_scenario="parallel",
        default_policy="growing",
        default_agent="ppo",
        score=Score(digits=3),
        vector="edgesim.envs.federated.parallel:make_vec",
        worlds="edgesim.scenarios.federated.worlds:draw",
    )
)
add(
    Problem(
        name="fl_sync",
        presets="edgesim.scenarios.federated",
        env_id="edgesim/FLSync-v0",
        env="edgesim.envs.federated.sync:FLSyncEnv",
        schema="edgesim.scenarios.federated.schema:FederatedScenario",
        policies="edgesim.agents.federated.other_registry:SYNC",
        columns="edgesim.agents.federated.other_registry:SIBLING_COLUMNS",
        metrics="edgesim.methods.federated.experiment:METRICS",
        picture="edgesim.plots.federated.episode:draw",
        default_scenario="sync",
        default_policy="eight_bit",
        default_agent="ppo",
        score=Score(digits=3),
        vector="edgesim.envs.federated.sync:make_vec",
        worlds="edgesim.scenarios.federated.worlds:draw",
    )
)
add(
    Problem(
        name="ring",
        presets="edgesim.scenarios.ring",
        env_id="edgesim/LLMRing-v0",
        env="edgesim.envs.ring.env:LLMRingEnv",
        schema="edgesim.scenarios.ring.schema:LLMRingScenario",
        policies="edgesim.agents.ring.registry:POLICIES",
        columns="edgesim.agents.ring.registry:COLUMNS",
        metrics="edgesim.envs.ring.env:METRICS",
        picture="edgesim.plots.ring.episode:draw",
        default_scenario="llm_ring",
        default_policy="threshold",
        default_agent="evolution",
        score=Score(digits=2),
        vector="edgesim.envs.ring.env:make_vec",
        worlds="edgesim.scenarios.ring.serving_worlds:draw",
    )
)
add(
    Problem(
        name="llm_training",
        presets="edgesim.scenarios.training",
        env_id="edgesim/LLMTraining-v0",
        env="edgesim.envs.training.llm:LLMTrainingEnv",
        schema="edgesim.scenarios.training.llm:LLMScenario",
        policies="edgesim.agents.training.registry:LLM_POLICIES",
        columns="edgesim.agents.training.registry:LLM_COLUMNS",
        metrics="edgesim.envs.training.llm:METRICS",
        picture="edgesim.plots.training.llm_episode:draw",
        default_scenario="llm_training",
        default_policy="copus",
        default_agent="evolution",
        score=Score(metric="hours", better="lower", digits=3),
        vector="edgesim.envs.training.llm:make_vec",
        worlds="edgesim.scenarios.training.llm_worlds:draw",
    )
)
