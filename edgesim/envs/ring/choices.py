"""What each choice would mean, as a set: where a request goes, the plans, the drafts."""

from typing import Any

import numpy as np
import numpy.typing as npt

from edgesim.envs.choice_box import ChoiceBox
from edgesim.envs.ring.observation import seen_token_s
from edgesim.twin.ring import serving
from edgesim.twin.ring.future import Future
from edgesim.twin.ring.serving_world import RingWorld

__all__ = ["ChoiceObserver"]

FloatArray = npt.NDArray[np.float64]

RING, SMALL, REFUSE, KEEP = range(4)
_HIGH = 5.0  # values beyond are cut
_LEAST_LOG, _SLOWEST_S = -5.0, 1e3  # of what cannot run


class ChoiceObserver:
    """What is told of each choice, then of the decision.

    Of the plans there are those that are fastest by what was measured, fastest as memories likely
    are, and fastest after one more change: others would be worse in all of it.

    All follows from what was measured last, with noise, and from what anybody knows who has the
    scenario: how often memories are taken, how far measurements are off.

    Args:
        world: the world.

    Attributes:
        features: what is told of each choice, in order.
        asked: what is told of the decision, in order.
        names: name of each entry.
        space: ``ChoiceBox(-5, 5)``, shape (entries,).
    """

    features = (
        "there",  # 1; 0 for choices that are not meant
        "small",  # 1 for the small model
        "refuse",  # 1 for refusing
        "wait",  # expected time to the first token over its target
        "wait passes",  # 1 where that is above 1
        "wait above",  # by how much it is above 0.7
        "pace",  # expected time between tokens over its target, on the ring
        "pace passes",  # 1 where that is above 1
        "pace above",  # by how much it is above 0.7
        "in time",  # chance that wait and pace hold, as memories likely are
        "in time later",  # the same after one more change, on average
        "in time, easily",  # the chance that both are below a half
        "best pace",  # the same under the plan that is fastest by what was measured
        "filled",  # of the batch, where the request goes to the ring
        "change",  # 1 for another plan
        "gain",  # logarithm of the plan's tokens a second over the present one's
        "gain with work",  # times requests in the batch and the queue, a fourth
        "believed gain",  # the same, memories being as likely as measurements make them
        "believed gain with work",
        "change with work",  # 1 for another plan, times the work
        "reading",  # seconds for which a change reads layers, a tenth
        "robust gain",  # logarithm of tokens a second after one more device's change, on average
        "draft",  # 1 for another number of proposed tokens
        "draft gain",  # logarithm of tokens a second over those of the present number
        "draft gain with work",
    )
    asked = (
        "arrival",
        "work",  # requests in the batch and the queue, a fourth
        "pace",
        "small model's wait",  # over the target
        "prompt",  # a hundredth of its tokens
        "taken",  # share of memories that were measured as taken
        "drafts",
    )

    def __init__(self, world: RingWorld) -> None:
        self._world = world
        scenario, tables = world.scenario, world.tables
        self._systems, self._drafts = len(world.names), len(scenario.drafts)
        count = 4 + self._systems + self._drafts
        self.names = [f"{feature} {k}" for feature in self.features for k in range(count)]
        self.names += [f"decision {name}" for name in self.asked]
        high = np.full(len(self.names), _HIGH, dtype=np.float32)
        self.space: Any = ChoiceBox(-high, high, self.names, self.features, count)
        states = np.arange(tables.token_s.shape[1])
        devices = tables.uses.shape[1]
        self._taken = (states[:, None] >> np.arange(devices)) & 1 == 1  # (S, M)
        self._flips = states[:, None] ^ (1 << np.arange(devices))  # (S, M)
        changes = scenario.changes
        self._busy = changes.memory_busy_s / (changes.memory_busy_s + changes.memory_free_s)
        low, high_acceptance = scenario.requests.acceptance
        middle = (low + high_acceptance) / 2.0
        self._a_cycle = np.array([serving.a_cycle(middle, draft) for draft in scenario.drafts])

    def observe(
        self, future: Future, state: serving.State, mask: npt.NDArray[np.bool_]
    ) -> npt.NDArray[np.float32]:
        """What is seen, shape (entries,).

        Args:
            future: of the episode; of it only the prompt at hand is looked at.
            state: how the episode stands.
            mask: which choices are meant.
        """
        count = len(mask)
        seen = np.zeros(len(self.names))
        page = dict(
            zip(self.features, seen[: len(self.features) * count].reshape(-1, count), strict=True)
        )
        page["there"][:] = mask
        tables, ints = self._world.tables, state.ints
        times = np.array([seen_token_s(tables, state, n) for n in range(self._systems)])
        work = (ints[serving.ACTIVE] + ints[serving.TAIL] - ints[serving.HEAD]) / 4.0
        pace = self._pace(state, float(times[ints[serving.SYSTEM]]))
        arrival = ints[serving.KIND] == serving.ARRIVAL
        prompt = float(future.prompt[ints[serving.REQUEST]]) if arrival else 0.0
        small = self._small_wait(state, prompt)
        if arrival:
            self._routes(page, state, times, prompt, small)
        else:
            self._plans(page, state, times, work)
            self._proposals(page, state, times, work)
        middle = (1.0 + self._world.scenario.changes.memory_left) / 2.0
        seen[-len(self.asked) :] = (
            arrival,
            work,
            pace,
            small,
            prompt / 100.0,
            (state.seen_memory < middle).mean(),
            tables.drafts[ints[serving.DRAFT]] / 8.0,
        )
        return np.clip(seen, -_HIGH, _HIGH).astype(np.float32)

    def _cycle_s(self, state: serving.State, token_s: float, draft: int, requests: int) -> float:
        """Time of a pass by what was measured, s."""
        tables, system = self._world.tables, state.ints[serving.SYSTEM]
        air_s = float((tables.hop_s[system] / state.seen_link).sum())
        proposed = int(tables.drafts[draft])
        more = requests * (proposed + 1) - 1
        return token_s + more * air_s + proposed * self._world.scenario.draft_ms / 1e3

    def _pace(self, state: serving.State, token_s: float) -> float:
        """Expected time between tokens over its target."""
        draft = int(state.ints[serving.DRAFT])
        requests = max(1, int(state.ints[serving.ACTIVE]))
        between_s = self._cycle_s(state, token_s, draft, requests) / self._a_cycle[draft]
        return float(min(between_s / self._world.scenario.target.tpot_s, _HIGH))

    def _small_wait(self, state: serving.State, prompt: float) -> float:
        scenario, floats = self._world.scenario, state.floats
        wait_s = max(0.0, float(floats[serving.SMALL_FREE] - floats[serving.NOW]))
        wait_s += (prompt * scenario.small.prefill_ms + scenario.small.token_ms) / 1e3
        return wait_s / scenario.target.ttft_s

    def _routes(
        self,
        page: dict[str, FloatArray],
        state: serving.State,
        times: FloatArray,
        prompt: float,
        small: float,
    ) -> None:
        """The ring, the small model, refusing."""
        scenario, floats, ints = self._world.scenario, state.floats, state.ints
        page["small"][SMALL] = page["refuse"][REFUSE] = 1.0
        token_s = float(min(times[ints[serving.SYSTEM]], _SLOWEST_S))
        pace = self._pace(state, token_s)
        ahead = int(ints[serving.TAIL] - ints[serving.HEAD])
        slots = len(state.active)
        wait_s = max(0.0, float(floats[serving.BLOCKED] - floats[serving.NOW]))
        first_s = token_s + scenario.prefill_ms / 1e3 * scenario.requests.prompt_tokens
        wait_s += ahead * first_s
        waiting = int(ints[serving.ACTIVE]) + ahead - slots + 1
        if waiting > 0:
            answer_s = pace * scenario.target.tpot_s * scenario.requests.output_tokens
            wait_s += answer_s * waiting / slots
        wait = (wait_s + token_s + scenario.prefill_ms / 1e3 * prompt) / scenario.target.ttft_s
        for choice, value in ((RING, wait), (SMALL, small)):
            page["wait"][choice] = value
            page["wait passes"][choice] = value > 1.0
            page["wait above"][choice] = max(0.0, value - 0.7)
        page["pace"][RING] = pace
        page["pace passes"][RING] = pace > 1.0
        page["pace above"][RING] = max(0.0, pace - 0.7)
        page["best pace"][RING] = self._pace(state, float(times.min()))
        likely, rates = self._likely(state), self._rates(state)[ints[serving.SYSTEM]]
        paces = np.array([self._pace(state, float(it)) for it in 1.0 / np.maximum(rates, 1e-3)])
        holds = (paces <= 1.0) & (wait <= 1.0)
        page["in time"][RING] = holds @ likely
        page["in time"][SMALL] = small <= 1.0
        page["in time later"][RING] = holds[self._flips].mean(axis=1) @ likely
        page["in time, easily"][RING] = ((paces <= 0.5) & (wait <= 0.5)) @ likely
        page["filled"][RING] = ints[serving.ACTIVE] / slots

    def _plans(
        self, page: dict[str, FloatArray], state: serving.State, times: FloatArray, work: float
    ) -> None:
        """Keeping, and each plan beside what runs."""
        tables = self._world.tables
        system = int(state.ints[serving.SYSTEM])
        plans = slice(4, 4 + self._systems)
        gain = _log(1.0 / times) - _log(1.0 / times[system : system + 1])
        likely = self._likely(state)
        rates = self._rates(state)
        believed = _log(rates @ likely)
        after = _log(rates)[:, self._flips].mean(axis=2) @ likely
        other = np.arange(self._systems) != system
        there = np.zeros(self._systems, dtype=bool)
        for best in (times.argmin(), believed.argmax(), after.argmax()):
            there[best] = True
        page["there"][plans] *= there & other
        page["change"][plans] = other
        page["gain"][plans] = gain
        page["gain with work"][plans] = gain * work
        page["believed gain"][plans] = believed - believed[system]
        page["believed gain with work"][plans] = (believed - believed[system]) * work
        page["change with work"][plans] = other * work
        moves = [serving.move_s(tables, system, new) for new in range(self._systems)]
        page["reading"][plans] = np.array(moves) / 10.0
        page["robust gain"][plans] = after - after[system]

    def _rates(self, state: serving.State) -> FloatArray:
        """Tokens a second of one request by plan and memory state (P, S), links aside, 1/s."""
        tables = self._world.tables
        there = (tables.uses * state.seen_away[None, :] == 0).all(axis=1)
        return np.where(there[:, None], 1.0 / tables.token_s, 0.0)

    def _likely(self, state: serving.State) -> FloatArray:
        """How likely each memory state is, measurements and usual shares given (S)."""
        changes = self._world.scenario.changes
        seen, spread = state.seen_memory, max(changes.noise, 1e-3)
        share = np.where(self._taken, changes.memory_left, 1.0)  # (S, M)
        log = -0.5 * ((seen / share - 1.0) / spread) ** 2 - np.log(share)
        log = log + np.log(np.where(self._taken, self._busy, 1.0 - self._busy))
        total = log.sum(axis=1)
        weights = np.exp(total - total.max())
        return np.asarray(weights / weights.sum())

    def _proposals(
        self, page: dict[str, FloatArray], state: serving.State, times: FloatArray, work: float
    ) -> None:
        """Each number of proposed tokens beside the present one."""
        now = int(state.ints[serving.DRAFT])
        token_s = float(min(times[state.ints[serving.SYSTEM]], _SLOWEST_S))
        requests = max(1, int(state.ints[serving.ACTIVE]))
        speeds = np.array(
            [
                self._a_cycle[draft] / self._cycle_s(state, token_s, draft, requests)
                for draft in range(self._drafts)
            ]
        )
        gain = np.log(speeds / speeds[now])
        drafts = slice(4 + self._systems, None)
        page["draft"][drafts] = np.arange(self._drafts) != now
        page["draft gain"][drafts] = gain
        page["draft gain with work"][drafts] = gain * work


def _log(rates: FloatArray) -> FloatArray:
    """Logarithms of tokens a second; of none a low one."""
    return np.maximum(np.log(np.maximum(rates, 1e-9)), _LEAST_LOG)
