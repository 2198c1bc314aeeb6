"""Bursts of attacks in the slices of an episode."""

from typing import Any

import numpy as np
import numpy.typing as npt

from edgesim.scenarios.sfc.attack_schema import AttackScenario

__all__ = ["Bursts", "mean_shares"]

Floats = npt.NDArray[np.float64]


def mean_shares(scenario: AttackScenario) -> Floats:
    """Share of a slice's flows that are attacks of each kind, over long times; shape (slices,
    kinds).

    Bursts of a slice may overlap; the mean load of a Poisson process of bursts is its rate times
    their mean length (M/G/infinity).
    """
    attacks = scenario.attacks
    mix = np.array([kind.share for kind in attacks.kinds], dtype=np.float64).T
    mix /= mix.sum(axis=1, keepdims=True)
    low, high = attacks.burst_share
    shares: Floats = mix * attacks.burst_rate_hz * attacks.burst_s * (low + high) / 2
    return np.minimum(shares, 1.0)


class Bursts:
    """The bursts of one episode: when, in which slice, of which kind, and how strong.

    Args:
        scenario: what bursts there are.
        rng: draws them.
        from_s: when the first may begin.
        until_s: when the last may.

    Attributes:
        start_s, end_s, share: of each burst, shape (bursts,).
        slice, kind: their numbers, likewise.
    """

    def __init__(
        self, scenario: AttackScenario, rng: np.random.Generator, from_s: float, until_s: float
    ) -> None:
        attacks, network = scenario.attacks, scenario.network
        assert network is not None
        self._kinds = len(attacks.kinds)
        low, high = attacks.burst_share
        columns: list[list[npt.NDArray[Any]]] = [[], [], [], [], []]
        for number in range(len(network.slices)):
            mix = np.array([kind.share[number] for kind in attacks.kinds], dtype=np.float64)
            count = rng.poisson(attacks.burst_rate_hz * (until_s - from_s))
            start = np.sort(rng.uniform(from_s, until_s, count))
            columns[0].append(start)
            columns[1].append(start + rng.exponential(attacks.burst_s, count))
            columns[2].append(rng.uniform(low, high, count))
            columns[3].append(np.full(count, number))
            columns[4].append(rng.choice(len(mix), size=count, p=mix / mix.sum()))
        start, end, share, of, kind = (np.concatenate(column) for column in columns)
        self.start_s, self.end_s, self.share = start, end, share
        self.slice, self.kind = of.astype(np.int64), kind.astype(np.int64)

    def goes_on_as(self, other: "Bursts", now_s: float) -> None:
        """What begins after ``now_s`` is that of other bursts."""
        kept, new = self.start_s <= now_s, other.start_s > now_s
        for name in ("start_s", "end_s", "share", "slice", "kind"):
            parts = (getattr(self, name)[kept], getattr(other, name)[new])
            setattr(self, name, np.concatenate(parts))

    def attacked_s(
        self, slices: npt.ArrayLike, from_s: npt.ArrayLike, to_s: npt.ArrayLike
    ) -> Floats:
        """Over each of some intervals, the integral of the share of attacks in a slice.

        Args:
            slices: number of the slice, of each interval; shape (intervals,).
            from_s: where each begins.
            to_s: where it ends.

        Returns:
            s, shape (intervals, kinds). Bursts that overlap add up, to all flows at most.
        """
        of, begins, ends = (np.asarray(it)[:, None] for it in (slices, from_s, to_s))
        overlap = np.minimum(ends, self.end_s) - np.maximum(begins, self.start_s)
        taken = np.maximum(overlap, 0.0) * self.share * (of == self.slice)
        by_kind = np.zeros((len(taken), self._kinds))
        for kind in range(self._kinds):
            by_kind[:, kind] = taken[:, self.kind == kind].sum(axis=1)
        most = by_kind.sum(axis=1, keepdims=True) / np.maximum(ends - begins, 1e-12)
        shares: Floats = by_kind / np.maximum(most, 1.0)
        return shares
