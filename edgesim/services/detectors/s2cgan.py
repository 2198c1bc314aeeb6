"""S2CGAN (arXiv 2306.03707): a siamese autoencoder and conditional GANs make scarce flows.

No code of the authors was found. What the paper leaves open is reconstructed here and marked:
margin, weights of the losses, rates, size of the noise, one GAN a class, and how often the filter
may draw again.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from edgesim.services.detectors.flows import Flows
from edgesim.services.detectors.interpolation import NEIGHBOURS, skn
from edgesim.services.detectors.scarcity import Scarcity

if TYPE_CHECKING:
    import torch
    from torch import nn

__all__ = ["Made", "s2cgan", "s2cgan_made"]

Floats = npt.NDArray[np.float64]

CODE = 16  # numbers of the autoencoder's code [paper]
NOISE = 16  # generator's input is 32 wide [paper], of which the code takes 16
MARGIN = 1.0  # of the contrastive loss [reconstructed]
RECONSTRUCTION = 1.0  # weight of the reconstruction beside it [reconstructed]
KEPT = 0.45  # least that the discriminator gives a flow that is kept [paper]
TRIES = (
    10  # drawn flows for each that is wanted, before the rest is taken unfiltered [reconstructed]
)
AUTOENCODER_STEPS = 1500  # of 64 pairs [reconstructed]
GAN_STEPS = 2000  # a class, of 16 flows [reconstructed; the figure shows some 3,500 epochs]
RATE = 1e-3  # Adam's, of all three [reconstructed]


class Made(NamedTuple):
    """Flows that were made for one class.

    Attributes:
        values: shape (made, features).
        passed: share of what the generator drew that its discriminator let through; NaN for SKN.
        unfiltered: how many were taken though they had not passed.
    """

    values: Floats
    passed: float
    unfiltered: int


def s2cgan(
    flows: Flows,
    kinds: Sequence[Scarcity],
    goal: Mapping[int, int],
    seed: int,
    gan_steps: int = GAN_STEPS,
    autoencoder_steps: int = AUTOENCODER_STEPS,
) -> Flows:
    """The flows with more of the scarce classes by GANs, of the rare ones by SKN.

    Args:
        flows: to train with, scaled to [0, 1].
        kinds: which classes are scarce, which rare.
        goal: flows of a class afterwards, by its number.
        seed: of weights, order and noise.
        gan_steps: gradient steps of each GAN.
        autoencoder_steps: of the autoencoder.
    """
    made = s2cgan_made(flows, kinds, goal, seed, gan_steps, autoencoder_steps)
    return flows.with_more([(number, it.values) for number, it in made.items()])


def s2cgan_made(
    flows: Flows,
    kinds: Sequence[Scarcity],
    goal: Mapping[int, int],
    seed: int,
    gan_steps: int = GAN_STEPS,
    autoencoder_steps: int = AUTOENCODER_STEPS,
) -> dict[int, Made]:
    """What :func:`s2cgan` adds to each class."""
    import torch

    rng = np.random.default_rng(seed)
    support = flows.support.tolist()
    by_gan = [number for number in goal if kinds[number] == "scarce" and support[number] > 1]
    made: dict[int, Made] = {}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        if by_gan:
            encoder = _encoder(flows, autoencoder_steps, rng)
            for number in by_gan:
                of = torch.tensor(flows.values[flows.kinds == number], dtype=torch.float32)
                made[number] = _generated(of, encoder, goal[number] - support[number], gan_steps)
    for number in goal.keys() - set(by_gan):
        of_class, count = flows.values[flows.kinds == number], goal[number] - support[number]
        if support[number] < 2:
            values = np.repeat(of_class, count, axis=0)
        else:
            values = skn(of_class, count, NEIGHBOURS, rng)
        made[number] = Made(values, float("nan"), 0)
    return made


def _encoder(flows: Flows, steps: int, rng: np.random.Generator) -> "nn.Module":
    """The encoder of the siamese autoencoder n-64-32-16-32-64-n.

    Half of the pairs are of one class, half of two, and every class is drawn as often
    [reconstructed: the paper does not say how it pairs].
    """
    import torch
    from torch import nn

    def layers(widths: Sequence[int], last: bool) -> list[nn.Module]:
        made: list[nn.Module] = []
        for place, (before, after) in enumerate(pairwise(widths)):
            made.append(nn.Linear(before, after))
            if not last or place + 2 < len(widths):
                made += [nn.BatchNorm1d(after), nn.LeakyReLU(0.2)]
        return made

    features = len(flows.features)
    encoder = nn.Sequential(*layers((features, 64, 32, CODE), last=False))
    decoder = nn.Sequential(*layers((CODE, 32, 64, features), last=True))
    both = [*encoder.parameters(), *decoder.parameters()]
    optimiser = torch.optim.Adam(both, lr=RATE)
    values = torch.tensor(flows.values, dtype=torch.float32)
    there = [number for number, size in enumerate(flows.support) if size]
    rows = [np.flatnonzero(flows.kinds == number) for number in there]

    def drawn(of: npt.NDArray[np.int64]) -> "torch.Tensor":
        picked = [rows[kind][rng.integers(len(rows[kind]))] for kind in of.tolist()]
        return values[torch.tensor(picked)]

    for _ in range(steps):
        first = rng.integers(len(there), size=64)
        unlike = rng.random(64) < 0.5
        shift = rng.integers(1, len(there), size=64)
        second = np.where(unlike, (first + shift) % len(there), first)
        a, b = drawn(first), drawn(second)
        code_a, code_b = encoder(a), encoder(b)
        far = (code_a - code_b).pow(2).sum(1).add(1e-12).sqrt()
        y = torch.from_numpy(unlike.astype(np.float32))
        contrast = 0.5 * ((1 - y) * far**2 + y * (MARGIN - far).clamp(min=0.0)).mean()
        rebuilt = (decoder(code_a) - a).pow(2).mean() + (decoder(code_b) - b).pow(2).mean()
        optimiser.zero_grad()
        (contrast + RECONSTRUCTION * rebuilt).backward()
        optimiser.step()
    return encoder.eval()


def _generated(of: "torch.Tensor", encoder: "nn.Module", count: int, steps: int) -> Made:
    """Flows of one class by a GAN on (code, noise), filtered by its discriminator."""
    import torch
    from torch import nn

    features = of.shape[1]
    generator = nn.Sequential(
        nn.Linear(CODE + NOISE, 64),
        nn.BatchNorm1d(64),
        nn.LeakyReLU(0.2),
        nn.Linear(64, 128),
        nn.BatchNorm1d(128),
        nn.LeakyReLU(0.2),
        nn.Linear(128, features),
        nn.Sigmoid(),
    )
    judge = nn.Sequential(
        nn.Linear(features, 64),
        nn.LayerNorm(64),
        nn.LeakyReLU(0.2),
        nn.Linear(64, 8),
        nn.LayerNorm(8),
        nn.LeakyReLU(0.2),
        nn.Linear(8, 1),
        nn.Sigmoid(),
    )
    of_generator = torch.optim.Adam(generator.parameters(), lr=RATE, betas=(0.5, 0.999))
    of_judge = torch.optim.Adam(judge.parameters(), lr=RATE, betas=(0.5, 0.999))
    with torch.no_grad():
        codes = encoder(of)

    def made(size: int) -> "torch.Tensor":
        picked = codes[torch.randint(len(codes), (size,))]
        fake: torch.Tensor = generator(torch.cat([picked, torch.randn(size, NOISE)], 1))
        return fake

    tiny = 1e-7
    for _ in range(steps):
        real = of[torch.randint(len(of), (16,))]
        fake = made(16)
        said_real, said_fake = judge(real), judge(fake.detach())
        loss = -(said_real + tiny).log().mean() - (1 - said_fake + tiny).log().mean()
        of_judge.zero_grad()
        loss.backward()
        of_judge.step()
        of_generator.zero_grad()
        (-(judge(fake) + tiny).log().mean()).backward()
        of_generator.step()
    generator.eval()
    with torch.no_grad():
        drawn = made(TRIES * count)
        passes = judge(drawn)[:, 0] >= KEPT
    kept, others = drawn[passes][:count], drawn[~passes]
    rest = count - len(kept)
    values = torch.cat([kept, others[:rest]]).numpy().astype(np.float64)
    return Made(values, float(passes.float().mean()), rest)
