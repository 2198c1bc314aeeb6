"""What must be true of a network: each break is told, and what is as it should be is not."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from edgesim.twin.network.invariants import reservations, violations

NAN = float("nan")


def network(figures: dict[str, float] | None = None, change: str | None = None) -> Any:
    """Two links, the second with other figures; a stated event of a kind, if any."""
    usual = {"reserved_bps": 5.0, "capacity_bps": 10.0, "loss": 0.1, "delay_s": 0.01}
    usual["load_bps"] = 6.0
    links = {
        name: np.array([value, (figures or {}).get(name, value)]) for name, value in usual.items()
    }
    plan = [] if change is None else [SimpleNamespace(change=change)]
    return SimpleNamespace(links=SimpleNamespace(**links), world=SimpleNamespace(plan=plan))


def test_a_network_within_its_bounds_breaks_nothing() -> None:
    assert list(violations(network())) == []
    rounded = 10.0 * (1 + 5e-7)
    at_bounds = {"reserved_bps": rounded, "load_bps": rounded, "loss": 1.0, "delay_s": 0.0}
    assert list(violations(network(at_bounds))) == []
    assert list(violations(network({"reserved_bps": 0.0, "loss": 0.0}))) == []


@pytest.mark.parametrize(
    ("figures", "said"),
    [
        ({"reserved_bps": -0.1}, "reserves less than nothing"),
        ({"reserved_bps": 10.001, "load_bps": 0.0}, "has more reserved than it holds"),
        ({"loss": 1.1}, r"loses a share beside \[0, 1\]"),
        ({"loss": -0.1}, r"loses a share beside \[0, 1\]"),
        ({"loss": NAN}, r"loses a share beside \[0, 1\]"),
        ({"delay_s": -1e-9}, "has no finite delay"),
        ({"delay_s": float("inf")}, "has no finite delay"),
        ({"load_bps": 10.001}, "carries more than it holds"),
    ],
)
def test_each_break_is_told_with_its_link(figures: dict[str, float], said: str) -> None:
    (told,) = violations(network(figures))
    assert said.replace("\\", "") in told and told.startswith("link 1 ")


def test_a_stated_event_may_lower_a_capacity_below_what_is_reserved() -> None:
    over = {"reserved_bps": 12.0, "load_bps": 12.0}
    assert len(list(violations(network(over)))) == 1
    assert len(list(violations(network(over, "delay")))) == 1
    assert list(violations(network(over, "capacity"))) == []


def test_what_is_reserved_is_what_users_hold_and_what_was_stated() -> None:
    wiring = SimpleNamespace(reserved_bps=np.array([1.0, 0.0]), capacity_bps=np.array([10.0, 10.0]))
    links = SimpleNamespace(reserved_bps=np.array([3.0, 2.0]), wiring=wiring)
    held = np.array([2.0, 2.0])
    assert list(reservations(SimpleNamespace(links=links), held, "chains")) == []
    assert list(reservations(SimpleNamespace(links=links), held + 5e-6, "chains")) == []
    (told,) = reservations(SimpleNamespace(links=links), held - [0.0, 0.5], "chains")
    assert told == "link 1 has 2 bit/s reserved, and chains hold 1.5"
