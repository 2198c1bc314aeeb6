"""The weights of the embedded diffusion services, made again."""

import json
import math
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from time import process_time
from typing import TYPE_CHECKING

import numpy as np

from edgesim.config.services import CalibrateTrainConfig
from edgesim.errors import InputError, did_you_mean
from edgesim.services.extras import needs_extra
from edgesim.version import version

if TYPE_CHECKING:
    import torch

    from edgesim.services.diffusion.networks import Shape

__all__ = ["RECIPES", "Recipe", "train"]

_PEAK_RATE, _WARM_UP, _AVERAGE = 2e-3, 100, 0.995


@dataclass(frozen=True)
class Recipe:
    """How a network is trained.

    Attributes:
        data: ``digits`` or ``photographs``.
        widths: channels of the network's three resolutions.
        iterations: gradient steps.
        batch: images a gradient step.
        snapshots: names of weights that are also written, after fewer iterations of the same
            training: providers that are worse because they learned less.
    """

    data: str
    widths: tuple[int, int, int]
    iterations: int
    batch: int
    snapshots: dict[str, int] = field(default_factory=dict)


RECIPES = {
    "digits": Recipe("digits", (16, 32, 32), 1500, 32),
    "photo_inpaint": Recipe("photographs", (24, 32, 32), 3000, 32, {"photo_inpaint_early": 300}),
    "photo_inpaint_small": Recipe("photographs", (16, 16, 16), 1500, 32),
}
"""A recipe for each network; the snapshots come with it."""


def train(config: CalibrateTrainConfig) -> list[Path]:
    """Train a network and write its weights and snapshots; prints what it takes.

    Returns:
        the files ``<out>/<name>.safetensors``.

    Raises:
        InputError: no such recipe, the extra is not installed, or ``out`` cannot be written.
    """
    if config.service not in RECIPES:
        raise InputError("service", config.service, did_you_mean(config.service, RECIPES))
    needs_extra("diffusion", "service", config.service)
    import torch
    from rich.progress import track

    torch.set_num_threads(config.threads)
    recipe = RECIPES[config.service]
    iterations = recipe.iterations if config.iterations is None else config.iterations
    out = Path(config.out)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError("out", config.out, f"must be a folder: {error.strerror}") from None
    training = _Training(recipe, iterations, config.seed)
    names = {count: name for name, count in recipe.snapshots.items() if count < iterations}
    begun = process_time()
    written = []
    for done in track(range(1, iterations + 1), config.service, disable=not config.progress):
        training.step()
        if done in names or done == iterations:
            name = names.get(done, config.service)
            path = out / f"{name}.safetensors"
            training.save(path, done, config.seed)
            written.append(path)
            spent = process_time() - begun
            print(f"{name}: {done} iterations, {spent:.0f} CPU-seconds, loss {training.loss:.4f}")
    return written


class _Training:
    """A network that learns to predict v, and the running mean of its weights that is kept."""

    def __init__(self, recipe: Recipe, iterations: int, seed: int) -> None:
        import torch

        from edgesim.services.diffusion.networks import build
        from edgesim.services.diffusion.sampling import ddim_scheduler

        torch.manual_seed(seed)
        self._rng = np.random.default_rng(seed)
        self._shape, self._draw = _task(recipe)
        self._batch = recipe.batch
        self._network = build(self._shape)
        self._kept = deepcopy(self._network).eval().requires_grad_(False)
        self._optimiser = torch.optim.AdamW(self._network.parameters(), lr=_PEAK_RATE)
        self._rate = torch.optim.lr_scheduler.LambdaLR(
            self._optimiser,
            lambda done: (
                min((done + 1) / _WARM_UP, 1.0)
                * 0.5
                * (1.0 + math.cos(math.pi * min(done / iterations, 1.0)))
            ),
        )
        self._scheduler = ddim_scheduler()
        self._done = 0
        self.loss = math.nan  # running mean

    def step(self) -> None:
        """One gradient step on images with noise of random strength."""
        import torch

        clean = self._draw(self._rng, self._batch)
        noise = torch.randn_like(clean)
        times = torch.randint(len(self._scheduler.alphas_cumprod), (len(clean),))
        noisy = self._scheduler.add_noise(clean, noise, times)
        v = self._scheduler.get_velocity(clean, noise, times)
        loss = torch.nn.functional.mse_loss(self._network(noisy, times).sample, v)
        self._optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call] # torch does not type it
        torch.nn.utils.clip_grad_norm_(self._network.parameters(), 1.0)
        self._optimiser.step()
        self._rate.step()
        self._done += 1
        keep = min(_AVERAGE, self._done / (self._done + 10))
        with torch.no_grad():
            new = self._network.parameters()
            for average, value in zip(self._kept.parameters(), new, strict=True):
                average.lerp_(value, 1.0 - keep)
        value = loss.item()
        self.loss = value if math.isnan(self.loss) else 0.99 * self.loss + 0.01 * value

    def save(self, path: Path, done: int, seed: int) -> None:
        """Write the mean weights."""
        from edgesim.services.diffusion.networks import save

        about = {"edgesim": version(), "seed": seed, "iterations": done, "batch": self._batch}
        save(self._kept, self._shape, path, {"training": json.dumps(about)})


def _task(
    recipe: Recipe,
) -> "tuple[Shape, Callable[[np.random.Generator, int], torch.Tensor]]":
    """The network's shape, and what draws images in [-1, 1] for it."""
    import torch

    from edgesim.services.diffusion.content import digits, training_crops
    from edgesim.services.diffusion.networks import Shape

    if recipe.data == "digits":
        images = torch.from_numpy(digits(scored=False)[0] * 2.0 - 1.0)

        def draw_digits(rng: np.random.Generator, count: int) -> torch.Tensor:
            return images[rng.integers(len(images), size=count)]

        return Shape(1, 16, recipe.widths), draw_digits

    def draw_photographs(rng: np.random.Generator, count: int) -> torch.Tensor:
        # 32 px are enough: the network is convolutional and paints 64 px as well.
        crops = torch.from_numpy(training_crops(rng, count, 32) * 2.0 - 1.0)
        return torch.nn.functional.pixel_unshuffle(crops, 2)

    return Shape(12, 32, recipe.widths, fold=2), draw_photographs
