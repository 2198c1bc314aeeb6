"""Causal language models of transformers, tiny and untrained, from a folder."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("transformers", reason="needs the extra [diffusion]")

from edgesim.commands.cli import main
from edgesim.config.services import CalibrateConfig
from edgesim.profiles.profile import load_profile
from edgesim.services.finding import find_service
from edgesim.services.text.content import vocabulary


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Llama of a few thousand parameters, a character a token."""
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    made: Any = Tokenizer(models.WordLevel({it: k for k, it in enumerate(vocabulary())}, "\n"))
    made.pre_tokenizer = pre_tokenizers.Split(Regex(r"[\s\S]"), "isolated")
    kind: Any = LlamaForCausalLM
    settings: Any = LlamaConfig
    model = kind(
        settings(
            vocab_size=65,
            hidden_size=16,
            intermediate_size=16,
            num_hidden_layers=1,
            num_attention_heads=2,
            max_position_embeddings=64,
        )
    )
    path = tmp_path_factory.mktemp("models") / "tiny-llama"
    model.save_pretrained(path)
    words: Any = PreTrainedTokenizerFast
    words(tokenizer_object=made).save_pretrained(path)
    return path


def test_a_model_of_a_folder_is_measured(folder: Path, tmp_path: Path) -> None:
    words = ["items=3", "work=[4,30]", "batches=[1,2]", "repeats=3", "progress=false"]
    assert main(["calibrate", f"service={folder}", f"out={tmp_path}", *words]) == 0
    profile = load_profile(tmp_path / "tiny-llama" / "profile.json")
    assert (profile.unit, profile.task, profile.mode) == ("token", "text_generation", None)
    assert profile.most_work == 32 and profile.latency.calls_per_unit == 1.0
    nats = profile.scored.metrics["nats"]
    assert nats.mean[0] == pytest.approx(np.log(65), abs=0.2)  # it has learned nothing
    assert profile.loading is not None and profile.loading.bytes > 4 * profile.model.parameters
    assert (tmp_path / "tiny-llama" / "quality.png").is_file()


def test_what_is_written_does_not_depend_on_the_batch(folder: Path) -> None:
    service = find_service(CalibrateConfig(service=str(folder)))
    together = service.run([0, 1], [5, 9])
    assert [service.run([k], [count])[0] for k, count in ((0, 5), (1, 9))] == list(together)


def test_what_is_no_language_model_is_told(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "config.json").write_text('{"model_type": "vit"}')
    assert main(["calibrate", f"service={tmp_path / 'bad'}"]) == 2
    assert "must be a causal language model" in capsys.readouterr().err
    assert main(["calibrate", f"service={folder}", "work=[40]"]) == 2
    assert "at most 32 tokens" in capsys.readouterr().err


def test_a_tokenizer_of_more_tokens_than_the_model_is_told(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from shutil import copytree

    from transformers import LlamaConfig, LlamaForCausalLM

    copytree(folder, tmp_path / "small")
    kind: Any = LlamaForCausalLM
    settings: Any = LlamaConfig
    shape = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1}
    kind(settings(vocab_size=10, num_attention_heads=2, **shape)).save_pretrained(
        tmp_path / "small"
    )
    assert main(["calibrate", f"service={tmp_path / 'small'}"]) == 2
    assert "tokenizer has 65 tokens, and the model 10" in capsys.readouterr().err
