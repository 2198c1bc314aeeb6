"""A policy that looks ahead: it tries its candidates in sampled futures of the twin."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from edgesim.agents.finding import find_policy
from edgesim.agents.measuring.rollout import takes_masks
from edgesim.agents.policies import Env, Policy
from edgesim.agents.runs.seeds import policy_seed
from edgesim.scenarios.checks import integer_from, positive

__all__ = ["Planner"]

_SURE = 1.0  # standard errors by which a candidate must be ahead of the base's choice
_HALVED = 4  # futures from which on the candidates are sorted out after half of them


class Planner:
    """Tries candidates in forks of the running episode, and takes the best (a rollout policy).

    Each candidate is tried in the same sampled futures (common random numbers); after it the base
    policy decides, up to a horizon. The choice of the base is kept unless another is ahead by more
    than a standard error of the paired differences: one step of policy improvement (D. P.
    Bertsekas, J. N. Tsitsiklis, C. Wu, "Rollout algorithms for combinatorial optimization", Journal
    of Heuristics 3, 1997). A fork knows what the twin knows: the hidden qualities, and how long
    what has begun will last. It does not know what will be drawn.

    Args:
        envs: the environments that it decides in.
        seed: of the sampled futures.
        base: a policy by name, without memory.
        futures: sampled futures a decision.
        candidates: choices that are tried: the base's, and others that the mask allows, those that
            the base ranks next (where it has ``worth``) or else at random.
        horizon_s: how far each future is followed, s.
        margin: candidates that the base ranks are tried only where it holds them to be worth at
            most so much less than its own choice: what is clear needs no look ahead.

    Raises:
        InputError: the base is not there or has a memory, or a number is out of its range.
    """

    def __init__(
        self,
        envs: Sequence[Env],
        seed: int,
        base: str,
        futures: int = 8,
        candidates: int = 3,
        horizon_s: float = 30.0,
        margin: float = 1e9,
    ) -> None:
        integer_from("planner futures", futures, 2)
        integer_from("planner candidates", candidates, 2)
        positive("planner horizon_s", horizon_s)
        positive("planner margin", margin)
        self._envs: list[Any] = [env.unwrapped for env in envs]
        self._base: Policy = find_policy(self._envs[0].scenario, base)(envs, seed)
        self._masked = takes_masks(self._base)
        self._futures, self._candidates, self._horizon_s = futures, candidates, horizon_s
        self._margin = margin
        self._rng = np.random.default_rng(policy_seed(seed, "planner"))

    def predict(
        self,
        observation: npt.NDArray[Any],
        state: Any = None,
        episode_start: Any = None,
        deterministic: bool = False,
        action_masks: npt.NDArray[np.bool_] | None = None,
    ) -> tuple[npt.NDArray[Any], Any]:
        """See :class:`edgesim.agents.policies.Policy`."""
        chosen = self._decide(self._envs, observation)
        for row, env in enumerate(self._envs[: len(observation)]):
            if env.twin.request is None:
                continue  # its episode is over
            tried = self._tried(observation[row], int(chosen[row]), env)
            if len(tried) > 1:
                chosen[row] = tried[self._best(env, tried)]
        return chosen, state

    def _decide(self, envs: Sequence[Any], observations: npt.NDArray[Any]) -> npt.NDArray[Any]:
        masks = {}
        if self._masked:
            masks["action_masks"] = np.stack([env.action_masks() for env in envs])
        return np.array(self._base.predict(observations, deterministic=True, **masks)[0])

    def _tried(self, observation: npt.NDArray[Any], first: int, env: Any) -> list[int]:
        """The candidates, the base's choice first."""
        allowed = np.flatnonzero(env.action_masks())
        others = allowed[allowed != first]
        ranked = getattr(self._base, "worth", lambda observation: None)(observation[None])
        if ranked is None or ranked.shape[1] <= others.max(initial=0):
            others = self._rng.permutation(others)
        else:
            value = ranked[0]
            near = others[value[others] >= value[first] - self._margin]
            others = near[np.argsort(-value[near], kind="stable")]
        return [first, *others[: self._candidates - 1].tolist()]

    def _best(self, env: Any, tried: list[int]) -> int:
        """Place of the best candidate.

        All are tried in half of the futures, then the base's choice and the best of the others in
        the other half, unless none of these is ahead of it.
        """
        half = self._futures // 2 if self._futures >= _HALVED else self._futures
        paid = self._pays(env, tried, half)
        best = int(np.argmax(paid.mean(axis=1)))
        if best == 0:
            return 0
        ahead = paid[best] - paid[0]
        if half < self._futures:
            kept, other = self._pays(env, [tried[0], tried[best]], self._futures - half)
            ahead = np.append(ahead, other - kept)
        error = ahead.std(ddof=1) / len(ahead) ** 0.5
        return best if ahead.mean() > _SURE * error else 0

    def _pays(self, env: Any, tried: list[int], futures: int) -> npt.NDArray[np.float64]:
        """What each candidate pays in the same new futures, shape (candidates, futures)."""
        seeds = self._rng.integers(2**31, size=futures).tolist()
        forks = env.forks(seeds * len(tried))
        actions = np.repeat(tried, len(seeds))
        end_s = env.twin.clock.now + self._horizon_s
        paid = np.zeros(len(forks))
        live = list(range(len(forks)))
        while live:
            seen, going = [], []
            for place, action in zip(live, actions, strict=True):
                fork = forks[place]
                observation, reward, terminated, _, _ = fork.step(int(action))
                paid[place] += reward
                if not terminated and fork.twin.clock.now < end_s:
                    going.append(place)
                    seen.append(observation)
            live = going
            if live:
                actions = self._decide([forks[place] for place in live], np.stack(seen))
        return paid.reshape(len(tried), -1)
