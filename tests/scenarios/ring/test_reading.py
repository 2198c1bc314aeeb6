"""Clusters, profiles and models as people write them."""

import json
from pathlib import Path

import pytest

from edgesim.errors import InputError
from edgesim.scenarios.parts.devices import CUDA_BYTES, GIB
from edgesim.scenarios.ring.cluster import ALL
from edgesim.scenarios.ring.reading import (
    MIB,
    clusters,
    models,
    read_cluster,
    read_model,
    read_profile,
)

TWO = """
devices:
  - {name: desk, gpu: cuda, ram_gib: 4, vram_gib: 6, disk_gb_s: 3, cpu_gb_s: 30, gpu_gb_s: 300}
  - {profile: laptop.json, ram_gib: 2, hop_ms: 5}
link_mbps: 100
prefetch: 8
"""
LAPTOP = {"version": 1, "name": "laptop", "os": "linux", "ram_gib": 16, "disk_gb_s": 1}
LAPTOP |= {"cpu_gb_s": 20, "cpu_gflops": {"f32": 50, "q4_k": 40}, "measured": {}}


def written(folder: Path, text: str = TWO, profile: object = LAPTOP) -> Path:
    (folder / "laptop.json").write_text(json.dumps(profile), encoding="utf-8")
    path = folder / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_units_and_profiles(tmp_path: Path) -> None:
    cluster = read_cluster(written(tmp_path))
    desk, laptop = cluster.devices
    assert (cluster.name, cluster.link_bps, cluster.prefetch_bytes) == ("mine", 100e6, 8 * MIB)
    assert (desk.ram_bytes, desk.vram_bytes, desk.gpu_bytes_per_s) == (4 * GIB, 6 * GIB, 300e9)
    assert (desk.gpu_buffer_bytes, desk.uma) == (CUDA_BYTES, False)
    # what stands beside a profile stands over it
    assert (laptop.name, laptop.ram_bytes, laptop.hop_s) == ("laptop", 2 * GIB, 0.005)
    assert laptop.cpu_flops == 40e9
    assert read_cluster(written(tmp_path), "f32").devices[1].cpu_flops == 50e9


def test_what_is_shipped_can_be_read() -> None:
    assert "prima_home" in clusters()
    for name in clusters():
        assert read_cluster(name).prefetch_bytes == ALL
    for name in models():
        model = read_model(name)
        assert model.name == name
        assert 1e8 < model.layer_bytes < 1e9


def test_a_models_sizes_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "tiny.yaml"
    path.write_text(
        "{layers: 4, file_gb: 1, output_gb: 0.1, input_gb: 0.1, vocabulary: 1000,"
        " embedding: 64, kv_elements: 8, context_tokens: 10}",
        encoding="utf-8",
    )
    model = read_model(path)
    assert model.layer_bytes == pytest.approx(0.2e9)
    assert model.input_row_bytes == pytest.approx(1e5)
    assert model.kv_bytes == 2 * (8 + 8) * 10
    assert read_model(path, 20).kv_bytes == 2 * (8 + 8) * 20


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("ram_gib: 4", "ram_gib: -4", r"devices\[0\].ram_gib = -4: must be at least 0"),
        ("disk_gb_s: 3, ", "", r"devices\[0\].disk_gb_s = None: of desk must be stated"),
        ("gpu: cuda", "gpu: cudda", "gpu = 'cudda'"),
        ("gpu: cuda", "colour: red", r"devices\[0\].colour = 'red'"),
        ("prefetch: 8", "prefetch: some", "must be none, all, or a number of MiB"),
        ("link_mbps: 100", "link_mbps: 0", "link_mbps = 0"),
        ("link_mbps: 100", "link: 3", "cluster.link = 3: "),
        ("name: desk", "name: laptop", "is the name of two devices"),
        ("laptop.json", "other.json", "other.json"),
        ("gpu_gb_s: 300", "gpu_gb_s: 0", "gpu_bytes_per_s"),
    ],
)
def test_bad_clusters_are_refused(tmp_path: Path, before: str, after: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read_cluster(written(tmp_path, TWO.replace(before, after)))


def test_bad_profiles_and_models_are_refused(tmp_path: Path) -> None:
    for content, said in (
        ({**LAPTOP, "version": 7}, "version of laptop.json = 7: is not a version"),
        ({"name": "x"}, "version of laptop.json = None"),
        ([1], "must hold a mapping"),
        ({**LAPTOP, "cpu_gflops": {"q8": 1}}, "must state a rate for the model's q4_k"),
    ):
        with pytest.raises(InputError, match=said):
            read_cluster(written(tmp_path, profile=content))
    (tmp_path / "broken.json").write_text("{", encoding="utf-8")
    with pytest.raises(InputError, match="must be readable JSON"):
        read_profile(tmp_path / "broken.json")
    with pytest.raises(InputError, match="did you mean 'llama3-70b'"):
        read_model("llama3-70")
    path = tmp_path / "model.yaml"
    sizes = "{layers: 4, file_gb: 1, vocabulary: 10, embedding: 64, kv_elements: 8}"
    for before, after, said in (
        ("file_gb: 1, ", "", "model.file_gb = None: must be stated"),
        ("layers: 4", "layers: 0", "model.layers = 0"),
        ("vocabulary: 10", "vocabulary: 100000000", "must be above output_gb"),
        ("layers", "layer", "model.layer = 4: did you mean 'layers'"),
    ):
        path.write_text(sizes.replace(before, after), encoding="utf-8")
        with pytest.raises(InputError, match=said):
            read_model(path)
