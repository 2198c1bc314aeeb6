"""The documentation site: built without a warning, and nothing that is generated is missing."""

import importlib.util
import re
import subprocess
import sys
from html import unescape
from pathlib import Path
from types import ModuleType

import pytest

from edgesim.commands.names import COMMANDS
from edgesim.config.agents import presets as agent_presets
from edgesim.importing import load
from edgesim.problems import PROBLEMS
from edgesim.reproduction.figures import FIGURES
from edgesim.scenarios import preset, presets

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"


def load_hook() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generated", DOCS / "generated.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


GENERATED = load_hook()
PAGES: dict[str, str] = GENERATED.pages()


@pytest.mark.parametrize("name", presets())
def test_a_preset_has_its_page_with_its_title_and_every_key(name: str) -> None:
    page = PAGES[f"scenarios/{name}.md"]
    assert presets()[name] in page
    rows = re.findall(r"^\| `([^=`]+)=", page, re.MULTILINE)
    assert set(rows) >= preset(name).keys() - {"name"}


WITH_ENVIRONMENTS = [problem for problem in PROBLEMS.values() if problem.env]


@pytest.mark.parametrize("problem", WITH_ENVIRONMENTS, ids=lambda problem: problem.name)
def test_an_environment_has_its_page_with_its_docstrings_sections(problem) -> None:
    page = PAGES[f"environments/{problem.name}.md"]
    sections = re.findall(r"^ *(## .*)$", load(problem.env).__doc__, re.MULTILINE)
    assert len(sections) > 5
    for section in sections:
        assert f"\n{section}\n" in page
    for metric in load(problem.metrics):
        assert f"| `{metric}` |" in page
    assert ":class:" not in page


def test_tables_name_everything_that_there_is() -> None:
    text = {name: "\n".join(make()) for name, make in GENERATED.TABLES.items()}
    assert all(f"| `{name}` |" in text["figures"] for name in FIGURES)
    assert all(f"## edgesim {name}\n" in text["commands"] for name in COMMANDS)
    assert all(f"| `{name}` |" in text["agents"] for name in agent_presets())
    for problem in PROBLEMS.values():
        assert all(f"| `{name}` |" in text["policies"] for name in load(problem.policies))


def test_every_table_is_asked_for_and_every_one_that_is_asked_for_is_there() -> None:
    asked = re.findall(
        r"^<!-- table: (.*) -->$",
        "\n".join(path.read_text() for path in DOCS.rglob("*.md")),
        re.MULTILINE,
    )
    assert set(asked) == set(GENERATED.TABLES)


def test_neither_a_bar_nor_a_bracket_in_a_cell_is_markup() -> None:
    assert GENERATED._table(("a", "b"), [["x|y", "z"]])[-1] == r"| x\|y | z |"
    assert GENERATED._table(("a",), [["runs=<folder>"]])[-1] == "| runs=&lt;folder> |"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    for package in ("mkdocs", "material", "mkdocstrings_handlers.python"):
        if importlib.util.find_spec(package.partition(".")[0]) is None:
            pytest.skip(f"the extra [docs] is not installed: no {package}")
    folder = tmp_path_factory.mktemp("docs") / "site"
    ran = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return folder


def test_the_site_is_built_without_a_warning(site: Path) -> None:
    for path in (*PAGES, *(it.relative_to(DOCS).as_posix() for it in DOCS.rglob("*.md"))):
        assert (site / path).with_suffix(".html").is_file(), path


def test_the_site_fetches_nothing_from_elsewhere(site: Path) -> None:
    for path in site.rglob("*.html"):
        text = path.read_text()
        fetched = re.findall(r"<(?:script|img|iframe)[^>]*\bsrc=\"?([^\"\s>]+)", text)
        fetched += re.findall(r"<link[^>]*\bhref=\"?([^\"\s>]+)", text)
        assert fetched
        assert not [address for address in fetched if re.match(r"(\w+:)?//", address)], path


def test_roles_of_docstrings_have_become_links_or_code(site: Path) -> None:
    page = unescape((site / "reference" / "edgesim.envs.aigc.html").read_text())
    assert not re.search(r":(class|data|func|meth|mod|attr):", page)
    assert 'href="edgesim.twin.aigc.html#' in page
