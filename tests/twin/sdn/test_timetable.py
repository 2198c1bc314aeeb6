"""Frames by the block are the frames of a queue of events, one by one."""

from heapq import heapify, heappop, heappush
from itertools import count, islice

import numpy as np
import pytest

from edgesim.twin.sdn.timetable import Crossings, Echoes

LINES = 7


def draws(seed: int, mean_s: float):
    rng = np.random.default_rng(seed)
    return lambda size: rng.exponential(mean_s, size) if mean_s else np.zeros(size)


def rows(blocks, number):
    """The rows of blocks, one after the other."""
    return list(islice((row for block in blocks for row in zip(*block, strict=True)), number))


@pytest.mark.parametrize("period_s", [0.02, 0.1, 5.0])
@pytest.mark.parametrize("noise_s", [0.0, 1e-3, 0.2])
def test_frames_cross_in_the_order_of_a_queue_of_events(period_s: float, noise_s: float) -> None:
    near_s = np.array([0.01, 0.03, 0.001, 0.02, 0.01, 0.01, 0.005])
    sent_s = np.arange(LINES) / LINES * period_s
    far_s = near_s[::-1].copy()
    uniform = np.random.default_rng(1).random
    found = rows(Crossings(sent_s, period_s, near_s, far_s, draws(0, noise_s), uniform), 300)

    draw, fate, order = draws(0, noise_s), np.random.default_rng(1).random, count()
    jitter = draw(LINES)
    queue = [
        (sent_s[line] + near_s[line] + jitter[line], next(order), line, sent_s[line])
        for line in range(LINES)
    ]
    heapify(queue)
    expected = []
    for _ in range(300):
        now_s, _, line, left_s = heappop(queue)
        jitter = draw(2)
        expected.append((now_s, line, left_s, now_s + far_s[line] + jitter[1], fate(1)[0]))
        again_s = left_s + period_s
        due_s = max(now_s, again_s + near_s[line] + jitter[0])
        heappush(queue, (due_s, next(order), line, again_s))
    assert found == expected


@pytest.mark.parametrize("noise_s", [0.0, 1e-3, 0.2])
def test_echoes_come_in_the_order_of_a_queue_of_events(noise_s: float) -> None:
    channel_s = np.array([0.01, 0.03, 0.001, 0.02, 0.01, 0.01, 0.005])
    sent_s = np.arange(LINES) / LINES * 0.1
    found = rows(Echoes(sent_s, 0.1, channel_s, draws(0, noise_s)), 300)

    draw, order = draws(0, noise_s), count()
    queue: list[tuple[float, int, int, float, float]] = []

    def send(node: int, left_s: float, now_s: float) -> None:
        jitter = draw(2)
        round_s = 2 * channel_s[node] + jitter[0] + jitter[1]
        heappush(queue, (max(left_s + round_s, now_s), next(order), node, left_s, round_s))

    for node in range(LINES):
        send(node, sent_s[node], 0.0)
    expected = []
    for _ in range(300):
        now_s, _, node, left_s, round_s = heappop(queue)
        expected.append((now_s, node, round_s / 2))
        send(node, left_s + 0.1, now_s)
    assert found == expected
