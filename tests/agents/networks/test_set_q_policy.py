"""Q-networks over sets: the order of choices, their number, and those that are not there."""

from typing import Any

import numpy as np
import pytest
import torch
from gymnasium import spaces

from edgesim.agents.networks.set_policy import SetPolicy
from edgesim.agents.networks.set_q_policy import SetQPolicy
from edgesim.envs.choice_box import ChoiceBox
from edgesim.errors import InputError

FEATURES = ("there", "good", "dear")


def box(choices: int) -> ChoiceBox:
    names = [f"{feature} {k}" for feature in FEATURES for k in range(choices)]
    names += ["request a", "request b"]
    high = np.ones(len(names), dtype=np.float32)
    return ChoiceBox(-high, high, names, FEATURES, choices)


def policy(**arguments: Any) -> SetQPolicy:
    torch.manual_seed(0)
    made = SetQPolicy(box(4), spaces.Discrete(4), lambda _: 0.001, **arguments)
    with torch.no_grad():  # linear functions begin at 0
        for parameter in made.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return made


def pages(choices: int, there: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(choices)
    shown = torch.rand((6, len(FEATURES), choices), generator=generator)
    shown[:, 0] = (torch.arange(choices) < there).float()
    shown *= shown[:, :1]
    asked = torch.rand((6, 2), generator=generator)
    return torch.cat((shown.reshape(6, -1), asked), dim=1)


@pytest.mark.parametrize("heads", [0, 4])
def test_choices_in_another_order_are_worth_the_same(heads: int) -> None:
    made, page = policy(heads=heads), pages(4, 4)
    order = torch.tensor([2, 0, 3, 1])
    mixed = page.clone()
    mixed[:, :12] = page[:, :12].reshape(6, 3, 4)[:, :, order].reshape(6, -1)
    with torch.no_grad():
        torch.testing.assert_close(made.q_net(mixed), made.q_net(page)[:, order])


def test_what_is_not_there_changes_nothing_and_is_never_taken() -> None:
    made, page = policy(), pages(4, 3)
    fewer = torch.cat((page[:, :12].reshape(6, 3, 4)[:, :, :3].reshape(6, -1), page[:, 12:]), dim=1)
    with torch.no_grad():
        worth, few = made.q_net(page), made.q_net(fewer)
    torch.testing.assert_close(worth[:, :3], few)
    assert (worth[:, 3] < few.min()).all()
    assert (made._predict(page) < 3).all()


def test_it_learns_which_choice_is_worth_most() -> None:
    made = policy(linear=1.0)
    optimiser = torch.optim.Adam(made.q_net.parameters(), lr=0.01)
    for step in range(150):
        page = pages(4, 4) if step % 2 else pages(4, 2)
        shown = page[:, :12].reshape(6, 3, 4)
        there = shown[:, 0] > 0
        error = made.q_net(page) - (shown[:, 1] - 2 * shown[:, 2])
        loss = (error[there] ** 2).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    page = pages(9, 9)  # more choices than it has ever seen
    shown = page[:, :27].reshape(6, 3, 9)
    best = (shown[:, 1] - 2 * shown[:, 2]).argmax(dim=1)
    assert (made._predict(page) == best).sum() >= 5


@pytest.mark.parametrize("kind", [SetQPolicy, SetPolicy])
def test_other_spaces_are_refused(kind: Any) -> None:
    with pytest.raises(InputError, match="needs observations of a set of choices"):
        kind(box(4), spaces.Discrete(5), lambda _: 0.001)
    with pytest.raises(InputError, match="needs observations of a set of choices"):
        kind(spaces.Box(-1, 1, (14,)), spaces.Discrete(4), lambda _: 0.001)


def test_a_linear_function_beside_the_networks_begins_at_nothing() -> None:
    made = SetPolicy(box(4), spaces.Discrete(4), lambda _: 0.001, linear=30.0)
    network = made.mlp_extractor
    assert network.linear is not None and not network.linear.weight.any()
    before = network.forward_actor(pages(4, 4))
    with torch.no_grad():
        network.linear.weight[0, 1] = 0.1
    after = network.forward_actor(pages(4, 4))
    good = pages(4, 4)[:, 4:8]
    torch.testing.assert_close(after - before, 3.0 * good)
