"""Folders of evaluations, simulations and what-ifs: what was measured, and where that comes from.

Each holds ``config.yaml`` (the whole scenario and all that was asked for), in which ``overrides``
are the keys that differ from the scenario's preset, and ``provenance.json``, as a run folder does.
A folder is never given other content: who measures something else needs another one.
"""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any

from edgesim.agents.runs.provenance import provenance
from edgesim.agents.runs.runfolder import flat_values, plain
from edgesim.errors import InputError
from edgesim.files import replacing
from edgesim.locking import LOCK, locked
from edgesim.scenarios import resolve
from edgesim.yaml_files import dump_yaml, read_yaml

__all__ = ["COMMANDS", "Measured", "changed_keys", "command_in", "read_measured"]

_NOTHING = {"config.yaml", LOCK}  # what a folder holds of which nothing has come

COMMANDS = ("evaluate", "simulate", "whatif")
"""Whose folders these are."""

_WORDS = ("title",)  # of a scenario, which change nothing


@dataclass
class Measured:
    """What a folder holds measurements of.

    Attributes:
        command: one of :data:`COMMANDS`.
        scenario: the checked scenario.
        asked: what else was asked for: policies, episodes, seeds.
    """

    command: str
    scenario: Any
    asked: dict[str, Any]
    _begun: tuple[float, float] = field(
        default_factory=lambda: (time.time(), time.process_time()), repr=False, compare=False
    )

    def content(self) -> dict[str, Any]:
        """What ``config.yaml`` holds."""
        return {
            "command": self.command,
            **self.asked,
            "overrides": changed_keys(self.scenario),
            "scenario": plain(asdict(self.scenario)),
        }

    @property
    def suffix(self) -> str:
        """What the name of a folder ends in so that other overrides have another: ``-<hash>``.

        Empty where the scenario is a preset as it is.
        """
        changed = changed_keys(self.scenario)
        if not changed:
            return ""
        text = json.dumps(changed, sort_keys=True, default=str)
        return f"-{blake2b(text.encode(), digest_size=4).hexdigest()}"

    def claim(self, folder: Path, key: str = "out") -> Path:
        """Make a folder, and say in it what it is to hold.

        Args:
            folder: the folder.
            key: what a message calls it.

        Raises:
            InputError: it cannot be made, or holds something else.
        """
        _made(folder, key)
        content = self.content()
        if (folder / "config.yaml").exists():
            there = _there(folder)
            if there.get("command") != self.command:
                raise InputError(key, str(folder), "holds something else; name another folder")
            before, now = _compared(there), _compared(content)
            whole = (folder / "provenance.json").exists()  # else it was cut, and is done again
            for name in dict.fromkeys((*now, *before)) if whole else ():
                if before.get(name) != now.get(name):
                    raise InputError(
                        key,
                        str(folder),
                        f"holds other results: {name} is {_short(before.get(name))} there and"
                        f" {_short(now.get(name))} here; name another folder",
                    )
        with replacing(folder / "config.yaml") as part:
            part.write_text(dump_yaml(content), encoding="utf-8")
        return folder

    @contextmanager
    def at(self, folder: Path | None, key: str = "out") -> Iterator[Path | None]:
        """A claimed folder, or None, locked; where nothing comes of it, a new one is gone again.

        See :meth:`claim`.

        Raises:
            InputError: another process is at work in it, or it cannot be claimed.
        """
        if folder is None:
            yield None
            return
        new = [part for part in (folder, *folder.parents) if not part.exists()]
        _made(folder, key)
        try:
            with locked(folder, "written"):
                self.claim(folder, key)
                try:
                    yield folder
                except BaseException:
                    with suppress(OSError):
                        if new and {file.name for file in folder.iterdir()} <= _NOTHING:
                            (folder / "config.yaml").unlink(missing_ok=True)
                    raise
        except BaseException:
            with suppress(OSError):  # what is not empty, or gone already, another process has
                for part in new:
                    part.rmdir()
            raise

    def finish(self, folder: Path) -> None:
        """Write ``provenance.json``, when all else is written."""
        wall_s, cpu_s = time.time() - self._begun[0], time.process_time() - self._begun[1]
        with replacing(folder / "provenance.json") as part:
            text = json.dumps(provenance(wall_s, cpu_s), indent=2)
            part.write_text(text + "\n", encoding="utf-8")


def _made(folder: Path, key: str) -> None:
    """Make a folder."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        accepted = f"must be a folder to write to: {error.strerror}"
        raise InputError(key, str(folder), accepted) from None


def changed_keys(scenario: Any) -> dict[str, Any]:
    """The keys in which a scenario differs from the preset of its name, dotted, with their values.

    All of them where there is no such preset.
    """
    own = flat_values(_told(plain(asdict(scenario))))
    try:
        usual = flat_values(_told(plain(asdict(resolve(str(scenario.name))))))
    except InputError:
        usual = {}
    missing = object()
    return {key: value for key, value in own.items() if usual.get(key, missing) != value}


def command_in(folder: Path) -> str | None:
    """Which command made a folder with a ``config.yaml``; None: a training."""
    try:
        return str(_there(folder).get("command") or "") or None
    except InputError:
        return None


def read_measured(folder: Path) -> Measured:
    """What a folder of an evaluation or a simulation holds.

    Raises:
        InputError: its ``config.yaml`` cannot be used.
    """
    content = dict(_there(folder))
    try:
        scenario = resolve(content.pop("scenario"))
        content.pop("overrides", None)
        return Measured(str(content.pop("command")), scenario, content)
    except (KeyError, TypeError, ValueError) as error:
        reason = (str(error).splitlines() or [""])[0]
        accepted = f"its config.yaml is not one of an evaluation ({reason})"
        raise InputError("folder", str(folder), accepted) from None


def _there(folder: Path) -> dict[str, Any]:
    loaded = read_yaml(folder / "config.yaml", "folder")
    return dict(loaded) if isinstance(loaded, Mapping) else {}


def _told(scenario: Mapping[str, Any]) -> dict[str, Any]:
    """A scenario without what only says what it is."""
    return {key: value for key, value in scenario.items() if key not in _WORDS}


def _compared(content: Mapping[str, Any]) -> dict[str, Any]:
    """What has to agree of two folders, by dotted key."""
    scenario = content.get("scenario")
    told = {
        key: value for key, value in content.items() if key not in ("overrides", "record", "jobs")
    }
    if isinstance(scenario, Mapping):
        told["scenario"] = _told(scenario)
    return flat_values(json.loads(json.dumps(plain(told), default=str)))


def _short(value: Any) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= 60 else f"{text[:57]}..."
