"""``import edgesim`` registers the ids without importing Gymnasium, in whichever order."""

import subprocess
import sys
from dataclasses import replace

import gymnasium
import pytest

import edgesim
from edgesim.errors import InputError
from edgesim.problems import PROBLEMS

IDS = "from edgesim.problems import PROBLEMS; ids = {p.env_id for p in PROBLEMS.values()} - {''}"
KNOWN = f"{IDS}; assert ids and ids <= set(gymnasium.registry), ids"
GONE = (
    "import sys; assert not [f for f in sys.meta_path if 'edgesim' in type(f).__module__];"
    "assert 'exec_module' not in vars(gymnasium.__spec__.loader)"
)


def run(*lines: str) -> None:
    """Run lines of Python in a fresh process, where a warning is an error."""
    command = [sys.executable, "-W", "error", "-c", "\n".join(lines)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr


def test_importing_the_package_loads_nothing_heavy() -> None:
    run(
        "import edgesim, sys",
        "heavy = {'gymnasium', 'numpy', 'torch', 'stable_baselines3', 'matplotlib'}",
        "assert not heavy & set(sys.modules)",
    )


@pytest.mark.parametrize(
    "lines",
    [
        ("import edgesim", "import gymnasium"),
        ("import gymnasium", "import edgesim"),
        ("import edgesim", "from gymnasium import spaces", "import gymnasium"),
        ("import edgesim", "import gymnasium.vector", "import gymnasium"),
    ],
)
def test_the_ids_are_there_whichever_is_imported_first(lines: tuple[str, ...]) -> None:
    run(*lines, KNOWN, GONE, "env = gymnasium.make('edgesim/SFC-v0', scenario='sfc_paper')")


def test_looking_gymnasium_up_without_importing_it_loses_nothing() -> None:
    run(
        "import edgesim, importlib.util",
        "assert importlib.util.find_spec('gymnasium').loader is not None",
        "import gymnasium",
        KNOWN,
        GONE,
    )


def test_gymnasium_finds_the_package_by_the_prefix_of_an_id() -> None:
    run(
        "import gymnasium",
        "env = gymnasium.make('edgesim:edgesim/AIGC-v0', scenario='aigc_paper')",
        "env.reset(seed=0)",
    )


def test_without_gymnasium_its_import_fails_as_ever() -> None:
    run(
        "import edgesim, sys",
        "sys.meta_path[:] = [f for f in sys.meta_path if 'edgesim' in type(f).__module__]",
        "try:",
        "    import gymnasium",
        "except ModuleNotFoundError as error:",
        "    assert error.name == 'gymnasium'",
        "else:",
        "    raise AssertionError",
    )


def test_a_problem_registered_before_gymnasium_is_imported_has_its_id_too() -> None:
    run(
        "import edgesim, sys",
        "from dataclasses import replace",
        "from edgesim.problems import PROBLEMS",
        "edgesim.register_problem(replace(PROBLEMS['sfc'], name='own', env_id='own/Own-v0'))",
        "assert 'gymnasium' not in sys.modules",
        "import gymnasium",
        "assert 'own/Own-v0' in gymnasium.registry",
        KNOWN,
    )


def test_registering_a_problem_again_changes_nothing() -> None:
    problems, ids = dict(PROBLEMS), dict(gymnasium.registry)
    edgesim.register_problem(PROBLEMS["aigc"])
    assert problems == PROBLEMS and ids == gymnasium.registry


def test_a_conflicting_problem_is_refused_and_changes_nothing() -> None:
    problems, ids = dict(PROBLEMS), dict(gymnasium.registry)
    with pytest.raises(InputError, match=r"problem = 'aigc': .* another env"):
        edgesim.register_problem(replace(PROBLEMS["aigc"], env="somewhere:Else"))
    with pytest.raises(InputError, match=r"env_id = 'edgesim/AIGC-v0': .*'aigc'"):
        edgesim.register_problem(replace(PROBLEMS["aigc"], name="other"))
    with pytest.raises(InputError, match=r"env_id = 'CartPole-v1': Gymnasium knows it"):
        edgesim.register_problem(replace(PROBLEMS["aigc"], name="cart", env_id="CartPole-v1"))
    assert problems == PROBLEMS and ids == gymnasium.registry
