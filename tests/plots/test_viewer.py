"""What render shows: the house style, on panels that stay from frame to frame."""

from typing import Any

import gymnasium
import numpy as np
import pytest
from matplotlib import rc_context
from matplotlib.figure import Figure

import edgesim  # noqa: F401  # registers the environments
from edgesim.importing import load
from edgesim.plots.panels import draw_bars, kept, panels
from edgesim.plots.style import PAPER
from edgesim.plots.viewer import Viewer


def stepped(env: Any, decisions: int) -> None:
    for _ in range(decisions):
        env.step(int(np.flatnonzero(env.unwrapped.action_masks())[0]))


@pytest.mark.parametrize(
    ("env_id", "scenario"),
    [
        ("edgesim/AIGC-v0", "aigc"),
        ("edgesim/AIGC-v0", "aigc_paper"),
        ("edgesim/SFC-v0", "sfc"),
        ("edgesim/SFC-v0", "sfc_paper"),
        ("edgesim/VNE-v0", "vne_geant"),
    ],
)
def test_a_later_frame_is_the_one_that_a_new_viewer_draws(env_id: str, scenario: str) -> None:
    """Nothing of earlier frames is left; only the room for labels may differ a little."""
    env: Any = gymnasium.make(env_id, scenario=scenario, render_mode="rgb_array")
    env.reset(seed=1)
    picture: Any = load(env.unwrapped.picture)
    old = Viewer("rgb_array", picture, scenario)
    for _ in range(3):
        old.show(env.unwrapped.twin)
        stepped(env, 3)
    fresh = Viewer("rgb_array", picture, scenario)
    frame = fresh.show(env.unwrapped.twin)
    again = old.show(env.unwrapped.twin)
    assert frame is not None and again is not None
    assert frame.shape == again.shape == (500, 1000, 3)
    assert len(old.figure.axes) == len(fresh.figure.axes)
    for there, new in zip(old.figure.axes, fresh.figure.axes, strict=True):
        for kind in ("lines", "collections", "patches", "texts"):
            assert len(getattr(there, kind)) == len(getattr(new, kind))
        assert there.get_xlim() == pytest.approx(new.get_xlim())
        assert there.get_ylim() == pytest.approx(new.get_ylim())
        for axis in ("xaxis", "yaxis"):
            words = [it.get_text() for it in getattr(there, axis).get_ticklabels()]
            assert words == [it.get_text() for it in getattr(new, axis).get_ticklabels()]
        assert there.get_position().bounds == pytest.approx(new.get_position().bounds, abs=0.03)


def test_a_frame_says_which_scenario_it_shows_and_when() -> None:
    env: Any = gymnasium.make("edgesim/AIGC-v0", scenario="aigc_paper", render_mode="rgb_array")
    env.reset(seed=1)
    env.render()
    title = env.unwrapped._viewer.figure.get_suptitle()
    assert title.startswith("aigc_paper   t = ") and "request 0" in title


def test_a_users_own_style_changes_no_frame() -> None:
    """Somebody's dark background would make dark words unreadable."""
    env: Any = gymnasium.make("edgesim/AIGC-v0", scenario="aigc_paper", render_mode="rgb_array")
    env.reset(seed=1)
    frame = env.render()
    dark: Any = {"figure.facecolor": "black", "axes.facecolor": "black", "text.color": "white"}
    with rc_context(dark):
        other: Any = Viewer("rgb_array", load(env.unwrapped.picture), "aigc_paper").show(
            env.unwrapped.twin
        )
    assert np.array_equal(frame, other)
    assert PAPER == "#FFFFFF" and (frame[0, 0] == 255).all()


def test_panels_are_made_once_and_emptied_after() -> None:
    figure = Figure()
    (left, right), fresh = panels(figure, 3, 2)
    assert fresh and kept(figure)
    left.plot([0, 1], [0, 100])
    draw_bars(right, [0, 1], [2.0, 3.0], "red", left=[0.0, 1.0])
    assert right.dataLim.x1 == 4.0
    again, fresh = panels(figure, 3, 2)
    assert again == [left, right] and not fresh
    assert not left.lines and not right.collections
    left.plot([0, 1], [0, 1])
    assert left.dataLim.y1 == 1.0  # what was there before is forgotten


def test_other_panels_are_made_anew() -> None:
    figure = Figure()
    panels(figure, 1, 1)
    assert panels(figure, 1)[1]
    assert len(figure.axes) == 1


def test_a_picture_that_keeps_no_panels_starts_from_an_empty_figure() -> None:
    def draw(figure: Figure, twin: int) -> None:
        assert figure.axes == []
        figure.add_subplot().bar([0], [twin])

    viewer = Viewer("rgb_array", draw)
    one: Any = viewer.show(1)
    two: Any = viewer.show(2)
    assert not np.array_equal(one, two)  # the axis says another number
