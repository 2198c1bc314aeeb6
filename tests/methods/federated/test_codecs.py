"""How updates are written: what the mean is worth, what a server sees, how many bytes it takes."""

import numpy as np
import pytest
import torch

from edgesim.errors import InputError
from edgesim.methods.federated.codecs import coded
from edgesim.methods.federated.codecs.inversion import leak
from edgesim.methods.federated.codecs.levels import published_levels, stochastic_levels
from edgesim.methods.federated.codecs.linear import code_bytes, error_bound, linear_code
from edgesim.methods.federated.models import MLP

PARAMS = 4096


def codec(name: str) -> coded.Codec:
    return coded.make(name, PARAMS, np.random.default_rng(0))


def changes(clients: int = 10) -> torch.Tensor:
    return torch.randn(clients, PARAMS, generator=torch.Generator().manual_seed(1)) * 0.01


def test_levels_round_by_the_fraction_as_worked_by_hand() -> None:
    # nu = 1, s = 4: .3 is 1.2 levels: 1, and 2 where the draw is below .2.
    found = stochastic_levels([0.3, -0.3, 0.5, 0.0], 1.0, 4, [0.19, 0.21, 0.0, 0.0])
    assert found.levels.tolist() == [2, -1, 2, 0]
    assert found.value.tolist() == [0.5, -0.25, 0.5, 0.0]
    assert found.variance[0] == pytest.approx(0.2 * 0.8 / 16)
    assert published_levels([0.3, -0.01, 0.0], 1.0, 4).levels.tolist() == [2, -1, 0]
    assert stochastic_levels([0.0], 0.0, 4, [0.5]).levels.tolist() == [0]


def test_a_code_as_long_as_its_block_loses_nothing_and_half_of_one_half() -> None:
    blocks = [[3.0, -1.0], [1.0, 1.0]]
    assert linear_code(np.eye(2), blocks).decoded.tolist() == [2.0, 0.0]
    half = linear_code([[1.0, 0.0]], [[3.0, 4.0]])
    assert half.decoded.tolist() == [3.0, 0.0]
    assert half.relative_sq_error == pytest.approx(16 / 25)
    assert error_bound(512, 128, 10, 1.0) == (0.75, 0.75)
    assert error_bound(4, 4, 2, 1.0, 1.0)[0] == pytest.approx(1 / 3)  # v s / (v + s), s = 1 / 2


def test_the_published_code_is_longer_than_what_it_encodes() -> None:
    found = code_bytes(582_026, 512, 128, 32)
    assert found.code_bytes > found.quantised_bytes
    assert (found.code_bytes, found.quantised_bytes) == (582_144, 509_273)


def test_masks_are_exact_in_the_sum_and_show_nothing_of_one() -> None:
    sent = changes()
    masks = codec("masks")
    assert torch.allclose(masks.mean(sent), sent.mean(dim=0), atol=2**-20)
    seen = masks.seen(sent[0], sent[1:])
    assert abs(float(torch.corrcoef(torch.stack([seen, sent[0]]))[0, 1])) < 0.1
    assert masks.bytes_up(10) == 4 * PARAMS + 32 * 9


def test_levels_are_right_on_average() -> None:
    sent = changes()
    levels = codec("levels")
    mean = torch.stack([levels.mean(sent) for _ in range(300)]).mean(dim=0)
    unit = float(sent.norm(dim=1).max()) / 32
    assert float((mean - sent.mean(dim=0)).abs().mean()) < unit / 10


def test_the_linear_code_loses_what_the_bound_says() -> None:
    # Levels up to +-32, as in the authors' training of their code: the error of the mean's decoding
    # is within 3 % of (1 - h / b) of its variance.
    ega = coded.EGA(64 * 512, np.random.default_rng(0))
    rng = torch.Generator().manual_seed(2)
    integers = torch.randint(-32, 33, (10, 64 * 512), generator=rng).float()
    mean = integers.mean(dim=0)
    decoded = ega._decoded(ega._codes(integers).mean(dim=0, keepdim=True))[0]
    error = float(((decoded - mean) ** 2).mean())
    bound = error_bound(512, 128, 10, float((mean**2).mean()))[0]
    assert error == pytest.approx(bound, rel=0.03)


def test_the_largest_entries_are_kept() -> None:
    top = codec("topk")
    sent = torch.arange(float(PARAMS))[None]
    assert int((top.mean(sent) != 0).sum()) == round(0.1 * PARAMS)
    assert float(top.mean(sent)[-1]) == PARAMS - 1
    assert top.bytes_up(5) == 8 * round(0.1 * PARAMS)


def test_a_server_reads_images_out_of_plain_updates_and_not_out_of_masks() -> None:
    rng = torch.Generator().manual_seed(0)
    model = MLP(64, 10, [40])
    row, x = model.initial(rng), torch.rand(6, 64, generator=rng)
    y = torch.randint(10, (6,), generator=rng)
    found = {
        name: leak(model, row, x, y, coded.make(name, model.params, np.random.default_rng(0)))
        for name in coded.NAMES
    }
    assert found["fp32"].mean == pytest.approx(1.0, abs=1e-4)
    assert found["fp32"].success == 1.0
    assert found["masks"].success == 0.0
    assert abs(found["masks"].mean) < 0.5
    assert found["ega"].mean < found["fp32"].mean


def test_an_unknown_codec_is_refused() -> None:
    with pytest.raises(InputError, match="codec = 'fp16'"):
        codec("fp16")
