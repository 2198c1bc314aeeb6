"""edgesim in Python: what the commands do, as functions. ``edgesim.train`` is :func:`train`.

Scenarios are given by a preset's name, a YAML file of one's own, a mapping with all keys, or the
checked object that :func:`scenario` returns, whose attributes an editor completes. ``train``,
``simulate`` and ``compare`` print what their commands print.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

from edgesim.errors import InputError
from edgesim.presets import merged
from edgesim.problems import PROBLEMS
from edgesim.scenarios import lineage, resolve

if TYPE_CHECKING:
    import gymnasium
    import pyarrow as pa

    from edgesim.agents.measuring.evaluation import Evaluation
    from edgesim.agents.policies import Policy
    from edgesim.config.config import AgentConfig
    from edgesim.scenarios.aigc.schema import AIGCScenario
    from edgesim.scenarios.federated.schema import FederatedScenario
    from edgesim.scenarios.federated.silos_schema import SilosScenario
    from edgesim.scenarios.ring.schema import LLMRingScenario
    from edgesim.scenarios.sfc.attack_schema import AttackScenario
    from edgesim.scenarios.sfc.schema import SFCScenario
    from edgesim.scenarios.shared import SharedScenario
    from edgesim.scenarios.training.llm import LLMScenario
    from edgesim.scenarios.training.wan import WANScenario
    from edgesim.scenarios.vne.schema import VNEScenario

__all__ = [
    "Scenario",
    "Simulation",
    "Training",
    "compare",
    "evaluate",
    "make",
    "scenario",
    "simulate",
    "train",
    "whatif",
]

Scenario = Any
"""A preset's name, the path of a YAML file, a mapping with all keys, or a checked dataclass."""


@dataclass(frozen=True)
class Training:
    """A training that is done.

    Attributes:
        folder: its run folder.
    """

    folder: Path

    @property
    def evaluation(self) -> dict[str, Any]:
        """The table that ended it: what ``evaluation.json`` holds."""
        from edgesim.agents.measuring.evaluation import evaluation_in

        return evaluation_in(self.folder)

    @property
    def scenario(self) -> Any:
        """The checked scenario that it learned in."""
        from edgesim.agents.runs.runfolder import read_config

        return read_config(self.folder).scenario

    def policy(self, scenario: Scenario = None) -> "Policy":
        """The best model, to decide in its own scenario or in another that it fits.

        Raises:
            InputError: the model cannot be used there.
        """
        from edgesim.agents.runs.trained import load_policy

        return load_policy(
            self.folder, self.scenario if scenario is None else _checked(scenario, None)
        )


@dataclass(frozen=True)
class Simulation:
    """An episode that is written down.

    Attributes:
        folder: what was written.
    """

    folder: Path

    @property
    def summary(self) -> dict[str, Any]:
        """The figures of the episode."""
        text = (self.folder / "summary.json").read_text(encoding="utf-8")
        figures: dict[str, Any] = json.loads(text)
        return figures

    @property
    def events(self) -> "pa.Table":
        """The event log, a row an event."""
        import pyarrow.parquet as pq

        return pq.read_table(self.folder / "events.parquet")


# One overload for each problem: an editor then knows the keys. A test holds the names to the
# presets that there are.
@overload
def scenario(
    name: Literal["aigc", "aigc_paper", "aigc_steps", "aigc_text", "aigc_faults"],
    overrides: Mapping[str, Any] | None = None,
) -> "AIGCScenario": ...
@overload
def scenario(
    name: Literal["sfc", "sfc_paper", "sfc_paper_3x", "sfc_paper_10x", "sfc_faults"],
    overrides: Mapping[str, Any] | None = None,
) -> "SFCScenario": ...
@overload
def scenario(
    name: Literal["sfc_attack"], overrides: Mapping[str, Any] | None = None
) -> "AttackScenario": ...
@overload
def scenario(
    name: Literal["vne_wx100", "vne_geant", "vne_brain", "vne_latency"],
    overrides: Mapping[str, Any] | None = None,
) -> "VNEScenario": ...
@overload
def scenario(
    name: Literal["wan_training"], overrides: Mapping[str, Any] | None = None
) -> "WANScenario": ...
@overload
def scenario(
    name: Literal[
        "factories",
        "factories_aigc",
        "factories_chains",
        "factories_radio",
        "factories_small",
        "factories_stream",
        "parallel",
        "sync",
    ],
    overrides: Mapping[str, Any] | None = None,
) -> "FederatedScenario": ...
@overload
def scenario(
    name: Literal["silos"], overrides: Mapping[str, Any] | None = None
) -> "SilosScenario": ...
@overload
def scenario(
    name: Literal["llm_training", "llm_7b", "llm_13b", "llm_32b"],
    overrides: Mapping[str, Any] | None = None,
) -> "LLMScenario": ...
@overload
def scenario(
    name: Literal["llm_ring", "llm_ring_32b", "llm_ring_small"],
    overrides: Mapping[str, Any] | None = None,
) -> "LLMRingScenario": ...
@overload
def scenario(
    name: Literal["shared"], overrides: Mapping[str, Any] | None = None
) -> "SharedScenario": ...
@overload
def scenario(name: Scenario, overrides: Mapping[str, Any] | None = None) -> Any: ...
def scenario(name: Scenario, overrides: Mapping[str, Any] | None = None) -> Any:
    """A scenario as an object whose attributes can be read and set.

    Args:
        name: see :data:`Scenario`.
        overrides: keys to replace, nested or dotted: ``{"wireless.side_m": 500}``.

    Raises:
        InputError: unknown scenario or key, or a value that is not accepted. What is set on the
            object afterwards is checked when it is used.
    """
    return _checked(name, overrides)


def make(
    scenario: Scenario = "aigc", overrides: Mapping[str, Any] | None = None, **arguments: Any
) -> "gymnasium.Env[Any, Any]":
    """The environment of a scenario, as :func:`gymnasium.make` gives it.

    Args:
        scenario: see :data:`Scenario`.
        overrides: keys to replace.
        arguments: of the environment (``render_mode``, ``record``, ``reward``, ...). ``reward`` may
            be a function of (environment, reward, info) and ``wrappers`` a list of wrappers, both
            also by import strings.

    Raises:
        InputError: something cannot be used, or the scenario has methods and no environment.
    """
    from edgesim.envs.making import make_envs

    try:
        return make_envs(_checked(scenario, overrides), 1, arguments)[0]
    except TypeError as error:
        raise InputError("arguments of the environment", arguments, str(error)) from None


def train(
    scenario: Scenario = "aigc",
    agent: "str | Path | AgentConfig | None" = None,
    *,
    overrides: Mapping[str, Any] | None = None,
    agent_overrides: Mapping[str, Any] | None = None,
    seed: int = 0,
    total_steps: int | None = None,
    episodes: int = 20,
    validation_episodes: int = 5,
    validations: int = 20,
    bound: bool | None = None,
    baselines: bool = True,
    resume: bool = False,
    start: str | Path | None = None,
    runs: str | Path = "runs",
    progress: bool = True,
    trackers: Sequence[str] = (),
    engine: str = "auto",
    threads: int = 1,
    device: str = "cpu",
) -> Training:
    """Train an agent and measure it beside every baseline on held-out episodes.

    Args:
        scenario: see :data:`Scenario`.
        agent: an agent's name, a YAML file, an :class:`~edgesim.config.config.AgentConfig`; None:
            the problem's default.
        overrides: keys of the scenario to replace.
        agent_overrides: keys of the agent to replace: ``{"hyperparameters.gamma": 0.9}``.
        seed: of everything that is random in the run.
        total_steps: decisions to learn from; None: as the agent says.
        episodes: held-out test episodes of the final table.
        validation_episodes: episodes of each evaluation while learning.
        validations: how often to evaluate while learning; the best model is kept.
        bound: also work out the bound on the test episodes; None: if the problem has one.
        baselines: also measure every baseline on the test episodes.
        resume: go on with a run that was stopped.
        start: a run folder whose weights the agent begins with; None: fresh ones.
        runs: folder that holds the run folders.
        progress: show a progress bar at a terminal.
        trackers: where to log besides TensorBoard: ``wandb``, ``mlflow``.
        engine: ``simpy``, ``batched``, or ``auto``.
        threads: CPU threads of torch.
        device: ``cpu``, ``cuda``, ``cuda:<n>`` or ``auto``.

    Raises:
        InputError: something cannot be used; nothing has been written then.
    """
    from edgesim.agents.learning.training import train as run
    from edgesim.config.config import TrainConfig

    checked = _checked(scenario, overrides)
    config = TrainConfig(
        scenario=checked,
        agent=_agent(agent, scenario, checked, agent_overrides or {}),
        seed=seed,
        total_steps=total_steps,
        episodes=episodes,
        validation_episodes=validation_episodes,
        validations=validations,
        bound=bound,
        baselines=baselines,
        resume=resume,
        start=None if start is None else str(start),
        runs=str(runs),
        progress=progress,
        trackers=list(trackers),
        engine=engine,
        threads=threads,
        device=device,
    )
    return Training(run(config))


def evaluate(
    scenario: Scenario = "aigc",
    policy: Any = None,
    *,
    overrides: Mapping[str, Any] | None = None,
    episodes: int = 20,
    seed: int = 0,
    bound: bool = False,
    out: str | Path | None = None,
) -> "Evaluation":
    """Measure policies on the same held-out episodes.

    Args:
        scenario: see :data:`Scenario`.
        policy: a baseline's name, a run folder, ``module:attribute``, an object with ``predict``;
            a list of such, or a mapping of names to them; ``"all"`` baselines. None: the problem's
            default.
        overrides: keys of the scenario to replace.
        episodes: held-out episodes.
        seed: of the episodes.
        bound: also work out the bound on them.
        out: folder for ``evaluation.json`` and ``episodes.parquet``; None: nothing is written.

    Returns:
        its ``rows`` (one an episode), ``content()`` (means with intervals), ``print()``.

    Raises:
        InputError: a policy or the scenario cannot be used.
    """
    from edgesim.agents.finding import find_policy, offered
    from edgesim.agents.measuring.evaluation import compare as measured

    checked = _checked(scenario, overrides)
    found = {
        name: find_policy(checked, one)
        for name, one in _named(policy, checked, offered(checked)).items()
    }
    done = measured(checked, found, episodes, seed, bound)
    if out is not None:
        Path(out).mkdir(parents=True, exist_ok=True)
        done.write(Path(out))
    return done


def simulate(
    scenario: Scenario = "aigc",
    policy: str | Path | None = None,
    *,
    overrides: Mapping[str, Any] | None = None,
    seed: int = 0,
    out: str | Path = "simulations",
) -> Simulation:
    """Run one episode of the twin and write it down: event log, figures, picture.

    Args:
        scenario: see :data:`Scenario`.
        policy: a baseline's name, a run folder or ``module:attribute``; None: the problem's
            default.
        overrides: keys of the scenario to replace.
        seed: of the episode.
        out: folder that holds the episode's own.

    Raises:
        InputError: the policy or the scenario cannot be used, or the folder cannot be written.
    """
    from edgesim.agents.measuring.simulation import simulate as run
    from edgesim.config.config import SimulateConfig

    given = str(policy) if isinstance(policy, Path) else policy
    checked = _checked(scenario, overrides)
    config = SimulateConfig(scenario=checked, policy=given, seed=seed, out=str(out))
    return Simulation(run(config))


def compare(
    runs: str | Path | Sequence[str | Path] = "runs",
    *,
    policy: str | Sequence[str] = (),
    out: str | Path | None = None,
) -> dict[str, Any]:
    """Trainings, evaluations and policies in one table, over seeds, episodes and worlds.

    Args:
        runs: folders of trainings, evaluations and simulations, or folders that hold some.
        policy: also played on their episodes: baselines, run folders, ``module:attribute``.
        out: folder for the table and the figure; None: nothing is written.

    Returns:
        what ``comparison.json`` holds.

    Raises:
        InputError: there is no complete run in them.
    """
    from edgesim.agents.comparing.comparison import compare_runs
    from edgesim.config.config import CompareConfig

    paths = [runs] if isinstance(runs, str | Path) else list(runs)
    to = None if out is None else str(out)
    named = [policy] if isinstance(policy, str) else list(policy)
    given = [str(path) for path in paths]
    return compare_runs(CompareConfig(runs=given, out=to, policy=named or None))


def whatif(
    scenario: Scenario = "aigc",
    change: str | Mapping[str, Any] | Sequence[str | Mapping[str, Any]] = (),
    *,
    policy: str | None = None,
    overrides: Mapping[str, Any] | None = None,
    each: str | Sequence[str] = (),
    at_s: float = 0.0,
    until_s: float | None = None,
    episodes: int = 10,
    seed: int = 0,
    out: str | Path | None = None,
) -> dict[str, Any]:
    """The same episodes with and without changes, or with every single failure.

    >>> import edgesim
    >>> found = edgesim.whatif("sfc_paper", {"requests": 20}, policy="greedy", episodes=2)
    >>> found["episodes"]
    2

    Args:
        scenario: as of :func:`scenario`.
        change: what is otherwise: keys of the scenario and their values, and ``policy``; or
            overrides as at the shell. Several: a list.
        policy: who decides, by name; None: the problem's default.
        overrides: keys of the scenario to replace in all cases.
        each: instead of changes what fails, one after the other: ``links``, ``nodes``, ``sites``,
            ``hosts``, ``providers``.
        at_s: when each of them fails, s.
        until_s: when it is repaired, s; None: not in the episode.
        episodes: held-out episodes, the same for all.
        seed: their seed.
        out: folder for tables and picture; None: nothing is written.

    Returns:
        what ``whatif.json`` holds: ``rows`` has a row a case and metric.

    Raises:
        InputError: nothing is asked, or a change cannot be made.
    """
    from edgesim.agents.whatif import command
    from edgesim.config.whatif import WhatIfConfig

    config = WhatIfConfig(
        scenario=_checked(scenario, overrides),
        policy=policy,
        change=[change] if isinstance(change, str | Mapping) else list(change) or None,
        each=[each] if isinstance(each, str) else list(each) or None,
        at_s=at_s,
        until_s=until_s,
        episodes=episodes,
        seed=seed,
        out=None if out is None else str(out),
    )
    return command.answered(config).content() if out is None else command.whatif(config)


def _checked(scenario: Scenario, overrides: Mapping[str, Any] | None) -> Any:
    """The checked dataclass of a scenario, checked again where it is one already."""
    if is_dataclass(scenario) and not isinstance(scenario, type):
        return resolve(asdict(scenario), overrides)
    given = str(scenario) if isinstance(scenario, Path) else scenario
    if not isinstance(given, str | Mapping):
        accepted = "must be a preset's name, a YAML file, a mapping of keys or a scenario object"
        raise InputError("scenario", given, accepted)
    return resolve(given, overrides)


def _agent(
    agent: "str | Path | AgentConfig | None",
    scenario: Scenario,
    checked: Any,
    overrides: Mapping[str, Any],
) -> "AgentConfig":
    """The agent as it is set for a scenario, with keys replaced.

    Raises:
        InputError: there is no such agent, or it does not take a key.
    """
    from edgesim.config import agents
    from edgesim.config.config import AgentConfig

    if agent is None:
        agent = PROBLEMS[checked.problem].default_agent
        if agent is None:
            accepted = "has methods to evaluate, and no decision that an agent learns"
            raise InputError("scenario", checked.name, accepted)
    values = asdict(agent) if isinstance(agent, AgentConfig) else agents.values(str(agent))
    named = isinstance(scenario, str | Path)
    names = lineage(str(scenario)) if named else [checked.name]
    own = agents.section(values.pop("scenarios", None) or {}, checked.problem, *names)
    return agents.with_keys(AgentConfig(**merged(values, own)), overrides)


def _named(policy: Any, checked: Any, offered: Sequence[str]) -> dict[str, Any]:
    """Policies by the names that a table shows."""
    if policy is None:
        policy = PROBLEMS[checked.problem].default_policy
    if isinstance(policy, Mapping):
        return {str(name): one for name, one in policy.items()}
    several = policy if isinstance(policy, list | tuple) else [policy]
    found: dict[str, Any] = {}
    for one in several:
        if one == "all":
            found |= {name: name for name in offered}
            continue
        name = str(one) if isinstance(one, str | Path) else type(one).__name__
        name = one.__name__ if isinstance(one, type) else name
        if name in found:
            accepted = "two have this name; give a mapping of names to policies"
            raise InputError("policy", name, accepted)
        found[name] = str(one) if isinstance(one, Path) else one
    return found
