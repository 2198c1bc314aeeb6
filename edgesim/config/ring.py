"""What ``edgesim plan`` and ``edgesim measure-device`` are given."""

from dataclasses import dataclass, field

from edgesim.config.keys import help_text, not_empty
from edgesim.errors import InputError
from edgesim.scenarios.checks import integer_from
from edgesim.scenarios.ring.reading import clusters, models

__all__ = ["MeasureDeviceConfig", "PlanConfig"]


@dataclass
class PlanConfig:
    """A model that is to run on the devices of a cluster.

    Raises:
        InputError: a value is out of its range (on construction).
    """

    cluster: str = field(
        default="prima_home",
        metadata=help_text("a YAML file of devices, or a shipped name", clusters()),
    )
    model: str = field(
        default="llama3-70b",
        metadata=help_text("a YAML file of a model's sizes, or a shipped name", models()),
    )
    context_tokens: int | None = field(
        default=None,
        metadata=help_text("tokens whose keys and values are kept; null: as the model says"),
    )
    windows: list[int] | None = field(
        default=None,
        metadata=help_text(
            "a plan of your own to be looked at instead: layers of each device in a round"
        ),
    )
    on_gpu: list[int] | None = field(
        default=None,
        metadata=help_text("of them on each GPU; null: as many as fit"),
    )
    rounds: int = field(default=1, metadata=help_text("rounds of a token in a plan of your own"))
    out: str | None = field(
        default=None,
        metadata=help_text("folder for plan.json and plan.png; null: plans/<cluster>-<model>"),
    )

    def __post_init__(self) -> None:
        not_empty("cluster", self.cluster)
        not_empty("model", self.model)
        if self.context_tokens is not None:
            integer_from("context_tokens", self.context_tokens, 0)
        if self.out is not None:
            not_empty("out", self.out)
        integer_from("rounds", self.rounds, 1)
        for key in ("windows", "on_gpu"):
            for number in getattr(self, key) or []:
                integer_from(key, number, 0)
        if self.windows is None and (self.on_gpu is not None or self.rounds != 1):
            raise InputError("windows", None, "must be stated with on_gpu or rounds")


@dataclass
class MeasureDeviceConfig:
    """How this machine is measured.

    Raises:
        InputError: a value is out of its range (on construction).
    """

    name: str | None = field(
        default=None, metadata=help_text("what the device is called; null: the machine's name")
    )
    out: str = field(default="device.json", metadata=help_text("the profile that is written"))
    folder: str = field(
        default=".", metadata=help_text("a folder on the disk where models will lie")
    )
    file_mib: int = field(
        default=512, metadata=help_text("MiB; file that is written, read and deleted there")
    )
    threads: int | None = field(
        default=None, metadata=help_text("CPU threads; null: as many as there are cores")
    )

    def __post_init__(self) -> None:
        if self.name is not None:
            not_empty("name", self.name)
        not_empty("out", self.out)
        not_empty("folder", self.folder)
        integer_from("file_mib", self.file_mib, 16, 1_000_000)
        if self.threads is not None:
            integer_from("threads", self.threads, 1, 4096)
