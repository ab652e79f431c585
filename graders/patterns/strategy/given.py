"""What several of the checks start from."""

from contracts.patterns.strategy import Road


def way(name: str, metres: int = 1, seconds: int = 1, cents: int = 0) -> Road:
    """A road named by its two ends and a number: `ab1` leads from a to b."""
    return Road(name, name[0], name[1], metres, seconds, cents)
