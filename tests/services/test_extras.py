"""The extra: what it brings, what it must not bring, and what is said without it."""

import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import edgesim
from edgesim.commands.cli import main
from edgesim.services import extras

NOT_WANTED = "torchvision"


def test_without_the_extra_the_commands_say_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda module: None)
    for command in ("calibrate", "calibrate-train", "validate"):
        assert main([command, "service=digits", f"out={tmp_path}"]) == 2
        said = capsys.readouterr().err
        assert "diffusers" in said and "pip install 'edgesim[diffusion]'" in said


@pytest.mark.slow
def test_nothing_imports_torchvision() -> None:
    pytest.importorskip("diffusers", reason="needs the extra [diffusion]")
    look = """
import importlib, pkgutil, sys
import edgesim
for found in pkgutil.walk_packages(edgesim.__path__, "edgesim."):
    if not found.name.endswith("__main__"):
        importlib.import_module(found.name)
from edgesim.services.diffusion.embedded import Digits
Digits("digits", 0, None, "cpu").run([0], [1])
from diffusers import DDPMPipeline, DiffusionPipeline
print("diffusers" in sys.modules, "torchvision" in sys.modules)
"""
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", look],
        cwd=Path(edgesim.__path__[0]).parent,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.split()[-2:] == ["True", "False"]


def test_no_package_of_the_extra_asks_for_torchvision() -> None:
    """All that an installation with the extra would bring, found in the packages' metadata."""
    seen: set[str] = set()
    root = Path(edgesim.__path__[0]).parent
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    extra_lines = project["optional-dependencies"]["diffusion"]
    open_ = [Requirement(line) for line in (*project["dependencies"], *extra_lines)]
    assert {"diffusers", "scikit-image"} <= {item.name for item in open_}
    while open_:
        name = canonicalize_name(open_.pop().name)
        if name in seen:
            continue
        seen.add(name)
        try:
            lines = requires(name) or []
        except PackageNotFoundError:
            continue
        needed = [Requirement(line) for line in lines]
        open_ += [item for item in needed if item.marker is None or item.marker.evaluate()]
    assert {"torch", "diffusers"} <= seen
    assert NOT_WANTED not in seen
