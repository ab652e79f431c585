"""Observer: a news agency tells its subscribers, and none of them can spoil it for the others.

Seen in production as event buses, signals (Django, Qt), listeners of caches and configuration. The
pattern is ten lines; what breaks in practice is everything around the loop: subscribers that come,
go, fail or publish while the loop runs.

Decided here, because real libraries disagree:

* Delivery is in the caller's thread and in the order of subscription. The same callback subscribed
  twice is two subscriptions. Topics are texts and match if they are equal; there is no wildcard.
* References are strong: a lambda stays alive while it is subscribed, and is let go when cancelled.
* A delivery begins when the turn of its news has come, not when publish is called. It goes to the
  subscriptions that are active then, minus those cancelled before their turn. Who subscribes during
  a delivery gets the next news, also if that was published before.
* A subscriber that raises an Exception stops nobody. The failures surface together, at the end.
  What is no Exception (KeyboardInterrupt, SystemExit) passes through. Whether the rest of that
  news, and what callbacks had published meanwhile, is delivered before it does is left open;
  afterwards nothing of it is.
* A publish from a callback does not recurse: the news waits until the current one has reached
  everybody, so that all subscribers see all news in the same order. For another agency, which may
  be called in between, such a publish is like any other.
* Publishing threads take turns, whatever the topic and however long a callback takes; which of them
  is next is left open. So a callback must not wait for another thread's publish on the same agency.
  It may wait for another thread's subscribe or cancel. Agencies share nothing.
* cancel() does not wait for a delivery that is under way: that one may still reach the callback.
"""

from collections.abc import Callable
from typing import Any, Final, Protocol

TITLE: Final = "Observer"
LEVEL: Final = "medium"
MINUTES: Final = 45
IMPLEMENT: Final = ("NewsAgency", "Subscription")
PROMISES: Final = {
    "P1": "publish(topic, news) calls every subscription of exactly that topic that is active when"
    " the delivery begins, once, with that very object, in the order of subscription and in the"
    " publishing thread.",
    "P2": "Who is cancelled before its turn in a delivery is not called, who subscribes during it is"
    " not called before the next news, and nobody else is skipped or called twice.",
    "P3": "A subscriber that raises an Exception stops nobody: when everybody has been called,"
    " publish raises one ExceptionGroup with those exceptions as they are, one for each failed call"
    " and in the order of delivery, also if there is only one.",
    "P4": "What is raised and is no Exception passes through publish as it is, and the agency stays"
    " usable: no failure and no news from before comes with a later publish.",
    "P5": "News that a callback publishes on the same agency is delivered after the current news has"
    " reached everybody, in the order of publishing and before the outermost publish returns or"
    " raises; the inner publish returns at once, and failures of its news are in the outermost"
    " ExceptionGroup.",
    "P6": "When threads publish at the same time, every subscriber gets every news exactly once, all"
    " of them in the same order over all topics, and publish returns when its own news has been"
    " delivered, raising the failures of its own news and of no other thread's.",
    "P7": "While a callback runs and others wait to publish, other threads can subscribe, cancel and"
    " ask `active`, also of the subscription that is being called, and publish on another agency,"
    " without waiting for it.",
    "P8": "cancel() may be called any number of times, by any thread and from any callback; news"
    " whose publish begins after it has returned does not reach that callback.",
    "P9": "Subscribing and cancelling in several threads loses no subscription: once subscribe has"
    " returned, news published from then on is delivered.",
    "P10": "An active subscription keeps its callback alive; when it is cancelled and no delivery is"
    " under way, neither the agency nor the subscription keeps the callback, nor does the agency"
    " keep news, failures, or topics that nobody is subscribed to.",
    "P11": "A callback that cannot be called or a topic that is no str is a TypeError in subscribe"
    " and publish, also in a callback, and nothing changes; news without subscribers goes nowhere in"
    " silence.",
    "P12": "`active` is True until the subscription is cancelled, then False for ever.",
    "P13": "The time of a publish grows no faster than the subscriptions to its topic; those to"
    " other topics slow down neither publish nor subscribe nor cancel.",
}


class Subscription(Protocol):
    """One callback's interest in one topic. Thread-safe."""

    @property
    def active(self) -> bool:
        """Whether it has not been cancelled."""
        ...

    def cancel(self) -> None:
        """End it; again: nothing happens. Never waits for a callback."""
        ...


class NewsAgency(Protocol):
    """Hands news to subscribers by topic. Thread-safe."""

    def subscribe(self, callback: Callable[[Any], object], topic: str) -> Subscription:
        """Have `callback(news)` called for all news of `topic` from now on; the result is ignored.

        Everything that can be called will do: a class, a bound method, an object that is false.
        Raises TypeError if `callback` cannot be called or `topic` is no str; an instance of a
        subclass of str, like a member of a StrEnum, is one.
        """
        ...

    def publish(self, topic: str, news: object) -> None:
        """Deliver `news`, whatever it is, to the subscriptions of `topic`.

        Raises TypeError if `topic` is no str; ExceptionGroup with what subscribers raised.
        """
        ...


class NewNewsAgency(Protocol):
    """How an agency is made."""

    def __call__(self) -> NewsAgency:
        """Make an agency without subscribers."""
        ...
