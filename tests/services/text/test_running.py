"""The model that runs is the model that was trained; text is the same in any batch."""

from pathlib import Path

import numpy as np
import pytest
import torch

from edgesim.errors import InputError
from edgesim.services.text.content import decoded, encoded, held_out, text, vocabulary
from edgesim.services.text.learning import RECIPES, Recipe, nats, pretrained, with_rule
from edgesim.services.text.model import LanguageModel
from edgesim.services.text.running import Runner, read_runner
from edgesim.services.text.saving import save

TINY = Recipe(128, 1, 128, 2, 1, 2, ("absmean",))


@pytest.fixture(scope="module")
def model() -> LanguageModel:
    """Hardly trained."""
    return pretrained(TINY, 2, 0)


def runner(model: LanguageModel, kind: str, folder: Path) -> Runner:
    return read_runner(save(with_rule(model, kind), kind, folder / f"{kind}.safetensors", {}))


@pytest.mark.parametrize("kind", ["fp32", "absmean", "twn", "tequila", "bias"])
def test_a_file_gives_the_logits_of_its_model(
    model: LanguageModel, kind: str, tmp_path: Path
) -> None:
    found = runner(model, kind, tmp_path)
    tokens = encoded(held_out()[:40], vocabulary()).reshape(2, 20)
    with torch.inference_mode():
        true = with_rule(model, kind)(torch.from_numpy(tokens)).numpy()
    np.testing.assert_allclose(found.logits(tokens), true, atol=2e-3)  # 16 bits on the disk


def test_eight_bits_are_near_and_take_a_quarter(model: LanguageModel, tmp_path: Path) -> None:
    full = runner(model, "fp32", tmp_path)
    found = read_runner(save(model, "int8", tmp_path / "int8.safetensors", {}))
    tokens = encoded(held_out()[:20], vocabulary())[None]
    np.testing.assert_allclose(found.logits(tokens), full.logits(tokens), atol=0.02)
    assert found.parameters == full.parameters == sum(p.numel() for p in model.parameters())
    assert full.nbytes == 4 * full.parameters
    assert found.nbytes < 0.45 * full.nbytes  # the embedding stays as it is


def test_a_text_is_the_same_in_any_batch(model: LanguageModel, tmp_path: Path) -> None:
    found = runner(model, "absmean", tmp_path)
    prompts = encoded(held_out()[:30], vocabulary()).reshape(3, 10)

    def rngs(rows: list[int]) -> list[np.random.Generator]:
        return [np.random.default_rng(k) for k in rows]

    together = found.generate(prompts, [4, 9, 6], rngs([0, 1, 2]))
    assert [len(tokens) for tokens in together] == [4, 9, 6]
    for k, count in enumerate((4, 9, 6)):
        (alone,) = found.generate(prompts[k : k + 1], [count], rngs([k]))
        assert alone.tolist() == together[k].tolist()


def test_without_chance_the_likeliest_is_written(model: LanguageModel, tmp_path: Path) -> None:
    found = runner(model, "fp32", tmp_path)
    prompt = encoded("To be, or not", vocabulary())[None]
    (first,) = found.generate(prompt, [1], [np.random.default_rng(0)], temperature=0)
    assert first[0] == found.logits(prompt)[0, -1].argmax()


def test_the_text_is_whole_and_its_characters_are_known() -> None:
    assert len(text()) == 1_115_394 and len(vocabulary()) == 65
    assert decoded(encoded("Exeunt", vocabulary()), vocabulary()) == "Exeunt"
    with pytest.raises(InputError, match=r"lacks it \(line 2\)"):
        encoded("one\n€", vocabulary())


def test_a_file_that_is_no_model_is_told(tmp_path: Path) -> None:
    (tmp_path / "bad.safetensors").write_bytes(b"nothing")
    with pytest.raises(InputError, match="no language model"):
        read_runner(tmp_path / "bad.safetensors")
    with pytest.raises(InputError, match="no such file"):
        read_runner(tmp_path / "none.safetensors")


def test_learning_lowers_the_nats_of_text_that_was_not_seen(model: LanguageModel) -> None:
    begun = nats(LanguageModel(TINY.shape()), 20).mean()
    learned = nats(pretrained(TINY, 30, 0), 20).mean()
    assert begun == pytest.approx(np.log(65), abs=0.15)
    assert learned < begun - 0.5
    assert {recipe.width for recipe in RECIPES.values()} == {128, 256}
