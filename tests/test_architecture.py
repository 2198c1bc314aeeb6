"""The house: what may import what. Layers, families, and the twin that knows no learning."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import networkx as nx
import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "edgesim"
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
}
FAMILIES = {path.parent.name for path in (PACKAGE / "scenarios").glob("*/__init__.py")} - {"parts"}
SHARED_TWIN = ("core", "network", "sdn", "radio", "compute")


def named(tree: ast.AST) -> Iterator[str]:
    """Every module or attribute that a file's imports name, wherever in the file they stand."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.module and not node.level, "edgesim imports by full names"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def imports() -> "nx.DiGraph[str]":
    """Which module imports which, functions' own imports and those for types included.

    The package itself is left out: every module imports it by being in it.
    """
    graph: nx.DiGraph[str] = nx.DiGraph()
    for module, path in MODULES.items():
        for name in named(ast.parse(path.read_text(encoding="utf-8"))):
            imported = home(name)
            if imported and imported not in (module, "edgesim"):
                graph.add_edge(module, imported)
    return graph


def home(name: str) -> str | None:
    """The module of edgesim that an imported name stands in, or is; None for other packages."""
    while name and name not in MODULES:
        name = name.rpartition(".")[0]
    return name or None


IMPORTS = imports()


def family(module: str) -> str | None:
    """The family whose folder a module stands in: ``edgesim/<layer>/<family>/…``."""
    folders = MODULES[module].relative_to(PACKAGE).parts[1:-1]
    return next((folder for folder in folders if folder in FAMILIES), None)


def test_the_map_of_imports_is_read_whole() -> None:
    assert {"aigc", "sfc"} <= FAMILIES
    assert IMPORTS.has_edge("edgesim.twin.sfc.workload", "edgesim.scenarios.sfc.schema")
    # inside a function, and for types alone
    assert IMPORTS.has_edge("edgesim.commands.completion", "edgesim.scenarios")
    assert IMPORTS.has_edge(
        "edgesim.services.diffusion.training", "edgesim.services.diffusion.networks"
    )


def test_no_modules_import_each_other_in_a_circle() -> None:
    circles = [sorted(part) for part in nx.strongly_connected_components(IMPORTS) if len(part) > 1]
    assert circles == []


def test_no_family_imports_another() -> None:
    crossing = [
        f"{module} imports {other}"
        for module, other in IMPORTS.edges
        if family(module) and family(other) and family(module) != family(other)
    ]
    assert crossing == []


@pytest.mark.parametrize("folder", SHARED_TWIN)
def test_the_shared_parts_of_the_twin_know_no_family(folder: str) -> None:
    knowing = [
        f"{module} imports {other}"
        for module, other in IMPORTS.edges
        if module.startswith(f"edgesim.twin.{folder}.") and family(other)
    ]
    assert any(module.startswith(f"edgesim.twin.{folder}.") for module in MODULES)
    assert knowing == []


def test_methods_know_the_twin_and_scenarios_and_nothing_behind_them() -> None:
    knowing = [
        f"{module} imports {other}"
        for module, other in IMPORTS.edges
        if module.startswith("edgesim.methods")
        and other.split(".")[1] in ("envs", "agents", "plots", "reproduction", "commands")
    ]
    knowing += [
        f"{module} imports {other}"
        for module, other in IMPORTS.edges
        if module.startswith(("edgesim.twin", "edgesim.scenarios"))
        and other.startswith("edgesim.methods")
    ]
    assert any(module.startswith("edgesim.methods.") for module in MODULES)
    assert knowing == []


LEARNING = ("gymnasium", "torch", "stable_baselines3")


def test_the_twin_loads_nothing_of_learning() -> None:
    modules = [module for module in MODULES if module.startswith("edgesim.twin")]
    script = (
        "import importlib, sys\n"
        f"for name in {modules}: importlib.import_module(name)\n"
        f"print([name for name in {LEARNING} if name in sys.modules])\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == "[]"
