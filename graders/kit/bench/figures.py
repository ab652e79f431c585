"""From the seconds of rounds to figures, and from figures to words.

Two contenders are compared round by round: in each pass both ran within a moment of each other, so the
ratio of the two is free of what the machine did meanwhile. The ratio is the median over the passes;
its noise is the notch of a box plot (McGill, Tukey and Larsen 1978), 1.57 times the middle half's
width over the root of the number of passes. A difference is called one if it is larger than both
`SMALLEST` and `CAUTION` times the noise.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median, quantiles
from typing import Final, Literal

SMALLEST: Final = math.log(1.20)
"""Less than 20 % is never called a difference. Two processes of the same code differ by 10 % now and
then, by where things lie in memory, and a comparison of two runs has four processes in it; at 15 %,
one of 80 comparisons of the same code came out as a difference."""
CAUTION: Final = 3.0
NOTCH: Final = 1.57

Word = Literal["faster", "slower", "no measurable difference"]


@dataclass(frozen=True)
class Ratio:
    """How many times as fast one is as another: natural logarithms of the ratio and of its noise."""

    log: float
    noise: float

    @property
    def times(self) -> float:
        """More than 1 is faster."""
        return math.exp(self.log)

    @property
    def word(self) -> Word:
        """Faster, slower, or a difference that drowns in the noise."""
        if abs(self.log) <= self.threshold:
            return "no measurable difference"
        return "faster" if self.log > 0 else "slower"

    @property
    def threshold(self) -> float:
        """The smallest difference that would be called one."""
        return max(SMALLEST, CAUTION * self.noise)

    @property
    def sees(self) -> float:
        """The smallest slowing down, in times, that this measurement can tell."""
        return math.exp(min(self.threshold, 700.0))

    def __truediv__(self, other: "Ratio") -> "Ratio":
        return Ratio(self.log - other.log, math.hypot(self.noise, other.noise))


def ratio(seconds: Sequence[float], reference: Sequence[float]) -> Ratio:
    """How many times as fast as the reference, both measured pass by pass."""
    logs = [math.log(_some(b) / _some(a)) for a, b in zip(seconds, reference, strict=False)]
    if len(logs) == 1:
        return Ratio(logs[0], math.inf)
    return Ratio(median(logs), NOTCH * _middle_half(logs) / math.sqrt(len(logs)))


def rate(seconds: Sequence[float], operations: int) -> float:
    """Operations a second, in the round in the middle."""
    return operations / _some(median(seconds))


def spread(seconds: Sequence[float]) -> float:
    """Half the width of the middle half of the rounds, as a fraction of the median."""
    return _middle_half(seconds) / 2 / _some(median(seconds)) if len(seconds) > 1 else math.inf


def _middle_half(values: Sequence[float]) -> float:
    low, _, high = quantiles(values, n=4, method="inclusive")
    return high - low


def _some(seconds: float) -> float:
    """No round takes no time at all, whatever a coarse clock says."""
    return max(seconds, 1e-9)
