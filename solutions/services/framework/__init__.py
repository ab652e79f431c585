"""Answer framework: the reference.

Four modules that know nothing of each other's inside: `quantities` reads and writes amounts, `plan`
is the arithmetic of a workload, `review` asks what is wrong with it and what matters in it, `uptime`
is about parts that fail. `rules` says what a good argument is, for all of them.

Trade-offs:

* Fractions everywhere. They are many times slower than floats and grow long with growth over
  many years; a plan is made once, and nobody has to think about the order of the operations.
* The grammar is a table of all symbols and one regular expression for the number. The table is
  built once; a parser that takes prefixes off would be shorter and accept `Ks` sooner or later.
* Sensitivity runs the whole plan once for each input. Derivatives would be cheaper, and wrong where
  a number of machines jumps.
* Availability counts how many parts are up, one part after the other: n squared steps where all
  combinations would be 2 to the n.
* Left out: reads by the replicas, headers and protocols, compression, indexes, and that parts of a
  system like to fail together.
"""

from solutions.services.framework.plan import estimate
from solutions.services.framework.quantities import agrees, format_quantity, parse_quantity
from solutions.services.framework.review import doubts, sensitivity
from solutions.services.framework.uptime import availability, downtime

__all__ = [
    "agrees",
    "availability",
    "doubts",
    "downtime",
    "estimate",
    "format_quantity",
    "parse_quantity",
    "sensitivity",
]
