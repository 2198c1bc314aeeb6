"""Who has which images, in which order they come, and what is refused."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from edgesim.errors import InputError
from edgesim.methods.federated.data.files import read_images
from edgesim.methods.federated.data.images import averaged, checked
from edgesim.methods.federated.data.shares import Shares
from edgesim.methods.federated.data.streams import DeviceStreams
from edgesim.methods.federated.learning import Learning
from edgesim.scenarios import resolve

RNG = np.random.default_rng(0)
X = RNG.random((40, 16)).astype(np.float32)
Y = np.arange(40) % 4
CLIENT = np.repeat(np.arange(8), 5)


def shares(**keys: Any) -> Shares:
    return Shares(resolve("factories_small", keys))


def streams(seed: int = 0, **keys: Any) -> DeviceStreams:
    return DeviceStreams(shares(**keys), np.random.SeedSequence(seed))


def saved(path: Path, **arrays: Any) -> str:
    np.savez(path / "own.npz", **{"x": X, "y": Y, "client": CLIENT, **arrays})
    return str(path / "own.npz")


def test_digits_have_writers_whose_hands_differ() -> None:
    found = shares().images
    assert found.x.shape == (8 * 60, 64)
    assert found.x_test.shape == (1500, 64)
    assert (found.x.min(), found.x.max() <= 1.0) == (0.0, True)
    assert np.unique(found.client).tolist() == list(range(8))
    assert not np.array_equal(shares(world_seed=1).images.x, found.x)
    assert np.array_equal(shares().images.x, found.x)


def test_skew_makes_devices_draw_few_classes() -> None:
    def largest(skew: str) -> float:
        return float(np.sort(shares(**{"data.skew": skew}).prior, axis=1)[:, -1].mean())

    assert largest("natural") < 0.3 < largest("devices")
    factories = shares(**{"data.skew": "factories", "devices": 20}).prior.reshape(2, 20, 10)
    apart = np.abs(factories[0].mean(axis=0) - factories[1].mean(axis=0)).sum()
    assert apart > 0.5


def test_who_is_not_chosen_keeps_its_batch() -> None:
    devices = streams()
    counts = devices.next_counts(np.array([0, 1]), 16)
    assert counts.sum(axis=1).tolist() == [16.0, 16.0]
    _, y = devices.take([0], 16)
    assert np.bincount(y[0], minlength=10).tolist() == counts[0].tolist()
    after = devices.next_counts(np.array([0, 1]), 16)
    assert after[1].tolist() == counts[1].tolist()
    # What another device is asked for changes nothing of one's own stream.
    alone = streams()
    x_alone, _ = alone.take([1], 600)
    for _ in range(6):
        devices.take([0, 0], 100)
    assert np.array_equal(devices.take([1], 600)[0], x_alone)


def test_windows_are_drawn_anew_and_classes_are_added() -> None:
    keys: dict[str, Any] = {"data.window": 30, "data.drift": "classes", "data.every": 2}
    keys["data.skew"] = "natural"
    devices = streams(**keys)
    first, _ = devices.window(0)
    assert first.shape == (30, 64)
    assert len(np.unique(np.concatenate([devices.window(k)[1] for k in range(8)]))) == 4
    devices.begin_round(1)
    assert np.array_equal(devices.window(0)[0], first)
    devices.begin_round(2)
    assert not np.array_equal(devices.window(0)[0], first)
    devices.begin_round(12)
    assert len(np.unique(np.concatenate([devices.window(k)[1] for k in range(8)]))) == 10


def test_files_of_all_kinds_are_read(tmp_path: Path) -> None:
    npz = read_images(saved(tmp_path), np.random.default_rng(0))
    assert (len(npz.y) + len(npz.y_test), npz.classes) == (40, 4)
    table = pa.table({"x": X.tolist(), "y": Y, "client": [f"w{k}" for k in CLIENT]})
    pq.write_table(table, tmp_path / "own.parquet")
    parquet = read_images(str(tmp_path / "own.parquet"), np.random.default_rng(0))
    assert np.array_equal(parquet.x, npz.x)
    users = {
        f"u{k}": {"x": X[k == CLIENT].tolist(), "y": Y[k == CLIENT].tolist()} for k in range(8)
    }
    leaf = {"users": list(users), "num_samples": [5] * 8, "user_data": users}
    for part in ("train", "test"):
        (tmp_path / "leaf" / part).mkdir(parents=True)
        (tmp_path / "leaf" / part / "all.json").write_text(json.dumps(leaf), encoding="utf-8")
    found = read_images(str(tmp_path / "leaf"), np.random.default_rng(0))
    assert (found.x.shape, found.x_test.shape) == ((40, 16), (40, 16))
    assert np.array_equal(found.client, CLIENT)


def test_bytes_are_brightness_and_squares_are_averaged() -> None:
    x, _, _ = checked("own", np.full((2, 2, 2), 255, np.uint8), [0, 1], [0, 0])
    assert x.tolist() == [[1.0] * 4] * 2
    image = np.array([[0, 1, 2, 3] * 4], np.float32)
    assert averaged(image, 2).tolist() == [[0.5, 2.5, 0.5, 2.5]]
    with pytest.raises(InputError, match="must divide the side"):
        averaged(image, 3)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"y": np.zeros(40, int)}, "one class"),
        ({"y": Y - 1}, "classes must be from 0"),
        ({"y": Y + 0.5}, "whole numbers"),
        ({"y": Y[:30]}, "as many samples"),
        ({"x": np.where(X > 0.99, np.nan, X)}, "without NaN"),
        ({"x": X[:, 0]}, "shape"),
        ({"x": np.array([["a"] * 16] * 40)}, "must be numbers"),
        ({"x": X[:0], "y": Y[:0], "client": CLIENT[:0]}, "no samples"),
        ({"client": np.repeat([0, 1], 20)}, "the data has 2 clients"),
    ],
)
def test_data_that_cannot_be_used_is_refused(
    tmp_path: Path, arrays: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message) as refused:
        shares(**{"data.source": saved(tmp_path, **arrays)})
    assert "\n" not in str(refused.value)


def test_files_that_are_none_are_refused(tmp_path: Path) -> None:
    for name, content in (
        ("no.npz", b"PK"),
        ("no.parquet", b""),
        ("no.json", b"{}"),
        ("no.txt", b""),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(InputError):
            read_images(str(tmp_path / name), RNG)
    empty = {"users": ["a"], "user_data": {"a": {"x": [], "y": []}}}
    (tmp_path / "empty.json").write_text(json.dumps(empty), encoding="utf-8")
    with pytest.raises(InputError, match="user = 'a'"):
        read_images(str(tmp_path / "empty.json"), RNG)
    with pytest.raises(InputError, match="no such file"):
        read_images(str(tmp_path / "nothing"), RNG)


def test_a_model_that_does_not_fit_the_data_is_refused(tmp_path: Path) -> None:
    wide = {"x": np.repeat(X, 2, axis=1)[:, :31]}
    source = saved(tmp_path, **wide)
    scenario = resolve("factories_small", {"data.source": source, "trained.model": "cnn"})
    with pytest.raises(InputError, match="square images"):
        Learning(scenario, np.random.SeedSequence(0))


def test_dark_strokes_on_white_are_taken_as_bright_on_dark(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x = np.where(rng.random((40, 16)) < 0.1, 0.25, 1.0)
    y, client = np.arange(40) % 2, np.arange(40) // 20
    for name, images in (("white", x), ("grey", 0.5 * x)):
        np.savez(tmp_path / f"{name}.npz", x=images, y=y, client=client)
    white = read_images(str(tmp_path / "white.npz"), np.random.default_rng(1))
    grey = read_images(str(tmp_path / "grey.npz"), np.random.default_rng(1))
    assert white.x.mean() < 0.2
    np.testing.assert_allclose(1 - white.x, 2 * grey.x, atol=1e-6)
    np.testing.assert_allclose(1 - white.x_test, 2 * grey.x_test, atol=1e-6)
