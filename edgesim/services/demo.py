"""``edgesim demo``: one service on one file, so that people look before they trust figures."""

from pathlib import Path

from edgesim.config.services import DemoConfig
from edgesim.errors import InputError
from edgesim.files import is_file
from edgesim.importing import load
from edgesim.tables import console

__all__ = ["DEMOS", "demo"]

DEMOS = {
    "text": "edgesim.services.text.demo:demo",
    "detect": "edgesim.services.detectors.demo:demo",
    "netlist": "edgesim.services.schematics.demo:demo",
}
"""What there is to show. Each is called with the configuration, prints what it finds, and returns
the files that it wrote."""


def demo(config: DemoConfig) -> list[Path]:
    """Show one service at work.

    Returns:
        the files that were written.

    Raises:
        InputError: the file is not there, or is nothing that the service can use.
    """
    if not config.input:
        raise InputError("input", config.input, f"name a file: edgesim demo {config.demo} FILE")
    if not is_file(config.input):
        raise InputError("input", config.input, "there is no such file")
    written: list[Path] = load(DEMOS[config.demo])(config)
    for path in written:
        console().print(str(path), soft_wrap=True)
    return written
