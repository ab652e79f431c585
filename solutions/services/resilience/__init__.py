"""Reference: three policies of one method, a service in front, and what was traded for what.

* `retry`: a loop without state. Full jitter spreads the callers more than any jitter around a fixed
  delay, and a ceiling that is doubled step by step cannot overflow. It sleeps in the caller's
  thread: simple, and a thread is held all the while; an event loop would hold none.
* `timeout`: a thread for each call, at most so many. Starting one costs some 50 us, and leaves
  nothing to stop or to hand back; a pool of kept threads would be faster and need a way to end. To
  refuse when all are stuck is to say no early; a queue would only hide that the service hangs.
* `breaker`: one lock over a handful of fields, never held while a job runs. The period in which a
  call was let through is an object: an outcome counts if the period is still the current one.
  Failures in a row need one counter; a rate over a window would see a service that fails every
  second call, at the price of a ring of buckets.
* `handler`: the WSGI front, which knows the policies by their contract only; `__main__` the server,
  with a downstream to play with.

Run it: `python -m solutions.services.resilience --port 8080`.
"""

from solutions.services.resilience.breaker import CircuitBreaker
from solutions.services.resilience.handler import ResilienceApp
from solutions.services.resilience.retry import Retry
from solutions.services.resilience.timeout import Timeout

__all__ = ["CircuitBreaker", "ResilienceApp", "Retry", "Timeout"]
