"""Near-duplicate passages: what two texts share, estimated fast and then told exactly.

A text becomes the set of its four-character pieces (no word segmentation: Chinese needs none for
this), a set becomes a MinHash sketch, sketches meet in bands (LSH). Whatever meets is compared
exactly. Nothing here judges: it finds what a person may want to look at side by side.
"""

from .overlap import Piece, jaccard, marked
from .sketch import BANDS, PERMUTATIONS, bands, estimate, packed, sketch, unpacked
from .text import normal, paragraphs, shingles, without

__all__ = [
    "BANDS",
    "PERMUTATIONS",
    "Piece",
    "bands",
    "estimate",
    "jaccard",
    "marked",
    "normal",
    "packed",
    "paragraphs",
    "shingles",
    "sketch",
    "unpacked",
    "without",
]
