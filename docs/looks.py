"""How pages read: a hook of MkDocs. Where long names may break, and where the repository is."""

import os
import re
import subprocess
from pathlib import Path
from typing import Any

__all__ = ["breakable", "on_config", "on_page_content", "repository"]

_CODE = re.compile(
    r"(<pre\b.*?</pre>)|(<code\b[^>]*>)([^<]*)(</code>)|(<h[1-6]\b[^>]*>)(.*?)(</h[1-6]>)",
    re.DOTALL,
)
_TEXT = re.compile(r"[^<>]+(?![^<]*>)")
"""Text between tags."""

_BREAKS = re.compile(r"(?<=\w)([./:=,])(?=[\w{\[])")
"""Behind what a name may break, where a line is too short for it: between words, not in them."""

_OPTION = re.compile(r"(?<![\w-])(--?[A-Za-z][\w-]*)")
"""An option of a command: a browser would break it behind its first hyphen."""


def on_config(config: Any) -> Any:
    """Link the repository that the checkout comes from, where it is known."""
    url = repository()
    if url is not None:
        config.repo_url = url
        config.repo_name = url.rpartition("/")[2]
        config.edit_uri = "edit/main/docs/"
    return config


def repository() -> str | None:
    """The web address of the repository: ``EDGESIM_REPOSITORY``, or the remote ``origin``."""
    given = os.environ.get("EDGESIM_REPOSITORY")
    if given is None:
        git = ["git", "-C", str(Path(__file__).parent), "remote", "get-url", "origin"]
        try:
            ran = subprocess.run(git, capture_output=True, encoding="utf-8", check=True, timeout=10)
        except (OSError, subprocess.SubprocessError):
            return None
        given = ran.stdout.strip()
    found = re.fullmatch(r"(?:https://|ssh://git@|git@)([\w.-]+)[:/](.+?)(?:\.git)?/?", given)
    return None if found is None else f"https://{found[1]}/{found[2]}"


def on_page_content(html: str, **_: Any) -> str:
    """Let long names in the text break between their words."""
    return breakable(html)


def _between_words(text: re.Match[str]) -> str:
    return _BREAKS.sub(r"\1<wbr>", text[0])


def breakable(html: str) -> str:
    """A page whose inline code and headings have places where a line may end.

    Blocks of code stay as they are.
    """

    def with_breaks(found: re.Match[str]) -> str:
        if found[1] is not None:
            return found[1]
        if found[5] is not None:
            return f"{found[5]}{_TEXT.sub(_between_words, found[6])}{found[7]}"
        words = _OPTION.sub(r'<span class="whole">\1</span>', found[3])
        return f"{found[2]}{_TEXT.sub(_between_words, words)}{found[4]}"

    return _CODE.sub(with_breaks, html)
