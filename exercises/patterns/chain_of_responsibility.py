"""Chain of responsibility: expenses go from desk to desk until somebody decides.

Seen in production as middleware, `logging` handlers, exception filters, plug-in hooks of which the
first result counts, and approval workflows. The loop is four lines; what breaks in practice is the
handler that fails, the answer that is no answer, the chain that leads back to itself, and the
change of the chain while expenses are on their way.

Decided here, because real code disagrees:

* A handler is anything that can be called with an Expense. It answers with a Verdict, or with None:
  "not mine". Nothing else is an answer: not True, not False, not a text.
* It fails closed. A handler that raises or answers nonsense ends the decision with an error; nobody
  behind it is asked, because one of them might approve what the broken one would have refused.
* Nobody able is an error too (Undecided), so that no caller takes it for an approval.
* A step of a chain is a handler or another chain. A chain in a chain is a group: the expense goes
  through its steps, and if nobody there decides, on to the next step outside. Only handlers are
  asked; a group has no say of its own, and stands in no list.
* A step has a name, unique in its own chain. "board/chair" is the step "chair" of the chain that is
  the step "board". An expense is never shown to the handler that bears its claimant's name.
* An expense sees each chain as it was when it reached it: the outermost at the call of decide, one
  inside when its turn comes, each time anew. Later changes concern later expenses.
* A chain must never lead back to itself. That it is a step in several places is fine.
* Left open: which error comes if a call deserves several, and how long a change takes.

What your code must keep; every check names the promise it looks at:

P0  The module loads and has the shape of this contract.
P1  decide calls the handlers with that very expense in the order of the chain, in the calling
    thread, each at most once for each place it has, until one answers with a Verdict; the Decision
    holds the expense, the verdict, the name of that handler, and the names of all that were
    called, in order; nobody behind it is called.
P2  A chain that is a step is gone through in its place, and if nobody in it decides, the next step
    outside follows; the name of a handler in it is the names of the steps that lead to it, joined
    by '/'.
P3  If nobody decides, in an empty chain too, decide raises Undecided with the expense and the
    names of all that were called, in order.
P4  If a handler raises an Exception, whichever it is, decide raises HandlerFailed with that
    exception as its cause, the full name of the handler and the names of all that were called,
    that handler included, and nobody behind it is called; what is no Exception passes through as
    it is.
P5  If a handler answers with anything but a Verdict or None, decide raises BadAnswer with the
    handler's full name, the answer and the names of all that were called, that handler included,
    and nobody behind it is called.
P6  A handler whose own name (after the last '/') is exactly the claimant of the expense is not
    called and stands in no list; a chain of that name is gone through.
P7  add appends a step or puts it before another, remove takes one away, replace puts another in
    the same place, names lists the steps in order; a name that is taken, missing or impossible,
    and a step that is neither chain nor callable, raise the documented error, and nothing has
    changed.
P8  A step through which a chain would lead back to itself, at any depth, is a CycleError that
    holds the names of the steps of one such way, and nothing has changed; nothing else is a
    CycleError, wherever and however often a chain is a step.
P9  An expense sees every chain as it was when it reached it: a change, by a handler or by another
    thread, touches no expense that has reached that chain before, is seen by all that reach it
    after the change has returned, and is never seen half done.
P10 Changes at the same time, of one chain or of several, take effect as if one came after the
    other: none is lost, of two steps of one name one is refused, and no cycle comes to be.
P11 While a handler runs, anybody, that handler included, can decide and change any chain without
    waiting for it; decisions at the same time or inside one another know nothing of each other,
    and when decide has ended, whatever came of it, the chain keeps nothing of the expense.
P12 A chain may have thousands of steps and be more than a thousand chains deep; the Python code
    that decide runs grows no faster than the steps of the chains it goes through, and add stays
    cheap however many ways lead through shared chains.
P13 up_to(limit, currency) approves an expense in exactly that currency of at most limit, the limit
    included, and has no say in any other; what cannot be a limit or a currency is refused at once.

Level: medium, 60 minutes.
Brief: exercises/patterns/chain_of_responsibility.md
Grade: nox -s grade -- chain_of_responsibility
"""

from __future__ import annotations

from contracts.patterns.chain_of_responsibility import (
    BadAnswer,
    CycleError,
    Decision,
    DuplicateStep,
    Expense,
    Handler,
    HandlerFailed,
    Undecided,
    UnknownStep,
    Verdict,
)


class Chain:
    """Steps in an order, each a handler or a chain. Every method may be called from any thread.

    Chain is a class, and others may make subclasses of it. A step counts as a chain if it is an
    instance of that class, also if it can be called. Handlers are called with one positional
    argument, are never compared or hashed, and may be false.
    """

    def __init__(self) -> None:
        """Make a chain without steps."""
        raise NotImplementedError

    def add(self, name: str, step: Handler | Chain, before: str | None = None) -> None:
        """Put a step at the end, or right before the step `before` of this chain.

        Raises:
            TypeError: `name` is no str, or `step` is neither a Chain nor callable.
            ValueError: `name` is empty or holds a '/'.
            DuplicateStep: the chain has a step of that name.
            UnknownStep: it has no step `before`.
            CycleError: `step` is this chain, or leads to it.
        """
        raise NotImplementedError

    def remove(self, name: str) -> None:
        """Take a step away; UnknownStep if there is none. What is in a chain that was it stays there."""
        raise NotImplementedError

    def replace(self, name: str, step: Handler | Chain) -> None:
        """Put `step` in the place of the step of that name, under the same name.

        Raises TypeError, UnknownStep and CycleError as `add` and `remove` do.
        """
        raise NotImplementedError

    def names(self) -> tuple[str, ...]:
        """Return the names of this chain's own steps, in order, as they are now."""
        raise NotImplementedError

    def decide(self, expense: Expense) -> Decision:
        """Have the expense decided by the first handler that can.

        Raises:
            TypeError: `expense` is no Expense (an instance of a subclass is one); nobody is called.
            Undecided: every handler answered None, or there was none to call.
            HandlerFailed: a handler raised an Exception.
            BadAnswer: a handler answered with something else.
        """
        raise NotImplementedError


def up_to(limit: int, currency: str) -> Handler:
    """Make a handler that approves what costs at most `limit` in `currency`, and leaves all else.

    Raises:
        TypeError: `limit` is no int, or a bool; `currency` is no str.
        ValueError: `limit` is negative; `currency` is empty.
    """
    raise NotImplementedError
