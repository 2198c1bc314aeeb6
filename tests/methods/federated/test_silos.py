"""Votes of silos, worked by hand, and silos that learn from them."""

import numpy as np
import pytest

from edgesim.agents.federated.silos import play
from edgesim.errors import InputError
from edgesim.methods.federated.silos.families import make
from edgesim.methods.federated.silos.images import SiloImages
from edgesim.methods.federated.silos.training import CoFED, Local, SelfTraining
from edgesim.methods.federated.silos.voting import class_weights, confident, vote
from edgesim.scenarios import resolve
from edgesim.scenarios.federated.silos_schema import FAMILIES

SMALL = {"silos": 5, "images": 3, "public": 200, "test": 200, "classes": [3, 4]}


def test_a_silo_is_sure_where_one_class_is_far_ahead() -> None:
    shares = [[0.7, 0.3, 0.0], [0.5, 0.3, 0.2], [0.0, 0.2, 0.8]]
    assert confident(shares, 0.3).tolist() == [0, -1, 2]
    assert confident([[1.0], [0.2]], 0.3).tolist() == [0, -1]


def test_a_sample_that_is_claimed_twice_is_nobodys() -> None:
    # Both silos own classes 0 and 1 and agree on sample 0; they differ on sample 1, which is
    # accepted for both classes (half of the owners each), so that nobody learns it.
    sure_0, sure_1 = [0.9, 0.1], [0.1, 0.9]
    votes = vote([[0, 1], [1, 0]], [[sure_0, sure_0], [sure_1, sure_0]], 0.3, 0.3)
    assert votes.owners == {0: 2, 1: 2}
    assert votes.accepted == {0: [0, 1], 1: [1]}
    assert votes.pseudo_labels == [{0: [0], 1: []}, {1: [], 0: [0]}]
    # The share is strict: one of two owners is not more than half.
    assert vote([[0, 1], [1, 0]], [[sure_0, sure_0], [sure_1, sure_0]], 0.3, 0.5).accepted == {
        0: [0],
        1: [],
    }


def test_rare_classes_weigh_more() -> None:
    assert class_weights([1, 3], [1, 1]).tolist() == [1.0, 0.5]
    assert class_weights([0, 2], [0, 0]).tolist() == [0.0, 1.0]


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_learns_what_is_apart(family: str) -> None:
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1, 2], 10)
    x = np.eye(3)[y] + 0.1 * rng.random((30, 3))
    model = make(family, 3, 4, 0).fit(x, y, np.ones(30))
    shares = model.probabilities(x)
    assert shares.shape == (30, 4)
    assert np.allclose(shares.sum(axis=1), 1.0)
    assert (shares.argmax(axis=1) == y).mean() > 0.9


def test_silos_have_hidden_hands_and_equal_seeds_are_equal() -> None:
    scenario = resolve("silos", SMALL)
    one = SiloImages(scenario, np.random.SeedSequence(1))
    other = SiloImages(scenario, np.random.SeedSequence(1))
    assert [silo.classes for silo in one.silos] == [silo.classes for silo in other.silos]
    assert np.array_equal(one.silos[0].x, other.silos[0].x)
    assert [len(silo.y) for silo in one.silos] == [3 * len(silo.classes) for silo in one.silos]


def test_votes_help_where_guesses_of_ones_own_do_not() -> None:
    scenario = resolve("silos", {**SMALL, "families": ["naive_bayes"], "silos": 12})
    rows = {
        method.__name__: play(scenario, method, [3, 4]).rows
        for method in (Local, SelfTraining, CoFED)
    }
    assert [row["ratio"] for row in rows["Local"]] == [1.0, 1.0]
    mean = {name: np.mean([row["ratio"] for row in found]) for name, found in rows.items()}
    assert mean["CoFED"] > 1.0
    assert mean["CoFED"] > mean["SelfTraining"]
    assert rows["CoFED"][0]["up_kb"] == 12 * 200 * 2 / 1e3


def test_what_is_more_than_there_is_is_refused() -> None:
    for keys, message in (
        ({"classes": [4, 11]}, "the data has 10 classes"),
        ({"public": 8000}, "less than the 7188 images"),
        ({"families": ["forrest"]}, "did you mean 'forest'"),
        ({"source": "nowhere.npz"}, "no such file"),
    ):
        with pytest.raises(InputError, match=message):
            SiloImages(resolve("silos", keys), np.random.SeedSequence(0))
