"""Bytes of torch's tensors while something runs."""

from collections import Counter
from typing import Any
from weakref import finalize

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

__all__ = ["Held"]


class Held(TorchDispatchMode):  # type: ignore[no-untyped-call] # torch does not type it
    """Bytes of the tensors that are alive, and the most there were; a view counts once."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.peak = self._now = 0
        self._tensors: Counter[int] = Counter()  # tensors of each storage

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """See torch; called for every operation."""
        found = func(*args, **(kwargs or {}))
        for tensor in tree_leaves(found):
            if isinstance(tensor, torch.Tensor):
                storage = tensor.untyped_storage()
                key, size = storage._cdata, storage.nbytes()
                if not self._tensors[key]:
                    self._now += size
                    self.peak = max(self.peak, self._now)
                self._tensors[key] += 1
                finalize(tensor, self._gone, key, size)
        return found

    def _gone(self, key: int, size: int) -> None:
        self._tensors[key] -= 1
        if not self._tensors[key]:
            del self._tensors[key]
            self._now -= size
