"""What the hooks of the documentation make, without building it."""

import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType

import pytest

from edgesim.config.compose import compose
from edgesim.reproduction.budget import BUDGETS
from edgesim.reproduction.figures import FIGURES

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"


def hook(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, DOCS / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


LOOKS, GALLERY = hook("looks"), hook("gallery")


@pytest.mark.parametrize(
    ("html", "broken"),
    [
        ("<code>scenario.users=3</code>", "<code>scenario.<wbr>users=<wbr>3</code>"),
        ("<code>bandwidth_hz</code>", "<code>bandwidth_hz</code>"),
        ("<code>0.5</code>", "<code>0.<wbr>5</code>"),
        ("<code>a.b</code> and <code>c</code>", "<code>a.<wbr>b</code> and <code>c</code>"),
        ("<pre><code>a.b</code></pre>", "<pre><code>a.b</code></pre>"),
        ('<h2 id="a.b">a.b.c</h2>', '<h2 id="a.b">a.<wbr>b.<wbr>c</h2>'),
        ("<code>x --help</code>", '<code>x <span class="whole">--help</span></code>'),
        ("<code>a &lt;b&gt;</code>", "<code>a &lt;b&gt;</code>"),
        ("<p>a.b</p>", "<p>a.b</p>"),
    ],
)
def test_long_names_break_between_their_words_alone(html: str, broken: str) -> None:
    assert LOOKS.breakable(html) == broken


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("https://example.org/group/edgesim.git", "https://example.org/group/edgesim"),
        ("git@example.org:group/edgesim.git", "https://example.org/group/edgesim"),
        ("ssh://git@example.org/group/edgesim", "https://example.org/group/edgesim"),
        ("/srv/git/edgesim", None),
        ("", None),
    ],
)
def test_the_repository_is_linked_where_it_has_an_address(
    given: str, url: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDGESIM_REPOSITORY", given)
    assert LOOKS.repository() == url


def test_the_gallery_has_every_figure_with_its_cost() -> None:
    made = GALLERY.gallery()
    assert sorted(re.findall(r'<figure id="(\w+)">', made)) == sorted(FIGURES)
    assert made.count("<small>") == len(FIGURES)
    assert "nothing is trained; 1 s of CPU time with budget=quick" in made


def test_a_figure_costs_what_its_budget_trains() -> None:
    whole = compose("train", ["scenario=sfc"]).agent.total_steps
    runs, decisions = GALLERY.trainings(FIGURES["sfc_map"], BUDGETS["quick"])
    assert (runs, decisions) == (2, 2 * round(0.1 * whole))  # a tenth, with each of two seeds
    assert GALLERY.trainings(FIGURES["wireless_radio"], BUDGETS["full"]) == (0, 0)


def test_pictures_of_the_gallery_and_their_costs_are_of_figures_that_there_are() -> None:
    costs = json.loads((DOCS / "gallery" / "costs.json").read_text(encoding="utf-8"))
    pictures = {path.stem for path in (DOCS / "gallery").glob("*.png")}
    assert pictures == set(costs) <= set(FIGURES)


@pytest.mark.parametrize(
    "script", sorted((ROOT / "notebooks").glob("*.py")), ids=lambda it: it.stem
)
def test_the_page_of_a_notebook_has_its_code_and_a_picture(script: Path) -> None:
    """``python docs/render_notebooks.py`` brings the pages up to date."""
    page = (DOCS / "notebooks" / f"{script.stem}.md").read_text(encoding="utf-8")
    shown = re.findall(r"^```python\n(.*?)\n```$", page, re.MULTILINE | re.DOTALL)
    cells = re.split(r"^# %%.*\n", script.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    code = [cell.strip() for cell in cells if not all(map(comment, cell.strip().splitlines()))]
    assert shown == code
    pictures = re.findall(r"!\[.+\]\((\S+\.png)\)", page)
    assert pictures and all((DOCS / "notebooks" / it).is_file() for it in pictures)
    assert "```text" in page


def comment(line: str) -> bool:
    return not line or line.startswith("#")
