"""MinHash sketches and their bands; the hashing is that of the library `rensa` (MIT).

With 32 bands of four rows two passages of Jaccard 0.5 meet with probability 1 − (1 − 0.5⁴)³² = 87 %,
of 0.6 with 99 %, of 0.4 with 56 % and of 0.1 with 0.3 %: near copies are hardly ever missed, and the
texts of one trade, alike by a tenth, hardly ever meet. The estimate from 128 permutations has a
standard error of at most 0.045.
"""

import struct
from collections.abc import Collection, Sequence
from hashlib import blake2b

from rensa import RMinHash

PERMUTATIONS = 128
BANDS = 32
ROWS = PERMUTATIONS // BANDS
SEED = 62  # sketches of all years are compared with each other: never change it
_FORM = struct.Struct(f"<{PERMUTATIONS}I")


def sketch(pieces: Collection[str]) -> tuple[int, ...]:
    """The sketch of a set of pieces: 128 unsigned numbers of 32 bits."""
    made = RMinHash(num_perm=PERMUTATIONS, seed=SEED)
    made.update(sorted(pieces))
    return tuple(made.digest())


def estimate(one: Sequence[int], other: Sequence[int]) -> float:
    """The Jaccard coefficient that two sketches suggest, between 0 and 1."""
    return sum(a == b for a, b in zip(one, other, strict=True)) / PERMUTATIONS


def bands(numbers: Sequence[int]) -> list[int]:
    """One signed number of 64 bits for each band; what shares one may be alike."""
    found = []
    for band in range(BANDS):
        rows = struct.pack("<B4I", band, *numbers[band * ROWS : (band + 1) * ROWS])
        found.append(int.from_bytes(blake2b(rows, digest_size=8).digest(), "big", signed=True))
    return found


def packed(numbers: Sequence[int]) -> bytes:
    """A sketch as 512 bytes."""
    return _FORM.pack(*numbers)


def unpacked(data: "bytes | memoryview[int]") -> tuple[int, ...]:
    """The sketch out of its bytes."""
    return tuple(_FORM.unpack(bytes(data)))
