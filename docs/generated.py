"""What the site takes from the code, so that it can't go stale: a hook of MkDocs.

Every scenario, every environment and every package gets a page of its own, written here from its
YAML file, its docstring or its modules. A page written by hand asks for a table with a line
``<!-- table: name -->``; :data:`TABLES` has them by name. ``<!-- file: path -->`` shows a file of
the repository.
"""

import ast
import inspect
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, Field, fields
from html import unescape
from pathlib import Path
from typing import Any

import edgesim
import edgesim.scenarios
from edgesim.agents.finding import offered
from edgesim.agents.specs import PolicySpec
from edgesim.commands import listing
from edgesim.commands.names import COMMANDS
from edgesim.config import agents
from edgesim.config.config import SCHEMAS
from edgesim.importing import load
from edgesim.problems import PROBLEMS, Problem
from edgesim.reproduction.figures import FIGURES
from edgesim.services.titles import TITLES

__all__ = ["TABLES", "on_config", "on_files", "on_page_content", "on_page_markdown", "pages"]

_PACKAGE = Path(edgesim.__path__[0])

# --- pages ------------------------------------------------------------------------------------


def pages() -> dict[str, str]:
    """Every page that is written here: its path under docs/ and its Markdown."""
    made = {f"scenarios/{name}.md": _scenario(name) for name in edgesim.scenarios.presets()}
    made |= {
        f"environments/{it.name}.md": _environment(it) for it in PROBLEMS.values() if it.env_id
    }
    return made | _reference()


def _scenario(name: str) -> str:
    """What a preset's file says: its head, its keys with their comments, and the whole text."""
    text = edgesim.scenarios.preset_file(name).read_text(encoding="utf-8")
    problem = PROBLEMS[edgesim.scenarios.preset(name)["problem"]]
    head = [line.removeprefix("#").strip() for line in text.split("\nproblem:")[0].splitlines()]
    scenario = edgesim.scenarios.resolve(name)
    specs: Mapping[str, PolicySpec] = load(problem.policies)
    rows = [[f"`{name}`", specs[name].title] for name in offered(scenario)]
    keys = [[f"`{key}`", what] for key, what in listing.scenario_keys(name)]
    return "\n".join(
        (
            f"# {name}",
            "",
            f"**{edgesim.scenarios.presets()[name]}**",
            "",
            *head,
            "",
            *_begin(name, problem),
            "",
            "## Policies that make sense here",
            "",
            *_table(("policy", "what it does"), rows),
            "",
            "## Keys",
            "",
            "`scenario.<key>=<value>` at the shell, `overrides={...}` in Python.",
            "",
            *_table(("key and value", "what it is"), keys),
            "",
            '??? note "The file"',
            "    ```yaml",
            *(f"    {line}".rstrip() for line in text.splitlines()),
            "    ```",
        )
    )


def _begin(name: str, problem: Problem) -> list[str]:
    """How to begin with a scenario: its commands, and its environment where it has one."""
    if not problem.env_id:
        commands = ["```sh", f"edgesim evaluate scenario={name} policy=all", "```"]
        return ["Its policies are methods, which pose no decision in between.", "", *commands]
    return [
        f"The problem is that of [`{problem.env_id}`](../environments/{problem.name}.md).",
        "",
        "```sh",
        f"edgesim train scenario={name}",
        f"edgesim evaluate scenario={name} policy=all",
        f"edgesim simulate scenario={name}",
        "```",
        "",
        "```python",
        "import gymnasium",
        "import edgesim",
        "",
        f'env = gymnasium.make("{problem.env_id}", scenario="{name}")',
        "```",
    ]


def _environment(problem: Problem) -> str:
    """The docstring of an environment, whose sections are Gymnasium's, and its metrics."""
    docstring = inspect.getdoc(load(problem.env)) or ""
    story, _, raised = docstring.partition("\nRaises:\n")
    first, _, rest = story.partition("\n")
    names = [
        name
        for name in edgesim.scenarios.presets()
        if edgesim.scenarios.preset(name)["problem"] == problem.name
    ]
    metrics: Mapping[str, str] = load(problem.metrics)
    return "\n".join(
        (
            f"# {problem.env_id}",
            "",
            f"**{first}**",
            _inline_roles(rest),
            "",
            "## Raises",
            "",
            _inline_roles(inspect.cleandoc(raised)),
            "",
            "## Scenarios",
            "",
            *_table(
                ("scenario", "what it is"),
                [
                    [f"[`{name}`](../scenarios/{name}.md)", edgesim.scenarios.presets()[name]]
                    for name in names
                ],
            ),
            "",
            "## Metrics of an episode",
            "",
            *_table(("metric", "what it is"), [[f"`{k}`", what] for k, what in metrics.items()]),
        )
    )


def _reference() -> dict[str, str]:
    """A page for each package, with all its modules that say what is public (``__all__``)."""
    packages: dict[str, list[str]] = {}
    for path in sorted(_PACKAGE.rglob("*.py")):
        parts = ("edgesim", *path.relative_to(_PACKAGE).with_suffix("").parts)
        module = ".".join(parts).removesuffix(".__init__")
        package = ".".join(parts[:-1])
        public = "__all__" in path.read_text(encoding="utf-8") or path.name == "__init__.py"
        if public and _documented(path):
            packages.setdefault(package, []).append(module)
    return {
        f"reference/{package}.md": "\n".join(
            (f"# {package}", "", *(f"::: {module}\n" for module in sorted(modules)))
        )
        for package, modules in packages.items()
    }


def _documented(path: Path) -> bool:
    return bool(ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))))


# --- tables -----------------------------------------------------------------------------------


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    """A table in Markdown; nothing in a cell ends it, and plain text in it is no markup."""
    heads = tuple(heads)
    lines = [heads, tuple("---" for _ in heads), *rows]
    return ["| " + " | ".join(map(_cell, line)) + " |" for line in lines]


def _cell(text: str) -> str:
    plain = text if text.startswith(("`", "[")) else text.replace("<", "&lt;")
    return plain.replace("|", r"\|")


def _scenarios() -> list[str]:
    rows = []
    for name, title in edgesim.scenarios.presets().items():
        problem = PROBLEMS[edgesim.scenarios.preset(name)["problem"]]
        rows.append(
            [
                f"[`{name}`](scenarios/{name}.md)",
                title,
                _environment_of(problem),
            ]
        )
    return _table(("scenario", "what it is", "environment"), rows)


def _environment_of(problem: Problem) -> str:
    """Its environment, with a link; that it has none."""
    if not problem.env_id:
        return "methods"
    return f"[`{problem.env_id}`](environments/{problem.name}.md)"


def _policies() -> list[str]:
    lines: list[str] = []
    for problem in PROBLEMS.values():
        specs: Mapping[str, PolicySpec] = load(problem.policies)
        rows = [[f"`{name}`", spec.title, _traits(spec)] for name, spec in specs.items()]
        lines += [f"### {problem.env_id or problem.name}", ""]
        lines += [*_table(("policy", "what it does", "note"), rows), ""]
    return lines


def _traits(spec: PolicySpec) -> str:
    traits = {
        "learns first": spec.learns,
        "knows what is hidden": spec.knows_hidden,
        "a bound, no policy": spec.bound,
        f"needs `{spec.requires}`": spec.requires is not None,
        **{f"with `{key}={value}`": True for key, value in spec.environment.items()},
    }
    return ", ".join(trait for trait, holds in traits.items() if holds)


def _agents() -> list[str]:
    rows = []
    for name, title in agents.presets().items():
        agent = agents.preset(name)
        rows.append([f"`{name}`", title, f"`{agent.algorithm}`", f"{agent.total_steps:,}"])
    return _table(("agent", "what it is", "algorithm", "decisions it learns from"), rows)


def _commands() -> list[str]:
    lines: list[str] = []
    for command, what in COMMANDS.items():
        lines += [f"## edgesim {command}", "", f"{what[0].upper()}{what[1:]}.", ""]
        if command in SCHEMAS:
            keys = [it for it in fields(SCHEMAS[command]) if it.metadata.get("help")]
            rows = [[f"`{it.name}`", _default(it), it.metadata["help"]] for it in keys]
            lines += [*_table(("key", "default", "what it is"), rows), ""]
    return lines


def _default(item: Field[Any]) -> str:
    if item.name in ("scenario", "agent"):
        return "a preset"
    made = item.default if item.default_factory is MISSING else item.default_factory()
    return f"`{made if isinstance(made, str) else json.dumps(made)}`"


def _problems() -> list[str]:
    rows = [
        [
            f"`{it.name}`",
            _environment_of(it),
            f"`{it.score.metric}`, {it.score.better} is better",
            f"[`{it.default_scenario}`](scenarios/{it.default_scenario}.md)",
        ]
        for it in PROBLEMS.values()
    ]
    return _table(("problem", "environment", "score", "default scenario"), rows)


def _figures() -> list[str]:
    rows = [[f"`{name}`", figure.title] for name, figure in FIGURES.items()]
    return _table(("figure", "what it shows"), rows)


def _services() -> list[str]:
    return _table(("service", "what it makes"), [[f"`{it}`", what] for it, what in TITLES.items()])


TABLES: dict[str, Callable[[], list[str]]] = {
    "agents": _agents,
    "commands": _commands,
    "figures": _figures,
    "policies": _policies,
    "problems": _problems,
    "scenarios": _scenarios,
    "services": _services,
}
"""The tables that a page may ask for."""

# --- what MkDocs calls ------------------------------------------------------------------------


def on_config(config: Any) -> Any:
    """Put the pages that are written here where the navigation has a star."""
    made = pages()
    for entry in config.nav:
        for title, place in entry.items():
            if isinstance(place, str) and place.endswith("/*"):
                entry[title] = [path for path in made if path.startswith(place.removesuffix("*"))]
    return config


def on_files(files: Any, config: Any) -> Any:
    """Add the pages that are written here."""
    from mkdocs.structure.files import File

    for path, text in pages().items():
        files.append(File.generated(config, path, content=text))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Put tables and files where a page asks for them; links start at the page's folder."""
    up = "../" * page.file.src_uri.count("/")
    markdown = re.sub(
        r"^<!-- file: (\S+) -->$", lambda found: _file(found[1]), markdown, flags=re.MULTILINE
    )
    return re.sub(
        r"^<!-- table: (\w+) -->$",
        lambda found: "\n".join(TABLES[found[1]]()).replace("](", f"]({up}"),
        markdown,
        flags=re.MULTILINE,
    )


def _file(path: str) -> str:
    """A file of the repository as a block."""
    language = {".py": "python", ".yaml": "yaml"}[Path(path).suffix]
    text = (_PACKAGE.parent / path).read_text(encoding="utf-8")
    return f'```{language} title="{path}"\n{text}```'


_ROLE = r":(?:class|data|func|meth|mod|attr|exc|obj):"


def on_page_content(html: str, **_: Any) -> str:
    """Make links of the roles in docstrings, where the site has what they name."""
    return re.sub(
        rf"{_ROLE}<code>~?([^<]+)</code>",
        lambda found: _link(unescape(found[1])),
        html,
    )


def _inline_roles(text: str) -> str:
    return re.sub(rf"{_ROLE}`~?([^`]+)`", lambda found: _link(found[1]), text)


def _link(name: str) -> str:
    return f'<autoref identifier="{name}" optional><code>{name}</code></autoref>'
