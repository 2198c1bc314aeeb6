"""Layers shared out in proportion to something."""

from collections.abc import Sequence

__all__ = ["in_proportion"]


def in_proportion(weights: Sequence[float], total: int) -> tuple[int, ...]:
    """``total`` layers in proportion to weights, by largest remainders; the head has one at least.

    >>> in_proportion([1.0, 2.0, 1.0], 9)
    (2, 5, 2)
    """
    whole = sum(weights)
    if whole <= 0:
        return (total, *[0] * (len(weights) - 1))
    exact = [weight / whole * total for weight in weights]
    counts = [int(x) for x in exact]
    by_rest = sorted(range(len(exact)), key=lambda m: counts[m] - exact[m])
    for m in by_rest[: total - sum(counts)]:
        counts[m] += 1
    if counts[0] == 0:
        counts[counts.index(max(counts))] -= 1
        counts[0] = 1
    return tuple(counts)
