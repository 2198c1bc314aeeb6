"""``edgesim swarm``: many random cases, each failure shrunk to a line that plays it again."""

import sys
from collections.abc import Sequence
from time import process_time
from typing import Any

from edgesim.config.swarm import SwarmConfig
from edgesim.errors import InputError
from edgesim.swarm.case import Case, draw, families
from edgesim.swarm.checks import Played, play
from edgesim.swarm.shrink import shrink

__all__ = ["swarm"]


def swarm(config: SwarmConfig) -> dict[str, Any]:
    """Play the cases, print a table and each failure with its line.

    Returns:
        ``rows``, one a problem, and ``failures``, each with ``line`` and ``what``.

    Raises:
        InputError: unknown problems or parts.
        SystemExit: status 1, if a case failed.
    """
    chosen = families(config.chosen) if config.chosen else []
    began_s = process_time()
    rows: dict[str, dict[str, Any]] = {}
    failures: list[dict[str, str]] = []
    for number in range(config.first, config.first + config.worlds):
        case, played = _played(number, chosen, config)
        problem = "none" if case is None else case.scenario.problem
        row = rows.setdefault(
            problem,
            {"problem": problem}
            | dict.fromkeys(("worlds", "faults", "decisions", "events", "batched", "failures"), 0),
        )
        row["worlds"] += 1
        row["faults"] += 0 if case is None else len(case.events) + len(case.faults)
        row["decisions"] += played.decisions
        row["events"] += played.events
        row["batched"] += played.batched
        row["failures"] += played.failure is not None
        if played.failure is not None:
            failures.append(_told(number, chosen, config, case, played))
            print(f"{failures[-1]['line']}\n    {failures[-1]['what']}", flush=True)
    found = {"rows": [rows[name] for name in sorted(rows)], "failures": failures}
    _print(found["rows"], process_time() - began_s)
    if failures:
        sys.exit(1)
    return found


def _played(number: int, chosen: Sequence[str], config: SwarmConfig) -> tuple[Case | None, Played]:
    """Draw a case and play it; what goes wrong as it is drawn is a failure, too."""
    try:
        case = draw(number, chosen, config.left_out)
    except InputError as error:
        if error.thing == "without":
            raise
        return None, Played(0, 0, f"no world: {error}", "InputError", False)
    except Exception as error:
        return None, Played(0, 0, f"{type(error).__name__}: {error}", type(error).__name__, False)
    return case, play(case, config.steps)


def _told(
    number: int, chosen: Sequence[str], config: SwarmConfig, case: Case | None, played: Played
) -> dict[str, str]:
    """A failure as a line that plays it again, and what did not hold."""
    without, steps = tuple(config.left_out), config.steps
    what = played.failure or ""
    if config.shrink and case is not None:
        small = shrink(number, chosen, without, played)
        without, steps, what = small.without, small.steps, small.played.failure or what
    words = [f"edgesim swarm worlds=1 first={number} steps={steps} shrink=false"]
    if chosen:
        words.append(f"problems=[{','.join(chosen)}]")
    if without:
        words.append(f"without=[{','.join(without)}]")
    return {"line": " ".join(words), "what": what}


def _print(rows: Sequence[dict[str, Any]], seconds: float) -> None:
    from edgesim.tables import console as at_terminal
    from edgesim.tables import show_table

    console = at_terminal()
    heads = ("worlds", "faults", "decisions", "events", "batched", "failures")
    lines = [[row["problem"], *(f"{row[head]:,}" for head in heads)] for row in rows]
    total = [f"{sum(row[head] for row in rows):,}" for head in heads]
    show_table(console, ("problem", *heads), [*lines, ["all", *total]], words=("problem",))
    console.print(f"{seconds:.0f} CPU-s")
