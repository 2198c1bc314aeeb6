"""Some inputs that nobody would write; ``make fuzz`` tries twenty thousand."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

FUZZ = Path(__file__).with_name("fuzz.py")


def fuzzed(count: int, first: int) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, str(FUZZ), str(count), str(first)],
        capture_output=True,
        encoding="utf-8",
        check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_sixty_inputs_work_or_are_refused_in_one_line() -> None:
    found = fuzzed(60, 0)
    assert found["failures"] == {}
    ends = {end for tried in found["tried"].values() for end in tried}
    assert ends == {"taken", "refused"}  # the changes are neither all harmless nor all ruinous
    assert len(found["tried"]) == 15


@pytest.mark.slow
def test_thousands_of_inputs_work_or_are_refused_in_one_line() -> None:
    assert fuzzed(5_000, 2_000_000)["failures"] == {}
