"""Reference: a gateway in layers, and what was traded for what.

* `handler`: the WSGI front. It reads a request, has it admitted and forwarded, and answers.
* `intake`: what of a request is refused before anybody asks who sends it: size, path, framing.
* `desk`: who may pass: keys, token buckets, routes. `settings`: whether they make sense.
* `headers`: what goes on and what stays behind, in both directions.
* `places`: the bulkhead, a bounded number of calls per upstream, without a queue. A queue would
  smooth bursts and, when an upstream hangs, keep everybody waiting for nothing.
* `transport`: one HTTP exchange within one time limit; `wire`: its bytes. A connection per call
  costs a round trip and frees us of the question whether a kept one is still alive, and so of
  retries. `http.client` is not used: it looks at the time for each read only, and accepts answers
  that a gateway should not.

Bodies are buffered, so a failure is always told with a status; memory is at most two limits for each
thread of the server. Streaming would carry larger bodies and could only break off in the middle.
Keys are compared one by one, which is linear; a table of digests is the next step for thousands.
Looking up a name is not limited in time by `socket.create_connection`, and an upstream with several
addresses may take the limit for each: give upstreams by address, or resolve them beforehand.

Run it: `python -m solutions.services.gateway --port 8080 --upstream /api=127.0.0.1:9000`.
"""

from solutions.services.gateway.handler import Gateway
from solutions.services.gateway.transport import HttpTransport

__all__ = ["Gateway", "HttpTransport"]
