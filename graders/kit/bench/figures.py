"""From the seconds of rounds to figures, and from figures to words.

Two contenders are compared round by round: in each pass both ran within a moment of each other, so the
ratio of the two is free of what the machine did meanwhile. The ratio of two processes is the median over
the passes; its noise is the notch of a box plot (McGill, Tukey and Larsen 1978), 1.57 times the middle
half's width over the root of the number of passes. Each contender has three processes, because two of the same
code differ, by where things lie in memory: mostly by little, one in a hundred by 40 %. So the ratio is that
of the pair of processes in the middle, and how far the nearer one lies from it is noise too. A difference is
called one if it is larger than both `SMALLEST` and `CAUTION` times the noise.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from statistics import median, quantiles
from typing import Final, Literal

SMALLEST: Final = math.log(1.20)
"""Less than 20 % is never called a difference. With one process each, one of 80 comparisons of the same
code came out as a difference of 15 %, and now and then one of 20 %."""
CAUTION: Final = 3.0
NOTCH: Final = 1.57
MIDDLE: Final = 0.67
"""So much of one value's deviation has the middle one of three."""

Rounds = Sequence[Sequence[float]]
"""Of each process of a contender, the seconds of each of its rounds."""
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


def ratio(rounds: Rounds, reference: Rounds) -> Ratio:
    """How many times as fast as the reference, both measured pass by pass."""
    pairs = [_pair(mine, theirs) for mine, theirs in zip(rounds, reference, strict=False)]
    middle = sorted(pairs, key=lambda pair: pair.log)[len(pairs) // 2]
    if len(pairs) < 3:
        return middle
    _, nearer, *_ = sorted(abs(pair.log - middle.log) for pair in pairs)
    return Ratio(middle.log, math.hypot(MIDDLE * middle.noise, nearer))


def _pair(seconds: Sequence[float], reference: Sequence[float]) -> Ratio:
    """One process against another."""
    logs = [math.log(_some(b) / _some(a)) for a, b in zip(seconds, reference, strict=False)]
    if len(logs) == 1:
        return Ratio(logs[0], math.inf)
    return Ratio(median(logs), NOTCH * _middle_half(logs) / math.sqrt(len(logs)))


def rate(rounds: Rounds, operations: int) -> float:
    """Operations a second, in the round in the middle."""
    return operations / _some(median(chain(*rounds)))


def spread(rounds: Rounds) -> float:
    """Half the width of the middle half of the rounds, as a fraction of the median."""
    seconds = list(chain(*rounds))
    return _middle_half(seconds) / 2 / _some(median(seconds)) if len(seconds) > 1 else math.inf


def _middle_half(values: Sequence[float]) -> float:
    low, _, high = quantiles(values, n=4, method="inclusive")
    return high - low


def _some(seconds: float) -> float:
    """No round takes no time at all, whatever a coarse clock says."""
    return max(seconds, 1e-9)
