"""One thread runs at a time: real threads that pass a baton, in an order that is a value.

Laws: exactly one simulated thread holds the baton; it gives it up only at a point, when it blocks, or at its end.
Simulated time moves only when no thread can run, to the earliest deadline; if there is none, that is a deadlock.
"""

from _thread import get_ident
from _thread import start_new_thread as real_start
from collections.abc import Callable
from itertools import count
from math import inf, nextafter
from typing import Any, Protocol

from graders.kit.sim.failure import Abort, Failure, Kind
from graders.kit.sim.strategy import Plan, Strategy
from graders.kit.sim.thread import SimThread

SPIN_TURNS = 300
"""Turns of one `while` loop without an end after which the others get their chance."""
LIVELOCK_TURNS = 60_000
"""Turns after which a loop that nobody ends counts as endless."""
LAST_JUMPS = 200
"""How often simulated time may jump after the scene's end before a thread counts as left behind."""
STEPS_PER_JUMP = 20
"""A jump of simulated time counts as so many steps towards the cap."""
MAX_ABORTS = 200
START = 1_000.0
WALL_START = 1_700_000_000.0


class Recorder(Protocol):
    """Who writes the story down."""

    def passed(self, thread: SimThread, site: int) -> None:
        """`thread` passed a point."""

    def switched(self, thread: SimThread, why: str, to: SimThread, now: float) -> None:
        """`thread` gave the baton to `to`, at simulated time `now`."""

    def ended(self, threads: list[SimThread]) -> None:
        """The schedule is over, with the threads in this state."""


class Scheduler:
    """Runs one schedule of one scene. Not reusable. The listener of the instrumented code."""

    def __init__(
        self,
        strategy: Strategy,
        max_steps: int,
        recorder: Recorder | None = None,
        *,
        allow_threads_left: bool = False,
    ) -> None:
        self._strategy, self._max_steps, self._recorder = strategy, max_steps, recorder
        self._allow_threads_left = allow_threads_left
        self.now, self.wall_offset, self.clock_read = START, WALL_START - START, False
        self.count, self.aborting, self._finishing = 0, False, False
        self._jumps, self._last_jumps = 0, 0
        self.plan: Plan = {}
        self.spans: list[tuple[int, int, tuple[int, ...]]] = []
        self.choices: list[tuple[int, int, tuple[int, ...]]] = []
        self.failure: Failure | None = None
        main = SimThread(0, "main")
        main.ident = main.seen_ident = get_ident()
        self.threads, self.current = [main], main
        self.ident: int | None = main.ident
        self._settlers: list[SimThread] = []
        self._span_start, self._others = 0, ()  # type: int, tuple[int, ...]
        self._set_stop()

    # What instrumented code calls: it must be quick.

    def step(self, site: int) -> None:
        """A switch point of the running thread."""
        if get_ident() != self.ident:
            return
        self.count += 1
        self.current.site = site
        if self._recorder is not None:
            self._recorder.passed(self.current, site)
        if self.count >= self._stop:
            self._stopped()

    def turn(self, site: int, turns: list[int]) -> None:
        """A loop's turn: a point, and the place where endless loops are noticed."""
        if turns[0] % SPIN_TURNS == 0 and get_ident() == self.ident:
            self._spinning(turns)
        self.step(site)

    def mark(self, site: int) -> None:
        """Where the running thread is."""
        if get_ident() == self.ident:
            self.current.site = site

    def _set_stop(self) -> None:
        stop = self._strategy.next_stop(self.count)
        self._stop = 0 if self.aborting else min(stop, self._max_steps)

    def _stopped(self) -> None:
        self.check_abort()
        self._check_length()
        others = self._ready_others()
        if others:
            wanted = self._strategy.preempt(self.count, self.current.number, others)
            if wanted != self.current.number:
                self.plan[self.count] = wanted
                self._switch(self.threads[wanted], "stops")
        self._set_stop()

    def _check_length(self) -> None:
        if self.count >= self._max_steps:
            self.fail(
                "livelock", f"no end after {self._max_steps:,} steps: the threads go on and on"
            )

    def _spinning(self, loop: list[int]) -> None:
        self.check_abort()
        (turns, waits), me = loop, self.current
        if turns >= LIVELOCK_TURNS:
            self.fail("livelock", "a loop turns for ever: nothing that can still happen ends it")
        if waits != me.waits:  # it has waited for others meanwhile, as a worker for its next task
            loop[1] = me.waits
            return
        others = self._ready_others()
        if others:
            self._switch(self.threads[others[turns // SPIN_TURNS % len(others)]], "spins")
        else:
            self._let_time_pass(0.001 * 2 ** min(turns // SPIN_TURNS, 20))

    def _let_time_pass(self, step: float) -> None:
        deadlines = [t.deadline for t in self._sleepers() if t.deadline is not None]
        if self.clock_read:
            deadlines.append(self.now + step)
        if deadlines:
            self.now = max(self.now, min(deadlines))
            self._wake_sleepers()

    # Who can run.

    def _ready_others(self) -> list[int]:
        current = self.current
        return [t.number for t in self.threads if t.ready and t is not current]

    def _sleepers(self) -> list[SimThread]:
        return [t for t in self.threads if not t.ready and t.deadline is not None]

    def _ready_changed(self) -> None:
        """Close the span of points at which the same others could have run; the search reads the spans."""
        if self.count > self._span_start and self._others:
            self.spans.append((self._span_start, self.count, self._others))
        self._span_start, self._others = self.count, tuple(self._ready_others())

    def wake(self, thread: SimThread, on: object) -> None:
        """`thread` can go on, if it still waits for `on`."""
        if thread.blocked_on is on and not thread.done:
            thread.ready, thread.deadline = True, None
            self._ready_changed()

    def _wake_sleepers(self) -> None:
        for thread in self._sleepers():
            if thread.deadline is not None and thread.deadline <= self.now:
                thread.timed_out = True
                self.wake(thread, thread.blocked_on)

    def _ready_or_later(self) -> list[int]:
        """Who can run, now or after simulated time has moved; nobody = stuck."""
        if not any(t.ready for t in self.threads):
            settlers, self._settlers = self._settlers, []
            for thread in settlers:
                self.wake(thread, "settle")
            if not settlers and (sleepers := self._sleepers()) and self._may_jump():
                self.now = max(
                    self.now, min(t.deadline for t in sleepers if t.deadline is not None)
                )
                self._wake_sleepers()
        return [t.number for t in self.threads if t.ready]

    def _may_jump(self) -> bool:
        self._jumps += 1
        if self._jumps * STEPS_PER_JUMP > self._max_steps:
            self.fail(
                "livelock",
                f"no end after {self._jumps:,} waits: the threads wait and wake for ever",
            )
        self._last_jumps += self._finishing
        return self._last_jumps <= LAST_JUMPS

    # Passing the baton.

    def _switch(self, to: SimThread, why: str) -> None:
        """Hand the baton to `to`; return when it comes back."""
        me = self.current
        self._hand(to, why)
        me.baton.acquire()
        self.check_abort()
        self._set_stop()

    def _hand(self, to: SimThread, why: str) -> None:
        self._ready_changed()
        if self._recorder is not None:
            self._recorder.switched(self.current, why, to, self.now)
        self.current, self.ident, self.clock_read = to, to.ident, False
        self._ready_changed()
        to.baton.release()

    def _next(self) -> SimThread | None:
        """Decide who runs now that the current thread cannot."""
        self._ready_changed()
        ready = self._ready_or_later()
        if not ready:
            return None
        self.count += 1
        self._span_start = self.count
        self._check_length()
        default = next((n for n in ready if n > self.current.number), ready[0])
        wanted = default
        if len(ready) > 1:
            self.choices.append((self.count, default, tuple(ready)))
            wanted = self._strategy.choose(self.count, default, ready)
            if wanted != default:
                self.plan[self.count] = wanted
        return self.threads[wanted]

    def after(self, seconds: float) -> float:
        """The instant `seconds` from now; a wait for less than floats can tell apart takes a moment all the same."""
        instant = self.now + seconds
        return nextafter(self.now, inf) if instant == self.now and seconds > 0 else instant

    def block(self, on: Any, deadline: float | None, why: str) -> bool:
        """Stop the running thread until it is woken, or simulated time reaches `deadline`.

        Answers whether it was woken; False = timed out.
        """
        self.check_abort()
        me = self.current
        me.waits += 1
        me.ready, me.deadline, me.blocked_on, me.timed_out = False, deadline, on, False
        wanted = self._next()
        if wanted is None:
            self._stuck(why)
        elif wanted is me:
            self._set_stop()
        else:
            self._switch(wanted, why)
        me.blocked_on = None
        return not me.timed_out

    def _stuck(self, why: str) -> None:
        if self._recorder is not None:
            self._recorder.switched(self.current, why, self.current, self.now)
        if self._finishing:
            left = ", ".join(t.name for t in self.threads[1:] if not t.done)
            self.fail(
                "thread left behind",
                f"everything was shut down, but these threads never end: {left}",
            )
        self.fail("deadlock", "every thread waits for ever")

    def pass_time(self, seconds: float) -> None:
        """Time goes by while the running thread runs on, as when a real machine stops the others for a while."""
        self.now += seconds
        self._wake_sleepers()

    def settle(self) -> None:
        """Let the others run until each is finished or blocked; no simulated time passes."""
        if self._ready_others():
            self._settlers.append(self.current)
            self.block("settle", None, "lets the others run")

    # The end of a schedule.

    def fail(self, kind: Kind, message: str, error: BaseException | None = None) -> None:
        """Record the failure and end the schedule: raises Abort in the running thread."""
        if self.failure is None and not self.aborting:
            self.failure = Failure(kind, message, error)
            if self._recorder is not None:
                self._recorder.ended(self.threads)
        self.aborting, self._stop = True, 0
        raise Abort

    def check_abort(self) -> None:
        """Raise Abort if the schedule is over; a thread that will not hear of it is parked for good."""
        if not self.aborting:
            return
        me = self.current
        me.aborts += 1
        if me.aborts > MAX_ABORTS and me.number:
            me.done, me.ready = True, False
            self._back_to_main()
            me.baton.acquire()
        raise Abort

    def finish(self) -> None:
        """The scene is over: wait for the threads it left running."""
        self._finishing = True
        if self._allow_threads_left:
            self.settle()
            return
        for thread in self.threads[1:]:
            self.join(thread, None)

    def abandon(self) -> None:
        """Unwind every thread that is still there. Called by the main thread as the last act."""
        main = self.threads[0]
        self.aborting, self._stop = True, 0
        for thread in self.threads[1:]:
            while not thread.done:
                self.current, self.ident = thread, thread.ident
                thread.baton.release()
                main.baton.acquire()
        self.current, self.ident = main, main.ident

    # Threads.

    def start(self, run: Callable[[], None], name: str) -> SimThread:
        """Make a thread that runs `run`; it gets the baton when a decision says so."""
        self.check_abort()
        thread = SimThread(len(self.threads), name)

        def body() -> None:
            thread.baton.acquire()
            self._body(thread, run)

        thread.ident = real_start(body, ())
        taken = {other.seen_ident for other in self.threads if not other.done}
        thread.seen_ident = next(number for number in count(1) if number not in taken)
        self.threads.append(thread)
        self._ready_changed()
        return thread

    def _body(self, thread: SimThread, run: Callable[[], None]) -> None:
        try:
            if not self.aborting:
                run()
        except SystemExit:
            pass
        except BaseException as error:
            if not (isinstance(error, Abort) and self.aborting):
                self._died(thread, error)
        thread.done, thread.ready = True, False
        self._leave(thread)

    def _died(self, thread: SimThread, error: BaseException) -> None:
        try:
            self.fail(
                "background exception",
                f"thread {thread.name} died of {type(error).__name__}",
                error,
            )
        except Abort:
            return

    def _leave(self, thread: SimThread) -> None:
        """The last act of a thread: the baton goes on, or back to main if the schedule is over."""
        wanted: SimThread | None = self.threads[0]
        if not self.aborting:
            try:
                for joiner in thread.joiners:
                    self.wake(joiner, thread)
                wanted = self._next()
                if wanted is None:
                    self._stuck("ends")
            except Abort:
                wanted = None
        if self.aborting or wanted is None:
            self._back_to_main()
        else:
            self._hand(wanted, "ends")

    def _back_to_main(self) -> None:
        main = self.threads[0]
        self.current, self.ident = main, main.ident
        main.baton.release()

    def join(self, thread: SimThread, timeout: float | None) -> None:
        """Wait for the end of `thread`, at most `timeout` simulated seconds."""
        deadline = None if timeout is None else self.after(max(timeout, 0.0))
        while not thread.done:
            thread.joiners.append(self.current)
            if not self.block(thread, deadline, "joins"):
                return
