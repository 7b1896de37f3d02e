"""Several passes for one more token, made as one: which may be, and how."""

from collections.abc import Callable, Mapping
from typing import Any

# What is joined must be equal in all but these; anything else that a pass is asked for lets it be made alone.
_OF_A_ROW = frozenset({"input_ids", "attention_mask", "position_ids", "past_key_values"})


def kind_of(given: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """What passes that may be made in one have in common; None of one that is made alone.

    One more token of one answer, whose keys and values are all kept, with nothing special asked for.
    """
    from transformers.cache_utils import DynamicCache, DynamicLayer

    words: Any = given.get("input_ids")
    cache: Any = given.get("past_key_values")
    if words is None or tuple(words.shape) != (1, 1) or type(cache) is not DynamicCache:
        return None
    if any(type(layer) is not DynamicLayer or not layer.get_seq_length() for layer in cache.layers):
        return None
    mask, positions = given.get("attention_mask"), given.get("position_ids")
    if mask is None or tuple(mask.shape) != (1, cache.get_seq_length() + 1):
        return None
    if positions is None or tuple(positions.shape) != (1, 1):
        return None
    rest = {name: value for name, value in given.items() if name not in _OF_A_ROW}
    more = any(name.startswith("output_") and value for name, value in rest.items())  # a joint pass gives logits only
    if more or not all(isinstance(value, bool | int | None) for value in rest.values()):
        return None
    return tuple(sorted(rest.items(), key=lambda each: each[0]))


def in_one(forward: Callable[..., Any], rows: list[dict[str, Any]]) -> list[Any]:
    """One pass for a token of each row, filled up on the left, and what each would have been answered alone.

    A row's own keys and values become views of the joint ones once all went well.
    """
    import torch
    from transformers.cache_utils import DynamicCache

    caches = [row["past_key_values"] for row in rows]
    longest = max(cache.get_seq_length() for cache in caches)
    missing = [longest - cache.get_seq_length() for cache in caches]

    def filled(tensor: Any, count: int, axis: int) -> Any:
        pad = torch.nn.functional.pad
        return pad(tensor, (count, 0) if axis == -1 else (0, 0, count, 0)) if count else tensor

    def stacked(name: str, number: int) -> Any:
        parts = [getattr(cache.layers[number], name) for cache in caches]
        return torch.cat([filled(part, count, -2) for part, count in zip(parts, missing, strict=True)])

    held = [(stacked("keys", number), stacked("values", number)) for number in range(len(caches[0].layers))]
    given = {name: torch.cat([row[name] for row in rows]) for name in ("input_ids", "position_ids")}
    masks = [filled(row["attention_mask"], count, -1) for row, count in zip(rows, missing, strict=True)]
    rest = {name: value for name, value in rows[0].items() if name not in _OF_A_ROW}
    joint = DynamicCache(held)
    found = forward(**given, **rest, attention_mask=torch.cat(masks), past_key_values=joint)
    for at, (cache, count) in enumerate(zip(caches, missing, strict=True)):
        for own, shared in zip(cache.layers, joint.layers, strict=True):
            own.keys, own.values = shared.keys[at : at + 1, :, count:], shared.values[at : at + 1, :, count:]
    return [type(found)(logits=found.logits[at : at + 1], past_key_values=cache) for at, cache in enumerate(caches)]
