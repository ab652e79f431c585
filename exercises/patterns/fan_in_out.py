"""Fan out, fan in: several workers put a stream through a stage; the reader sees one lazy iterator.

Seen in production as `Executor.map`, `Pool.imap`, the loaders of machine learning, and chains
of workers between queues. The happy path is a queue and a loop. What breaks is the
rest: a source without end, a reader who is slow or goes away, an error in the middle.

Decided here, because real libraries disagree:

* An item is *ahead* from the moment at which the source is asked for it until a call of `next()`
  hands its result out. At most `workers + buffer` items are ahead. Whether a place of the buffer
  holds an item that waits for a worker or a result that waits for the reader is left open.
* Which thread reads the source is left open; one at a time does. Stage calls have threads of their
  own: never the reader's.
* An error takes the place of a result. Ordered: the place of its item. Unordered: a stage's error
  comes when its call has ended, after the results that were ready before. In both modes a source's
  error comes after the results of all items that the source had given. Only the first error in that
  order is raised; what comes after it is dropped.
* Once a stage call has raised, the source is asked for nothing more. Whether items that it has
  already given still go through the stage is left open, except for those before the error in
  ordered mode: they do.
* A call that is just then on its way to the source or to the stage, when a stage call raises or
  `close()` begins, may still get there; it counts as one that runs.
* `close()` of a pipeline speaks of its last stage. Whether the stages before it end at once, or go
  on within their bounds until the last one is over, is left open.
* The source belongs to the iterator, since what was read ahead cannot be given back: at its end the
  iterator closes it, if it has a `close()`. What becomes of an exception of that `close()` is open.
* There is one way to end: no stage call runs, no thread is left, the source is closed, and only
  then does the call that ended it return or raise. An iterator that is just dropped ends as well;
  whether dropping it waits is left open. "Dropped" means that nothing refers to it any more.
* A stage call or a read of the source cannot be interrupted: whoever waits for the end waits for
  those that run.
* Several threads may read one iterator, each result goes to one of them. A stage must not call
  `next()` of the iterator that it works for. It may call its `close()`.
* Left open: whether True counts as the number 1, and what becomes of an iterator that is neither at
  its end nor dropped when the program ends.

What your code must keep; every check names the promise it looks at:

P0  The module loads and has the shape of this contract.
P1  Every item goes through the stage once and its result, whatever it is, is handed out once, as
    that very object: with ordered=True in the order of the source, with ordered=False in the order
    in which the stage calls end.
P2  fan_out_in and pipeline take iter(items) and do nothing else: before the first next() the
    source is not read, no stage is called and no thread is started; closed or dropped before then,
    an iterator never touches its source.
P3  At every moment at most `workers + buffer` items are ahead, whoever is slow or stays away: the
    source, the stage, one single item, the reader; so the source may be infinite.
P4  At most `workers` stage calls run at a time, on the same at most `workers` threads; and while
    fewer run and fewer than `workers + buffer` items are ahead, the next item goes into the stage
    at the instant at which the source gives it.
P5  A result is handed out at the instant at which it is ready and its turn has come, even while
    the source is being read or other items are in the stage; nobody polls, however long everything
    stands still.
P6  The source is read by one thread at a time and not again once it has ended or raised; an
    iterator that has been started calls the source's close(), if there is one, exactly once, after
    the last read and before its own end.
P7  An exception of a stage call or of the source, also one that is no Exception, takes the place
    of a result: what comes before it is handed out, then one next() raises that very object (for a
    stage's StopIteration a RuntimeError with it as __cause__), and the source is asked for nothing
    more.
P8  When next() raises, StopIteration or an error, everything is over: no stage call runs, no
    thread is left, the source is closed, and every later next() raises StopIteration.
P9  close() may be called at any moment, any number of times and by any thread: when it returns
    everything is over, from its beginning the source is not asked again and no stage call begins,
    and a next() that waits or comes later raises StopIteration; called by a stage or by the
    source, also of an earlier stage of a pipeline, it does not wait.
P10 An iterator that is dropped, because of break, an exception or del, ends as by close(): calls
    that run come to their end, then no thread is left and the source is closed.
P11 The iterator keeps neither an item whose stage call has returned nor a result that has been
    handed out, and once it has been closed no item and no result at all.
P12 pipeline(items, a, b) is fan_out_in with b over fan_out_in with a over items: same results,
    errors, bounds and end, for any number of stages from one on.
P13 Bad arguments are refused in the call, TypeError for the wrong kind and ValueError for a number
    too small or for no stage at all, with the parameter's name in the message; nothing has been
    read.

Level: hard, 75 minutes.
Brief: exercises/patterns/fan_in_out.md
Grade: nox -s grade -- fan_in_out
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from contracts.patterns.fan_in_out import Results, Stage


def fan_out_in(
    items: Iterable[Any],
    stage: Callable[[Any], Any],
    workers: int,
    buffer: int = 0,
    ordered: bool = True,
) -> Results[Any]:
    """Put every item through `stage`, in `workers` threads, and hand the results to a reader.

    Args:
        items: any iterable: a list, a generator, something without end. `iter(items)` is called
            once, here; `next()` of that for the first time within the first `next()` of the result.
        stage: called with one item at a time, by several threads at once.
        workers: stage calls at a time, at least 1.
        buffer: how many items more than `workers` may be ahead of the reader, at least 0.
        ordered: whether results come in the order of the items, or as they are ready.

    Raises:
        TypeError: `items` is not iterable, `stage` cannot be called, `workers` or `buffer` is no int.
        ValueError: `workers` is less than 1 or `buffer` less than 0.
    """
    raise NotImplementedError


def pipeline(items: Iterable[Any], *stages: Stage) -> Results[Any]:
    """Put every item through all stages, each with its own workers, buffer and order.

    Raises:
        TypeError: something in `stages` is no `Stage`; and as `fan_out_in` does.
        ValueError: there is no stage; and as `fan_out_in` does.
    """
    raise NotImplementedError
