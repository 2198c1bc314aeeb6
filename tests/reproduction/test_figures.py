"""The registry of figures: every entry leads to something that can be made and drawn."""

import pytest

from edgesim.config.agents import presets as agents
from edgesim.importing import load
from edgesim.reproduction.figures import FIGURES
from edgesim.scenarios import presets


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_has_a_recipe_and_a_drawing(name: str) -> None:
    figure = FIGURES[name]
    assert figure.name == name and figure.title
    assert callable(load(f"{figure.recipe}:tables")) and callable(load(figure.draw))
    for training in load(f"{figure.recipe}:TRAININGS"):
        assert training.scenario in presets() and training.agent in agents()
