"""The sampling loop, over networks that can be followed by hand."""

from collections.abc import Sequence
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("diffusers", reason="needs the extra [diffusion]")

import torch

from edgesim.errors import InputError
from edgesim.services.diffusion.sampling import Sampler, ddim_scheduler

SIZE = (1, 4, 4)


class Network:
    """Predicts v as a fixed function of image and time, and writes down what it was given."""

    def __init__(self) -> None:
        self.given: list[tuple[int, list[int]]] = []

    def __call__(self, images: torch.Tensor, times: torch.Tensor) -> SimpleNamespace:
        self.given.append((len(images), times.tolist()))
        return SimpleNamespace(sample=0.3 * images.tanh() - times.view(-1, 1, 1, 1) / 5000.0)


def rngs(count: int) -> list[np.random.Generator]:
    return [np.random.default_rng([7, k]) for k in range(count)]


def sampled(mode: str, steps: Sequence[int], *, eta: float = 0.0) -> torch.Tensor:
    return Sampler(Network(), mode, 1000, eta).sample(rngs(len(steps)), SIZE, steps)


def test_it_goes_the_way_of_the_ddim_scheduler() -> None:
    network, scheduler = Network(), ddim_scheduler()
    scheduler.set_timesteps(10)
    images = torch.from_numpy(rngs(1)[0].standard_normal(SIZE, dtype=np.float32))[None]
    for time in scheduler.timesteps:
        v = network(images, time[None]).sample
        images = scheduler.step(v, time, images, use_clipped_model_output=True).prev_sample
    assert torch.allclose(sampled("respaced", [10]), images, atol=1e-4)


def test_a_truncated_request_starts_late_on_the_grid() -> None:
    network = Network()
    Sampler(network, "truncated", 250).sample(rngs(1), SIZE, [3])
    assert [times for _, times in network.given] == [[11], [7], [3]]


def test_a_respaced_request_spreads_its_steps_over_the_schedule() -> None:
    network = Network()
    Sampler(network, "respaced", 1000).sample(rngs(1), SIZE, [4])
    assert [times for _, times in network.given] == [[999], [749], [499], [249]]


def test_a_batch_of_differing_steps_costs_as_many_calls_as_its_longest() -> None:
    network = Network()
    sampler = Sampler(network, "truncated", 250)
    sampler.sample(rngs(3), SIZE, [4, 1, 2])
    assert sampler.calls == 4
    assert [count for count, _ in network.given] == [1, 1, 2, 3]  # 7 image-steps, all steps


@pytest.mark.parametrize("mode", ["truncated", "respaced"])
@pytest.mark.parametrize("eta", [0.0, 1.0])
def test_an_image_does_not_depend_on_what_else_is_in_its_batch(mode: str, eta: float) -> None:
    alone = sampled(mode, [5], eta=eta)
    beside = sampled(mode, [5, 2, 9], eta=eta)
    assert torch.allclose(beside[:1], alone, atol=1e-6)


def test_known_pixels_come_back_as_they_were() -> None:
    known, mask = torch.full((1, *SIZE), 0.5), torch.zeros((1, *SIZE))
    mask[..., :2] = 1.0
    for eta in (0.0, 1.0):
        sampler = Sampler(Network(), "truncated", 250, eta)
        found = sampler.sample(rngs(1), SIZE, [6], known, mask)
        assert torch.allclose(found[..., :2], known[..., :2])
        assert not torch.allclose(found[..., 2:], known[..., 2:])


@pytest.mark.parametrize("steps", [0, 251])
def test_steps_that_the_grid_does_not_have_are_refused(steps: int) -> None:
    with pytest.raises(InputError, match=r"must lie in \[1, 250\]"):
        Sampler(Network(), "truncated", 250).times(steps)
