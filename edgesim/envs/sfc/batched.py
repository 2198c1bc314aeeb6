"""Many worlds of service chains over stage links, stepped at once."""

from collections.abc import Iterator, Mapping
from math import inf
from typing import Any, cast

import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from edgesim.envs.actions import mask_size
from edgesim.envs.batched import BatchedEnv
from edgesim.envs.sfc.env import METRICS, SFCEnv
from edgesim.envs.sfc.kernel.decisions import begin, decide
from edgesim.envs.sfc.kernel.masks import masks
from edgesim.envs.sfc.kernel.rules import MODELS, Rules
from edgesim.envs.sfc.kernel.state import WORLD, State
from edgesim.envs.sfc.observation import AuthorsObserver, StageObserver, build_observer
from edgesim.envs.sfc.outlook import FAR, WEIGHTS
from edgesim.envs.sfc.reward import PARTS, RewardModel
from edgesim.errors import InputError
from edgesim.scenarios.checks import one_of
from edgesim.scenarios.sfc.schema import SFCScenario
from edgesim.twin.core.layered import to_go
from edgesim.twin.core.reseeding import ReseededStreams
from edgesim.twin.core.streams import Streams
from edgesim.twin.core.worlds import shared_world
from edgesim.twin.sfc.stage_arrivals import BLOCK
from edgesim.twin.sfc.stage_links import StageWorld
from edgesim.twin.sfc.world import build_world

__all__ = ["BatchedSFCEnv"]

_PLACES = 16
"""Running chains that a world has room for at first; the room doubles when it is full."""


class BatchedSFCEnv(BatchedEnv):
    """Worlds of :class:`edgesim.envs.sfc.env.SFCEnv` over stage links, by compiled rules.

    Requests are drawn by the twin's own workload; the rest is :mod:`edgesim.envs.sfc.kernel`.

    Args:
        num_envs: number of worlds.
        scenario: a checked scenario of stage links without a trace.
        reward: as of the single environment.
        mask: likewise.
        observation: likewise.
        keywords: see :class:`edgesim.envs.batched.BatchedEnv`.

    Raises:
        InputError: a bad value, or a scenario that the engine cannot step.
    """

    parts = PARTS
    views = ("_seen",)

    def __init__(
        self,
        num_envs: int,
        scenario: SFCScenario,
        *,
        reward: str = "paid",
        mask: str = "completes",
        observation: str = "ways",
        **keywords: Any,
    ) -> None:
        one_of("reward", reward, SFCEnv.rewards)
        one_of("mask", mask, SFCEnv.masks)
        one_of("observation", observation, self.observations)
        unsupported = self.unsupported(scenario)
        if unsupported is not None:
            raise InputError("scenario", scenario.name, unsupported)
        self.scenario = scenario
        world = shared_world(build_world, scenario)
        assert isinstance(world, StageWorld)
        self.world = world
        space = cast(spaces.Box, build_observer(scenario, world, observation).space)
        self._check_memory(num_envs, _state(world, 1), space.high)
        actions = world.instances + scenario.admission_control
        super().__init__(num_envs, space, spaces.Discrete(actions), **keywords)
        self._look()
        self._completes = mask == "completes"
        self._rules = _rules(world, observation, reward)
        self._state = _state(world, num_envs)
        self._reseeded = ReseededStreams()
        # Episodes of several blocks: what is still to come of each world, and what has come.
        self._coming: dict[int, Iterator[tuple[npt.NDArray[np.float64], ...]]] = {}
        self._known = np.full(num_envs, self._rules.requests)

    observations = ("ways", "authors")

    def _look(self) -> None:
        self._seen = self._observations.reshape(self.num_envs, -1)

    @staticmethod
    def unsupported(scenario: SFCScenario) -> str | None:
        """See :class:`edgesim.envs.batched.BatchedEnv`."""
        if scenario.network is not None:
            return "the batched engine has stage links only, no network"
        return None if scenario.trace is None else "the batched engine replays no trace"

    def action_masks(self) -> npt.NDArray[np.bool_]:
        """Which actions make sense in each world, shape (worlds, actions); no row is empty."""
        allowed = np.empty((self.num_envs, mask_size(self.single_action_space)), dtype=bool)
        masks(self._rules, self._state, self._completes, allowed)
        return allowed

    def _begin(self, worlds: npt.NDArray[np.int64], seeds: npt.NDArray[np.uint32]) -> None:
        if self._rules.requests <= BLOCK:
            for column, values in enumerate(self.world.arrivals.one_block(self._reseeded, seeds)):
                self._state.drawn[worlds, :, column] = values
        else:  # the streams of all worlds are read side by side
            for k, words in zip(worlds.tolist(), seeds.tolist(), strict=True):
                own = Streams(np.random.SeedSequence(words))
                self._coming[k], self._known[k] = self.world.arrivals.blocks(own), 0
                self._draw(k, self._coming[k])
        begin(self._rules, self._state, worlds, self._seen)

    def _decide(self, actions: npt.NDArray[np.int64]) -> None:
        state = self._state
        if (
            decide(self._rules, state, actions, self._over, self._seen, self._rewards, self._parts)
            == state.held.shape[1]
        ):
            self._state = _roomier(state)
        if self._coming:
            # The request at hand is in the world's own keeping: its block can be written over.
            due = (state.worlds["number"] + 1 == self._known) & (self._known < self._rules.requests)
            for k in np.flatnonzero(due).tolist():
                self._draw(k, self._coming[k])

    def _draw(self, k: int, blocks: Iterator[tuple[npt.NDArray[np.float64], ...]]) -> None:
        columns = next(blocks)
        for column, values in enumerate(columns):
            self._state.drawn[k, : len(values), column] = values
        if k in self._coming:
            self._known[k] += len(columns[0])

    def _metrics(self, worlds: npt.NDArray[np.int64]) -> Mapping[str, npt.NDArray[np.float64]]:
        of = self._state.worlds[worlds]
        accepted = of["accepted"].astype(float)
        decided = accepted + of["rejected"]
        metrics = dict.fromkeys(METRICS, np.zeros(len(worlds)))
        metrics |= {
            "return": of["paid"],
            "qoe": of["paid"] / decided,
            "rejected": of["rejected"] / decided,
            "delay_ms": of["chain_delay_ms"] / np.maximum(accepted, 1),
            "accepted": accepted,
            "decisions": of["decisions"].astype(float),
        }
        return metrics


def _rules(world: StageWorld, observation: str, reward: str) -> Rules:
    """What a scenario, its world and its observers say, as the kernel takes it."""
    scenario, qoe = world.scenario, world.scenario.qoe
    assert scenario.requests is not None
    stages, width = world.stages, world.instances
    stage, i, j = np.indices((stages, width, width))
    ways = StageObserver(world)
    scale = ways.scale
    if observation == "ways":
        at = {name: place for place, name in enumerate(ways.names)}
        fresh = np.zeros(len(at), dtype=np.float32)
        residual_at = at["residual 1 0 0"] + ((stage - 1) * width + i) * width + j
    else:
        template = AuthorsObserver(world).template
        fresh, scale = template.reshape(-1).copy(), np.ones_like(scale)
        residual_at = (j * width + i) * template.shape[-1] + stage - 1
        # Channels; what the tensor does not have is nowhere.
        at = {"request bandwidth": stages - 1, "stage 0": 2 * stages + 1}
    fresh[residual_at[1:]] = world.capacity[1:] * scale[1:]
    delay_weight, price_weight = np.array(WEIGHTS).T
    assert price_weight.tolist() == [0.0, 1.0, 1.0, 1.0, 1.0]  # the kernel's, and these:
    assert delay_weight[0] == 1.0 and delay_weight[-1] == 0.0
    least_ms = to_go(world.delay_ms)
    return Rules(
        requests=scenario.requests,
        capacity=world.capacity.reshape(-1),
        delay_ms=np.ascontiguousarray(world.delay_ms),
        model=MODELS.index(qoe.model),
        bandwidth_unit=float(qoe.bandwidth_unit),
        iqx_alpha=float(qoe.iqx_alpha),
        iqx_beta=float(qoe.iqx_beta),
        iqx_gamma=float(qoe.iqx_gamma),
        floor=-inf if qoe.floor is None else float(qoe.floor),
        rejected=float(qoe.rejected),
        on_release=qoe.pay_on == "release",
        shaped=reward != "paid",
        relative=reward in {"relative", "priced", "marginal"},
        price=RewardModel(scenario, world, reward).price,
        weighted=np.ascontiguousarray(world.delay_ms[..., None] * delay_weight[1:]),
        open_ms=np.concatenate([np.full((1, width), least_ms[0].min()), least_ms[:-1]]),
        far=FAR,
        ways=observation == "ways",
        fresh=fresh,
        residual_at=residual_at,
        scale=np.ascontiguousarray(scale),
        request_at=at["request bandwidth"],
        stage_at=at["stage 0"],
        previous_at=at.get("previous 0", -1),
        slack_at=at.get("slack 0", -1),
        regret=ways.regret,
        slowness=np.ascontiguousarray(world.delay_ms / ways.slowest_ms, dtype=np.float32),
        most=ways.most,
        log_most=ways.log_most,
        most_ms=ways.most_ms,
    )


def _state(world: StageWorld, num_envs: int) -> State:
    """Room for the worlds."""
    stages, width, requests = world.stages, world.instances, world.scenario.requests
    assert requests is not None
    return State(
        worlds=np.zeros(num_envs, dtype=WORLD),
        residual=np.zeros((num_envs, world.capacity.size)),
        to_go_ms=np.zeros((num_envs, stages + 1, width)),
        to_go=np.zeros((num_envs, stages + 1, width, len(WEIGHTS) - 1)),
        choices=np.zeros((num_envs, stages), dtype=np.int64),
        drawn=np.zeros((num_envs, min(requests, BLOCK), 3)),
        released_s=np.zeros((num_envs, _PLACES)),
        held=np.zeros((num_envs, _PLACES)),
        held_qoe=np.zeros((num_envs, _PLACES)),
        held_price=np.zeros((num_envs, _PLACES)),
        held_choices=np.zeros((num_envs, _PLACES, stages), dtype=np.int64),
        price=np.zeros(world.capacity.size),
        far=np.zeros(world.capacity.size),
    )


def _roomier(state: State) -> State:
    """The same worlds with twice the room for running chains."""
    running = ("released_s", "held", "held_qoe", "held_price", "held_choices")
    arrays = {name: getattr(state, name) for name in running}
    return state._replace(
        **{name: np.concatenate([array, array], axis=1) for name, array in arrays.items()}
    )
