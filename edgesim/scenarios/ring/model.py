"""A language model as a ring sees it: so many equal layers, an input and an output block."""

from dataclasses import dataclass

from edgesim.scenarios.checks import at_least, integer_from, positive

__all__ = ["RingModel"]


@dataclass(frozen=True, kw_only=True)
class RingModel:
    """A model by its sizes (bytes) and operations (FLOP) at batch size one.

    Attributes:
        name: what it is called.
        layers: how many layers it has.
        layer_bytes: weights of one layer.
        output_bytes: weights of the output layer, which the head holds.
        input_row_bytes: one row of the input layer (its bytes over the vocabulary): what one token
            reads of it.
        context_tokens: tokens for which keys and values are kept.
        kv_elements: keys of a token and layer, as many as values; two bytes each.
        layer_flop: operations of one layer for one token.
        output_flop: operations of the output layer for one token.
        embedding: width of an activation, in numbers of four bytes.
        quantisation: how its weights are kept; rates of devices may depend on it.
    """

    name: str = "model"
    layers: int
    layer_bytes: float
    output_bytes: float
    input_row_bytes: float
    context_tokens: int
    kv_elements: float
    layer_flop: float
    output_flop: float
    embedding: int = 4096
    quantisation: str = "q4_k"

    def __post_init__(self) -> None:
        where = f"model.{self.name}"
        integer_from(f"{where}.layers", self.layers, 1, 1000)
        integer_from(f"{where}.context_tokens", self.context_tokens, 0)
        integer_from(f"{where}.embedding", self.embedding, 1)
        positive(f"{where}.layer_bytes", self.layer_bytes)
        for key in ("output_bytes", "input_row_bytes", "kv_elements", "layer_flop", "output_flop"):
            at_least(f"{where}.{key}", getattr(self, key), 0.0)

    @property
    def kv_bytes(self) -> float:
        """Keys and values of a layer for the whole context, in numbers of two bytes."""
        return 2.0 * (self.kv_elements + self.kv_elements) * self.context_tokens

    @property
    def loaded_bytes(self) -> float:
        """b': what a layer takes of a memory, weights and keys and values."""
        return self.layer_bytes + self.kv_bytes

    @property
    def activation_bytes(self) -> float:
        """What a hop carries for one token."""
        return 4.0 * self.embedding

    @property
    def head_bytes(self) -> float:
        """What the head holds besides layers: an input row and the output layer."""
        return self.input_row_bytes + self.output_bytes
