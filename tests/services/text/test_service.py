"""The embedded text services: what a demonstration shows, how they are scored, and bad input."""

from pathlib import Path

import numpy as np
import pytest

from edgesim.commands.cli import main
from edgesim.config.services import CalibrateConfig
from edgesim.services.finding import find_service
from edgesim.services.text.content import held_out
from edgesim.services.text.service import PROMPT, Text, foretold, judged
from edgesim.services.titles import TITLES

TERNARY = ("absmean", "twn", "tequila", "bias")


def text(name: str) -> Text:
    found = find_service(CalibrateConfig(service=name))
    assert isinstance(found, Text)
    return found


def test_a_file_is_written_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    poem = tmp_path / "poem, 1.txt"
    poem.write_text("ROMEO:\nBut soft, ")
    words = [f"out={tmp_path}", "tokens=12", "service=text_small_int8"]
    assert main(["demo", "text", str(poem), *words]) == 0
    written = (tmp_path / "text" / "text_small_int8.txt").read_text()
    assert written.startswith("ROMEO:\nBut soft, ") and len(written) == 17 + 12
    assert "0.37 MB" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "words", "told"),
    [
        (b"price: 3 \xe2\x82\xac", "", "vocabulary lacks it"),
        (b"", "", "is empty"),
        (b"\xff\x00\x80", "", "input"),
        (None, "", "there is no such file"),
        (b"Hark", "service=text_small_absmeen", "did you mean 'text_small_absmean'"),
        (b"Hark", "tokens=0", "tokens = 0"),
    ],
)
def test_what_cannot_be_written_on_is_told(
    content: bytes | None,
    words: str,
    told: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "in.txt"
    if content is not None:
        path.write_bytes(content)
    assert main(["demo", "text", str(path), f"out={tmp_path}", *words.split()]) == 2
    assert told in capsys.readouterr().err


def test_a_demonstration_that_there_is_none_of_is_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["demo", "txt", "some.txt"]) == 2
    assert "did you mean 'text'" in capsys.readouterr().err
    assert main(["demo", "text"]) == 2
    assert "name a file" in capsys.readouterr().err


def test_the_score_is_that_of_the_characters_by_hand() -> None:
    right = np.array([[True, False, True, True], [False, False, False, False]])
    nats = np.array([[0.0, 2.0, 1.0, 1.0], [3.0, 3.0, 3.0, 3.0]])
    metrics, score = judged((2, 4), right, nats, "accuracy")
    assert metrics["accuracy"].mean == (0.25, 0.375)
    assert metrics["nats"].mean == (2.0, 2.0)
    assert metrics["perplexity"].mean[0] == pytest.approx((np.e + np.e**3) / 2, rel=1e-5)
    # From .15, which scores 0, to .65, which scores 1.
    assert score.samples == ((0.7, 0.0), (1.0, 0.0))


def test_trained_ternary_weights_are_nearly_as_good_as_full_ones() -> None:
    """On the same characters, within .10 nats; rounded without training they lose more than .4."""
    tokens = []
    whole = text("text_small_fp32")
    for start in range(0, 6400, 800):
        passage = held_out()[start : start + PROMPT + 128]
        tokens.append([whole.runner.vocabulary.index(character) for character in passage])
    given = np.array(tokens)
    nats = {
        name: foretold(text(f"text_small_{name}").runner, given)[1].mean()
        for name in ("fp32", "int8", *TERNARY)
    }
    assert nats["fp32"] < 2.0
    assert abs(nats["int8"] - nats["fp32"]) < 0.01
    for name in TERNARY:
        assert nats[name] - nats["fp32"] < 0.10


def test_every_variant_comes_from_a_recipe_and_takes_what_its_title_says() -> None:
    sizes = {name: text(f"text_small_{name}").weights_bytes for name in ("fp32", "int8", *TERNARY)}
    embedding = 4 * 65 * 128
    assert (sizes["fp32"] - embedding) / (sizes["absmean"] - embedding) > 13.5
    assert sizes["absmean"] == sizes["twn"] < sizes["bias"] == sizes["tequila"]
    assert {name.split("_")[1] for name in TITLES if name.startswith("text")} == {"small", "large"}
    # The larger ternary model takes about as much as the smaller one of 8 bits
    large = text("text_large_absmean").weights_bytes
    assert sizes["int8"] < large < 1.05 * sizes["int8"]
