"""Failures and repairs of links and nodes."""

from dataclasses import dataclass

from edgesim.scenarios.checks import positive

__all__ = ["Failures"]


@dataclass
class Failures:
    """Failures of links and nodes: exponential times to failure and to repair; null is never."""

    link_mtbf_s: float | None = None
    link_mttr_s: float = 30.0
    node_mtbf_s: float | None = None
    node_mttr_s: float = 60.0

    def check(self, at: str) -> None:
        for key in ("link_mtbf_s", "link_mttr_s", "node_mtbf_s", "node_mttr_s"):
            if getattr(self, key) is not None or "mttr" in key:
                positive(f"{at}.{key}", getattr(self, key))
