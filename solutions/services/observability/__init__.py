"""Reference: observability in layers, and what was traded for what.

* `context`: whose request it is, in a context variable that is set around each piece of the
  application's work and reset after it. A generator that set it once would leak it into the server
  between two steps. `carried` takes the id only; a copied context would carry everything, and could
  not be entered by two threads at once.
* `metrics`, `registry`: a lock per metric, held for one dictionary look-up. A scrape copies the
  numbers under that lock, metric by metric, and writes the text without any: what one metric shows
  is of one instant, what two show need not be. One lock over all would make them agree, and
  make every request wait for the copying of all.
* `exposition`: the text format, from copied numbers. No threads.
* `log`: a line is made without a lock and written under one, in the thread that logs. A stuck disk
  therefore holds up all who log, and loses nothing; a queue and a thread would hold up nobody, and
  have to lose lines, or memory, when it is full.
* `request`, `middleware`: one request and how it ended; the WSGI application around the other one.
  `ops`: /metrics and /health.

Run it: `python -m solutions.services.observability --port 8080`.
"""

from solutions.services.observability.context import carried, request_id
from solutions.services.observability.log import Log
from solutions.services.observability.middleware import Observed
from solutions.services.observability.ops import OpsApp
from solutions.services.observability.registry import Registry

__all__ = ["Log", "Observed", "OpsApp", "Registry", "carried", "request_id"]
