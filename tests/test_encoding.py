"""No text is read or written in whatever encoding the machine happens to have."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = [
    *sorted((ROOT / "edgesim").rglob("*.py")),
    *sorted((ROOT / "examples").rglob("*.py")),
    *sorted((ROOT / "docs").rglob("*.py")),
    *sorted((ROOT / "notebooks").rglob("*.py")),
]


def mode_of(call: ast.Call) -> str:
    """The mode that a call of ``open`` states; ``path.open`` takes it first, ``open`` second."""
    place = 0 if isinstance(call.func, ast.Attribute) else 1
    given = [*call.args[place : place + 1], *(k.value for k in call.keywords if k.arg == "mode")]
    return "r" if not given else str(getattr(given[0], "value", "not known"))


def unstated(text: str) -> Iterator[int]:
    """Lines of a source that read or write text without saying in which encoding."""
    for call in ast.walk(ast.parse(text)):
        if not isinstance(call, ast.Call):
            continue
        name = getattr(call.func, "attr", getattr(call.func, "id", ""))
        keywords = {keyword.arg: keyword.value for keyword in call.keywords}
        opens = name == "open" and mode_of(call) in ("r", "w", "a", "x", "r+", "w+", "a+")
        # Things of our own have a method open(); those of files are given a mode, or are "with".
        opens &= isinstance(call.func, ast.Name) or bool(call.args or keywords)
        asks = opens or name in ("read_text", "write_text", "TextIOWrapper")
        runs = name in ("run", "Popen", "check_output") and "text" in keywords
        if (asks or runs) and "encoding" not in keywords:
            yield call.lineno


def test_every_text_file_states_its_encoding() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in SOURCES
        for line in unstated(path.read_text(encoding="utf-8"))
        # importlib.metadata reads its own files as UTF-8, and takes no encoding
        if "distribution(" not in path.read_text(encoding="utf-8").splitlines()[line - 1]
    ]
    assert found == []


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("path.read_text()", True),
        ("path.write_text('a')", True),
        ("open('a')", True),
        ("path.open('w', newline='')", True),
        ("subprocess.run(['git'], text=True)", True),
        ("path.read_text(encoding='utf-8')", False),
        ("open('a', 'rb')", False),
        ("path.open('wb')", False),
        ("controller.open(source, 3.0)", False),
        ("self.open()", False),
    ],
)
def test_a_line_without_an_encoding_is_found(line: str, wrong: bool) -> None:
    assert bool(list(unstated(line))) == wrong
