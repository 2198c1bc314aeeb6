"""Service chains under attack as a Gymnasium environment."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from edgesim.envs.sfc.attack_observation import AttackObserver
from edgesim.envs.sfc.attack_options import Options
from edgesim.envs.sfc.attack_reward import PARTS, AttackRewardModel
from edgesim.envs.sfc.outlook import ChainOutlook
from edgesim.envs.twin_env import TwinEnv
from edgesim.envs.vector import vector_env
from edgesim.scenarios.checks import one_of
from edgesim.scenarios.sfc.attack_schema import AttackScenario
from edgesim.twin.core.worlds import shared_world
from edgesim.twin.sfc.attack_workload import AttackWorkload
from edgesim.twin.sfc.attack_world import AttackWorld

__all__ = ["METRICS", "SFCAttackEnv", "make_vec"]

Observation = npt.NDArray[np.float32]

METRICS: dict[str, str] = {
    "return": "sum of the rewards",
    "qoe": "mean QoE a request: of the admitted, penalty of the others",
    "damage": "mean QoE a request that attacks cost which passed",
    "false_alarms": "mean QoE a request that stopped benign flows cost",
    "detected_share": "share of the attack flows that were found as any attack",
    "right_type_share": "share of the attack flows that were found as what they are",
    "false_alarm_share": "share of the benign flows that were stopped",
    "attack_flows": "attack flows in admitted chains",
    "rejected": "share of the requests that got no chain",
    "dropped": "share of the chains that a failure ended",
    "rerouted": "chains moved to other links",
    "delay_ms": "mean delay of a chain at its admission, inspection included, ms",
    "loss": "mean loss of a chain at its admission, 0 to 1",
    "accepted": "requests that got a chain",
    "southbound_messages": "messages between controller and switches",
    "southbound_bytes": "their bytes",
    "decisions": "choices made",
}


class SFCAttackEnv(TwinEnv[AttackWorkload, Observation, Any]):
    """Where chains are inspected, and how strictly, while attacks come in bursts.

    ## Description
    Requests ask for chains of VNFs over a network in slices, as in ``edgesim/SFC-v0``; one of the
    VNFs inspects flows. Among the flows of a slice come attacks of several kinds, in bursts. For
    each request one decides where its chain runs and at which operating point its flows are
    inspected: which detector, which threshold, how many flows a batch. What the detector finds
    follows its measured confusion matrix, what it takes of the instance its measured CPU time a
    flow, and how long it holds flows back the time until a batch is full.

    ## Observation Space
    ``Box(float32)``: the options of the request (operating points, each with three chains) as a set
    (:class:`edgesim.envs.sfc.attack_observation.AttackObserver`), then the request, the load, and
    how many alarms its slice raised of late. Bursts are hidden.

    ## Action Space
    ``Discrete``: an option; the last one rejects the request where the scenario has
    ``admission_control``. ``action_masks()`` tells which are there.

    ## Rewards
    QoE of a chain, paid at its end, ``qoe.rejected`` for a request without one; less the damage of
    each attack flow that passes, by its kind, and of each benign flow that is stopped, as they
    come. ``reward="shaped"``, ``"foreseen"`` and ``"marginal"`` pay what is foreseen when a chain
    is admitted (:class:`edgesim.envs.sfc.attack_reward.AttackRewardModel`).

    ## Starting State
    No chain runs; the first request is at hand.

    ## Episode End
    Terminated after the last request; running chains are paid for their life so far. Never
    truncated by the environment itself.

    ## Arguments
    ```python
    import gymnasium

    gymnasium.make(
        "edgesim/SFCAttack-v0",
        scenario="sfc_attack",
        overrides={"attacks.burst_rate_hz": 0.02},
        reward="paid",
    )
    ```
    ``scenario``: a preset's name, or a mapping with all keys. ``overrides``: keys to replace.
    ``record``: keep the event log of each episode (``env.unwrapped.twin.log``).

    ## Info
    Each step: ``qoe``, ``rejection``, ``drop``, ``damage``, ``false_alarms``, ``shaping``, the
    parts of the reward, which is their sum. At the end also ``metrics`` (:data:`METRICS`).

    ## Version History
    * v0: first version.

    Raises:
        InputError: unknown scenario, key, reward or render mode; bad values.
    """

    problem = "sfc_attack"
    parts = PARTS
    rewards = ("paid", "shaped", "foreseen", "marginal")
    picture = "edgesim.plots.sfc.world:draw_now"
    episodic = (*TwinEnv.episodic, "_chosen_on", "_known", "observer")
    scenario: AttackScenario

    def __init__(
        self,
        scenario: str | Mapping[str, Any] = "sfc_attack",
        overrides: Mapping[str, Any] | None = None,
        reward: str = "paid",
        record: bool = False,
        render_mode: str | None = None,
    ) -> None:
        super().__init__(scenario, overrides, record=record, render_mode=render_mode, reward=reward)
        one_of("reward", reward, self.rewards)
        self.world: AttackWorld = shared_world(AttackWorld, self.scenario)
        self.observer = AttackObserver(self.world)
        self.observation_space = self.observer.space
        self.action_space = spaces.Discrete(self.observer.space.choices)
        self._reward_model = AttackRewardModel(self.scenario, self.world, reward)
        self._known: ChainOutlook | None = None
        self._chosen_on: ChainOutlook

    def action_masks(self) -> npt.NDArray[np.bool_]:
        """Which actions make sense for the request at hand, shape (actions,), never empty."""
        return self.observer.mask(self.twin, self.outlook)

    @property
    def outlook(self) -> ChainOutlook:
        """The request at hand (or shown last) and its ways: public knowledge."""
        return self._outlook_of(self.twin)

    @property
    def options(self) -> Options:
        """What the request at hand (or shown last) may be given."""
        return self.observer.options(self.twin, self.outlook)

    def _begin(self) -> None:
        self._reward_model.open()
        self._known = None

    def _open(self, seed: np.random.SeedSequence) -> AttackWorkload:
        made = AttackWorkload.alone(self.scenario, seed, world=self.world, record=self._record)
        assert isinstance(made, AttackWorkload)
        return made

    def _apply(self, twin: AttackWorkload, action: int) -> None:
        self._chosen_on = self._outlook_of(twin)
        self._reward_model.decisions += 1
        self.observer.take(twin, self._chosen_on, action)
        self._reward_model.chosen(twin)

    def _settle(self, twin: AttackWorkload, *, over: bool) -> tuple[float, dict[str, Any]]:
        return self._reward_model.settle(twin, self._chosen_on, over=over)

    def _metrics(self, twin: AttackWorkload) -> dict[str, float]:
        return self._reward_model.metrics(twin)

    def _observe(self, twin: AttackWorkload) -> Observation:
        return self.observer.observe(twin, self._outlook_of(twin))

    def _outlook_of(self, twin: AttackWorkload) -> ChainOutlook:
        outlook = self._known
        if outlook is None or outlook.request is not twin.last:
            outlook = self._known = ChainOutlook(twin.fabric, twin.last)
        return outlook


make_vec = partial(vector_env, "sfc_attack")
"""What ``gymnasium.make_vec("edgesim/SFCAttack-v0")`` calls."""
