"""Reference: a rate limiter in layers, and what was traded for what.

* `bucket`: the arithmetic of one bucket (two floats), and that arithmetic behind a lock. Tokens are
  computed when somebody asks; a thread that refills buckets would cost in proportion to the clients
  that do nothing. The elapsed time is a difference of two clock readings, so the error is that of
  the token count and does not grow with uptime, as sums of 1 / rate (GCRA) would.
* `limiter`: one lock over all clients, held for microseconds, with nothing foreign called under it.
  A lock per client would have to solve who may remove a bucket that another thread is about to use;
  shards (a lock per hash of the client) scale further, at the price of a max_clients per shard.
  A heap of the instants at which buckets are full finds who can be forgotten in O(log n).
* `middleware`: the WSGI front, which knows the limiter by its contract only; `__main__` the server.

Run it: `python -m solutions.services.rate_limiter --port 8080`.
"""

from solutions.services.rate_limiter.bucket import TokenBucket
from solutions.services.rate_limiter.limiter import ClientLimiter
from solutions.services.rate_limiter.middleware import RateLimitMiddleware

__all__ = ["ClientLimiter", "RateLimitMiddleware", "TokenBucket"]
