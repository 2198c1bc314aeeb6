"""Run the notebooks and write them as pages with outputs: ``python docs/render_notebooks.py``.

The notebooks are kept without outputs, which would go stale unseen. Their pages hold them, and a
test sees to it that a page has the code of its notebook.
"""

import base64
import os
import re
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import nbclient
import nbformat

__all__ = ["page", "render"]

ROOT = Path(__file__).parents[1]
PAGES = ROOT / "docs" / "notebooks"


def render(name: str) -> Path:
    """Run a notebook and write its page and pictures; returns the page's path."""
    notebook: Any = nbformat.read(  # type: ignore[no-untyped-call]
        ROOT / "notebooks" / f"{name}.ipynb", as_version=4
    )
    with TemporaryDirectory() as folder:
        os.environ["PYTHONPATH"] = str(ROOT)
        place = {"metadata": {"path": folder}}
        client = nbclient.NotebookClient(
            notebook, timeout=1200, kernel_name="python3", resources=place
        )
        client.execute()
    text, pictures = page(notebook, name)
    PAGES.mkdir(exist_ok=True)
    for file, content in pictures.items():
        (PAGES / file).write_bytes(content)
    path = PAGES / f"{name}.md"
    path.write_text(text, encoding="utf-8")
    return path


def page(notebook: Any, name: str) -> tuple[str, dict[str, bytes]]:
    """An executed notebook as Markdown, and its pictures by their file names."""
    parts: list[str] = []
    pictures: dict[str, bytes] = {}
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            parts.append(cell.source)
            continue
        parts.append(f"```python\n{cell.source}\n```")
        shown = [it for it in cell.outputs if "image/png" in it.get("data", {})]
        words = "".join(_words(it, bool(shown)) for it in cell.outputs)
        if words.strip():
            parts.append(f"```text\n{words.rstrip()}\n```")
        for output in shown:
            file = f"{name}-{len(pictures) + 1}.png"
            pictures[file] = base64.b64decode(output["data"]["image/png"])
            parts.append(f"![What the cell above draws]({file})")
    head, *rest = parts
    note = f"*The outputs are those of `notebooks/{name}.ipynb`, run from first to last.*"
    return "\n\n".join([head, note, *rest]) + "\n", pictures


def _words(output: Any, drawn: bool) -> str:
    """What a cell printed; beside a picture, what its last line returned is of no interest."""
    if output.output_type == "stream":
        printed: str = re.sub(r"\x1b\[[0-9;]*m", "", output.text)
        return printed if output.name == "stdout" else ""
    if output.output_type == "execute_result" and not drawn:
        return f"{output.data['text/plain']}\n"
    return ""


if __name__ == "__main__":
    for chosen in sys.argv[1:] or sorted(it.stem for it in (ROOT / "notebooks").glob("*.ipynb")):
        print(render(chosen))
