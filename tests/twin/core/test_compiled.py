"""What is compiled is kept, and made anew when something of it changes in another file."""

import importlib
import sys
from pathlib import Path
from typing import Any

import pytest

# A package of two files; the second calls, reads, builds and is given what the first defines.
PARTS = """
from typing import NamedTuple
from edgesim.twin.core.compiled import compiled

LIMIT = 10.0

class Pair(NamedTuple):
    one: float
    other: float

class Built(NamedTuple):
    one: float
    other: float

@compiled()
def twice(x):
    return 2.0 * x

def plain(x):
    return x + 0.5
"""
USER = """
from numba.extending import register_jitable
from pair import parts
from pair.parts import LIMIT, Built, plain, twice
from edgesim.twin.core.compiled import compiled

plain = register_jitable(plain)

@compiled()
def answer(pair, x):
    built = Built(100.0, 1000.0)
    return below(twice(x)) + built.one + 10000.0 * pair.one

@compiled()
def below(x):
    return min(plain(x), LIMIT) + parts.plain(0.0)
"""
ANSWER = 6.5 + 0.5 + 100.0 + 10000.0


class Package:
    """The package, imported afresh as by a new process whenever it is asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "pair"
        self.folder.mkdir()
        (self.folder / "__init__.py").touch()
        (self.folder / "parts.py").write_text(PARTS)
        (self.folder / "user.py").write_text(USER)

    def edit(self, file: str, old: str, new: str) -> None:
        text = (self.folder / file).read_text()
        assert old in text
        (self.folder / file).write_text(text.replace(old, new))

    def ask(self, kind: str = "Pair") -> tuple[float, bool]:
        """The answer to a pair of 1 and 2 and to 3, and whether it was compiled for that."""
        for name in ("pair", "pair.parts", "pair.user"):
            sys.modules.pop(name, None)
        importlib.invalidate_caches()
        user: Any = importlib.import_module("pair.user")
        given: Any = getattr(user.parts, kind)(1.0, 2.0)
        return user.answer(given, 3.0), not user.answer.stats.cache_hits


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Package:
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # it goes by seconds
    return Package(tmp_path)


def test_what_is_compiled_is_kept(package: Package) -> None:
    assert package.ask() == (ANSWER, True)
    assert package.ask() == (ANSWER, False)


@pytest.mark.parametrize(
    ("old", "new", "answer"),
    [
        ("2.0 * x", "1.0 * x", ANSWER - 3),  # a compiled function that is called
        ("x + 0.5", "x + 0.25", ANSWER - 0.5),  # a plain one, called twice
        ("LIMIT = 10.0", "LIMIT = 5.0", ANSWER - 1.5),
        (  # the fields of what it is given
            "class Pair(NamedTuple):\n    one: float\n    other: float",
            "class Pair(NamedTuple):\n    other: float\n    one: float",
            ANSWER + 10000.0,
        ),
        (  # the fields of what it builds
            "class Built(NamedTuple):\n    one: float\n    other: float",
            "class Built(NamedTuple):\n    other: float\n    one: float",
            ANSWER + 900.0,
        ),
    ],
)
def test_an_edit_in_another_file_is_noticed(
    package: Package, old: str, new: str, answer: float
) -> None:
    assert package.ask() == (ANSWER, True)
    package.edit("parts.py", old, new)
    assert package.ask() == (answer, True)
    assert package.ask() == (answer, False)


def test_an_edit_of_a_file_that_is_not_used_changes_nothing(package: Package) -> None:
    package.ask()
    (package.folder / "__init__.py").write_text("UNUSED = 1\n")
    assert package.ask() == (ANSWER, False)


def test_what_was_kept_for_a_class_that_is_gone_is_made_anew(package: Package) -> None:
    package.ask()
    package.edit("parts.py", "class Pair", "class Couple")
    assert package.ask("Couple") == (ANSWER, True)
