"""Import strings: edgesim's own, and code of a user's in the working folder."""

import sys
from pathlib import Path

import pytest

from edgesim.errors import InputError
from edgesim.importing import load


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder that Python's path does not hold."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    return tmp_path


def test_a_module_of_the_working_folder_is_found(here: Path) -> None:
    (here / "mine_of_importing.py").write_text("class A:\n    class B:\n        pass\n")
    assert load("mine_of_importing:A.B").__qualname__ == "A.B"


def test_a_file_of_the_working_folder_hides_no_library(here: Path) -> None:
    (here / "colorsys.py").write_text("rgb_to_hsv = None\n")
    sys.modules.pop("colorsys", None)
    (here / "mine_beside_it.py").write_text("number = 1\n")
    assert load("mine_beside_it:number") == 1  # the folder is on the path now
    assert load("colorsys:rgb_to_hsv") is not None


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("edgesim.importing", "must be module:attribute"),
        (":load", "must be module:attribute"),
        (".relative:load", "must be module:attribute"),
        ("no_such:load", "there is no module 'no_such'"),
        ("edgesim.no_such.deep:load", r"there is no module 'edgesim\.no_such'"),
        ("edgesim.importing:laod", r"no 'laod' in edgesim\.importing: did you mean 'load'\?"),
        ("edgesim.importing:load.x", r"there is no 'x' in edgesim\.importing\.load$"),
    ],
)
@pytest.mark.usefixtures("here")
def test_what_is_not_there_is_said_by_the_key_that_named_it(entry: str, said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        load(entry, "metric")
    assert caught.value.thing == "metric"


def test_a_module_that_lacks_an_import_of_its_own_says_so_itself(here: Path) -> None:
    (here / "lacks_one.py").write_text("import not_installed_at_all\n")
    with pytest.raises(ModuleNotFoundError, match="not_installed_at_all"):
        load("lacks_one:anything")
