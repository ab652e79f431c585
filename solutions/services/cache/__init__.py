"""Reference: a cache in layers, and what was traded for what.

* `store`: entries and deadlines, no threads. LRU order is an `OrderedDict`, the deadlines are a
  heap: with a ttl per entry there is no cheaper order. Put costs O(log n), everything else O(1)
  plus the removal of what has died, paid once per entry. A burst of deadlines is paid by one
  unlucky call; bounding the work per call would soften that and give up exact `len`.
* `flights`: which key is being loaded by whom, and who waits for whom. No threads either.
* `service`: one lock over both; it is held for microseconds and never while a loader runs. Shards
  with a lock each would scale further and give up one LRU order over all keys.
* `handler`: the WSGI front; `__main__` the server, on loopback.

Run it: `python -m solutions.services.cache --port 8080`.
"""

from solutions.services.cache.handler import CacheApp
from solutions.services.cache.service import Cache

__all__ = ["Cache", "CacheApp"]
