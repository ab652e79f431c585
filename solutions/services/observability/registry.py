"""All metrics under their names."""

import math
import re
import threading
from collections.abc import Iterable
from itertools import pairwise
from typing import Any, TypeVar

from contracts.services.observability import DURATION_BUCKETS
from solutions.services.observability.exposition import lines_of
from solutions.services.observability.metrics import Counter, Gauge, Histogram, Metric

_NAME = re.compile("[a-zA-Z_:][a-zA-Z0-9_:]*")
_LABEL = re.compile("(?!__)[a-zA-Z_][a-zA-Z0-9_]*")
_Any = TypeVar("_Any", bound=Metric[Any])


class Registry:
    """Declares metrics and shows them. See the contract."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # over the table of metrics; each metric has its own
        self._metrics: dict[str, Metric[Any]] = {}
        self._samples: set[str] = set()

    def counter(self, name: str, help_text: str, labels: Iterable[str] = ()) -> Counter:
        """Declare a counter."""
        if not name.endswith("_total"):
            raise ValueError(f"a counter's name ends in _total, {name!r} does not")
        return self._declare(Counter(_checked(name), help_text, _labels(labels)))

    def gauge(self, name: str, help_text: str, labels: Iterable[str] = ()) -> Gauge:
        """Declare a gauge."""
        return self._declare(Gauge(_checked(name), help_text, _labels(labels)))

    def histogram(
        self,
        name: str,
        help_text: str,
        labels: Iterable[str] = (),
        buckets: Iterable[float] = DURATION_BUCKETS,
    ) -> Histogram:
        """Declare a histogram."""
        names = _labels(labels)
        if "le" in names:
            raise ValueError("the label le is the histogram's own")
        return self._declare(Histogram(_checked(name), help_text, names, _bounds(buckets)))

    def render(self) -> str:
        """Return the text. No lock is held while it is written."""
        with self._lock:
            metrics = list(self._metrics.values())
        return "".join(
            line
            for metric in metrics
            for line in lines_of(metric.name, metric.help, metric.kind, metric.samples())
        )

    def _declare(self, metric: _Any) -> _Any:
        with self._lock:
            known = self._metrics.get(metric.name)
            if known is None:
                self._take_samples(metric)
                known = self._metrics[metric.name] = metric
        if known.shape != metric.shape:
            raise ValueError(f"{metric.name} has been declared in another way")
        assert isinstance(known, type(metric))
        return known

    def _take_samples(self, metric: Metric[Any]) -> None:
        taken = self._samples & metric.sample_names
        if taken:
            raise ValueError(f"{min(taken)} is a sample of another metric")
        self._samples |= metric.sample_names


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} cannot be the name of a metric")
    return name


def _labels(labels: Iterable[str]) -> tuple[str, ...]:
    names = tuple(labels)
    for name in names:
        if not _LABEL.fullmatch(name):
            raise ValueError(f"{name!r} cannot be the name of a label")
    if len(set(names)) < len(names):
        raise ValueError(f"a label is there twice: {names}")
    return names


def _bounds(buckets: Iterable[float]) -> tuple[float, ...]:
    bounds = tuple(float(bound) for bound in buckets)
    ascending = all(low < high for low, high in pairwise(bounds))
    if not (bounds and ascending and all(map(math.isfinite, bounds))):
        raise ValueError(f"buckets must be finite and ascending, not {bounds}")
    return bounds
