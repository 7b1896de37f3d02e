"""What two rows are compared by: a digest of all of it, and a signature of its shingles. Pure.

The signature is one-permutation MinHash over the shingles of 12 bytes, in 128 bins; an empty bin takes the value of the
next one that is not. The share of equal bins estimates the Jaccard similarity with a standard error of 0.035 at 0.8.
Source: Li, Owen and Zhang 2012, arXiv:1208.1259; Shrivastava and Li 2014, arXiv:1406.4784 (empty bins)
"""

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

BINS, BANDS = 128, 16
_SHINGLE = 12
_FACTOR = np.uint64(0x9E3779B97F4A7C15)
_MIX = np.uint64(0xBF58476D1CE4E5B9)
_EDGES = np.arange(BINS, dtype=np.uint64) << np.uint64(57)
Signature = NDArray[np.uint32]


def digest(text: str) -> bytes:
    """16 bytes that differ where texts do."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def signature(parts: Sequence[str]) -> Signature:
    """The signature of a row's text, without case and with every run of white space as one space.

    >>> same = signature(["The quick brown fox jumps"]) == signature(["the  quick brown FOX jumps"])
    >>> bool(same.all())
    True
    """
    text = " ".join(" ".join(parts).casefold().split()).encode("utf-8", "surrogatepass")
    hashes = _hashes(np.frombuffer(text.ljust(_SHINGLE), dtype=np.uint8))
    hashes.sort()
    first = np.searchsorted(hashes, _EDGES)
    last = np.append(first[1:], len(hashes))
    filled = first < last
    values = np.zeros(BINS, dtype=np.uint32)
    values[filled] = ((hashes[first[filled]] >> np.uint64(25)) & np.uint64(0xFFFFFFFF)).astype(np.uint32)
    return _densified(values, filled)


def similarity(left: Signature, right: Signature) -> float:
    """The estimated Jaccard similarity of two rows' shingles."""
    return float(np.count_nonzero(left == right)) / BINS


def band_keys(signatures: Sequence[Signature]) -> NDArray[np.uint64]:
    """Row after row, a key per band of 8 bins: rows that share one are looked at.

    Of pairs at 0.8, 95 % share one; at 0.5, 6 %.
    """
    bands = np.stack(signatures).reshape(-1, BANDS, BINS // BANDS).astype(np.uint64)
    keys = np.tile(np.arange(1, BANDS + 1, dtype=np.uint64) * _MIX, (len(bands), 1))
    for column in range(bands.shape[2]):
        keys = (keys ^ bands[:, :, column]) * _FACTOR
        keys ^= keys >> np.uint64(29)
    return keys.ravel()


def _hashes(text: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """A mixed hash of every window of `_SHINGLE` bytes."""
    count = len(text) - _SHINGLE + 1
    wide = text.astype(np.uint64)
    hashes = np.zeros(count, dtype=np.uint64)
    for offset in range(_SHINGLE):
        hashes = hashes * _FACTOR + wide[offset : offset + count] + np.uint64(1)
    hashes ^= hashes >> np.uint64(31)
    hashes *= _MIX
    hashes ^= hashes >> np.uint64(27)
    return hashes * _FACTOR


def _densified(values: Signature, filled: NDArray[np.bool_]) -> Signature:
    """Empty bins take the next filled one's value, moved by how far it was, so that both rows do alike."""
    places = np.flatnonzero(filled)
    following = np.searchsorted(places, np.arange(BINS)) % len(places)
    distance = (places[following] - np.arange(BINS)) % BINS
    moved: Signature = values[places[following]] + distance.astype(np.uint32) * np.uint32(0x9E3779B1)
    return moved
