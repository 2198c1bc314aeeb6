"""Tables are whole at 80 columns, in one style."""

import re
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

import edgesim
from edgesim.tables import show_table

HEADINGS = ("policy", "return", "latency s", "of bound", "decisions/s")
ROWS = [
    ["load_aware_admission", "1,380.1 ± 1,534.8", "21.0", "0.993", "8,613"],
    ["random", "500.4 ± 500.6", "47.0", "", "6,611"],
]


def printed(width: int, **options) -> list[str]:
    written = StringIO()
    to = Console(file=written, width=width)
    show_table(to, HEADINGS, ROWS, words=["policy"], **options)
    return [line.rstrip() for line in written.getvalue().splitlines() if line.strip()]


def test_a_row_is_a_line_where_there_is_room() -> None:
    heading, _, *rows = printed(100)
    assert heading.split() == ["policy", "return", "latency", "s", "of", "bound", "decisions/s"]
    assert [row.split()[0] for row in rows] == ["load_aware_admission", "random"]


def test_headings_break_before_anything_else_does() -> None:
    lines = printed(72)
    assert max(map(len, lines)) <= 72
    assert any(re.search(r"1,380.1 ± 1,534.8 +21.0 +0.993", line) for line in lines)
    assert len(lines) == 5  # two of headings, one of dashes, two of figures


def test_what_can_be_spared_is_left_out_and_named() -> None:
    lines = printed(60, spare=["decisions/s", "of bound"])
    assert lines[-1] == "left out, since the terminal is narrow: decisions/s"
    assert not any("8,613" in line for line in lines)
    assert any("0.993" in line for line in lines)


@pytest.mark.parametrize("width", [80, 100, 110])
def test_no_figure_is_cut(width: int) -> None:
    text = "\n".join(printed(width))
    for row in ROWS:
        for cell in row:
            assert cell in text
    assert "…" not in text


def test_words_break_at_spaces() -> None:
    written = StringIO()
    show_table(
        Console(file=written, width=40),
        ("figure", "value", "what it is"),
        [["refused", "0", "tasks that were not started: they did not fit"]],
        words=("figure", "what it is"),
    )
    assert max(len(line.rstrip()) for line in written.getvalue().splitlines()) <= 40
    assert "tasks that were" in written.getvalue()


def test_one_file_says_how_tables_look() -> None:
    package = Path(edgesim.__path__[0])
    users = [
        str(path.relative_to(package))
        for path in package.rglob("*.py")
        if re.search(r"rich\.(table|box) import", path.read_text(encoding="utf-8"))
    ]
    assert users == ["tables.py"]
