"""Ranks of published heuristics, worked by hand on a path of three nodes."""

import numpy as np
import pytest

from edgesim.agents.vne.ranks import Resources, essential, grc, nrm, random_walk, virtual
from edgesim.twin.vne.request import VirtualLink, VirtualNetwork

PATH = virtual(
    VirtualNetwork(
        0,
        0.0,
        1.0,
        [2.0, 3.0, 5.0],
        [VirtualLink(0, 1, 4e6, np.inf), VirtualLink(1, 2, 6e6, np.inf)],
    )
)
"""0 -4- 1 -6- 2 Mbit/s, with CPU 2, 3, 5."""


def test_nrm_is_cpu_times_bandwidth_and_essential_cpu_times_degree() -> None:
    assert nrm(PATH).tolist() == [8, 30, 30]
    assert essential(PATH).tolist() == [2, 6, 5]


def test_grc_solves_its_equation() -> None:
    """r = 0.15 c + 0.85 M r: node 1 gets all of 0 and 2; these get 0.4 and 0.6 of node 1."""
    lent = np.array([[0, 0.4, 0], [1, 0, 1], [0, 0.6, 0]])
    exact = np.linalg.solve(np.eye(3) - 0.85 * lent, 0.15 * np.array([0.2, 0.3, 0.5]))
    assert grc(PATH) == pytest.approx(exact, abs=1e-4)
    assert grc(PATH).sum() == pytest.approx(1.0)


def test_a_random_walk_is_where_it_stays() -> None:
    """It jumps to 8/68, 30/68, 30/68, and goes on from 1 to 0 and 2 as 8 to 30."""
    jump = np.array([8, 30, 30]) / 68
    onward = np.array([[0, 8 / 38, 0], [1, 0, 1], [0, 30 / 38, 0]])
    exact = np.linalg.solve(np.eye(3) - 0.85 * onward, 0.15 * jump)
    assert random_walk(PATH) == pytest.approx(exact, abs=1e-3)


def test_nothing_left_is_no_mistake() -> None:
    bare = Resources(np.zeros(3), np.zeros((3, 3)), PATH.joined)
    for rank in (nrm, essential, grc, random_walk):
        assert np.isfinite(rank(bare)).all()
