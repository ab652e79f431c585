"""Factory: notifiers are made by the name of their kind, and new kinds need no edit.

Seen in production as plug-in registries, `codecs`, entry points, settings that name a class by its
path, `gym.make`. The dict of makers is one line; what breaks in practice is the wrong option that is
noticed too late, the error of a constructor that is mistaken for one, the name that is taken, and
the table that is read while it changes.

Decided here, because real registries disagree:

* A maker is anything that can be called with options as keywords. What it returns is a notifier if
  it has a `send` that can be called; nothing else is looked at.
* A kind is matched exactly. To keep "Email" and "email " from becoming kinds of their own, names
  that are not in lower case or have blanks around them are refused when they are registered.
* A name that is taken is an error, also for the same maker; `replace=True` means it.
* Options are compared with the maker's signature, as `inspect.signature` tells it, before the maker
  runs: all that is missing and all that is unexpected comes in one error. Only what can be given by
  keyword is an option. If there is no signature (`inspect.signature` raises), the maker just runs.
* What a maker raises is not the factory's business: it comes through as it is, with a note.
* A maker may be text, "package.module:name", which is imported when it is first needed. What has
  been found is kept with the registration; what has not is looked for again next time.
* A create that has begun uses the maker that was registered then, whatever happens meanwhile.
* Left open: when a signature is read, and which error comes if a call deserves several.

What your code must keep; every check names the promise it looks at:

P0  The module loads and has the shape of this contract.
P1  create calls the maker of exactly that kind once, with the options as keywords and as they are,
    whatever their names, and returns the very object that it made: each create makes one of its
    own.
P2  register opens a kind for anything that can be called, and returns it unchanged, as a call and
    as a decorator.
P3  kinds is a sorted tuple of what is registered at that moment; a new factory has 'email' and
    'sms', and two factories share nothing.
P4  A kind that is not registered is an UnknownKind that holds the kind and the sorted names of
    those that are; however many there are, finding one among them costs the same.
P5  What cannot be the name of a kind, and what cannot be a maker, is refused in register with
    TypeError or ValueError, and nothing has changed.
P6  Registering a name that is taken is a DuplicateKind and the first maker stays, unless replace
    is true; unregister takes a kind away, which is then free.
P7  Options that the maker's signature does not take, and those that it needs and does not get, are
    a BadOptions that holds the names of all of them, and the maker is not called; what the
    signature takes is never refused.
P8  What a maker raises, a TypeError or one of the factory's own errors too, comes through as that
    very object; if it is an Exception, one of its notes names the kind.
P9  A result without a `send` that can be called is a NotANotifier that holds the kind and the
    result.
P10 'email' and 'sms' refuse a sender and a number that are none, hand each message to their
    transport, and show a password or token in no repr or text, and in no note or attribute of an
    error.
P11 Registering, unregistering and listing in several threads loses nothing and raises nothing but
    the documented errors; of several that register one name, exactly one succeeds, and that one's
    maker is used.
P12 Nothing is locked while a maker runs or a module is imported: the maker itself and other
    threads can create, register and unregister meanwhile; a create that has begun keeps its maker.
P13 Text is imported when its kind is first created and not before; failure is a MakerNotFound with
    the cause, and the next create tries again; what was found is kept, and never takes the place
    of what was registered since.

Level: medium, 60 minutes.
Brief: exercises/patterns/factory.md
Grade: nox -s grade -- factory
"""

from __future__ import annotations

from typing import Any

from contracts.patterns.factory import (
    BadOptions,
    DuplicateKind,
    Maker,
    MakerNotFound,
    Message,
    NotANotifier,
    Notifier,
    UnknownKind,
)


class NotifierFactory:
    """Makers of notifiers by kind. Every method may be called from any thread.

    Built in:

    * ``create("email", sender=..., transport=..., password="")``: `sender` is a str without white
      space and with exactly one "@" that has something on both sides; else ValueError.
    * ``create("sms", number=..., transport=..., token="")``: `number` is a str of a "+" and 7 to 15
      of the digits 0 to 9, the first not 0; else ValueError.

    `send(to, text)` of both calls ``transport(Message(kind, sender or number, to, text))`` once;
    what the transport raises comes through. Of `transport`, `password` and `token` nothing is
    checked.
    """

    def __init__(self) -> None:
        """Make a factory that knows the built-in kinds."""
        raise NotImplementedError

    def register(
        self, kind: str, maker: Maker | str | None = None, *, replace: bool = False
    ) -> Any:
        """Have `maker` make the notifiers of that kind, and return it.

        Without a maker (None) return a decorator that does so with what it decorates; the name of
        the kind is looked at in the call, whether it is taken when the decorator is applied.

        A maker that is text is "module:name", with dots in either if need be ("shop.mail:Fast.new").
        It is not imported here; its options are those of what is found there.

        Raises:
            TypeError: `kind` is no str (an instance of a subclass is one); `maker` can neither be
                called nor is it text; or it needs an argument that cannot be given by keyword.
            ValueError: `kind` is empty, not in lower case (it differs from its `lower()`) or has
                blanks around it (differs from its `strip()`); text is not two parts that are not
                empty with one ":" between them.
            DuplicateKind: the kind is registered, and `replace` is false.
        """
        raise NotImplementedError

    def unregister(self, kind: str) -> None:
        """Take a kind away, a built-in one too; UnknownKind if there is none."""
        raise NotImplementedError

    def create(self, kind: str, /, **options: Any) -> Notifier:
        """Make a notifier.

        Raises:
            UnknownKind: no such kind is registered.
            MakerNotFound: the kind's text leads to nothing that can be called.
            BadOptions: the options are not those that the maker takes.
            NotANotifier: the maker returned something else.
        """
        raise NotImplementedError

    def kinds(self) -> tuple[str, ...]:
        """Return the names of all kinds, sorted, as they are now."""
        raise NotImplementedError
