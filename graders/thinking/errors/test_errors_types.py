"""The errors as types: hierarchy, copies, pickles, and groups taken apart."""

import copy
import io
import pickle
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

from contracts.thinking.errors import Key, Kind
from graders.kit import Implementation, check, ensure, equal, raises

PATH = Path("etc/app.conf")
TEXT = "port = x\nwhat = 2\nhow = 3\npin = x\n"


def loaded(impl: Implementation) -> Any:
    """The SettingsInvalid of a file with five faults, and two notes."""
    schema = {"port": Key(int), "pin": Key(int, secret=True), "name": Key(str)}
    error = raises(
        impl.SettingsInvalid,
        lambda: impl.load_settings(PATH, schema, lambda _: io.BytesIO(TEXT.encode())),
        did=f"loaded {TEXT!r}",
    )
    error.add_note("a note on the group")
    error.exceptions[1].add_note("a note on a fault")
    return error


def made(impl: Implementation) -> list[Any]:
    """Errors of all types made by hand, by position and by keyword, one with a note."""
    fault = impl.LineError(PATH, 417, "port", Kind.VALUE, "bad")
    keyword = impl.LineError(path=PATH, line=None, key=None, kind=Kind.MISSING, reason="gone")
    keyword.add_note("a note")
    return [
        fault,
        keyword,
        impl.SettingsError(PATH),
        impl.SettingsError(path=PATH),
        impl.SettingsUnreadable(PATH, "gone"),
        impl.SettingsUnreadable(path=PATH, reason="gone"),
        impl.SettingsInvalid(PATH, [fault, keyword]),
        impl.SettingsInvalid(path=PATH, faults=[fault]),
    ]


def facts(error: Any) -> Any:
    """What has to survive."""
    names = ("path", "line", "key", "kind", "reason", "__notes__")
    own = {name: getattr(error, name) for name in names if hasattr(error, name)}
    inner = [facts(each) for each in getattr(error, "exceptions", ())]
    return type(error), str(error), own, inner


class _Pickler(pickle.Pickler):
    """Knows classes and functions by identity: a graded module is not in `sys.modules`."""

    def __init__(self, file: io.BytesIO, protocol: int, table: list[Any]) -> None:
        super().__init__(file, protocol)
        self.table = table

    def persistent_id(self, thing: Any) -> int | None:
        if not isinstance(thing, type | types.FunctionType):
            return None
        self.table.append(thing)
        return len(self.table) - 1


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, table: list[Any]) -> None:
        super().__init__(file)
        self.table = table

    def persistent_load(self, number: int) -> Any:
        return self.table[number]


def through_pickle(thing: Any, protocol: int) -> Any:
    """What comes out of a pickle."""
    table: list[Any] = []
    file = io.BytesIO()
    _Pickler(file, protocol, table).dump(thing)
    file.seek(0)
    return _Unpickler(file, table).load()


@check("P11", kind="contract")
def test_the_hierarchy(impl: Implementation) -> None:
    """The four classes, and who is whose."""
    error = loaded(impl)
    ensure(
        isinstance(error, ExceptionGroup),
        did="a SettingsInvalid",
        want="an ExceptionGroup",
        got=error,
    )
    for kind in (impl.SettingsUnreadable, impl.LineError, impl.SettingsInvalid):
        ensure(
            issubclass(kind, impl.SettingsError),
            did=kind.__name__,
            want="a subclass of SettingsError",
            got=kind.__mro__,
        )
    ensure(
        issubclass(impl.SettingsError, Exception),
        did="SettingsError",
        want="a subclass of Exception",
    )
    ensure(not issubclass(impl.LineError, impl.SettingsInvalid | impl.SettingsUnreadable),
           did="LineError", want="no subclass of the other two")  # fmt: skip
    gone = raises(
        impl.SettingsError, lambda: impl.load_settings("gone.conf", {}), did="loaded a missing file"
    )
    ensure(
        not isinstance(gone, impl.SettingsInvalid),
        did="a missing file",
        want="no SettingsInvalid",
        got=gone,
    )


def survive(impl: Implementation, through: Callable[[Any], Any], what: str) -> None:
    """Every error goes through and comes out the same, and apart."""
    for error in (loaded(impl), *loaded(impl).exceptions, *made(impl)):
        before = facts(error)
        try:
            copied = through(error)
        except Exception as failure:
            ensure(False, did=f"{what} of {error!r}", want="a copy of it", got=failure)
        equal(facts(copied), before, did=f"type, text, attributes, notes and faults after {what}")
        copied.add_note("on the copy alone")
        equal(facts(error), before, did=f"the original, when the copy of {what} had got a note")


@check("P11", kind="contract")
def test_pickles(impl: Implementation) -> None:
    """Every error, by every protocol from 2 on."""
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        survive(impl, lambda e, p=protocol: through_pickle(e, p), f"a pickle (protocol {protocol})")


@check("P11", kind="contract")
def test_copies(impl: Implementation) -> None:
    """Every error through deepcopy and through copy."""
    survive(impl, copy.deepcopy, "deepcopy")
    for error in (loaded(impl), *loaded(impl).exceptions, *made(impl)):
        copied = copy.copy(error)
        equal(
            facts(copied),
            facts(error),
            did=f"type, text, attributes, notes and faults after copy of {error!r}",
        )


@check("P11", kind="contract")
def test_groups_taken_apart(impl: Implementation) -> None:
    """`split` and `subgroup` by a condition and by type, twice in a row; nothing matches, everything matches."""
    error = loaded(impl)
    values = lambda each: getattr(each, "kind", None) is Kind.VALUE  # noqa: E731
    some, rest = error.split(values)
    _look_at(impl, some, [1, 4], "the one half of split")
    _look_at(impl, rest, [2, 3, None], "the other half of split")
    _look_at(
        impl, rest.subgroup(lambda each: getattr(each, "line", 0) is None), [None], "subgroup of it"
    )
    _look_at(impl, error.subgroup(impl.LineError), [1, 2, 3, 4, None], "subgroup(LineError)")
    equal(error.subgroup(KeyError), None, did="subgroup(KeyError)")
    equal(getattr(some, "__notes__", None), ["a note on the group"], did="notes of the half")


def _look_at(impl: Implementation, group: Any, lines: list[Any], what: str) -> None:
    equal(type(group), impl.SettingsInvalid, did=f"the type of {what}")
    equal(group.path, PATH, did=f"path of {what}")
    equal([each.line for each in group.exceptions], lines, did=f"lines of {what}")
    ensure(
        str(PATH) in str(group), did=f"the text of {what}", want="it holds the path", got=str(group)
    )


@check("P11", kind="contract")
def test_except_star(impl: Implementation) -> None:
    """`except*` of LineError beside a KeyError in a group; what is not handled goes on."""
    error = loaded(impl)
    seen: list[Any] = []
    try:
        raise ExceptionGroup("outer", [error, KeyError("k")])
    except* impl.LineError as part:
        seen.extend(part.exceptions)
    except* KeyError:
        pass
    equal(len(seen), 1, did="groups inside what `except* LineError` got")
    _look_at(impl, seen[0], [1, 2, 3, 4, None], "the SettingsInvalid in it")
    mixed = impl.SettingsInvalid(PATH, [*error.exceptions[:2], KeyError("k")])
    try:
        try:
            raise mixed
        except* KeyError:
            pass
    except impl.SettingsInvalid as rest:
        _look_at(impl, rest, [1, 2], "what `except* KeyError` left")
    except ExceptionGroup as rest:
        ensure(
            False,
            did="`except* KeyError` around a SettingsInvalid",
            want="the rest is one, too",
            got=rest,
        )
