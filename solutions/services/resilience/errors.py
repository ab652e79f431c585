"""Which errors the policies may act upon: what cancels, or was never asked, is none of them."""

from concurrent.futures import CancelledError

from contracts.services.resilience import Refused

NEUTRAL = (Refused, CancelledError)
"""Never tried again, never a failure. (asyncio's CancelledError is no Exception to begin with.)"""


def checked(name: str, kinds: tuple[type[BaseException], ...]) -> tuple[type[BaseException], ...]:
    """The given classes, if all of them are Exceptions; ValueError if not."""
    if not all(issubclass(each, Exception) for each in kinds):
        raise ValueError(f"{name} may hold subclasses of Exception only, not {kinds}")
    return kinds
