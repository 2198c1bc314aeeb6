"""How well a network gets over its faults: outages, time to recover, what they cost."""

import numpy as np

__all__ = ["FAULT_METRICS", "Recovery"]

FAULT_METRICS: dict[str, str] = {
    "outages": "faults that began in the episode, crowds apart",
    "recovery_s": "mean time from a fault to ten requests in a row that fare as usual, s",
    "fault_loss": "share of the requests that were under way or running and were lost",
}
"""Figures of episodes in whose scenario there are ``faults``."""

_ROW = 10  # requests that make a service as good as usual [chosen]


class Recovery:
    """What came of the requests of an episode, beside the faults that happened in it."""

    def __init__(self) -> None:
        self._ends: dict[int, tuple[float, bool]] = {}  # of each request: when it came, served well
        self._lost = 0

    def ended(self, number: int, arrival_s: float, *, well: bool, lost: bool = False) -> None:
        """What became of a request is known; of one that was served and then lost, the last counts.

        Args:
            number: its number in the episode.
            arrival_s: when it came, s.
            well: whether it was served as it should be.
            lost: whether it had begun and was lost.
        """
        self._ends[number] = (arrival_s, well)
        self._lost += lost

    def metrics(self, began_s: list[float], end_s: float) -> dict[str, float]:
        """:data:`FAULT_METRICS` of the episode.

        A fault after which no such ten requests come counts until the end.

        Args:
            began_s: when faults began, s.
            end_s: end of the episode, s.
        """
        ends = sorted(self._ends.values())
        arrived_s = np.array([arrival_s for arrival_s, _ in ends])
        well = np.array([served for _, served in ends], dtype=float)
        found = {"outages": float(len(began_s)), "recovery_s": 0.0}
        found["fault_loss"] = self._lost / max(len(ends), 1)
        if began_s and len(well) >= _ROW:
            sums = np.concatenate([[0.0], np.cumsum(well)])
            shares = (sums[_ROW:] - sums[:-_ROW]) / _ROW  # of the ten from each request on
            good = np.flatnonzero(shares >= well.mean())
            firsts = np.searchsorted(arrived_s, began_s)
            places = np.searchsorted(good, firsts)
            ends_s = [
                arrived_s[good[place]] if place < len(good) else end_s for place in places.tolist()
            ]
            found["recovery_s"] = float(np.mean(np.maximum(np.array(ends_s) - began_s, 0.0)))
        return found
