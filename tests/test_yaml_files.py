"""YAML files: nothing in them becomes something else, and what cannot be read is one line."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from edgesim.errors import InputError
from edgesim.yaml_files import dump_yaml, parse_yaml, read_yaml

PLAIN = {
    "01000": 1000,  # 512 in YAML 1.1
    "0o17": 15,
    "0x1F": 31,
    "1_000": 1000,
    "1e3": 1000.0,  # text in YAML 1.1
    "1.5e-3": 0.0015,
    ".5": 0.5,
    "15:00": "15:00",  # 900 in YAML 1.1
    "no": "no",  # false in YAML 1.1
    "on": "on",
    "true": True,
    "2020-01-01": "2020-01-01",
    "~": None,
    ".inf": float("inf"),
    "'1e3'": "1e3",
    "1.2.3": "1.2.3",
}


@pytest.mark.parametrize("text", PLAIN)
def test_plain_values_are_those_of_yaml_1_2(text: str) -> None:
    value = parse_yaml(f"a: {text}", "f", "key")["a"]
    assert value == PLAIN[text]
    assert type(value) is type(PLAIN[text])


BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "\n".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)

BAD = {
    "a key twice": ("b:\n  a: 1\n  a: 2\n", "line 3: the key 'a' stands there twice"),
    "a tab": ("a:\n\tb: 1\n", "line 2: a tab"),
    "open": ("a: [1,\n", "line 2"),
    "a sign of its own": ("a: @\n", "line 1"),
    "a list as a key": ("[1]: 2", "a key must be text"),
    "an object of Python": ("a: !!python/object:os.system x", "line 1: could not determine"),
    "itself": ("a: &x [*x]", "nested too deeply, or holds itself"),
    "deep": ("[" * 20000, "nested too deeply"),
    "a bomb of aliases": (BOMB, "more than 1,000,000 values"),
    "digits": ("a: 1" + "0" * 5000, "5001 digits"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_read_is_told_by_its_line(case: str, tmp_path: Path) -> None:
    text, message = BAD[case]
    path = tmp_path / "bad.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=message) as refused:
        read_yaml(path, "providers")
    assert "\n" not in str(refused.value)
    assert str(refused.value).startswith(f"providers = '{path}'")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_every_encoding_with_a_mark_is_read(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "umlaut.yaml"
    path.write_bytes("# für alle\nname: Zürich\n".encode(encoding))
    assert read_yaml(path, "providers") == {"name": "Zürich"}


def test_another_encoding_is_told(tmp_path: Path) -> None:
    path = tmp_path / "umlaut.yaml"
    path.write_bytes("a: 1\nname: Zürich\n".encode("latin-1"))
    with pytest.raises(InputError, match="must be text in UTF-8: its line 2"):
        read_yaml(path, "providers")


@pytest.mark.parametrize("value", ["1e3", "no", "15:00", "0o17", "01000", "", "~", 1e3, None, True])
def test_what_is_written_is_read_again_by_either_version(value: Any) -> None:
    text = dump_yaml({"b": value, "a": [value]})
    assert list(parse_yaml(text, "f", "key")) == ["b", "a"]
    assert parse_yaml(text, "f", "key") == yaml.safe_load(text) == {"b": value, "a": [value]}
