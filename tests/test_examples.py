"""What the README, the documentation and docstrings tell a reader to type works.

Every ``edgesim`` line, in a block or within a sentence, is composed: each key, value and name in it
exists. Python blocks, and lines that take seconds, are run, page by page in an empty folder.
"""

import doctest
import re
import runpy
import shlex
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import networkx
import pytest

from edgesim.commands.cli import main
from edgesim.commands.names import TASKS
from edgesim.config.compose import compose, prepared
from edgesim.config.overrides import parsed

ROOT = Path(__file__).parents[1]
GENERATED: dict[str, str] = runpy.run_path(str(ROOT / "docs" / "generated.py"))["pages"]()
WRITTEN = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
PAGES = {str(it.relative_to(ROOT)): it.read_text() for it in WRITTEN} | GENERATED


class Block(NamedTuple):
    """A fenced block: its language and its text."""

    language: str
    text: str


def blocks(page: str) -> Iterator[Block]:
    """The fenced blocks of a page, the empty language included."""
    for language, text in re.findall(r"^```(\w*)\n(.*?)^```$", page, re.MULTILINE | re.DOTALL):
        yield Block(language, text)


def lines(block: Block) -> Iterator[list[str]]:
    """The words of each shell line, without its comment; a line that ends in \\ goes on."""
    for line in block.text.replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        if words:
            yield words


def said(page: str) -> Iterator[list[str]]:
    """The words of the ``edgesim`` lines of a page, but for those with something left out."""
    for block in blocks(page):
        if block.language == "sh":
            yield from (words for words in lines(block) if words[0] == "edgesim")
    prose = re.sub(r"^```.*?^```$", "", page, flags=re.MULTILINE | re.DOTALL)
    for line in re.findall(r"`(edgesim [a-z][^`]*)`", prose):
        if "…" not in line and "<" not in line:
            yield shlex.split(line)


LINES = sorted({shlex.join(words) for page in PAGES.values() for words in said(page)})
MEASURED = ("results", "federated", "ring", "llm_training", "wan_training", "intrusion", "faults")
"""Pages that say how figures were measured: their lines are slow tests."""
COMMON = {
    shlex.join(words)
    for name, page in PAGES.items()
    if Path(name).stem not in MEASURED
    for words in said(page)
}
FIRST = {
    shlex.join(words) for name in ("README.md", "docs/quickstart.md") for words in said(PAGES[name])
}
"""What a new reader types."""


def parameters(lines: Iterable[str], fast: set[str]) -> list[Any]:
    """Lines as parameters of a test, which is slow but for some."""
    return [pytest.param(it, marks=[] if it in fast else [pytest.mark.slow]) for it in lines]


def test_examples_are_found() -> None:
    assert "edgesim train scenario=aigc" in LINES
    assert len(LINES) > 40
    languages = {it.language for page in PAGES.values() for it in blocks(page)}
    # console and text are what was printed
    assert languages <= {"", "console", "python", "sh", "text", "toml", "yaml"}, (
        "a language that nothing tests"
    )


@pytest.mark.parametrize("line", parameters(LINES, COMMON))
def test_a_line_can_be_composed(
    reader: Path, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    _, command, *words = shlex.split(line)
    if command == "new":  # the reader has a city.yaml already
        (reader / f"{words[1]}.yaml").unlink(missing_ok=True)
    if command not in TASKS or "--help" in words:
        assert main([command, *words]) == 0
        assert capsys.readouterr().out
    elif "-m" in words:
        from hydra._internal.core_plugins.basic_sweeper import BasicSweeper

        words.remove("-m")
        swept = [it for it in prepared(command, words, sweep=True) if not it.startswith("hydra")]
        for batch in BasicSweeper.split_arguments(parsed(swept), None):
            for overrides in batch:
                compose(command, overrides)
    elif command == "demo":  # its words are a kind and a file
        assert len([word for word in words if "=" not in word]) == 2
    else:
        compose(command, words)


def _make(words: list[str]) -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in (word for word in words if "=" not in word):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def _pip(words: list[str]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for word in words:
        if found := re.fullmatch(r"\.\[(.*)\]", word):
            assert set(found[1].split(",")) <= project["optional-dependencies"].keys()
    files = [words[at + 1] for at, word in enumerate(words) if word == "-c"]
    assert all((ROOT / file).is_file() for file in files)


def _python(words: list[str]) -> None:
    if words[0] == "-m":
        assert words[1] == "pytest" or (ROOT / "examples" / words[1]).is_dir()
    else:
        assert (ROOT / words[0]).is_file()


def _nothing(words: list[str]) -> None:
    """Not ours to test."""


def _versions(words: list[str]) -> None:
    assert words and set(words) <= {"oldest", "newest"}
    assert (ROOT / ".ci" / "versions").is_file()


PROGRAMS: dict[str, Callable[[list[str]], None]] = {
    ".": _nothing,
    ".ci/versions": _versions,
    "edgesim": _nothing,  # composed above
    "make": _make,
    "pip": _pip,
    "python": _python,
}


@pytest.mark.parametrize("name", PAGES)
def test_shell_blocks_name_targets_extras_and_files_that_exist(name: str) -> None:
    for block in blocks(PAGES[name]):
        if block.language == "sh":
            for words in lines(block):
                PROGRAMS[words[0]](words[1:])


# --- run --------------------------------------------------------------------------------------

SHORT = {
    "evaluate": ["episodes=1"],
    "evaluate over worlds": ["episodes=1", "worlds=1"],
    "list": [],
    "simulate": [],
    "train": ["total_steps=1000", "episodes=1", "validations=1", "validation_episodes=1"],
}
"""Commands that are run, and what makes them short. The others take minutes, or files of yours."""

# What a reader is taken to have, besides a topology: traces, and a module.
FILES = {
    "tasks.csv": "arrival_s,steps\n" + "".join(f"{50 * k},{100 + k}\n" for k in range(30)),
    "requests.csv": "TIMESTAMP,GeneratedTokens\n"
    + "".join(f"{50 * k},{60 + k}\n" for k in range(30)),
    "calls.csv": "start,slice,source,destination,mbit,max_delay_s,holding_s\n"
    + "".join(f"{k},embb,Berlin,Hamburg,20,0.1,30\n" for k in range(30)),
    "links.csv": "source,target,capacity_mbps,delay_ms\n0,1,2500,1.6\n1,6,155,\n",
    "hosts.csv": "node,vnf,capacity_bps,processing_ms\n"
    + "".join(f"{k},{vnf},,\n" for k, vnf in enumerate(("nat", "fw", "tm", "voc", "woc", "idps"))),
    "chains.csv": "bandwidth,max_delay_ms,released_before\n100,60,1\n50,70,\n25,80,9\n",
    "mine.py": next(it.text for it in blocks(PAGES["README.md"]) if it.text.startswith("# mine.py"))
    + "\n\nfrom stable_baselines3 import PPO as MyLearner\n",
} | {
    found[1]: it.text  # a block that begins with the name of its file
    for page in PAGES.values()
    for it in blocks(page)
    if it.language == "yaml" and (found := re.match(r"# ([\w.]+)\n", it.text))
}


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a reader who has those files, and who can import what lies there."""
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    ring = networkx.circulant_graph(16, [1, 5])
    networkx.set_edge_attributes(ring, dict.fromkeys(ring.edges, 90.0), "length_km")
    networkx.write_graphml(ring, tmp_path / "mine.graphml")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "mine", raising=False)
    return tmp_path


def shortened(words: list[str]) -> list[str]:
    """A line with what makes it short, after its own keys: the last value of a key counts."""
    several = any(word.startswith("worlds=") for word in words)
    short = SHORT[f"{words[1]} over worlds" if several else words[1]]
    keys = {word.partition("=")[0] for word in short}
    own = [word for word in words[1:] if word.partition("=")[0] not in keys]
    return [*own, *short]


def is_quick(words: list[str]) -> bool:
    """Whether a line of the shell is run with its page: one that takes seconds."""
    return words[:2] in (["edgesim", "simulate"], ["edgesim", "list"]) or (
        words[:2] == ["edgesim", "evaluate"]
        and "policy=all" not in words
        and not any("planner" in word or "runs/" in word or "./" in word for word in words)
    )


@pytest.mark.parametrize("name", [it for it in PAGES if "python" in dict(blocks(PAGES[it]))])
def test_the_python_of_a_page_runs(reader: Path, name: str) -> None:
    names: dict[str, object] = {}  # what a page has defined, it may use further below
    for block in blocks(PAGES[name]):
        if block.language == "python" and not block.text.startswith("# mine.py"):
            exec(compile(block.text, name, "exec"), names)


@pytest.mark.parametrize(
    "line", parameters([it for it in LINES if is_quick(shlex.split(it))], FIRST)
)
def test_a_quick_line_runs(reader: Path, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(shortened(shlex.split(line))) == 0, capsys.readouterr().err
    assert capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.parametrize(
    "line",
    [
        it
        for it in LINES
        if it.split()[1] in SHORT and not is_quick(shlex.split(it)) and " -m " not in it
    ],
)
def test_any_other_line_that_can_be_short_runs(
    reader: Path, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(shortened(shlex.split(line))) == 0, capsys.readouterr().err


def test_a_list_of_providers_is_taken(reader: Path) -> None:
    given = [
        it.text
        for page in PAGES.values()
        for it in blocks(page)
        if it.language == "yaml" and "capacity: " in it.text and "ax: " in it.text
    ]
    assert given
    for text in given:
        (reader / "providers.yaml").write_text(text)
        line = "simulate scenario=aigc_paper policy=round_robin scenario.providers=providers.yaml"
        assert main([*line.split(), "scenario.horizon_s=1000"]) == 0


# --- docstrings -------------------------------------------------------------------------------

WITH_EXAMPLES = [it for it in (ROOT / "edgesim").rglob("*.py") if ">>> " in it.read_text()]


@pytest.mark.parametrize("path", WITH_EXAMPLES, ids=lambda it: it.relative_to(ROOT).as_posix())
def test_the_examples_of_a_docstring_give_what_they_say(path: Path) -> None:
    module = import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
    failed, tried = doctest.testmod(module)
    assert tried > 0
    assert failed == 0
