"""The documentation in a real browser, opened from the disk: at the width of a phone and of a desk.

Skipped where playwright or a browser is not installed (on Debian: ``apt-get install chromium``).
"""

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "chrome"))), None)
PAGES = (
    "index.html",
    "commands.html",
    "gallery.html",
    "mistakes.html",
    "policies.html",
    "environments/aigc.html",
    "notebooks/own_agent.html",
    "reference/edgesim.agents.learning.html",
    "scenarios/sfc.html",
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed"),
    pytest.mark.skipif(
        any(importlib.util.find_spec(it) is None for it in ("playwright", "material")),
        reason="playwright or the extra [docs] is not installed",
    ),
]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("browsed") / "site"
    ran = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return folder


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as made:
        # Without its sandbox: tests may run as root in a container, and open own pages alone.
        there = made.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield there
        there.close()


@pytest.fixture(params=[(390, "light"), (390, "dark"), (1280, "light"), (1280, "dark")], ids=str)
def tab(request: pytest.FixtureRequest, browser: Any) -> Iterator[Any]:
    """A tab that notes what goes wrong in it, and what it asks for from elsewhere."""
    width, scheme = request.param
    context = browser.new_context(
        viewport={"width": width, "height": 844}, color_scheme=scheme, offline=True
    )
    opened = context.new_page()
    opened.faults = []
    opened.on("pageerror", lambda error: opened.faults.append(str(error)))
    opened.on("requestfailed", lambda asked: opened.faults.append(f"not there: {asked.url}"))
    opened.on(
        "request",
        lambda asked: (
            None
            if asked.url.startswith(("file:", "data:", "blob:"))
            else opened.faults.append(f"asked for {asked.url}")
        ),
    )
    yield opened
    context.close()


BROKEN_WORDS = """() => {
  const broken = [];
  const names = "article :not(pre) > code, article h1, article h2";
  for (const code of document.querySelectorAll(names)) {
    const walker = document.createTreeWalker(code, NodeFilter.SHOW_TEXT);
    for (let text = walker.nextNode(); text; text = walker.nextNode()) {
      for (const word of text.data.matchAll(/[A-Za-z0-9_]+/g)) {
        const range = document.createRange();
        range.setStart(text, word.index);
        range.setEnd(text, word.index + word[0].length);
        const lines = new Set([...range.getClientRects()].map((it) => Math.round(it.top)));
        if (lines.size > 1) broken.push(word[0]);
      }
    }
  }
  return broken;
}"""

PICTURES = """() => [...document.querySelectorAll("article img")].map((it) => ({
  source: it.getAttribute("src"),
  loaded: it.complete && it.naturalWidth > 0,
  wide: it.getBoundingClientRect().right,
  turned: getComputedStyle(it).filter !== "none",
  words: it.alt,
}))"""

CONTRAST = """() => {
  const parts = (colour) => colour.match(/[\\d.]+/g).slice(0, 3).map(Number);
  const light = (colour) => {
    const [r, g, b] = parts(colour).map((it) => {
      const share = it / 255;
      return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = light(getComputedStyle(document.body).backgroundColor);
  const ink = light(getComputedStyle(document.querySelector("article p")).color);
  return (Math.max(ground, ink) + 0.05) / (Math.min(ground, ink) + 0.05);
}"""


@pytest.mark.parametrize("page", PAGES)
def test_a_page_fits_and_its_words_and_pictures_are_whole(tab: Any, page: str, site: Path) -> None:
    tab.goto((site / page).as_uri())
    # Pictures that wait until they are seen are shown now.
    tab.evaluate("document.querySelectorAll('img').forEach((it) => { it.loading = 'eager'; })")
    tab.wait_for_function("[...document.images].every((it) => it.complete)")
    width = tab.viewport_size["width"]
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    assert tab.evaluate(BROKEN_WORDS) == []
    dark = tab.evaluate("document.body.dataset.mdColorScheme") == "slate"
    for picture in tab.evaluate(PICTURES):
        assert picture["loaded"] and picture["words"], picture
        assert picture["wide"] <= width + 1, picture
        assert picture["turned"] == dark, picture
    assert tab.evaluate(CONTRAST) > 4.5  # of the text, WCAG 2.1, 1.4.3
    assert tab.faults == []


def test_what_a_terminal_prints_wraps_on_a_phone(browser: Any, site: Path) -> None:
    tab = browser.new_page(viewport={"width": 390, "height": 844})
    tab.goto((site / "mistakes.html").as_uri())
    over = tab.evaluate(
        "[...document.querySelectorAll('.language-console pre > code')]"
        ".map((it) => it.scrollWidth - it.clientWidth)"
    )
    assert over and max(over) <= 0
    tab.close()


def test_the_scheme_is_the_one_that_the_system_asks_for(browser: Any, site: Path) -> None:
    for scheme, name in (("light", "default"), ("dark", "slate")):
        context = browser.new_context(color_scheme=scheme)
        tab = context.new_page()
        tab.goto((site / "index.html").as_uri())
        assert tab.evaluate("document.body.dataset.mdColorScheme") == name
        context.close()


@pytest.mark.parametrize(
    ("words", "place"), [("load_aware", "policies.html"), ("gallery", "gallery.html")]
)
def test_search_works_from_the_disk(browser: Any, site: Path, words: str, place: str) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 844}, offline=True)
    tab = context.new_page()
    tab.goto((site / "index.html").as_uri())
    tab.locator(".md-search__input").click()
    tab.wait_for_function("typeof __index === 'object'")
    tab.wait_for_timeout(500)  # the theme listens to what is typed from now on
    tab.keyboard.type(words, delay=30)
    tab.wait_for_selector(".md-search-result__item a", timeout=30_000)
    found = tab.evaluate(
        "[...document.querySelectorAll('.md-search-result__item a')].map((it) => it.href)"
    )
    assert any(place in link for link in found), found
    assert all(link.startswith("file:") for link in found)
    context.close()


def test_the_home_page_shows_an_episode_that_moves(browser: Any, site: Path) -> None:
    from PIL import Image

    tab = browser.new_page()
    tab.goto((site / "index.html").as_uri())
    (source,) = tab.evaluate(
        "[...document.querySelectorAll('article img[src$=\".gif\"]')].map((it) => it.src)"
    )
    with Image.open(site / Path(source).name) as film:
        assert film.n_frames > 50  # type: ignore[attr-defined]
    assert (site / Path(source).name).stat().st_size < 1_500_000
    assert tab.locator("header .md-logo img").first.get_attribute("src").endswith("logo.svg")
    tab.close()
