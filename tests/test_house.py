"""The house: what is packaged, what is pinned, and that nothing depends on the root links."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from edgesim.version import version

ROOT = Path(__file__).parents[1]
LINKS = ("envs", "agents", "scenarios", "plots")
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

# Asks setuptools, in a process of its own, what a build of the folder it stands in would take.
ASK_SETUPTOOLS = """
import json, setuptools
build = setuptools.Distribution()
build.parse_config_files()
command = build.get_command_obj("build_py")
command.ensure_finalized()
data = [f"{folder}/{file}" for _, folder, _, files in command.data_files for file in files]
print(json.dumps({"packages": build.packages, "modules": build.py_modules, "data": data}))
"""


def packaged(root: Path) -> dict[str, Any]:
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", ASK_SETUPTOOLS],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    )
    answer: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return answer


@pytest.fixture(scope="module")
def bare_checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository as a checkout without symbolic links leaves it."""
    root = tmp_path_factory.mktemp("checkout")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, root)
    shutil.copytree(ROOT / "edgesim", root / "edgesim")
    return root


def test_the_build_packages_edgesim_alone() -> None:
    answer = packaged(ROOT)
    folders = {path.parent for path in (ROOT / "edgesim").rglob("*.py")}
    expected = {".".join(folder.relative_to(ROOT).parts) for folder in folders}
    assert set(answer["packages"]) == expected
    assert len(answer["packages"]) == len(expected)
    assert not answer["modules"]


def test_every_preset_and_the_type_marker_are_packaged() -> None:
    files = {path.relative_to(ROOT).as_posix() for path in (ROOT / "edgesim").rglob("*.yaml")}
    assert "edgesim/scenarios/aigc/aigc_paper.yaml" in files
    data = {re.sub(r"^.*?(?=edgesim/)", "", name, count=1) for name in packaged(ROOT)["data"]}
    assert data >= files | {"edgesim/py.typed"}


def test_the_root_links_are_relative_and_nothing_needs_them(bare_checkout: Path) -> None:
    for name in LINKS:
        link = ROOT / name
        if link.is_symlink():
            assert os.readlink(link) == f"edgesim/{name}"
    assert not any((bare_checkout / name).exists() for name in LINKS)
    with_links, without = packaged(ROOT), packaged(bare_checkout)
    assert sorted(with_links["packages"]) == sorted(without["packages"])


def test_nothing_but_edgesim_is_installed_at_the_top_level() -> None:
    names = (distribution("edgesim").read_text("top_level.txt") or "").split()
    assert names == ["edgesim"]
    # -P leaves the working directory out, where the root links lie.
    found = "import importlib.util as u, sys; print([n for n in sys.argv[1:] if u.find_spec(n)])"
    ran = subprocess.run(
        [sys.executable, "-P", "-c", found, *LINKS],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        env={key: value for key, value in os.environ.items() if key != "PYTHONPATH"},
    )
    assert ran.stdout.strip() == "[]"


def test_the_version_stands_in_one_place() -> None:
    assert version() == PROJECT["version"], "install again: pip install -e . -c constraints.txt"
    holders = [
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "edgesim").rglob("*.py")
        if f'"{PROJECT["version"]}"' in path.read_text()
    ]
    assert holders == []


def pins(file: str = "constraints.txt") -> dict[str, Requirement]:
    lines = (ROOT / file).read_text().splitlines()
    found = [Requirement(line) for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(pin.name): pin for pin in found}


@pytest.mark.parametrize("file", ["constraints.txt", "constraints-ray.txt"])
def test_constraints_pin_exact_public_versions(file: str) -> None:
    for pin in pins(file).values():
        assert re.fullmatch(r"==[\w.]+", str(pin.specifier)), pin
        assert pin.url is None
    assert str(pins(file)["torch"].specifier) == "==2.13.0"


def test_the_pins_for_clusters_differ_only_where_they_must() -> None:
    usual, clusters = pins(), pins("constraints-ray.txt")
    differing = {name for name in usual if str(usual[name]) != str(clusters[name])}
    assert differing == {"cloudpickle", "joblib", "python-dateutil"}


@pytest.mark.parametrize(
    "line",
    [
        *PROJECT["dependencies"],
        *(line for extra in PROJECT["optional-dependencies"].values() for line in extra),
    ],
)
def test_a_pinned_version_lies_in_the_range_that_the_project_gives(line: str) -> None:
    requirement = Requirement(line)
    clusters = line in PROJECT["optional-dependencies"]["ray"]
    clusters |= line in PROJECT["optional-dependencies"]["slurm"]
    file = "constraints-ray.txt" if clusters else "constraints.txt"
    pin = pins(file)[canonicalize_name(requirement.name)]
    pinned = str(pin.specifier).removeprefix("==")
    assert requirement.specifier.contains(pinned)


def test_the_commands_that_the_readme_gives_first_exist() -> None:
    readme, makefile = ((ROOT / name).read_text() for name in ("README.md", "Makefile"))
    targets = set(re.findall(r"^make (\w+)", readme, re.MULTILINE))
    assert {"train", "test"} <= targets
    assert targets <= set(re.findall(r"^(\w+):", makefile, re.MULTILINE))
    torch = f"torch{pins()['torch'].specifier}"
    assert f"pip install {torch} -c constraints.txt" in readme


def test_ci_runs_what_the_readme_says() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert "make test" in script.read_text()
    subprocess.run(["bash", "-n", script], check=True)


def test_ci_does_the_same_with_and_without_make() -> None:
    makefile, script = ((ROOT / name).read_text() for name in ("Makefile", ".ci/run"))
    with_make: list[str] = []
    for target in ("$(BIN)/pip", "$(VENV)/.installed-dev", "lint", "test"):
        rules = re.search(rf"^{re.escape(target)}:.*\n((?:\t.*\n)+)", makefile, re.MULTILINE)
        assert rules
        found = re.findall(r"^\t\$\((?:BIN|PIP)\)(.*)$", rules[1], re.MULTILINE)
        with_make += (line.partition(" #")[0].removesuffix(" $(ARGS)") for line in found)
    _, _, steps = script.partition("\nelse\n")
    without = re.findall(r'^ +"\$(?:venv/bin|\{pip\[@\]\})(.*)$', steps, re.MULTILINE)
    torch = "\"$(grep '^torch==' constraints.txt)\""
    plain = [re.sub(r'^(/\w+)?"', r"\1", line).replace(torch, "$(TORCH)") for line in without]
    assert len(with_make) == 7
    assert plain == with_make
