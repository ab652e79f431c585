"""How long a job waits before its next attempt: exponential, capped, with full jitter."""

import math
import random

from contracts.services.job_queue import RandomSource


class Backoff:
    """Waits of random() * min(most, base * 2 ** (failed - 1)) seconds."""

    def __init__(self, base: float, most: float, chance: RandomSource | None) -> None:
        for delay in (base, most):
            if not 0 <= delay < math.inf:  # also refuses NaN, for which every comparison is false
                raise ValueError(f"a delay must be a finite number of seconds, not {delay}")
        self._base = base
        self._most = most
        self._chance = chance or random.Random()

    def wait(self, failed: int) -> float:
        """Seconds to wait after that many failed attempts."""
        try:
            grown = math.ldexp(self._base, failed - 1)
        except OverflowError:  # after a thousand attempts 2 ** n is no float any more
            grown = math.inf
        return self._chance.random() * min(self._most, grown)
