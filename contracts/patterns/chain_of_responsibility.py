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
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final, Protocol

TITLE: Final = "Chain of responsibility"
LEVEL: Final = "medium"
MINUTES: Final = 60
IMPLEMENT: Final = ("Chain", "up_to")
PROMISES: Final = {
    "P1": "decide calls the handlers with that very expense in the order of the chain, in the"
    " calling thread, each at most once for each place it has, until one answers with a Verdict;"
    " the Decision holds the expense, the verdict, the name of that handler, and the names of all"
    " that were called, in order; nobody behind it is called.",
    "P2": "A chain that is a step is gone through in its place, and if nobody in it decides, the"
    " next step outside follows; the name of a handler in it is the names of the steps that lead to"
    " it, joined by '/'.",
    "P3": "If nobody decides, in an empty chain too, decide raises Undecided with the expense and"
    " the names of all that were called, in order.",
    "P4": "If a handler raises an Exception, whichever it is, decide raises HandlerFailed with that"
    " exception as its cause, the full name of the handler and the names of all that were called,"
    " that handler included, and nobody behind it is called; what is no Exception passes through"
    " as it is.",
    "P5": "If a handler answers with anything but a Verdict or None, decide raises BadAnswer with"
    " the handler's full name, the answer and the names of all that were called, that handler"
    " included, and nobody behind it is called.",
    "P6": "A handler whose own name (after the last '/') is exactly the claimant of the expense is"
    " not called and stands in no list; a chain of that name is gone through.",
    "P7": "add appends a step or puts it before another, remove takes one away, replace puts another"
    " in the same place, names lists the steps in order; a name that is taken, missing or"
    " impossible, and a step that is neither chain nor callable, raise the documented error, and"
    " nothing has changed.",
    "P8": "A step through which a chain would lead back to itself, at any depth, is a CycleError"
    " that holds the names of the steps of one such way, and nothing has changed; nothing else is"
    " a CycleError, wherever and however often a chain is a step.",
    "P9": "An expense sees every chain as it was when it reached it: a change, by a handler or by"
    " another thread, touches no expense that has reached that chain before, is seen by all that"
    " reach it after the change has returned, and is never seen half done.",
    "P10": "Changes at the same time, of one chain or of several, take effect as if one came after"
    " the other: none is lost, of two steps of one name one is refused, and no cycle comes to be.",
    "P11": "While a handler runs, anybody, that handler included, can decide and change any chain"
    " without waiting for it; decisions at the same time or inside one another know nothing of"
    " each other, and when decide has ended, whatever came of it, the chain keeps nothing of the expense.",
    "P12": "A chain may have thousands of steps and be more than a thousand chains deep; the"
    " Python code that decide runs grows no faster than the steps of the chains it goes through, and"
    " add stays cheap however many ways lead through shared chains.",
    "P13": "up_to(limit, currency) approves an expense in exactly that currency of at most limit,"
    " the limit included, and has no say in any other; what cannot be a limit or a currency is"
    " refused at once.",
}


class Verdict(Enum):
    """What a handler answers if the expense is its business."""

    APPROVED = "approved"
    REFUSED = "refused"


@dataclass(frozen=True)
class Expense:
    """What somebody wants to have paid."""

    claimant: str
    amount: int
    """In the smallest unit of the currency: cents, pence, yen. An int from 0 on; it may be huge."""
    currency: str = "EUR"

    def __post_init__(self) -> None:
        """Refuse what is no amount: the handlers need not ask."""
        if isinstance(self.amount, bool) or not isinstance(self.amount, int):
            raise TypeError(f"amount must be an int, got {type(self.amount).__name__}")
        if self.amount < 0:
            raise ValueError(f"amount must not be negative, got {self.amount}")


@dataclass(frozen=True)
class Decision:
    """What became of an expense, and who has seen it on the way."""

    expense: Expense
    verdict: Verdict
    by: str
    asked: tuple[str, ...]
    """The full names of the handlers that were called, in order; the last is `by`."""


class Undecided(LookupError):
    """Nobody in the chain has decided."""

    def __init__(self, expense: Expense, asked: tuple[str, ...]) -> None:
        super().__init__(f"nobody decides on {expense}; asked: {', '.join(asked) or 'nobody'}")
        self.expense, self.asked = expense, asked


class HandlerFailed(RuntimeError):
    """A handler has raised: see `__cause__`. The expense is not decided."""

    def __init__(self, name: str, asked: tuple[str, ...], what: str = "failed") -> None:
        super().__init__(f"{name} {what}; asked: {', '.join(asked)}")
        self.name, self.asked = name, asked


class BadAnswer(HandlerFailed):
    """A handler has answered with something that is neither a Verdict nor None."""

    def __init__(self, name: str, asked: tuple[str, ...], answer: object) -> None:
        super().__init__(name, asked, f"answered with an object of type {type(answer).__name__}")
        self.answer = answer


class CycleError(ValueError):
    """The chain would lead back to itself."""

    def __init__(self, path: tuple[str, ...]) -> None:
        super().__init__(f"a cycle: {' -> '.join(path)} -> the chain itself")
        self.path = path
        """Names of steps: the first is the new one in this chain, the last one's step is this chain."""


class DuplicateStep(ValueError):
    """The chain has a step of that name already."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is a step {name!r} already: replace it, or take another name")
        self.name = name


class UnknownStep(LookupError):
    """The chain itself has no step of that name."""

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        super().__init__(f"there is no step {name!r}, only {', '.join(known) or 'an empty chain'}")
        self.name, self.known = name, known
        """What was asked for, and the names that the chain has, in order."""


Handler = Callable[[Expense], Verdict | None]


class Chain(Protocol):
    """Steps in an order, each a handler or a chain. Every method may be called from any thread.

    Chain is a class, and others may make subclasses of it. A step counts as a chain if it is an
    instance of that class, also if it can be called. Handlers are called with one positional
    argument, are never compared or hashed, and may be false.
    """

    def add(self, name: str, step: "Handler | Chain", before: str | None = None) -> None:
        """Put a step at the end, or right before the step `before` of this chain.

        Raises:
            TypeError: `name` is no str, or `step` is neither a Chain nor callable.
            ValueError: `name` is empty or holds a '/'.
            DuplicateStep: the chain has a step of that name.
            UnknownStep: it has no step `before`.
            CycleError: `step` is this chain, or leads to it.
        """
        ...

    def remove(self, name: str) -> None:
        """Take a step away; UnknownStep if there is none. What is in a chain that was it stays there."""
        ...

    def replace(self, name: str, step: "Handler | Chain") -> None:
        """Put `step` in the place of the step of that name, under the same name.

        Raises TypeError, UnknownStep and CycleError as `add` and `remove` do.
        """
        ...

    def names(self) -> tuple[str, ...]:
        """Return the names of this chain's own steps, in order, as they are now."""
        ...

    def decide(self, expense: Expense) -> Decision:
        """Have the expense decided by the first handler that can.

        Raises:
            TypeError: `expense` is no Expense (an instance of a subclass is one); nobody is called.
            Undecided: every handler answered None, or there was none to call.
            HandlerFailed: a handler raised an Exception.
            BadAnswer: a handler answered with something else.
        """
        ...


class NewChain(Protocol):
    """How a chain is made."""

    def __call__(self) -> Chain:
        """Make a chain without steps."""
        ...


def up_to(limit: int, currency: str) -> Handler:
    """Make a handler that approves what costs at most `limit` in `currency`, and leaves all else.

    Raises:
        TypeError: `limit` is no int, or a bool; `currency` is no str.
        ValueError: `limit` is negative; `currency` is empty.
    """
    raise NotImplementedError
