"""One zstd frame: sealed at a fixed level, opened within stated limits (sending.md 3)."""

import sys
from typing import Final

from reconciler.parcels.unreadable import Unreadable

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_C = zstd.CompressionParameter
SETTINGS: Final = {
    int(_C.compression_level): 3,
    int(_C.window_log): 22,
    int(_C.hash_log): 18,
    int(_C.chain_log): 17,
    int(_C.enable_long_distance_matching): 1,
    int(_C.ldm_min_match): 32,
}
"""Measured in decision 0017; a reader needs none of it."""

_LIMITS = {int(zstd.DecompressionParameter.window_log_max): 23}
"""8 MiB: a frame that asks for more memory is refused before any is taken."""


def sealed(plain: bytes) -> bytes:
    """One frame; the same bytes for the same input and version of zstd."""
    return zstd.compress(plain, options=SETTINGS)


def opened(frame: bytes, *, size: int) -> bytes:
    """The `size` bytes that are in the frame; no more than one beyond them is ever made. Raises Unreadable."""
    decompressor = zstd.ZstdDecompressor(options=_LIMITS)
    try:
        plain = decompressor.decompress(frame, size + 1)
    except zstd.ZstdError as fault:
        raise Unreadable(f"a block is no zstd frame within the limits: {fault}") from fault
    if len(plain) != size or not decompressor.eof or decompressor.unused_data:
        raise Unreadable(f"a block does not hold exactly the {size} bytes that its table states")
    return plain
