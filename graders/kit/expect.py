"""What a check demands, said so that a failure teaches: what was done, what must hold, what came back.

Comparison is strict and never asks the learner's objects for their opinion: exact types, the expected value on
the left, containers element by element.
"""

import dataclasses
import enum
import sys
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from graders.kit.sim.failure import Abort

E = TypeVar("E", bound=BaseException)
SHOWN = 300
_NAME: Callable[[type], Any] = type.__dict__["__name__"].__get__
PLAIN = frozenset({str, int, bytes, float, bool, type(None)})


class CheckFailed(Exception):
    """A promise does not hold. `story` and `token` come from the simulation."""

    def __init__(self, did: str, want: str, got: str, *, story: str = "", token: str = "") -> None:
        super().__init__(did, want, got)
        self.did, self.want, self.got, self.story, self.token = did, want, got, story, token

    def __str__(self) -> str:
        parts = (("did", self.did), ("expected", self.want), ("got", self.got))
        return "; ".join(f"{name}: {text}" for name, text in parts if text)


class Inconclusive(Exception):
    """The check could not decide; never shown as a pass."""


def equal(got: object, want: object, *, did: str) -> None:
    """`got` must be `want`: same type, same value, all the way down. Cost: linear in the size of `want`."""
    if not same(want, got):
        raise CheckFailed(did, show(want), show(got))


def ensure(truth: bool, *, did: str, want: str = "", got: object = None) -> None:
    """`truth` must be the value True (not merely something true)."""
    if truth is not True:
        raise CheckFailed(did, want, "" if got is None else show(got))


def raises(error: type[E], job: Callable[[], object], *, did: str) -> E:
    """`job()` must raise `error` or a subclass of it; answers with the exception."""
    try:
        value = job()
    except NotImplementedError:
        if issubclass(NotImplementedError, error):
            raise CheckFailed(did, f"raises {error.__name__}", "NotImplementedError") from None
        raise
    except error as caught:
        return caught
    except (CheckFailed, Inconclusive):
        raise
    except Exception as other:
        raise CheckFailed(did, f"raises {error.__name__}", f"raised {show_error(other)}") from other
    raise CheckFailed(did, f"raises {error.__name__}", f"returned {show(value)}")


def caught(job: Callable[[], object]) -> BaseException | None:
    """Whatever `job()` raises, an interrupt too; None if it returns. What ends the check itself goes on."""
    try:
        job()
    except (NotImplementedError, CheckFailed, Inconclusive, Abort):
        raise
    except BaseException as error:  # noqa: BLE001 - whatever it is
        return error
    return None


def same(want: Any, got: Any) -> bool:
    """Whether `got` is `want` as far as a caller can tell; `got`'s own `__eq__` is never asked."""
    if want is got:
        return True
    if type(want) is not type(got):
        return False
    return _same_of_type(want, got)


def _same_of_type(want: Any, got: Any) -> bool:  # noqa: PLR0911 - a table
    if isinstance(want, Mapping) and type(want).__module__ in {"builtins", "collections"}:
        return _same_mapping(want, got)
    if isinstance(want, list | tuple | deque):
        return len(want) == len(got) and all(map(same, want, got))
    if isinstance(want, set | frozenset):
        return len(want) == len(got) and _same_mapping(dict.fromkeys(want), dict.fromkeys(got))
    if isinstance(want, enum.Enum):
        return False
    if dataclasses.is_dataclass(want):
        names = [field.name for field in dataclasses.fields(want) if field.compare]
        return all(same(getattr(want, name), getattr(got, name)) for name in names)
    if isinstance(want, BaseException):
        return same(want.args, got.args)
    return _is_trusted(type(want)) and bool(want == got)


def _same_mapping(want: Mapping[Any, Any], got: Mapping[Any, Any]) -> bool:
    """Keys of plain types are looked up among the plain keys only, so that no other key is asked; linear."""
    if len(want) != len(got) or (isinstance(want, OrderedDict) and not all(map(same, want, got))):
        return False
    plain = {(type(key), key): value for key, value in got.items() if type(key) in PLAIN}
    others = [(key, value) for key, value in got.items() if type(key) not in PLAIN]
    return all(_holds(key, value, plain, others) for key, value in want.items())


def _holds(key: Any, value: Any, plain: dict[Any, Any], others: list[tuple[Any, Any]]) -> bool:
    if type(key) in PLAIN:
        return (type(key), key) in plain and same(value, plain[type(key), key])
    return any(same(key, other) and same(value, given) for other, given in others)


def _is_trusted(kind: type) -> bool:
    """Types of the standard library compare honestly; unknown ones only by identity."""
    return kind.__module__.partition(".")[0] in sys.stdlib_module_names


def show(value: object) -> str:
    """`repr` that cannot raise, run for ever in the report, or fill it."""
    try:
        text = repr(value)
    except BaseException as error:  # noqa: BLE001 - a learner's __repr__ may do anything
        text = f"<{name_of(value)} whose repr raises {name_of(error)}>"
    if type(text) is not str:
        text = f"<{name_of(value)}>"
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 20]} … ({len(text):,} characters)"


def show_error(error: BaseException) -> str:
    """`ValueError('text')`, capped."""
    text = text_of(error)
    return f"{name_of(error)}: {text[:SHOWN]}" if text else name_of(error)


def text_of(error: BaseException) -> str:
    """`str` of an exception that cannot raise."""
    try:
        text = str(error)
    except BaseException as inner:  # noqa: BLE001 - a learner's __str__ may do anything
        text = f"<message raises {name_of(inner)}>"
    return text if type(text) is str else f"<{name_of(text)}>"


def name_of(value: object) -> str:
    """The name of its class, whatever the class's metaclass says of it."""
    name: str = _NAME(type(value))
    return name[:SHOWN]
