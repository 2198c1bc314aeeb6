"""The networks of the embedded services: how they are built, saved, and read."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from edgesim.errors import InputError

__all__ = ["WEIGHTS", "Shape", "build", "load", "parameters", "save"]

WEIGHTS = Path(__file__).parent / "weights"
"""Folder of the weights that come with the package."""

TRAINED_STEPS = 1000
"""Steps of the noise schedule that every embedded network was trained with."""


@dataclass(frozen=True)
class Shape:
    """The shape of a ``UNet2DModel`` with three resolutions and attention at the lowest.

    Attributes:
        channels: of an image, after ``fold``.
        side_px: of an image, after ``fold``.
        widths: channels of the three resolutions, each a multiple of 8.
        fold: every ``fold`` x ``fold`` block of pixels is one pixel of more channels. It loses
            nothing, and makes 64 px affordable on one core.
    """

    channels: int
    side_px: int
    widths: tuple[int, int, int]
    fold: int = 1


def build(shape: Shape) -> Any:
    """A new network that predicts v, the velocity of the diffusion (arXiv 2202.00512)."""
    from diffusers import UNet2DModel

    network: Any = UNet2DModel
    return network(
        sample_size=shape.side_px,
        in_channels=shape.channels,
        out_channels=shape.channels,
        layers_per_block=1,
        block_out_channels=shape.widths,
        norm_num_groups=8,
        attention_head_dim=8,
        down_block_types=("DownBlock2D", "DownBlock2D", "AttnDownBlock2D"),
        up_block_types=("AttnUpBlock2D", "UpBlock2D", "UpBlock2D"),
    )


def parameters(network: Any) -> int:
    """Numbers in a network."""
    return sum(part.numel() for part in network.parameters())


def save(network: Any, shape: Shape, path: Path, about: dict[str, str]) -> None:
    """Write weights as half-precision safetensors, with the shape and how they were trained."""
    import torch
    from safetensors.torch import save as packed

    from edgesim.files import replacing

    halves = {
        key: value.detach().to(torch.float16).contiguous()
        for key, value in network.state_dict().items()
    }
    metadata = {"shape": json.dumps(asdict(shape)), **about}
    with replacing(path) as part:
        part.write_bytes(packed(halves, metadata))


def load(path: Path) -> tuple[Any, Shape]:
    """A network from its weights, in single precision and ready to sample.

    Raises:
        InputError: there is no such file.
    """
    from safetensors import safe_open

    if not path.is_file():
        raise InputError("weights", str(path), "there is no such file")
    with safe_open(path, framework="pt") as weights:
        values = json.loads(weights.metadata()["shape"])
        state = {key: weights.get_tensor(key).float() for key in weights.keys()}  # noqa: SIM118 # no dict
    shape = Shape(**{**values, "widths": tuple(values["widths"])})
    network = build(shape)
    network.load_state_dict(state)
    return network.eval().requires_grad_(False), shape
