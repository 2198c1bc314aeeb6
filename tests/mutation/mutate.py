"""How much the tests notice: files of the twin with one thing in them changed, a test run for each.

    python tests/mutation/mutate.py 150          # a sample of 150 mutants, drawn by seed 0
    python tests/mutation/mutate.py 20 1 qoe     # 20 others, of files whose path has "qoe" in it

Each mutant is run, in a fork of this process and on a copy of the tree, against the fast tests of
its own file (:data:`CORE`), stopped at the first that fails. Compiled loops run as plain Python.
A mutant that runs for ten times as long as the tests do counts as killed. What is printed is one
JSON object: how many were killed, and each that survived, by file, line and change.
"""

import ast
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
CORE = {
    "edgesim/twin/core/outages.py": [
        "tests/twin/core/test_outages.py",
        "tests/twin/core/test_faults.py",
    ],
    "edgesim/twin/core/drift.py": ["tests/twin/core/test_drift.py"],
    "edgesim/twin/core/streams.py": [
        "tests/twin/core/test_outages.py",
        "tests/twin/core/test_reseeding.py",
    ],
    "edgesim/twin/core/sharing.py": ["tests/twin/core/test_sharing.py"],
    "edgesim/twin/core/queueing.py": ["tests/twin/core/test_queueing.py"],
    "edgesim/twin/core/crowds.py": ["tests/twin/core/test_crowds.py"],
    "edgesim/twin/core/arrival_times.py": ["tests/twin/core/test_arrival_times.py"],
    "edgesim/twin/core/happenings.py": ["tests/twin/core/test_happenings.py"],
    "edgesim/twin/network/failures.py": ["tests/twin/network/test_failures.py"],
    "edgesim/twin/network/routing.py": ["tests/twin/network/test_routing.py"],
    "edgesim/twin/network/waterfilling.py": [
        "tests/twin/network/test_sharing.py",
        "tests/twin/network/test_shares.py",
    ],
    "edgesim/twin/network/links.py": ["tests/twin/network/test_links.py"],
    "edgesim/twin/compute/hosts.py": ["tests/twin/compute/test_hosts.py"],
    "edgesim/twin/compute/batching.py": ["tests/twin/compute/test_batching.py"],
    "edgesim/twin/compute/page_cache.py": ["tests/twin/compute/test_page_cache.py"],
    "edgesim/twin/radio/pathloss.py": ["tests/twin/radio/test_pathloss.py"],
    "edgesim/twin/sfc/qoe.py": ["tests/twin/sfc/test_qoe.py"],
    "edgesim/twin/training/shards.py": ["tests/twin/training/test_formulas.py"],
}
"""Core files, and the fast tests that are theirs."""

_COMPARED = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_COMPUTED = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.Pow: ast.Mult,
    ast.Mod: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.MatMult: ast.Add,
}


def mutants(source: str) -> Iterator[tuple[int, str, str]]:
    """Every mutant of a file: the line, the change, and the file with it."""
    tree = ast.parse(source)
    places: list[Any] = [node for node in ast.walk(tree) if _changes(node)]
    for at, node in enumerate(places):
        for number, (what, _) in enumerate(_changes(node)):
            other = deepcopy(tree)
            twin = [it for it in ast.walk(other) if _changes(it)][at]
            _changes(twin)[number][1]()
            yield node.lineno, what, ast.unparse(ast.fix_missing_locations(other))


def _changes(node: Any) -> list[tuple[str, Any]]:
    """What can be changed at a node, and how."""
    found: list[tuple[str, Any]] = []
    if isinstance(node, ast.Compare) and type(node.ops[0]) in _COMPARED:
        new = _COMPARED[type(node.ops[0])]
        found.append((new.__name__, lambda: node.ops.__setitem__(0, new())))
    elif isinstance(node, ast.BinOp | ast.AugAssign) and type(node.op) in _COMPUTED:
        made = _COMPUTED[type(node.op)]
        found.append((made.__name__, lambda: setattr(node, "op", made())))
    elif isinstance(node, ast.BoolOp):
        other = ast.Or if isinstance(node.op, ast.And) else ast.And
        found.append((other.__name__, lambda: setattr(node, "op", other())))
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub):
        found.append(("UAdd", lambda: _plain(node)))
    elif isinstance(node, ast.If | ast.While):
        found.append(("not", lambda: setattr(node, "test", ast.UnaryOp(ast.Not(), node.test))))
    elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
        value: Any = node.value
        found.append((f"{value} + 1", lambda: setattr(node, "value", value + 1)))
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        found.append((f"not {node.value}", lambda: setattr(node, "value", not node.value)))
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        found.append(("call left out", lambda: setattr(node, "value", ast.Constant(None))))
    return found


def _plain(node: Any) -> None:
    """A negation without its sign."""
    node.op = ast.UAdd() if isinstance(node.op, ast.USub) else ast.Not()
    if isinstance(node.op, ast.Not):
        node.operand = ast.UnaryOp(ast.Not(), node.operand)


def _tested(tests: list[str], most_s: float) -> tuple[bool, float]:
    """Whether tests fail, in a fork; and what they took, CPU-s."""
    number = os.fork()
    if number == 0:
        signal.setitimer(signal.ITIMER_PROF, most_s)
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
        with open(os.environ.get("MUTATE_SHOW", os.devnull), "w", encoding="utf-8") as nowhere:
            os.dup2(nowhere.fileno(), 1)
            os.dup2(nowhere.fileno(), 2)
        import pytest

        status = pytest.main(["-x", "-q", "-n0", "-W", "default", "-p", "no:cacheprovider", *tests])
        os._exit(int(status))
    _, status, used = os.wait4(number, 0)
    return os.waitstatus_to_exitcode(status) != 0, used.ru_utime + used.ru_stime


def run(count: int, seed: int = 0, part: str = "", most_s: float = 1e9) -> dict[str, Any]:
    """Try a sample of mutants; returns what came of them."""
    files = {file: tests for file, tests in CORE.items() if part in file}
    drawn = [
        (file, *mutant)
        for file in files
        for mutant in mutants((ROOT / file).read_text(encoding="utf-8"))
    ]
    sample = random.Random(seed).sample(drawn, min(count, len(drawn)))
    survived, tried, slow = [], 0, {}
    ends_s = time.monotonic() + most_s
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "edgesim"
        skipped = shutil.ignore_patterns(".git", ".venv", "site", "runs", ".mypy_cache", "docs")
        shutil.copytree(ROOT, copy, ignore=skipped, symlinks=True)
        os.chdir(copy)
        sys.path.insert(0, str(copy))
        os.environ |= {"NUMBA_DISABLE_JIT": "1", "PYTHONPATH": str(copy)}
        import hypothesis, numba, numpy, omegaconf, pyarrow, pytest, scipy.stats, simpy  # noqa: E401, F401, I001
        import networkx  # noqa: F401

        for file, line, what, source in sample:
            if time.monotonic() > ends_s:
                break
            tests = list(files[file])
            if file not in slow:
                failed, slow[file] = _tested(tests, 600.0)
                assert not failed, f"tests of {file} fail as they are"
            whole = (ROOT / file).read_text(encoding="utf-8")
            (copy / file).write_text(source, encoding="utf-8")
            failed, _ = _tested(tests, 10 * slow[file] + 5)
            (copy / file).write_text(whole, encoding="utf-8")
            tried += 1
            if not failed:
                survived.append(f"{file}:{line}: {what}")
        os.chdir("/")
    return {"of": len(drawn), "tried": tried, "killed": tried - len(survived), "survived": survived}


if __name__ == "__main__":
    count, seed, part, most_s = (*sys.argv[1:], *("150", "0", "", "1e9")[len(sys.argv) - 1 :])
    print(json.dumps(run(int(count), int(seed), part, float(most_s)), indent=1))
