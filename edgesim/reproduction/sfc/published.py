"""What others measured on the authors' service chains, and how our figures compare with it."""

from collections.abc import Mapping
from typing import Any

from edgesim.reproduction.findings import Finding
from edgesim.reproduction.results import Measured, ResultStore
from edgesim.reproduction.tables import with_interval
from edgesim.scenarios import resolve

__all__ = ["SOURCE", "bounded", "compared"]

SOURCE = "independent measurement of the setting of arXiv 1804.02099"

_NEAR = 0.05
"""QoE by which two measurements on other requests may differ: at 100 requests an episode and 60
episodes or more, the mean over the requests drawn moves by some hundredths."""
_NEAR_SHARE = 0.01
_NOISY = 0.2
"""The same where failures of -10 make up much of the mean."""


def bounded(
    results: ResultStore, scenario: str, overrides: Mapping[str, Any] | None = None
) -> Measured:
    """The bound on a scenario without network, also as QoE a request."""
    found = results.measured(scenario, "bound", overrides=overrides)
    requests = resolve(scenario, overrides).requests
    return Measured([{**row, "qoe": row["return"] / requests} for row in found.rows], None)


def compared(
    row: Mapping[str, Any], qoe: float, rejected: float | None, where: str = ""
) -> Finding:
    """QoE (and rejected share) of a policy beside what was published.

    Args:
        row: of :func:`edgesim.reproduction.tables.summarised`.
        qoe: published mean QoE of a request.
        rejected: published share, None where there is none.
        where: the setting, where it is not the authors'.
    """
    near = _NOISY if rejected is not None and rejected > 0.05 else _NEAR
    agrees = row["qoe_low"] - near <= qoe <= row["qoe_high"] + near
    here, published = with_interval(row, "qoe", 2), f"{qoe:.2f}"
    if rejected is not None:
        here += f", {row['rejected']:.1%}"
        published += f", {rejected:.1%}"
        agrees = agrees and abs(row["rejected"] - rejected) <= _NEAR_SHARE + 0.1 * rejected
    what = f"{row['name']}{where}: QoE of a request"
    if rejected is not None:
        what += ", rejected share"
    return Finding(what, here, published, SOURCE, bool(agrees))
