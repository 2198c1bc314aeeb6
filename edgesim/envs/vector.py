"""What ``gymnasium.make_vec`` calls: the batched engine where a scenario has one, else the twin's.

A problem's entry point is a ``functools.partial`` of :func:`vector_env` beside its environment.
"""

import sys
from collections.abc import Mapping
from copy import deepcopy
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import gymnasium
import numpy as np
import numpy.typing as npt
from gymnasium.vector import AutoresetMode, SyncVectorEnv, VectorEnv

from edgesim.envs.batched import AUTORESET_MODES, BatchedEnv
from edgesim.envs.making import scenario_of
from edgesim.envs.wrapping import own_parts
from edgesim.errors import InputError
from edgesim.importing import load
from edgesim.problems import ENGINES, PROBLEMS
from edgesim.scenarios.checks import integer_from, one_of

__all__ = ["TwinVectorEnv", "engine_of", "vector_env"]

_SINGLE_ONLY = ("record", "render_mode", "sees_links", "sees_results")
"""Arguments that only the single environment takes."""


_MOST_TWINS = 100_000
"""Most single environments of a vector: each is a twin of its own, of a megabyte or so."""


if TYPE_CHECKING:
    _SyncVectorEnv = SyncVectorEnv[Any, Any]
else:  # Gymnasium before 1.4 does not say in square brackets of what its vectors are
    _SyncVectorEnv = SyncVectorEnv


class TwinVectorEnv(_SyncVectorEnv):
    """Single environments of a scenario stepped one after the other, and their masks."""

    def __copy__(self) -> "TwinVectorEnv":
        """As a deep copy: two of them over the same environments would step each other's."""
        return deepcopy(self)

    def action_masks(self) -> npt.NDArray[np.bool_]:
        """The masks of the worlds, one row each; where the single environment has masks."""
        return np.stack([env.unwrapped.action_masks() for env in self.envs])  # type: ignore[attr-defined]


def engine_of(scenario: Any, engine: str, arguments: Mapping[str, Any] | None = None) -> str:
    """Which engine steps the worlds of a scenario: "simpy" or "batched".

    Args:
        scenario: the scenario's checked dataclass.
        engine: one of :data:`edgesim.problems.ENGINES`.
        arguments: further arguments of the environment; what only the single one has needs SimPy.

    Raises:
        InputError: no such engine, or the batched one is asked for and cannot step the scenario.
    """
    one_of("engine", engine, ENGINES)
    if engine == "simpy":
        return engine
    unsupported = _unsupported(scenario, arguments or {})
    if unsupported is None:
        return "batched"
    if engine == "batched":
        raise InputError("engine", engine, f"{unsupported}; accepted here: auto, simpy")
    return "simpy"


def vector_env(
    problem: str,
    num_envs: int = 1,
    *,
    scenario: str | Mapping[str, Any] | None = None,
    overrides: Mapping[str, Any] | None = None,
    engine: str = "auto",
    autoreset_mode: str | AutoresetMode = AutoresetMode.NEXT_STEP,
    infos: str = "all",
    copy: bool = True,
    **arguments: Any,
) -> VectorEnv[Any, Any, Any]:
    """Many worlds of one scenario as one vector environment.

    Args:
        problem: key of the registry of problems.
        num_envs: number of worlds.
        scenario: a preset's name, or a mapping with all keys; the problem's default where None.
        overrides: keys to replace.
        engine: one of :data:`edgesim.problems.ENGINES`.
        autoreset_mode: see :class:`edgesim.envs.batched.BatchedEnv`.
        infos: "all", or "ends" to make none between the ends of episodes (batched engine only).
        copy: whether observations are copies, or the same array at every step.
        arguments: further arguments of the environment.

    Raises:
        InputError: unknown names or bad values, or the engine cannot step the scenario.
    """
    mode = autoreset_mode.value if isinstance(autoreset_mode, AutoresetMode) else autoreset_mode
    one_of("autoreset_mode", mode, AUTORESET_MODES)
    integer_from("num_envs", num_envs, 1, sys.maxsize)  # the batched engine knows what fits
    named = PROBLEMS[problem].default_scenario if scenario is None else scenario
    checked = scenario_of(problem, named, overrides)
    if engine_of(checked, engine, arguments) == "batched":
        batched: type[BatchedEnv] = load(cast(str, PROBLEMS[problem].batched))
        kept = {key: value for key, value in arguments.items() if key not in _SINGLE_ONLY}
        build: Any = batched
        made: BatchedEnv = build(
            num_envs, checked, **kept, autoreset_mode=mode, infos=infos, copy=copy
        )
        return made
    integer_from("num_envs", num_envs, 1, _MOST_TWINS)
    single = partial(
        gymnasium.make,
        PROBLEMS[problem].env_id,
        scenario=named,
        overrides=overrides,
        disable_env_checker=True,
        **arguments,
    )
    return TwinVectorEnv([single] * num_envs, copy=copy, autoreset_mode=mode)


def _unsupported(scenario: Any, arguments: Mapping[str, Any]) -> str | None:
    """Why the batched engine cannot step a scenario; None where it can."""
    batched = PROBLEMS[scenario.problem].batched
    if batched is None:
        return f"there is no batched engine for the problem {scenario.problem!r}"
    for key in own_parts(arguments)[1]:
        return f"the batched engine takes no {key} of one's own"
    for key in _SINGLE_ONLY:
        if arguments.get(key):
            return f"the batched engine has no {key}"
    engine: type[BatchedEnv] = load(batched)
    observation = arguments.get("observation", engine.observations[0])
    if observation not in engine.observations:
        return f"the batched engine writes no observation {observation!r}"
    return engine.unsupported(scenario)
