"""Number beside number: when ours and another's measurement of a policy agree."""

from typing import Any

import pytest

from edgesim.reproduction.sfc.published import compared


def row(qoe: float, rejected: float, name: str = "greedy") -> dict[str, Any]:
    told = {"name": name, "rejected": rejected}
    return {**told, "qoe": qoe, "qoe_low": qoe - 0.02, "qoe_high": qoe + 0.02}


@pytest.mark.parametrize(
    ("ours", "theirs", "agrees"),
    [
        ((3.69, 0.0), (3.69, 0.0), True),
        ((3.63, 0.0), (3.69, 0.0), True),  # other requests
        ((3.60, 0.0), (3.69, 0.0), False),
        ((3.69, 0.02), (3.69, 0.0), False),  # as much QoE, by other means
        ((-0.9, 0.222), (-0.72, 0.209), True),  # failures of -10 make the mean noisy
        ((-1.2, 0.25), (-0.72, 0.209), False),
    ],
)
def test_equal_but_for_the_requests_that_were_drawn(
    ours: tuple[float, float], theirs: tuple[float, float], agrees: bool
) -> None:
    assert compared(row(*ours), *theirs).agrees is agrees


def test_a_finding_says_what_was_measured_and_where() -> None:
    found = compared(row(3.0, 0.5), 3.0, None, ", holding 3x")
    assert found.what == "greedy, holding 3x: QoE of a request"
    assert (found.here, found.published) == ("3.00 [2.98, 3.02]", "3.00")
    found = compared(row(3.0, 0.5), 3.0, 0.5)
    assert (found.here, found.published) == ("3.00 [2.98, 3.02], 50.0%", "3.00, 50.0%")
