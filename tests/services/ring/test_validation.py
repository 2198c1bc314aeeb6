"""Real rings of processes, and what the twin says of them."""

from pathlib import Path

import pytest

from edgesim.services.ring import validation
from edgesim.services.ring.validation import (
    SETTINGS,
    Constants,
    Setting,
    compared,
    predicted_s,
    real_ring,
    tokens_s,
)


def test_the_twins_side_by_hand() -> None:
    constants = Constants(layer_s=1.0, read_s=2.0, hop_s=0.5)
    resident, disk, ring = SETTINGS[:3]
    assert predicted_s(resident, constants) == pytest.approx(12.0)
    assert predicted_s(disk, constants) == pytest.approx(12 * 3.0)
    assert predicted_s(ring, constants) == pytest.approx(12 + 12 * 0.5)


def test_constants_are_fixed_by_the_first_three_alone() -> None:
    times = [12.0, 36.0, 18.0, *[20.0] * (len(SETTINGS) - 3)]
    rows = compared(times)
    assert [row["error"] for row in rows[:3]] == pytest.approx([0.0, 0.0, 0.0])
    assert [row["role"] for row in rows[3:]] == ["held out"] * (len(SETTINGS) - 3)


def test_a_real_ring_makes_tokens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validation, "LAYER_BYTES", 4096)
    monkeypatch.setattr(validation, "PRODUCTS", 1)
    for place in range(3):
        (tmp_path / str(place)).write_bytes(bytes(12 * 4096))
    setting = Setting("three", (1, 1, 1), 4, (2, 2, 2), True)
    with real_ring(setting, tmp_path) as head:
        for _ in range(2):
            times = tokens_s(head, 3)
            assert len(times) == 3
            assert min(times) > 0


def test_reads_are_held_to_a_disks_rate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four layers, none of which stays: 4 x 4096 bytes at 409.6 kB/s are 40 ms a token."""
    monkeypatch.setattr(validation, "LAYER_BYTES", 4096)
    monkeypatch.setattr(validation, "DISK_BYTES_S", 409_600.0)
    monkeypatch.setattr(validation, "PRODUCTS", 1)
    (tmp_path / "0").write_bytes(bytes(4 * 4096))
    with real_ring(Setting("one", (4,), 1, (2,), False), tmp_path) as head:
        assert min(tokens_s(head, 2)) >= 0.0399
