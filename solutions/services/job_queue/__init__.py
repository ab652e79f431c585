"""Reference: a job queue in layers, and what was traded for what.

* `book`: every job as an immutable entry, the line of those that wait, and the counts; no threads.
  New jobs and retries share one heap by the instant at which they are ready: one order, one place
  to look for "what next, and when". It costs O(log n) per job where two queues would cost O(1).
* `backoff`: how long to wait after the n-th failed attempt. No threads, no clock.
* `service`: one lock over the book, workers that wait for the head of the line, and the stop. The
  lock is held for microseconds and never while a handler runs; with jobs of a millisecond or more
  a lock per kind or a queue per worker would gain nothing. There is no timer thread: an idle worker
  waits until the earliest retry is due, and whoever takes a job wakes the next to look after the
  rest.
* `handler`: the WSGI front; `__main__` the server, on loopback.

Jobs are kept in memory: a crash loses them all. That is the price of one process; what survives is
what `stop` hands back.

Run it: `python -m solutions.services.job_queue --port 8080`.
"""

from solutions.services.job_queue.handler import JobApp
from solutions.services.job_queue.service import JobQueue

__all__ = ["JobApp", "JobQueue"]
