"""Counters, gauges and histograms: one lock each, held for the update of one number."""

import bisect
import math
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from itertools import accumulate
from typing import Generic, TypeVar

from solutions.services.observability.exposition import Sample, clean, number

Key = tuple[str, ...]
Series = TypeVar("Series")


class Metric(ABC, Generic[Series]):
    """What all metrics have: a name, label names, and something for each set of label values."""

    kind = ""

    def __init__(self, name: str, help_text: str, labels: Key) -> None:
        self.name, self.labels = name, labels
        self.help = clean(help_text)
        self._names = frozenset(labels)
        self._lock = threading.Lock()
        self._series: dict[Key, Series] = {}
        if not labels:
            self._series[()] = self._new()

    @property
    def shape(self) -> object:
        """What must be the same when the name is declared again."""
        return self.kind, self.labels

    @property
    def sample_names(self) -> set[str]:
        """The names that its samples take."""
        return {self.name}

    def samples(self) -> Iterator[Sample]:
        """All samples; those of one set of label values are of one instant."""
        with self._lock:
            copied = [(key, self._copy(series)) for key, series in self._series.items()]
        for key, series in copied:
            yield from self._samples(tuple(zip(self.labels, key, strict=True)), series)

    def _key(self, labels: dict[str, str]) -> Key:
        if labels.keys() != self._names:
            raise ValueError(f"{self.name} has the labels {self.labels}, not {tuple(labels)}")
        for value in labels.values():
            if not isinstance(value, str):
                raise TypeError(f"a label value is a str, not {type(value).__name__}")
        return tuple(clean(labels[name]) for name in self.labels)

    @abstractmethod
    def _new(self) -> Series:
        """What a set of label values begins with."""

    def _copy(self, series: Series) -> Series:
        return series

    @abstractmethod
    def _samples(self, labels: Iterable[tuple[str, str]], series: Series) -> Iterable[Sample]:
        """The samples of one set of label values."""


class _Number(Metric[float]):
    """One number for each set of label values."""

    def _new(self) -> float:
        return 0.0

    def _samples(self, labels: Iterable[tuple[str, str]], series: float) -> Iterable[Sample]:
        return [(self.name, labels, series)]

    def _add(self, amount: float, key: Key) -> None:
        with self._lock:
            self._series[key] = self._series.get(key, 0.0) + amount


class Counter(_Number):
    """A number that only grows."""

    kind = "counter"

    def add(self, amount: float = 1, /, **labels: str) -> None:
        """Add `amount`, which is not negative."""
        key, amount = self._key(labels), _finite(amount)
        if amount < 0:
            raise ValueError(f"a counter cannot be lowered by {-amount}")
        self._add(amount, key)


class Gauge(_Number):
    """A number that goes up and down."""

    kind = "gauge"

    def add(self, amount: float, /, **labels: str) -> None:
        """Add `amount`."""
        key, amount = self._key(labels), _finite(amount)
        self._add(amount, key)

    def set(self, value: float, /, **labels: str) -> None:
        """Set the number."""
        key, value = self._key(labels), _float(value)
        with self._lock:
            self._series[key] = value


class _Buckets:
    """What one set of label values has seen; the counts are by bucket, the last one is beyond all."""

    __slots__ = ("counts", "total")

    def __init__(self, counts: list[int], total: float = 0.0) -> None:
        self.counts, self.total = counts, total


class Histogram(Metric[_Buckets]):
    """Counts by bucket. Added up only when they are shown, so that an update touches one."""

    kind = "histogram"

    def __init__(self, name: str, help_text: str, labels: Key, bounds: tuple[float, ...]) -> None:
        self._bounds = bounds
        self._shown = [*map(number, bounds), "+Inf"]
        super().__init__(name, help_text, labels)

    @property
    def shape(self) -> object:
        """Its buckets belong to it."""
        return self.kind, self.labels, self._bounds

    @property
    def sample_names(self) -> set[str]:
        """Three: none is the bare name."""
        return {f"{self.name}_{part}" for part in ("bucket", "sum", "count")}

    def observe(self, value: float, /, **labels: str) -> None:
        """Count a value."""
        key, value = self._key(labels), _finite(value)
        place = bisect.bisect_left(self._bounds, value)  # a bound belongs to its bucket
        with self._lock:
            series = self._series.get(key)
            if series is None:
                series = self._series[key] = self._new()
            series.counts[place] += 1
            series.total += value

    def _new(self) -> _Buckets:
        return _Buckets([0] * (len(self._bounds) + 1))

    def _copy(self, series: _Buckets) -> _Buckets:
        return _Buckets(series.counts.copy(), series.total)

    def _samples(self, labels: Iterable[tuple[str, str]], series: _Buckets) -> Iterable[Sample]:
        count = 0
        for bound, count in zip(self._shown, accumulate(series.counts), strict=True):
            yield f"{self.name}_bucket", [*labels, ("le", bound)], count
        yield f"{self.name}_sum", labels, series.total
        yield f"{self.name}_count", labels, count


def _float(value: float) -> float:
    if not isinstance(value, int | float):
        raise TypeError(f"a value is an int or a float, not {type(value).__name__}")
    try:
        return float(value)
    except OverflowError as error:
        raise ValueError("the value is too large") from error


def _finite(value: float) -> float:
    value = _float(value)
    if not math.isfinite(value):
        raise ValueError(f"the value must be finite, not {value}")
    return value
