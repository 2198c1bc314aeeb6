"""Do the tests of the twin notice when one of its lines is wrong? A sample of mutants says.

    pip install cosmic-ray pytest-cov
    COVERAGE_FILE=seen pytest -n0 tests/twin --cov=edgesim/twin --cov-context=test \\
        --cov-report= --junitxml=times.xml
    python tests/mutation/sample.py 200 3 out.json seen times.xml

draws 200 mutants from seed 3. Cosmic Ray makes them. Places in the core files (:func:`modules`) are
drawn first, then one of the changes that are possible there, so that a sum, which can become eleven
other operators, counts no more than a comparison. Annotations are no places: no test can tell them
apart.

The tests of a mutant are those fast tests of the twin that run its line, quickest first, up to a
minute of them. Compiled lines, and those that run when a module is imported, leave no such trace:
their tests are the file that mirrors the module, those that import it, and those that mirror the
modules that use it. A mutant that takes three times as long as its tests did is killed, too.
What survives is printed as a difference.
"""

import ast
import difflib
import json
import os
import resource
import shutil
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from random import Random
from typing import Any, NamedTuple
from xml.etree import ElementTree

from cosmic_ray import plugins
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from coverage import CoverageData
from rich.progress import track

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("core", "network", "sdn", "radio", "compute")
WITHOUT = {"VariableReplacer", "VariableInserter", "RemoveDecorator", "ExceptionReplacer"}
"""Operators that want arguments, one whose mutants do not import, and one that fails on names with
a dot."""
LEAST_S = 30.0  # CPU time that a mutant has at least
SLOWER = 3.0  # times as long as the tests took: from then on it counts as killed
TESTS_S = 60.0  # of the tests that run a line


class Mutant(NamedTuple):
    """One change: the operator of Cosmic Ray, which of its places, and the line of that."""

    module: Path
    operator: str
    occurrence: int
    line: int


def modules() -> list[Path]:
    """The core files of the twin: what all families stand on."""
    twin = ROOT / "edgesim" / "twin"
    return [
        file
        for folder in FOLDERS
        for file in sorted((twin / folder).glob("*.py"))
        if file.name != "__init__.py"
    ]


def places(module: Path) -> dict[tuple[int, int], list[Mutant]]:
    """The places of a module, line and column, and the mutants that are possible there."""
    code = module.read_text(encoding="utf-8")
    nodes = list(ast_nodes(get_ast(code)))
    aside = list(_annotations(ast.parse(code)))
    found: dict[tuple[int, int], list[Mutant]] = defaultdict(list)
    for name in plugins.operator_names():
        if name.partition("/")[2] in WITHOUT:
            continue
        operator, occurrence = plugins.get_operator(name)(), 0
        for node in nodes:
            for start, _ in operator.mutation_positions(node):
                if not any(begin <= start < end for begin, end in aside):
                    found[start].append(Mutant(module, name, occurrence, start[0]))
                occurrence += 1
    return found


def _annotations(tree: ast.Module) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """From where to where annotations stand, and calls that only name types."""
    for node in ast.walk(tree):
        for key in ("annotation", "returns"):
            noted = getattr(node, key, None)
            if noted is not None:
                yield _span(noted)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.BinOp):
            names = [it.id for it in node.targets if isinstance(it, ast.Name)]
            if any(name[0].isupper() and not name.isupper() for name in names):  # a union's name
                yield _span(node)


def _span(node: Any) -> tuple[tuple[int, int], tuple[int, int]]:
    return (node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset)


def tests_of(module: Path) -> list[str]:
    """The test files of a module, its mirror first."""
    direct = _importing(module, ROOT / "tests" / "twin")
    found = [_mirror(module), *(it for it in direct if it.name.startswith("test_"))]
    users, looked = [module], {module}
    while users:
        reached = [it for user in users for it in _importing(user, ROOT / "edgesim" / "twin")]
        users = [it for it in dict.fromkeys(reached) if it not in looked]
        looked.update(users)
        found += map(_mirror, users)
        if any(map(Path.exists, found)):
            break
    found = [*filter(Path.exists, found)]
    return [str(file.relative_to(ROOT)) for file in dict.fromkeys(found)]


def _mirror(module: Path) -> Path:
    there = module.relative_to(ROOT / "edgesim").with_name(f"test_{module.name}")
    return ROOT / "tests" / there


def _importing(module: Path, place: Path) -> list[Path]:
    """The files of a folder that import a module."""
    name = ".".join(module.relative_to(ROOT).with_suffix("").parts)
    parent, _, last = name.rpartition(".")
    words = (f"{name} import", f"import {name}\n", f"{parent} import {last}\n")
    texts = {file: file.read_text(encoding="utf-8") for file in sorted(place.rglob("*.py"))}
    return [file for file, text in texts.items() if any(word in text for word in words)]


class Reach:
    """Which tests run a line, and how long they take: from a run with contexts, and its times."""

    def __init__(self, seen: Path, times: Path) -> None:
        data = CoverageData(str(seen))
        data.read()
        self._data = data
        self._files = {file.partition("edgesim/twin/")[2]: file for file in data.measured_files()}
        self._seconds: dict[str, float] = {}
        for case in ElementTree.parse(times).iter("testcase"):
            name = f"{case.get('classname', '').rpartition('.')[2]}::{case.get('name')}"
            self._seconds[name] = float(case.get("time", "0"))

    def tests(self, mutant: Mutant) -> tuple[list[str], float]:
        """The tests that run a mutant's line, quickest first, up to :data:`TESTS_S`; their time."""
        name = str(mutant.module.relative_to(ROOT / "edgesim" / "twin"))
        if name not in self._files:
            return [], 0.0
        by_line = self._data.contexts_by_lineno(self._files[name])
        line = next((it for it in _lines_of(mutant) if any(by_line.get(it, ()))), 0)
        found = {it.partition("|")[0] for it in by_line.get(line, ()) if it}
        chosen: list[str] = []
        spent_s = 0.0
        for test in sorted(found, key=lambda it: (self._took(it), it)):
            if chosen and spent_s + self._took(test) > TESTS_S:
                break
            spent_s += self._took(test)
            chosen.append(test)
        return chosen, spent_s

    def _took(self, test: str) -> float:
        file, _, rest = test.partition("::")
        return self._seconds.get(f"{Path(file).stem}::{rest}", 1.0)


def _lines_of(mutant: Mutant) -> Iterator[int]:
    """The line of a mutant, then the first one of the statement that it is part of."""
    yield mutant.line
    tree = ast.parse(mutant.module.read_text(encoding="utf-8"))
    around = [
        it
        for it in ast.walk(tree)
        if isinstance(it, ast.stmt) and it.lineno <= mutant.line <= (it.end_lineno or it.lineno)
    ]
    if around and not isinstance(around[-1], ast.FunctionDef | ast.ClassDef):
        yield max(it.lineno for it in around)


def passes(tree: Path, tests: list[str], limit_s: float) -> bool:
    """Whether the tests pass in a copy of the repository, in a process of their own."""
    child = os.fork()
    if child == 0:
        if not os.environ.get("MUTATION_SHOW"):
            quiet = os.open(os.devnull, os.O_WRONLY)
            os.dup2(quiet, 1)
            os.dup2(quiet, 2)
        resource.setrlimit(resource.RLIMIT_CPU, (int(limit_s) + 1, int(limit_s) + 2))
        os.chdir(tree)
        sys.path.insert(0, str(tree))
        import pytest

        status = 1
        try:
            status = int(pytest.main(["-x", "-q", "-n0", "-p", "no:cacheprovider", *tests]))
        finally:  # never on with what its parent does
            os._exit(status)
    return os.waitpid(child, 0)[1] == 0


def main(count: int, seed: int, out: str, seen: Path, times: Path) -> None:
    """Draw mutants, run their tests, and print how many were killed and what survived."""
    reach = Reach(seen, times)
    for name in ("networkx", "numba", "scipy.optimize", "scipy.stats", "simpy"):
        import_module(name)  # once, not in each child

    dice = Random(seed)
    all_places = [mutants for file in modules() for mutants in places(file).values()]
    drawn = [dice.choice(mutants) for mutants in dice.sample(all_places, count)]
    usual_s: dict[Path, float] = {}
    killed, survived = 0, []
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "edgesim"
        ignored = shutil.ignore_patterns(".git", ".venv", ".mypy_cache", "runs", "site")
        shutil.copytree(ROOT, tree, symlinks=True, ignore=ignored)
        for mutant in track(sorted(drawn), "mutants"):
            tests, took_s = reach.tests(mutant)
            if not tests:
                tests = tests_of(mutant.module)
                if tests and mutant.module not in usual_s:
                    began = sum(os.times()[2:4])
                    if not passes(tree, tests, 3600.0):
                        raise SystemExit(f"the tests of {mutant.module} fail as it is: {tests}")
                    usual_s[mutant.module] = sum(os.times()[2:4]) - began
                took_s = usual_s.get(mutant.module, 0.0)
            code = mutant.module.read_text(encoding="utf-8")
            operator = plugins.get_operator(mutant.operator)()
            changed: str = mutate_code(code, operator, mutant.occurrence)
            file = tree / mutant.module.relative_to(ROOT)
            file.write_text(changed, encoding="utf-8")
            limit_s = max(LEAST_S, SLOWER * took_s)
            lives = not tests or passes(tree, tests, limit_s)
            shutil.copy2(mutant.module, file)
            if not lives:
                killed += 1
                print(f"killed: {mutant.module.stem}, line {mutant.line}", flush=True)
                continue
            name = str(mutant.module.relative_to(ROOT))
            lines = difflib.unified_diff(code.splitlines(), changed.splitlines(), name, n=2)
            survived.append("\n".join(lines))
            print(survived[-1], flush=True)
    told: dict[str, Any] = {"mutants": count, "seed": seed, "places": len(all_places)}
    told |= {
        "killed": killed,
        "score": round(killed / count, 3),
        "cpu_s": round(sum(os.times()[:4])),
    }
    print(json.dumps(told))
    Path(out).write_text(json.dumps(told | {"survived": survived}, indent=1), encoding="utf-8")


if __name__ == "__main__":
    number, start, where, trace, took = sys.argv[1:]
    main(int(number), int(start), where, Path(trace).absolute(), Path(took).absolute())
