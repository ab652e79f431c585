"""What several of the checks start from."""

from hashlib import blake2b


def spread(data: bytes) -> int:
    """Hash well, into all 64 bits."""
    return int.from_bytes(blake2b(data, digest_size=8, key=b"grader").digest(), "big")
