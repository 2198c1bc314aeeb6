"""Folders of results as a comparison reads them: trainings, evaluations, simulations."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from edgesim.agents.runs import runfolder
from edgesim.agents.runs.measured import command_in, read_measured
from edgesim.errors import InputError

__all__ = ["Played", "Table", "lacking", "read_played"]

Table = Mapping[int, Mapping[str, Any]]
"""The rows of a policy, by episode seed."""

_FILES = {
    "evaluate": ("config.yaml", "episodes.parquet", "evaluation.json", "provenance.json"),
    "simulate": ("config.yaml", "summary.json", "provenance.json"),
}


@dataclass
class Played:
    """What a comparison reads of one folder.

    Attributes:
        folder: where it is.
        scenario: the keys of its scenario, nested, without what changes nothing.
        rows: of each policy, what came of each episode.
        agent: the agent that was trained; None: nothing was.
        seed: of the training.
        settings: what the agent learned by, apart from scenario and seed.
    """

    folder: Path
    scenario: dict[str, Any]
    rows: dict[str, dict[int, dict[str, Any]]]
    agent: str | None = None
    seed: int = 0
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def episodes(self) -> set[int]:
        """Seeds of the episodes that the agent, or else every policy, has played."""
        if self.agent is not None:
            return set(self.rows[self.agent])
        return set.intersection(*(set(table) for table in self.rows.values()))


def lacking(folder: Path) -> str | None:
    """Why a folder with a ``config.yaml`` cannot be compared, as a phrase; None: it can."""
    command = command_in(folder)
    if command == "evaluate" and (folder / "worlds.json").is_file():
        return "is an evaluation over worlds, whose policies it compares itself"
    if command is not None and command not in _FILES:
        return f"is one of edgesim {command}, which compares itself"
    if command is None:
        files = runfolder.missing(folder)
    else:
        files = [name for name in _FILES[command] if not (folder / name).is_file()]
    return f"is not complete, it lacks {', '.join(files)}" if files else None


def read_played(folder: Path) -> Played:
    """What a complete folder holds.

    Raises:
        InputError: it cannot be read.
    """
    command = command_in(folder)
    if command is None:
        config = runfolder.read_config(folder)
        settings = runfolder.learned_from(config)
        scenario = settings.pop("scenario")
        rows = _episodes(folder)
        agent = config.agent.name
        if agent not in rows:
            raise _unreadable(folder, "episodes.parquet", f"it lacks {agent!r}")
        return Played(folder, scenario, rows, agent, config.seed, settings)
    measured = read_measured(folder)
    scenario = runfolder.plain(asdict(measured.scenario))
    scenario.pop("title", None)
    rows = _episodes(folder) if command == "evaluate" else _summary(folder)
    if not rows:
        raise _unreadable(folder, "episodes.parquet", "it has no rows")
    return Played(folder, scenario, rows)


def _episodes(folder: Path) -> dict[str, dict[int, dict[str, Any]]]:
    import pyarrow.parquet as pq

    try:
        rows: dict[str, dict[int, dict[str, Any]]] = {}
        for row in pq.read_table(folder / "episodes.parquet").to_pylist():
            rows.setdefault(row["policy"], {})[int(row["seed"])] = row
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = (str(error).splitlines() or [""])[0]
        raise _unreadable(folder, "episodes.parquet", reason) from None
    return rows


def _summary(folder: Path) -> dict[str, dict[int, dict[str, Any]]]:
    """The one episode of a simulation."""
    try:
        row = dict(json.loads((folder / "summary.json").read_text(encoding="utf-8")))
        row.pop("scenario", None)
        return {str(row["policy"]): {int(row["seed"]): row}}
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = (str(error).splitlines() or [""])[0]
        raise _unreadable(folder, "summary.json", reason) from None


def _unreadable(folder: Path, file: str, reason: str) -> InputError:
    return InputError("run folder", str(folder), f"its {file} cannot be read ({reason})")
