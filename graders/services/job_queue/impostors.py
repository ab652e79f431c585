"""Job queues with one wrong idea each. `breaks` names the promise by which each is found."""

import contextlib
import dataclasses
import heapq
import itertools
import json
import math
import random
import secrets
import threading
import time
import traceback
import uuid
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from contracts.services.job_queue import (
    Job,
    JobQueue,
    QueueFull,
    QueueStopped,
    RandomSource,
    Stats,
    Status,
    StopFromHandler,
    Stopped,
    UnknownJob,
)
from solutions.services import job_queue as reference
from solutions.services.job_queue import handler, service
from solutions.services.job_queue.backoff import Backoff
from solutions.services.job_queue.book import Book, Entry
from solutions.web import Answer, Refused, as_json, read_json


class _Queue(reference.JobQueue):
    """The reference on another book, with other waits."""

    book: type[Book] = Book
    backoff: type[Backoff] = Backoff

    def __init__(
        self,
        handlers: Mapping[str, Callable[[Any], Any]],
        workers: int,
        capacity: int,
        *,
        max_attempts: int = 3,
        base_delay: float = 1.0,
        max_delay: float = 60.0,
        keep: int = 1_000,
        chance: RandomSource | None = None,
    ) -> None:
        self._given = (base_delay, max_delay, keep, chance)
        self._made = False
        super().__init__(
            handlers,
            workers,
            capacity,
            max_attempts=max_attempts,
            base_delay=base_delay,
            max_delay=max_delay,
            keep=keep,
            chance=chance,
        )

    def _serve(self) -> None:
        with self._lock:
            if not self._made:
                base_delay, max_delay, keep, chance = self._given
                book, self._book = self._book, self.book(keep)
                assert not book.unfinished
                self._backoff = self.backoff(base_delay, max_delay, chance)
                self._made = True
        super()._serve()
