"""Changes that nobody would make on purpose, to values and to the bytes of files."""

import json
from copy import deepcopy
from random import Random
from typing import Any

__all__ = ["bytes_changed", "changed", "text_of"]

NASTY: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2, 0.5, 1e-9, -1e-9, 1e9, 1e50, 1e308, -1e308),
    *(float("nan"), float("inf"), -float("inf"), 2**31, 2**63, 10**30, 10**400, -(10**400)),
    *(
        "",
        " ",
        "a",
        "0",
        "1e3",
        "nan",
        "true",
        "null",
        "${oc.env:HOME}",
        "${a}",
        "../x",
        "/etc/passwd",
    ),
    *("/", ".", "a\nb", "\x00", "é" * 300, "x" * 5000, "os:system", "edgesim:train", "2020-01-01"),
    *(
        [],
        {},
        [None],
        [0],
        [0, 1],
        [1, 0],
        [[]],
        ["a", "a"],
        {"a": 1},
        {"": None},
        {0: 0},
        [[0.1, 0.2]],
    ),
)
LUMPS = (
    *(
        b"",
        b"\x00",
        b"\xff\xfe",
        b"\xef\xbb\xbf",
        b"\n",
        b"\t",
        b"\r",
        b"'",
        b'"',
        b":",
        b"- ",
        b"{",
    ),
    *(
        b"}",
        b"[",
        b"]",
        b"&a ",
        b"*a",
        b"!!python/object:os.system ",
        b"<<: ",
        b"%",
        b",",
        b";",
        b"#",
    ),
    *(b"-", b"1e999", b"9" * 400, b"9" * 5000, b"nan", b"inf", b"-0", b"<", b">", b"/>", b"&lt;"),
    *(b"<!DOCTYPE a [<!ENTITY b 'c'>]>", b"\xc3", b"\xf0\x9f\x99\x82", b"node [", b"edge ["),
    *(b"[" * 3000, b"{a: " * 3000, b"id 0", b"source", b"\x1f\x8b", b"PK\x03\x04", b"PAR1"),
)


def changed(value: Any, dice: Random) -> Any:
    """Nested values with one to three things in them changed."""
    value = deepcopy(value)
    for _ in range(dice.choice((1, 1, 1, 2, 3))):
        places = list(_places(value))
        if not places:
            return dice.choice(NASTY)
        holder, key = dice.choice(places)
        _change(holder, key, places, dice)
    return value


def _change(holder: Any, key: Any, places: list[Any], dice: Random) -> None:
    there = holder[key]
    number = isinstance(there, int | float) and not isinstance(there, bool)
    kind = dice.choice(
        ("nasty", "nasty", "nasty", "scale", "other", "gone", "added", "deep", "twice")
    )
    if kind == "scale" and number and abs(there) < 1e300:
        holder[key] = there * dice.choice((-1, 0.001, 0.1, 1.5, 10, 1000, 10**6, 1e-6, 1e12))
    elif kind == "other":
        other, name = dice.choice(places)
        holder[key] = deepcopy(other[name])
    elif kind == "gone":
        del holder[key]
    elif kind == "added":
        if isinstance(holder, dict):
            holder[dice.choice(("extra", "", 0, None, "name", "a.b", "x\ny"))] = dice.choice(NASTY)
        else:
            holder.append(dice.choice(NASTY))
    elif kind == "deep":
        inner: Any = dice.choice(NASTY)
        for _ in range(dice.choice((2, 50, 150))):
            inner = [inner] if dice.random() < 0.5 else {"a": inner}
        holder[key] = inner
    elif kind == "twice" and isinstance(there, list):
        holder[key] = there + deepcopy(there)
    else:
        holder[key] = deepcopy(dice.choice(NASTY))


def _places(value: Any) -> Any:
    """Every place in nested values, as what holds it and its key."""
    if isinstance(value, dict | list):
        keys = list(value) if isinstance(value, dict) else range(len(value))
        for key in keys:
            yield value, key
            yield from _places(value[key])


def bytes_changed(content: bytes, dice: Random) -> bytes:
    """The bytes of a file with one to four things changed."""
    for _ in range(dice.choice((1, 1, 2, 4))):
        at, to = sorted(dice.randrange(len(content) + 1) for _ in range(2))
        to = min(to, at + dice.choice((1, 3, 30, 3000)))
        lines = content.split(b"\n")
        kind = dice.choice(("insert", "insert", "replace", "cut", "flip", "lines", "end", "repeat"))
        if kind == "insert":
            content = content[:at] + dice.choice(LUMPS) + content[at:]
        elif kind == "replace":
            content = content[:at] + dice.choice(LUMPS) + content[to:]
        elif kind == "cut":
            content = content[:at] + content[to:]
        elif kind == "flip" and at < len(content):
            flipped = bytes([content[at] ^ (1 << dice.randrange(8))])
            content = content[:at] + flipped + content[at + 1 :]
        elif kind == "lines" and len(lines) > 1:
            one, other = (dice.randrange(len(lines)) for _ in range(2))
            lines[one], lines[other] = lines[other], lines[one]
            content = b"\n".join(lines)
        elif kind == "end":
            content = content[:at]
        else:
            content = content[:to] + content[at:to] * dice.choice((1, 2, 20)) + content[to:]
    return content


def text_of(value: Any) -> str:
    """Values as JSON, which YAML reads too; keys that are no text become text."""
    try:
        return json.dumps(value)
    except (ValueError, TypeError, RecursionError):
        return repr(value)
