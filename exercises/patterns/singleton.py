"""Singleton: a factory that runs once however many threads ask, and the accessor that is built on it.

Seen in production as `get_database()`, lazy settings, registries and clients that everybody shares.
The class that returns itself from `__new__` is not the hard part. What breaks is the first minute:
eight threads ask at once, the database is not up yet, and one factory needs what another makes.

Decided here, because real libraries disagree:

* A failure is not remembered. It is raised to the caller whose run it was and to nobody else; who
  waited runs the factory again, one at a time. No get runs it more than once.
* A get that could never return raises RecursiveInitialisation instead, in one thread and across
  several. For the factory that has asked this is an exception like any other: it may catch it.
  Seen are calls of `get` (or of an accessor) that a thread makes while it runs a factory. A factory
  that waits for another thread in a different way (a join, a lock) is not seen.
* There is no timeout: a limit belongs into the factory, which knows how to give up cleanly.
* There is no reset. Tests make a Once of their own, or replace what an accessor answers with
  `overridden`: for the whole process, because the threads of the code under test have to see it.
* Which of several waiting calls runs the factory after a failure is left open.
* A signal handler, or a finalizer that the garbage collector runs, may interrupt any line. It may
  call get of a Once that has its object. With one that has not, the outcome is left open, as
  it is when Ctrl-C interrupts a get neither while it waits for a run nor inside the factory.
* Out of scope: coroutines (get blocks), and processes. A forked child has a copy of everything;
  fork before the first get, or make a new Once after it.

What your code must keep; every check names the promise it looks at:

P0  The module loads and has the shape of this contract.
P1  Until the factory has returned once, it never runs twice at the same time, and then never
    again: every get that returns, in whatever thread, returns the very object that this run
    returned, whatever object that is.
P2  Who calls get while another thread runs the factory waits, and goes on at the instant at which
    that run ends; nobody is forgotten, and nobody gets anything before the run has returned. A get
    that is interrupted while it waits raises the interrupt, and for everybody else it is as if it
    had not been called.
P3  Whatever the factory raises, KeyboardInterrupt and SystemExit included, is raised as it is by
    the get whose run it was and by no other; the next get, waiting or new, runs the factory anew,
    and no get runs it twice.
P4  A get that asks for what the same thread is making already, directly or through other
    factories, raises RecursiveInitialisation with the factories of that circle in `cycle`, and
    does not wait; the runs that are under way go on.
P5  A get that would close a circle of threads, each running a factory that waits for the next,
    raises RecursiveInitialisation at once, in the same way; a get that is in no circle never does,
    however long it waits and whatever has failed or been caught before.
P6  The factory is called without arguments, in the thread and the context of the get whose run it
    is; meanwhile no other thread waits for anything but this very object.
P7  Once the object is there, get waits for nobody, at whatever line another thread has been
    stopped, in the middle of a get too; `ready` never waits.
P8  `ready` is True if and only if the object is there: it is False while the factory runs and
    after it has failed, and True for ever when a get has returned.
P9  When the object is there, the factory is let go by the Once and by its accessor, and what that
    destroys may use every Once; nobody keeps an exception, the value of an override that has
    ended, or a Once that its owners have dropped.
P10 copy.copy, copy.deepcopy and pickle.dumps of a Once raise TypeError: there is no second one.
P11 shared(factory) is a function of no arguments that answers as get of one Once of its own does,
    with the `__name__` and `__doc__` of the factory where it has them.
P12 Inside `with overridden(accessor, value)` every call of that accessor, in any thread, answers
    with that very value at once and runs nothing; of several overrides that are active, nested or
    overlapping, the one entered last counts, and each end takes back its own only.
P13 What cannot be called as a factory, and what is no accessor in overridden, is a TypeError; the
    cost of a get does not depend on how many Onces there are, or on how often anybody has asked,
    failed or overridden before.

Level: medium, 45 minutes.
Brief: exercises/patterns/singleton.md
Grade: nox -s grade -- singleton
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Generic

from contracts.patterns.singleton import Factory, RecursiveInitialisation, T, T_co


class Once(Generic[T_co]):
    """Runs a factory when it is first needed, and keeps what it returns. Thread-safe.

    Onces know of each other only to find circles: a slow factory holds up nobody who does not
    want its object.
    """

    def __init__(self, factory: Callable[[], T]) -> None:
        """Make one that has no object yet. Calls nothing.

        Everything that can be called is a factory: a class, a method, an object that is false. Two
        Onces of one factory make two objects.

        Raises:
            TypeError: `factory` cannot be called.
        """
        raise NotImplementedError

    @property
    def ready(self) -> bool:
        """Whether the object is there. Never waits, never runs the factory."""
        raise NotImplementedError

    def get(self) -> T_co:
        """Return the object; if nobody has made it, run the factory, or wait for whoever does.

        Raises what the factory raised in this very call, and nothing of another call's.

        Raises:
            RecursiveInitialisation: waiting could never end.
        """
        raise NotImplementedError


def shared(factory: Callable[[], T]) -> Callable[[], T]:
    """Make the accessor of one shared object; it also serves as a decorator.

        @shared
        def get_database() -> Database:
            return Database(settings.url)

    Calling the accessor is `get` of a Once that belongs to it alone, unless it is overridden.
    What `__name__` and `__doc__` are for a factory without them (a partial has no name) is left
    open, and so is the type of the accessor.

    Raises:
        TypeError: `factory` cannot be called.
    """
    raise NotImplementedError


def overridden(accessor: Callable[[], T], value: T) -> AbstractContextManager[T]:
    """Have `accessor` answer with `value` while a `with` block runs, whatever `value` is.

        with overridden(get_database, FakeDatabase()) as fake: ...

    The override begins when the block is entered and ends when it is left, however that happens;
    the exception goes on. `as` gives `value`. It concerns calls that begin in between, in all
    threads; a call that waits for a run already is not concerned. The real object is not touched:
    it is made if another call has begun to, and is there afterwards if it was before. An override
    is in effect inside the factory of that accessor, too. Blocks may end in any order. Each call
    serves one block; entering the same one again is left open.

    Raises:
        TypeError: `accessor` was not made by `shared`; in this call or when the block is entered.
    """
    raise NotImplementedError
