"""Images of files: .npz, Parquet, LEAF's JSON. Nothing in them is executed."""

import json
from pathlib import Path
from typing import Any
from zipfile import BadZipFile
from zlib import error as ZlibError  # noqa: N812 - it is a class

import numpy as np

from edgesim.errors import InputError
from edgesim.methods.federated.data.images import Floats, Images, Ints, checked, split
from edgesim.notes import note

__all__ = ["read_images"]

_WHITE = 0.75  # mean from which images are dark on white; photographs have about a half

_FEMNIST = ("x_train", "y_train", "w_train", "x_test", "y_test", "w_test")


def read_images(source: str, rng: np.random.Generator) -> Images:
    """The images of a file or folder.

    ``.npz`` with ``x, y, client``, or with ``x_train, y_train, w_train, x_test, y_test, w_test``
    (w: whose); Parquet with a list column ``x`` and ``y, client``; LEAF's JSON, a file or a folder
    with ``train`` and ``test``. Where nothing is set apart to test with, a tenth of each client's
    is, drawn by ``rng``.

    Images that are bright almost everywhere, dark strokes on white paper, are taken as bright on
    dark: nearly all their numbers would be 1, beside which a step of SGD learns nothing.

    Raises:
        InputError: no such file, another form, or data that cannot be used.
    """
    images = _read(source, rng)
    low, high, mean = images.x.min(), images.x.max(), images.x.mean()
    if low < 0 or high > 1 or mean < _WHITE:
        return images
    note(source, f"images are white ({mean:.2f} of 1 on average): taken as bright on dark, 1 - x")
    return images._replace(x=1 - images.x, x_test=1 - images.x_test)


def _read(source: str, rng: np.random.Generator) -> Images:
    path = Path(source)
    if not path.exists():
        raise InputError(
            "data.source", source, "there is no such file; accepted: digits, or a file"
        )
    if path.is_dir() or path.suffix == ".json":
        return _leaf(path, rng)
    if path.suffix == ".npz":
        return _npz(path, rng)
    if path.suffix == ".parquet":
        return _parquet(path, rng)
    raise InputError("data.source", source, "must be .npz, .parquet, .json, or a folder of LEAF's")


def _npz(path: Path, rng: np.random.Generator) -> Images:
    try:
        with np.load(path, allow_pickle=False) as found:
            arrays = {
                name: found[name] for name in found.files if name in {*_FEMNIST, "x", "y", "client"}
            }
    except (OSError, ValueError, EOFError, BadZipFile, ZlibError, NotImplementedError) as error:
        raise InputError("data.source", str(path), f"cannot be read: {error}") from None
    if all(name in arrays for name in _FEMNIST):
        x, y, client = checked(f"{path.name} (train)", *(arrays[name] for name in _FEMNIST[:3]))
        x_test, y_test, _ = checked(f"{path.name} (test)", *(arrays[name] for name in _FEMNIST[3:]))
        if x_test.shape[1] != x.shape[1]:
            shapes = (x.shape[1], x_test.shape[1])
            raise InputError(path.name, shapes, "images to train on and to test with must be alike")
        return Images(x, y, client, x_test, y_test, int(max(y.max(), y_test.max())) + 1)
    if not {"x", "y", "client"} <= arrays.keys():
        raise InputError("data.source", str(path), "must have the arrays x, y, client")
    return split(*checked(path.name, arrays["x"], arrays["y"], arrays["client"]), rng)


def _parquet(path: Path, rng: np.random.Generator) -> Images:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path, columns=["x", "y", "client"])
        rows = [np.asarray(row) for row in table["x"].to_pylist()]
    except (OSError, pa.ArrowException, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise InputError("data.source", str(path), f"must have x, y, client: {reason}") from None
    sizes = {row.shape for row in rows}
    if len(sizes) > 1:
        raise InputError(f"{path.name}: x", sorted(sizes)[:3], "all samples must be of one size")
    labels, owners = table["y"].to_numpy(), table["client"].to_numpy()
    return split(*checked(path.name, np.array(rows), labels, owners), rng)


def _leaf(path: Path, rng: np.random.Generator) -> Images:
    if not path.is_dir():
        return split(*_users(path.name, [path], {}), rng)
    parts = {name: sorted((path / name).glob("*.json")) for name in ("train", "test")}
    users: dict[str, int] = {}
    if all(parts.values()):
        x, y, client = _users(f"{path.name}/train", parts["train"], users)
        x_test, y_test, _ = _users(f"{path.name}/test", parts["test"], users)
        return Images(x, y, client, x_test, y_test, int(max(y.max(), y_test.max())) + 1)
    files = sorted(path.glob("*.json"))
    if not files:
        raise InputError(
            "data.source", str(path), "has no JSON files, nor train/ and test/ of them"
        )
    return split(*_users(path.name, files, users), rng)


def _users(source: str, files: list[Path], users: dict[str, int]) -> tuple[Floats, Ints, Ints]:
    """All samples of LEAF files; ``users`` numbers the users and is filled."""
    x: list[Any] = []
    y: list[Any] = []
    client: list[int] = []
    for file in files:
        try:
            content = json.loads(file.read_text(encoding="utf-8"))
            data = content["user_data"]
            rows = {str(user): (data[user]["x"], data[user]["y"]) for user in content["users"]}
        except (OSError, ValueError, KeyError, TypeError, IndexError, RecursionError):
            raise InputError(
                "data.source", str(file), "must be LEAF's JSON: users, user_data with x and y"
            ) from None
        for user, (own_x, own_y) in rows.items():
            lists = isinstance(own_x, list) and isinstance(own_y, list)
            if not lists or not own_y or len(own_x) != len(own_y):
                raise InputError(f"{file.name}: user", user, "must have as many x as y, and some")
            x += own_x
            y += own_y
            client += [users.setdefault(user, len(users))] * len(own_y)
    try:
        images = np.array(x, dtype=float)
    except (ValueError, TypeError, OverflowError):
        raise InputError(source, "x", "all samples must be of one size, of numbers") from None
    try:
        labels = np.array(y)
    except ValueError:
        raise InputError(source, "y", "must be a label for each sample") from None
    found_x, found_y, _ = checked(source, images, labels, np.array(client))
    return found_x, found_y, np.array(client, np.int64)
