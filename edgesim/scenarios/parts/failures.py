"""Failures and repairs of links and nodes."""

from dataclasses import dataclass

from edgesim.scenarios.checks import between, positive
from edgesim.scenarios.settings import setting

__all__ = ["SHAPES", "Failures", "expected_failures"]

SHAPES = (0.1, 20.0)
"""Of Weibull times: beyond, means and scales are orders of magnitude apart."""


@dataclass
class Failures:
    """Failures of links and nodes: Weibull times to failure and to repair; null is never.

    Shape 1 is exponential; above 1 things wear out, below 1 they fail early or again and again.
    """

    link_mtbf_s: float | None = setting(
        None, "s; mean working time of a link; null: it never fails", usual=(1, 1e10)
    )
    link_mttr_s: float = setting(30.0, "s; mean time to its repair", usual=(0.01, 1e8))
    node_mtbf_s: float | None = setting(
        None, "s; mean working time of a node; null: it never fails", usual=(1, 1e10)
    )
    node_mttr_s: float = setting(60.0, "s; mean time to its repair", usual=(0.01, 1e8))
    shape: float = setting(1.0, "Weibull shape of working times; 1: exponential")
    repair_shape: float = setting(1.0, "Weibull shape of times to repair; 1: exponential")

    def check(self, at: str) -> None:
        for key in ("link_mtbf_s", "link_mttr_s", "node_mtbf_s", "node_mttr_s"):
            if getattr(self, key) is not None or "mttr" in key:
                positive(f"{at}.{key}", getattr(self, key))
        for key in ("shape", "repair_shape"):
            between(f"{at}.{key}", getattr(self, key), *SHAPES)


def expected_failures(failures: Failures, links: float, nodes: float, length_s: float) -> float:
    """About how many failures and repairs of so many links and nodes there are in a time, s."""
    cycles = 0.0
    if failures.link_mtbf_s is not None:
        cycles += links * length_s / (failures.link_mtbf_s + failures.link_mttr_s)
    if failures.node_mtbf_s is not None:
        cycles += nodes * length_s / (failures.node_mtbf_s + failures.node_mttr_s)
    return 2.0 * cycles
