"""Schematics drawn with their truth, read again, and written as SPICE."""

import io
import json
import os
import shutil
import subprocess
import zipfile
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("cv2")
pytest.importorskip("schemdraw")

from edgesim.commands.cli import main
from edgesim.errors import InputError
from edgesim.services.schematics.annotated import read_annotated
from edgesim.services.schematics.drawing import Picture, draw
from edgesim.services.schematics.finding import Found
from edgesim.services.schematics.netlist import Part, same_netlist
from edgesim.services.schematics.reader import (
    NOMINAL_PX,
    ink_of,
    read_image,
    read_schematic,
    with_nets,
)
from edgesim.services.schematics.spice import to_spice
from edgesim.services.schematics.wires import nets_of

SHARED = Path(os.environ.get("EDGESIM_SHARED", Path(__file__).parents[4] / "shared"))
SYNTHETIC = sorted(SHARED.glob("*/**/schematics_synthetic*.zip"))
REAL = sorted(SHARED.glob("*/**/schematics_real*.zip"))


def given(picture: Picture) -> list[Found]:
    """The parts of a drawing as if they had been found."""
    return [Found(it.part.type, 1.0, it.box, it.pins) for it in picture.drawn]


def found_parts(reading, truth: list[tuple[str, tuple[float, float]]]) -> int:
    """How many parts were found where they are."""
    left = [it for it in reading.found if it.kind != "ground"]
    hits = 0
    for kind, (x, y) in truth:
        for it in left:
            box = it.box
            near = abs((box[0] + box[2]) / 2 - x) < 8 and abs((box[1] + box[3]) / 2 - y) < 8
            if it.kind == kind and near:
                left.remove(it)
                hits += 1
                break
    return hits


@pytest.mark.parametrize("seed", range(4))
def test_a_drawn_schematic_is_read_as_it_was_drawn(seed) -> None:
    picture = draw(seed)
    assert same_netlist(read_schematic(picture.image).netlist, picture.netlist)


def test_nets_are_exact_where_parts_are_given() -> None:
    for seed in range(20, 26):
        picture = draw(seed)
        reading = read_schematic(picture.image, NOMINAL_PX)
        grounds = [it for it in reading.found if it.kind == "ground"]
        parts = [*given(picture), *grounds]
        nets = nets_of(ink_of(picture.image), parts, NOMINAL_PX)
        assert same_netlist(with_nets(parts, nets), picture.netlist), seed


def test_wires_that_cross_without_a_dot_are_two_nets() -> None:
    picture = next(it for it in (draw(k, columns=4, rows=3) for k in range(30)) if it.crossings)
    reading = read_schematic(picture.image, NOMINAL_PX)
    assert len(reading.crossings) == picture.crossings > 0
    assert same_netlist(reading.netlist, picture.netlist)


def test_a_drawing_is_the_same_for_the_same_seed_at_every_size() -> None:
    small, large = draw(3, unit_px=16), draw(3, unit_px=48)
    assert small.netlist == large.netlist
    assert large.image.shape[0] == pytest.approx(3 * small.image.shape[0], abs=3)


def test_a_lesser_size_finds_less() -> None:
    pictures = [draw(seed) for seed in range(8)]

    def right(size: float) -> int:
        return sum(
            same_netlist(read_schematic(it.image, NOMINAL_PX, size).netlist, it.netlist)
            for it in pictures
        )

    assert right(7.0) < right(32.0) == len(pictures)


@pytest.mark.slow
@pytest.mark.skipif(not SYNTHETIC, reason="no schematics beside the repository")
@pytest.mark.parametrize("file", SYNTHETIC, ids=lambda file: file.stem)
def test_synthetic_schematics_with_nothing_given(file) -> None:
    parts = hits = whole = 0
    with zipfile.ZipFile(file) as zipped:
        cases = json.loads(zipped.read("index.json"))
        for case in cases:
            reading = read_schematic(opened(zipped.read(case["image"])))
            centres = [((b[0] + b[2]) / 2, (b[1] + b[3]) / 2) for b in case["boxes"]]
            kinds = [part["type"] for part in case["netlist"]]
            hits += found_parts(reading, list(zip(kinds, centres, strict=True)))
            parts += len(kinds)
            whole += same_netlist(reading.netlist, case["netlist"])
    assert hits >= 0.97 * parts
    assert whole >= 0.85 * len(cases)


@pytest.mark.skipif(not REAL, reason="no schematics beside the repository")
@pytest.mark.parametrize("file", REAL, ids=lambda file: file.stem)
def test_real_schematics_with_parts_given(file) -> None:
    with zipfile.ZipFile(file) as zipped:
        cases = json.loads(zipped.read("index.json"))
        same = sum(
            same_netlist(
                read_annotated(opened(zipped.read(case["image"])), case["annotations"]),
                case["netlist"],
            )
            for case in cases
        )
    assert same >= 0.9 * len(cases)


def opened(content: bytes) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    from PIL import Image

    return np.asarray(Image.open(io.BytesIO(content)).convert("L"), dtype=np.uint8)


def test_spice_says_what_hangs_where() -> None:
    netlist = [
        {"type": "V", "pins": {"1": "0", "2": "in"}},
        {"type": "R", "pins": {"1": "in", "2": "out a"}},
        {"type": "NMOS", "pins": {"Drain": "out a", "Source": "0", "Gate": "in"}},
        {"type": "Diso_amp", "pins": {"InN": "in"}},
    ]
    assert to_spice(netlist, "a test").splitlines() == [
        "* a test",
        "V1 in 0 DC 1",
        "R1 in out_a 1k",
        "M1 out_a in 0 0 NMODEL",
        "* Diso_amp InN=in",
        ".model NMODEL NMOS",
        ".end",
    ]


def test_where_nothing_is_grounded_a_large_resistor_is() -> None:
    assert "RGROUND a 0 1G" in to_spice([{"type": "R", "pins": {"1": "a", "2": "b"}}])


@pytest.mark.skipif(shutil.which("ngspice") is None, reason="ngspice is not installed")
def test_ngspice_parses_what_is_written(tmp_path) -> None:
    for seed in range(5):
        text = to_spice(draw(seed).netlist)
        file = tmp_path / f"{seed}.cir"
        file.write_text(text.replace(".end\n", ".control\nlisting\nquit\n.endc\n.end\n"))
        done = subprocess.run(
            ["ngspice", "-b", str(file)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0
        assert "rror" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((0, 0), dtype=np.uint8),
        np.full((100, 100), 255, dtype=np.uint8),
        np.zeros((100, 100), dtype=np.uint8),
        np.random.default_rng(0).integers(0, 256, (200, 200)).astype(np.uint8),
    ],
    ids=["no pixels", "white", "black", "a photograph"],
)
def test_what_is_no_schematic_is_refused(image) -> None:
    with pytest.raises(InputError, match="schematic"):
        read_schematic(image)


@pytest.mark.parametrize("content", [b"", b"no image at all", b"\x89PNG\r\n\x1a\n broken"])
def test_a_file_that_is_no_image_ends_in_one_line(content, tmp_path, capsys) -> None:
    file = tmp_path / "a.png"
    file.write_bytes(content)
    with pytest.raises(InputError, match="must be an image that can be read"):
        read_image(file)
    assert main(["demo", "netlist", str(file), f"out={tmp_path / 'demos'}"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_the_demo_writes_spice_and_a_picture(tmp_path, capsys) -> None:
    import cv2

    file = tmp_path / "drawn.png"
    cv2.imwrite(str(file), draw(1).image)
    assert main(["demo", "netlist", str(file), f"out={tmp_path / 'demos'}"]) == 0
    assert "8 parts" in capsys.readouterr().out
    assert (tmp_path / "demos/netlist/drawn.cir").read_text().endswith(".end\n")
    assert (tmp_path / "demos/netlist/drawn.png").stat().st_size > 5000


def test_the_service_scores_a_netlist_as_right_or_wrong() -> None:
    from edgesim.services.schematics.service import SchematicReader

    service = SchematicReader(seed=0)
    outputs = [service.run([0, 1], [work] * 2) for work in (2, 64)]
    assert [part["type"] for part in outputs[1][1]]  # parts, as JSON has them
    metrics, score = service.score([2, 64], outputs)
    assert score.samples[1] == (1.0, 1.0) and metrics["parts"].mean[1] == 1.0
    assert metrics["parts"].mean[0] < 1.0
    _, score = service.score([64], [[outputs[1][1], outputs[1][0]]])
    assert score.samples == ((0.0, 0.0),)


def test_the_size_of_the_detector_is_told_as_the_kilopixels_of_a_mean_drawing() -> None:
    from edgesim.services.schematics.service import MEAN_KPX, SchematicReader, detector_px

    assert [detector_px(kpx) for kpx in (0.1, 4, 16, MEAN_KPX, 1000)] == [6, 8, 16, 32, 32]
    pixels, parts = SchematicReader().inputs(range(3))
    assert pixels == [draw(k).image.size for k in range(3)]
    assert parts == [len(draw(k).drawn) for k in range(3)]


def test_a_share_of_parts_is_by_type() -> None:
    from edgesim.services.schematics.service import found_share

    drawn = [Part("R", {}), Part("R", {}), Part("C", {}), Part("V", {})]
    assert found_share([{"type": "R"}, {"type": "V"}, {"type": "V"}], drawn) == 0.5


def test_parts_are_found_in_a_smaller_image_and_placed_in_the_larger_one() -> None:
    for seed in range(3):
        picture = draw(seed)
        coarse = read_schematic(picture.image, NOMINAL_PX, 16.0)
        assert same_netlist(coarse.netlist, picture.netlist), seed
        fine = read_schematic(picture.image, NOMINAL_PX)
        boxes = sorted((it.kind, it.box) for it in coarse.found)
        for (kind, box), (same, exact) in zip(
            boxes, sorted((it.kind, it.box) for it in fine.found), strict=True
        ):
            assert kind == same and np.abs(np.subtract(box, exact)).max() <= 3
