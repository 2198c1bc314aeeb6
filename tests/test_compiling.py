"""Whoever waits for a compilation is told of it, once."""

from pathlib import Path
from types import ModuleType

import pytest

from edgesim.compiling import announce, announced

SOURCE = """
from edgesim.twin.core.compiled import compiled

@compiled()
def doubled(value):
    return 2 * value

@compiled()
def halved(value):
    return value / 2
"""


def module(folder: Path, name: str) -> ModuleType:
    """The module above from a file, as a new process would have it."""
    path = folder / f"{name}.py"
    path.write_text(SOURCE, encoding="utf-8")
    made = ModuleType(name)
    made.__file__ = str(path)
    exec(compile(SOURCE, str(path), "exec"), made.__dict__)
    return made


def test_the_first_compilation_is_told_of_and_no_second(tmp_path: Path) -> None:
    told: list[str] = []
    with announced(lambda: told.append("compiling")):
        fresh = module(tmp_path, "fresh")
        assert told == []
        assert fresh.doubled(2) == 4
        assert fresh.halved(2.0) == 1.0
    assert told == ["compiling"]


def test_what_was_kept_is_not_told_of(tmp_path: Path) -> None:
    assert module(tmp_path, "kept").doubled(2) == 4
    told: list[str] = []
    with announced(lambda: told.append("compiling")):
        assert module(tmp_path, "kept").doubled(3) == 6
    assert told == []


def test_a_shell_reads_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    with announced():
        announce()
    announce()
    assert capsys.readouterr().err.count("compiling") == 1
