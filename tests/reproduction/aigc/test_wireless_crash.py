"""The time line of a crash: which crash it is, and what was held meanwhile."""

import numpy as np
import pytest

from edgesim.errors import InputError
from edgesim.reproduction.aigc.wireless_crash import Row, _first_crash, _held

LOG: list[Row] = [
    (0.0, "choose", 0, 1, 200.0),
    (1.0, "start", 0, 1, 0.5),
    (1.5, "choose", 1, 1, 150.0),
    (2.0, "start", 1, 1, 0.5),
    (3.0, "run over", 0, 1, 0.5),
    (4.0, "crash", -1, 0, 0.0),  # it lost nothing
    (4.5, "choose", 2, 1, 250.0),
    (5.0, "crash", -1, 1, 1.0),
    (5.0, "lose", 1, 1, 0.4),
    (5.0, "refuse", 2, 1, 250.0),
    (6.0, "restart", -1, 0, 0.0),
    (9.0, "restart", -1, 1, 0.0),
]


def test_the_first_crash_is_one_that_took_tasks_and_was_mended() -> None:
    assert _first_crash(LOG) == (5.0, 1, 9.0)
    with pytest.raises(InputError, match="no crash with a restart"):
        _first_crash(LOG[:-1])


def test_what_runs_is_held_from_start_to_end() -> None:
    times_s = np.array([0.0, 1.0, 2.0, 3.0, 4.0, 5.0])
    held = _held(LOG, times_s, 2)
    assert held.tolist() == [[0] * 6, [0, 200, 350, 150, 150, 0]]
