"""Numbers that prima.cpp published: ms a token, Q4_K.

Li and others, arXiv 2504.08791 and the read-me of its code. The rows of the home cluster were read
again there; ablation, time to first token, Docker, the second testbed and speculative decoding are
from notes on the paper.
"""

__all__ = ["ABLATION", "DOCKER", "HOME", "SAME_SIZE", "SECOND", "SIZES", "SPECULATIVE", "TTFT"]

OOM = "OOM"

HOME: dict[str, dict[str, float | str]] = {
    "llama3-8b": {"llama.cpp": 15, "exo": 263, "dllama": 459, "prima.cpp": 15},
    "llama3-14b": {"llama.cpp": 20, "prima.cpp": 20},
    "llama1-30b": {"llama.cpp": 202, "prima.cpp": 72},
    "llama3-45b": {"llama.cpp": 328, "prima.cpp": 233},
    "llama3-60b": {"llama.cpp": 7965, "prima.cpp": 468},
    "llama1-65b": {"llama.cpp": 8807, "prima.cpp": 569},
    "llama3-70b": {"llama.cpp": 10120, "exo": OOM, "dllama": OOM, "prima.cpp": 674},
    "qwen2.5-7b": {"llama.cpp": 14, "exo": 86, "prima.cpp": 14},
    "r1-qwen-7b": {"llama.cpp": 14, "exo": 68, "prima.cpp": 14},
    "r1-llama-8b": {"llama.cpp": 14, "exo": 77, "dllama": 435, "prima.cpp": 14},
    "qwen2.5-14b": {"llama.cpp": 23, "exo": 31710, "prima.cpp": 23},
    "r1-qwen-14b": {"llama.cpp": 24, "exo": 23475, "prima.cpp": 24},
    "qwen2.5-32b": {"llama.cpp": 224, "exo": OOM, "prima.cpp": 89},
    "r1-qwen-32b": {"llama.cpp": 232, "exo": OOM, "prima.cpp": 93},
    "r1-llama-70b": {"llama.cpp": 10978, "exo": OOM, "prima.cpp": 724},
    "qwen2.5-72b": {"llama.cpp": 12227, "exo": OOM, "prima.cpp": 867},
}

SAME_SIZE = {
    "r1-qwen-7b": "qwen2.5-7b",
    "r1-llama-8b": "llama3-8b",
    "r1-qwen-14b": "qwen2.5-14b",
    "r1-qwen-32b": "qwen2.5-32b",
    "r1-llama-70b": "llama3-70b",
}
"""Models whose layers are those of another, trained further."""

SIZES = (
    "llama3-8b",
    "llama3-14b",
    "llama1-30b",
    "llama3-45b",
    "llama3-60b",
    "llama1-65b",
    "llama3-70b",
)
"""Models of the tables below, in their order."""

TTFT: dict[str, tuple[float, ...]] = {
    "llama.cpp": (18, 25, 611, 712, 8350, 9662, 10806),
    "prima.cpp": (18, 25, 214, 440, 990, 1770, 1793),
}

ABLATION: dict[str, tuple[float, ...]] = {
    "no Halda": (78, 131, 258, 409, 7053, 12253, 20848),
    "no prefetch": (15, 20, 79, 263, 532, 688, 755),
}

DOCKER: dict[str, tuple[float, ...]] = {
    "llama.cpp": (15, 2243, 6870, 10563, 14652, 15798, 17590),
    "prima.cpp": (15, 21, 52, 195, 391, 502, 1128),
}
"""Four containers, each of 8 cores, 8 GiB RAM and 8 GiB VRAM."""

SECOND: dict[str, tuple[float, ...]] = {
    "llama.cpp": (27, 199, 469, 623, 12762, 20073, 23834),
    "prima.cpp": (27, 67, 308, 328, 671, 703, 718),
}
"""Another home, whose devices we do not know."""

SPECULATIVE: dict[str, tuple[float, float]] = {"qwen2.5-32b": (55, 38), "llama3-70b": (803, 442)}
"""Without and with five proposed tokens."""
