"""YAML that somebody wrote, read so that nothing becomes something else without a word."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from edgesim.errors import InputError
from edgesim.text_files import decoded, read_bytes

__all__ = ["dump_yaml", "parse_yaml", "read_yaml"]

_MOST_VALUES = 1_000_000
"""Values that a file may stand for, its aliases written out: far more than any scenario has."""


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader with the plain values of YAML 1.2, and no key twice in a mapping.

    PyYAML follows YAML 1.1, in which 01000 is 512, 15:00 is 900, ``no`` is false, and 1e3 is text.
    Here they are 1000, text, text and a number: the core schema of YAML 1.2.2, section 10.3.2, with
    the underscores of 1_000 kept.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            if key_node.tag == "tag:yaml.org,2002:merge":
                continue
            key = self.construct_object(key_node, deep=True)
            try:
                twice = key in seen
            except TypeError:
                raise yaml.constructor.ConstructorError(
                    None, None, "a key must be text or a number", key_node.start_mark
                ) from None
            if twice:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key!r} stands there twice", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)


_CORE = (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?[0-9][0-9_]*|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789"),
    (
        "float",
        r"[-+]?(\.[0-9]+|[0-9][0-9_]*(\.[0-9_]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)"
        r"|\.(nan|NaN|NAN)",
        "-+0123456789.",
    ),
    ("merge", r"<<", "<"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
)
_Loader.yaml_implicit_resolvers = {}
for _name, _pattern, _first in _CORE:
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_name}", re.compile(f"^(?:{_pattern})$"), list(_first)
    )


def _int(loader: _Loader, node: yaml.ScalarNode) -> int:
    text = loader.construct_scalar(node).replace("_", "")
    base = 8 if text.startswith("0o") else 16 if text.startswith("0x") else 10
    try:
        return int(text, base)
    except ValueError:  # Python takes numbers of some thousand digits
        raise yaml.constructor.ConstructorError(
            None, None, f"a number of {len(text)} digits", node.start_mark
        ) from None


def _float(loader: _Loader, node: yaml.ScalarNode) -> float:
    text = loader.construct_scalar(node).replace("_", "").lower()
    return float(text.replace(".inf", "inf").replace(".nan", "nan"))


_Loader.add_constructor("tag:yaml.org,2002:int", _int)
_Loader.add_constructor("tag:yaml.org,2002:float", _float)


def read_yaml(path: Path, thing: str) -> Any:
    """What a YAML file holds.

    Args:
        path: the file, in UTF-8, or in UTF-16 with a byte order mark.
        thing: the key by which the user knows it, for messages.

    Raises:
        InputError: it cannot be read, is no YAML (the line is told), has a key twice, holds an
            interpolation, or stands for more than a million values.
    """
    return parse_yaml(decoded(read_bytes(path, thing), path, thing), str(path), thing)


def parse_yaml(text: str, where: str, thing: str) -> Any:
    """What a text in YAML holds; ``where`` is the file that it is from. See :func:`read_yaml`."""
    try:
        value = yaml.load(text, Loader=_Loader)  # a safe loader
        many = _count(value, {}) > _MOST_VALUES
    except yaml.YAMLError as error:
        raise InputError(thing, where, f"must be a readable YAML file: {_reason(error)}") from None
    except RecursionError:
        raise InputError(thing, where, "is nested too deeply, or holds itself") from None
    if many:
        raise InputError(thing, where, f"stands for more than {_MOST_VALUES:,} values")
    if "${" in text and any("${" in it for it in _texts(value)):
        # Hydra and OmegaConf would resolve it, to what only the reader's machine knows.
        accepted = "holds ${...}; interpolations are resolved on a command line alone"
        raise InputError(thing, where, accepted)
    return value


def _texts(value: Any) -> Iterator[str]:
    """Every text in nested values, keys included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, it in value.items():
            yield from _texts(key)
            yield from _texts(it)
    elif isinstance(value, list):
        for it in value:
            yield from _texts(it)


class _Dumper(yaml.SafeDumper):
    """Quotes what either version of YAML would read as something else than text."""


_Dumper.yaml_implicit_resolvers = {
    first: [
        *yaml.SafeDumper.yaml_implicit_resolvers.get(first, []),
        *_Loader.yaml_implicit_resolvers.get(first, []),
    ]
    for first in {*yaml.SafeDumper.yaml_implicit_resolvers, *_Loader.yaml_implicit_resolvers}
}


def dump_yaml(values: Any) -> str:
    """Mappings, lists, text and numbers as YAML, in their order."""
    text: str = yaml.dump(values, Dumper=_Dumper, sort_keys=False)
    return text


def _reason(error: yaml.YAMLError) -> str:
    """What PyYAML says, on one line, with the line of the file."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = getattr(error, "problem", None) or str(error).partition("\n")[0]
    if "\\t" in problem:
        problem = "a tab where YAML takes spaces alone"
    return problem if mark is None else f"line {mark.line + 1}: {problem}"


def _count(value: Any, known: dict[int, int]) -> int:
    """How many values are in nested lists and mappings; one that stands in several, each time."""
    if not isinstance(value, list | dict):
        return 1
    if id(value) not in known:
        parts = value.values() if isinstance(value, dict) else value
        known[id(value)] = 1 + sum(_count(part, known) for part in parts)
    return known[id(value)]
