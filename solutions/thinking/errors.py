"""Settings loader that collects faults as values and raises once.

A fault is made, not raised: it goes into a list, and the next line is looked at. That leaves one `raise` with
everything, keeps each `try` to the one call that it is about, and spares the faults a context that nobody chose.
The cause is set by hand there, which is what `raise … from` does.

Trade-offs: the file is read whole, so that it is closed before the first parser runs; settings files are small. The
faults are classes with fields, not texts: a program can sort, count and translate them. `args` of each is what its
constructor was given, because pickle and copy call the class with exactly that. Faults of unreadable text have no
cause: a UnicodeDecodeError carries the bytes, and those may be a password.
"""

import codecs
import re
from collections.abc import Iterator, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

from contracts.thinking.errors import REQUIRED, Key, Kind, Opener

BLANKS = " \t"
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")


class SettingsError(Exception):
    """Everything that can be wrong with a settings file."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.path = path


class SettingsUnreadable(SettingsError):
    """The file could not be read."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(path)
        self.args = path, reason
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.path}: cannot be read: {self.reason}"


class LineError(SettingsError):
    """One fault of a file."""

    def __init__(
        self, path: Path, line: int | None, key: str | None, kind: Kind, reason: str
    ) -> None:
        super().__init__(path)
        self.args = path, line, key, kind, reason
        self.line, self.key, self.kind, self.reason = line, key, kind, reason

    def __str__(self) -> str:
        place = [self.path, *(each for each in (self.line, self.key) if each is not None)]
        return f"{':'.join(map(str, place))}: {self.reason}"


class SettingsInvalid(SettingsError, ExceptionGroup[Exception]):
    """All faults of one file."""

    def __new__(cls, path: Path, faults: Sequence[Exception]) -> "SettingsInvalid":
        """Make the group: its message and its members are fixed here, before `__init__`."""
        return super().__new__(cls, f"{path}: invalid settings", faults)

    def __init__(self, path: Path, faults: Sequence[Exception]) -> None:
        super().__init__(path)
        self.args = path, faults

    def __str__(self) -> str:
        return f"{self.message} ({len(self.exceptions)} faults)"

    def derive(self, faults: Sequence[Exception], /) -> "SettingsInvalid":  # type: ignore[override]
        """Make a group of the same kind for `split`, `subgroup` and `except*`."""
        return SettingsInvalid(self.path, faults)


def load_settings(
    path: str | PathLike[str], schema: Mapping[str, Key], opener: Opener | None = None
) -> dict[str, Any]:
    """Read the settings that `schema` describes. Cost: O(lines + keys)."""
    path = Path(path)
    _check(schema)
    load = _Load(path, schema)
    for number, line in enumerate(_lines(_read(path, opener)), start=1):
        load.take(number, line)
    return load.settings()


def _check(schema: Mapping[str, Key]) -> None:
    for name, key in schema.items():
        if not isinstance(key, Key):
            raise TypeError(f"the schema must hold Keys, {name!r} is {type(key).__name__}")
        if not NAME.fullmatch(name):
            raise ValueError(f"no line can give {name!r}: a key is letters, digits, '_', '.', '-'")


def _read(path: Path, opener: Opener | None) -> bytes:
    try:
        with path.open("rb") if opener is None else opener(path) as file:
            return file.read()
    except OSError as error:
        raise SettingsUnreadable(path, str(error)) from error


def _lines(data: bytes) -> list[bytes]:
    """Cut bytes, not text: only these two ends are ends, and no bad byte can hide one."""
    return data.removeprefix(codecs.BOM_UTF8).replace(b"\r\n", b"\n").split(b"\n")


class _Load:
    """What one load has found so far."""

    def __init__(self, path: Path, schema: Mapping[str, Key]) -> None:
        self._path, self._schema = path, schema
        self._faults: list[LineError] = []
        self._given: dict[str, int] = {}
        self._values: dict[str, Any] = {}

    def settings(self) -> dict[str, Any]:
        """Everything, or SettingsInvalid."""
        for name, key in self._schema.items():
            if key.default is REQUIRED and name not in self._given:
                self._fault(None, name, Kind.MISSING, "is required")
        if self._faults:
            raise SettingsInvalid(self._path, self._faults)
        return {name: self._values.get(name, key.default) for name, key in self._schema.items()}

    def take(self, number: int, line: bytes) -> None:
        """Look at one line."""
        text = _text(line)
        if text is None:
            self._fault(number, None, Kind.TEXT, "is not UTF-8, or holds a NUL")
        elif text and not text.startswith("#"):
            self._entry(number, text)

    def _entry(self, number: int, text: str) -> None:
        name, equals, value = (part.strip(BLANKS) for part in text.partition("="))
        if not equals or not NAME.fullmatch(name):
            self._fault(number, None, Kind.SYNTAX, "expected: key = value")
        elif name not in self._schema:
            self._fault(number, name, Kind.UNKNOWN, f"unknown key{self._hint(name)}")
        elif name in self._given:
            first = self._given[name]
            self._fault(number, name, Kind.REPEATED, f"already given in line {first}")
        else:
            self._given[name] = number
            self._assign(number, name, value)

    def _assign(self, number: int, name: str, value: str) -> None:
        if value.startswith('"'):
            if len(value) == 1 or not value.endswith('"'):
                self._fault(number, name, Kind.SYNTAX, 'the closing " is missing')
                return
            value = value[1:-1]
        key = self._schema[name]
        try:
            self._values[name] = key.parse(value)
        except ValueError as error:
            reason = "bad value (secret)" if key.secret else f"bad value: {error}"
            fault = self._fault(number, name, Kind.VALUE, reason)
            fault.__cause__ = None if key.secret else error
        except Exception as error:
            error.add_note(f"while loading {self._path}, line {number}, key {name}")
            raise

    def _fault(self, line: int | None, key: str | None, kind: Kind, reason: str) -> LineError:
        fault = LineError(self._path, line, key, kind, reason)
        self._faults.append(fault)
        return fault

    def _hint(self, name: str) -> str:
        near = [known for known in self._schema if _is_near(name.lower(), known.lower())]
        return f": did you mean {' or '.join(near)}?" if near else ""


def _text(line: bytes) -> str | None:
    """The line without blanks around it, or None."""
    try:
        text = line.decode()
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text.strip(BLANKS)


def _is_near(one: str, other: str) -> bool:
    """Whether one character more, less, changed or swapped makes them equal, or they are."""
    return not {one, *_without_one(one)}.isdisjoint({other, *_without_one(other)})


def _without_one(name: str) -> Iterator[str]:
    return (name[:place] + name[place + 1 :] for place in range(len(name)))
