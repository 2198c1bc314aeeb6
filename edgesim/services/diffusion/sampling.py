"""Denoising, step by step: DDIM over a network that predicts v, batches of differing steps.

A loop of our own, because pipelines swap schedulers inconsistently, because network calls are to be
counted, and because a server runs requests of differing steps in one batch.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from edgesim.errors import InputError
from edgesim.services.diffusion.networks import TRAINED_STEPS

__all__ = ["Sampler", "ddim_scheduler"]


def ddim_scheduler() -> Any:
    """The noise schedule of the embedded networks, as diffusers has it."""
    from diffusers import DDIMScheduler

    scheduler: Any = DDIMScheduler
    return scheduler(
        num_train_timesteps=TRAINED_STEPS,
        beta_schedule="squaredcos_cap_v2",
        prediction_type="v_prediction",
        timestep_spacing="trailing",
        clip_sample=True,
    )


class Sampler:
    """Draws images from a diffusion network.

    Images of a batch end together: one of fewer steps joins when it has as many left as the
    others, so that a batch costs as many network calls as its longest request has steps, and the
    network sees as many images in total as all requests have steps.

    Args:
        network: a ``UNet2DModel`` that predicts v.
        mode: ``truncated`` (start at step t of a fixed grid) or ``respaced`` (spread t steps over
            the whole schedule).
        grid_steps: steps of the fixed grid; a respaced sampler takes at most so many.
        eta: share of fresh noise at every step: 0 for DDIM, 1 for DDPM.
        device: where the network is.

    Attributes:
        calls: network calls so far.
    """

    def __init__(
        self, network: Any, mode: str, grid_steps: int, eta: float = 0.0, device: str = "cpu"
    ) -> None:
        self._network = network
        self._eta, self._device = eta, torch.device(device)
        self._mode = mode
        self._grid_steps = grid_steps
        self._scheduler = ddim_scheduler()
        self._kept: dict[int, npt.NDArray[np.int64]] = {}
        self._alphas = self._scheduler.alphas_cumprod.double().numpy()
        self.calls = 0

    def times(self, steps: int) -> npt.NDArray[np.int64]:
        """Timesteps of a request of ``steps`` steps, descending, and -1 for the clean image.

        Raises:
            InputError: fewer than one step, or more than the grid has.
        """
        if not 1 <= steps <= self._grid_steps:
            raise InputError("steps", steps, f"must lie in [1, {self._grid_steps}]")
        if self._mode == "truncated":
            return self._spaced(self._grid_steps)[-steps - 1 :]
        return self._spaced(steps)

    def _spaced(self, steps: int) -> npt.NDArray[np.int64]:
        found = self._kept.get(steps)
        if found is None:
            self._scheduler.set_timesteps(steps)
            found = self._kept[steps] = np.append(self._scheduler.timesteps.numpy(), -1)
        return found

    @torch.inference_mode()
    def sample(
        self,
        rngs: Sequence[np.random.Generator],
        size: tuple[int, int, int],
        steps: Sequence[int],
        known: torch.Tensor | None = None,
        mask: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Images from pure noise.

        Args:
            rngs: one for each image, from which all its noise is drawn; what else is in the batch
                changes nothing of it.
            size: channels, height and width of an image.
            steps: of each image.
            known: images in [-1, 1], of which the pixels of ``mask`` are kept: after every step
                they are put back with as much noise as belongs there (arXiv 2201.09865, eq. 8).
            mask: 1 where ``known`` is known and 0 where it is not, of the same shape.

        Returns:
            the images, in [-1, 1], shape (n, *size).
        """
        times = [self.times(count) for count in steps]
        images = self._noise(rngs, size)
        for left in range(max(steps), 0, -1):
            active = [k for k, count in enumerate(steps) if count >= left]
            rows = slice(None) if len(active) == len(steps) else active
            now = [times[k][-left - 1] for k in active]
            after = [times[k][-left] for k in active]
            fresh = None
            if self._eta > 0 or known is not None:
                fresh = self._noise([rngs[k] for k in active], size)
            part = self._step(images[rows], now, after, fresh)
            if known is not None and mask is not None and fresh is not None:
                clean, noisy = self._shares(after, part)
                part = torch.lerp(part, clean * known[rows] + noisy * fresh, mask[rows])
            images[rows] = part
        return images.clamp(-1.0, 1.0)

    def _noise(
        self, rngs: Sequence[np.random.Generator], size: tuple[int, int, int]
    ) -> torch.Tensor:
        """Standard normal noise of every image."""
        drawn = np.stack([rng.standard_normal(size, dtype=np.float32) for rng in rngs])
        return torch.from_numpy(drawn).to(self._device, memory_format=torch.channels_last)

    def _step(
        self,
        images: torch.Tensor,
        now: Sequence[int],
        after: Sequence[int],
        fresh: torch.Tensor | None,
    ) -> torch.Tensor:
        """One DDIM step (arXiv 2010.02502, eq. 12 and 16)."""
        self.calls += 1
        v: torch.Tensor = self._network(images, torch.as_tensor(now, device=self._device)).sample
        clean_now, noisy_now = self._shares(now, images)
        clean = (clean_now * images - noisy_now * v).clamp(-1.0, 1.0)
        noise = (images - clean_now * clean) / noisy_now
        clean_after, noisy_after = self._shares(after, images)
        if fresh is None or self._eta == 0:
            return clean_after * clean + noisy_after * noise
        ratio = (clean_now / clean_after).square()
        sigma = self._eta * noisy_after / noisy_now * (1.0 - ratio).sqrt()
        kept = (noisy_after.square() - sigma.square()).clamp(min=0.0).sqrt()
        return clean_after * clean + kept * noise + sigma * fresh

    def _shares(
        self, times: Sequence[int], like: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """How much of an image at these times is content and how much noise, (n, 1, 1, 1) each."""
        alphas = np.array([1.0 if time < 0 else self._alphas[time] for time in times])
        shares = torch.as_tensor(alphas, dtype=like.dtype, device=like.device).view(-1, 1, 1, 1)
        return shares.sqrt(), (1.0 - shares).sqrt()
