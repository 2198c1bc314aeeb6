"""Gradient inversion: what a server learns of an image from one client's update.

A fully connected first layer gives its input away (Geiping and others, arXiv 2003.14053, section
3): of one sample the gradient of the weights of a unit is the input times the gradient of its bias.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from edgesim.methods.federated.codecs.coded import Codec
from edgesim.methods.federated.models import MLP
from edgesim.methods.federated.steps import gradient

__all__ = ["Leak", "inverted", "leak"]


class Leak(NamedTuple):
    """How like the images are that a server reads out of updates: cosine similarity, 1 is equal."""

    similarity: list[float]

    @property
    def mean(self) -> float:
        """Mean over images."""
        return sum(self.similarity) / len(self.similarity)

    @property
    def success(self) -> float:
        """Share of the images that are read to a similarity of .9."""
        return sum(it >= 0.9 for it in self.similarity) / len(self.similarity)


def inverted(model: MLP, change: Tensor) -> Tensor:
    """The sample that explains the first layer of an update ``[P]`` of one sample best, ``[D]``.

    Least squares over the units: each unit's weights are the sample times its bias.
    """
    inputs, units = model.shapes[0]
    w, b = change[: inputs * units].reshape(inputs, units), change[inputs * units :][:units]
    power = float(b @ b)
    return w @ b / power if power else torch.zeros(inputs)


def leak(
    model: MLP, row: Tensor, x: Tensor, y: Tensor, codec: Codec, *, decoder: bool = True
) -> Leak:
    """Let each of some clients send the gradient of one image, and read it back.

    Args:
        model: a fully connected model.
        row: its parameters.
        x: an image a client, ``[N, D]``.
        y: its class.
        codec: how updates are written.
        decoder: whether the server holds the decoder.
    """
    changes = -gradient(model, row.expand(len(x), -1), x[:, None], y[:, None])
    found = []
    for number, image in enumerate(x):
        others = torch.cat([changes[:number], changes[number + 1 :]])
        read = inverted(model, codec.seen(changes[number], others, decoder=decoder))
        found.append(float(torch.cosine_similarity(read, image, dim=0)))
    return Leak(found)
