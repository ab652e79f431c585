"""The file: opened once, closed in any case, and what becomes of its errors; wrong arguments."""

import io
import os
from pathlib import Path
from types import MappingProxyType
from typing import Any

from contracts.thinking.errors import Key
from graders.kit import Implementation, caught, check, ensure, equal, raises
from graders.thinking.errors.given import raising

PATH = "etc/app.conf"
SCHEMA = MappingProxyType({"a": Key(int, 0)})


class Disk(io.RawIOBase):
    """One file under everybody's eyes: `open` is the opener; reading and closing may fail."""

    def __init__(
        self,
        data: bytes = b"a = 1\n",
        *,
        fails: BaseException | None = None,
        reading: BaseException | None = None,
        closing: BaseException | None = None,
    ) -> None:
        super().__init__()
        self.rest, self.fails, self.reading, self.closing = data, fails, reading, closing
        self.opened: list[Any] = []
        self.closings = 0

    def open(self, path: Path) -> Any:
        """What is handed to load_settings."""
        self.opened.append(path)
        if self.fails is not None:
            raise self.fails
        if self.closed:
            return io.BytesIO()  # once too often
        return io.BufferedReader(self, 16)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self.rest and self.reading is not None:
            raise self.reading
        part, self.rest = self.rest[: len(buffer)], self.rest[len(buffer) :]
        buffer[: len(part)] = part
        return len(part)

    def close(self) -> None:
        if not self.closed:
            self.closings += 1
            super().close()
            if self.closing is not None:
                raise self.closing


@check("P9", kind="behaviour")
def test_opened_once_and_closed(impl: Implementation) -> None:
    """Loads that succeed, find faults, and are ended by a parser; the path is a str, a Path, a PathLike."""

    class Place(os.PathLike[str]):
        def __fspath__(self) -> str:
            return PATH

    for path in (PATH, Path(PATH), Place()):
        for parse, want in (
            (int, None),
            (raising(ValueError()), impl.SettingsInvalid),
            (raising(TypeError()), TypeError),
            (raising(OSError()), OSError),
            (raising(KeyboardInterrupt()), KeyboardInterrupt),
        ):
            disk, schema = Disk(), {"a": Key(parse)}
            got = caught(lambda p=path, d=disk, s=schema: impl.load_settings(p, s, d.open))
            equal(disk.opened, [Path(PATH)], did=f"paths that were opened for {path!r}")
            ensure(
                got is None if want is None else type(got) is want,
                did=f"load_settings({path!r}, …), parser {parse}",
                want="no exception" if want is None else f"raises {want.__name__}",
                got=got,
            )
            equal(
                disk.closings, 1, did=f"how often the file was closed when {want} had been raised"
            )


@check("P9", kind="behaviour")
def test_what_cannot_be_opened(impl: Implementation) -> None:
    """The opener raises OSErrors of six types."""
    for error in (
        FileNotFoundError(2, "No such file or directory", PATH),
        PermissionError(13, "Permission denied", PATH),
        IsADirectoryError(21, "Is a directory"),
        TimeoutError("the file server sleeps"),
        OSError("something else"),
        OSError(),
    ):
        got = raises(
            impl.SettingsUnreadable,
            lambda e=error: impl.load_settings(PATH, SCHEMA, Disk(fails=e).open),
            did=f"the opener raised {error!r}",
        )
        _look_at(got, error)


def _look_at(got: Any, error: OSError) -> None:
    ensure(
        got.__cause__ is error,
        did=f"cause, after {error!r}",
        want="that very object",
        got=got.__cause__,
    )
    equal(got.path, Path(PATH), did="path of the SettingsUnreadable")
    equal(type(got.reason), str, did="the type of its reason")
    ensure(str(Path(PATH)) in str(got), did="its text", want="it holds the path", got=str(got))


@check("P9", kind="behaviour")
def test_what_cannot_be_read_or_closed(impl: Implementation) -> None:
    """The disk fails at the first byte, after forty bytes of good lines, in a file with faults, and in closing."""
    data = b"# forty bytes and more, all of them fine\na = 1\n"
    for text, how in (
        (b"", "reading"),
        (data, "reading"),
        (b"x = 1\n", "reading"),
        (data, "closing"),
    ):
        error = OSError(5, "Input/output error")
        disk = Disk(text, **{how: error})  # type: ignore[arg-type]
        got = raises(
            impl.SettingsUnreadable,
            lambda d=disk: impl.load_settings(PATH, SCHEMA, d.open),
            did=f"{how} the file raised {error!r} after {len(text)} bytes",
        )
        _look_at(got, error)
        equal(disk.closings, 1, did=f"how often the file was closed when {how} it had failed")


@check("P9", kind="behaviour")
def test_only_an_os_error_of_the_file_is_unreadable(impl: Implementation) -> None:
    """Opener, file and parser raise other things; a parser raises OSErrors."""
    for error in (
        ValueError("null byte"),
        RuntimeError("r"),
        KeyboardInterrupt(),
        EOFError(),
        LookupError(),
    ):
        for disk in (Disk(fails=error), Disk(reading=error)):
            got = caught(lambda d=disk: impl.load_settings(PATH, SCHEMA, d.open))
            ensure(
                got is error,
                did=f"opener or file raised {error!r}",
                want="that very object",
                got=got,
            )
            ensure(
                error.__cause__ is None,
                did="its cause",
                want="none, as before",
                got=error.__cause__,
            )
            equal(disk.closings, 0 if disk.fails else 1, did=f"closed after {error!r}")
    for error in (FileNotFoundError(2, "gone", "ca.pem"), PermissionError(13, "no"), OSError()):
        schema = {"a": Key(raising(error))}
        got = caught(lambda s=schema: impl.load_settings(PATH, s, Disk().open))
        ensure(got is error, did=f"a parser raised {error!r}", want="that very object", got=got)


@check("P9", kind="behaviour")
def test_the_file_system(impl: Implementation) -> None:
    """Without an opener: a file, a missing one, a folder, one below a file; paths as str and as Path."""
    Path("real.conf").write_bytes(b"\xef\xbb\xbfa = 7\r\nb = \xc3\xa9")
    schema = {"a": Key(int), "b": Key(str)}
    for path in ("real.conf", Path("real.conf").absolute()):
        equal(
            impl.load_settings(path, schema),
            {"a": 7, "b": "é"},
            did=f"load_settings({path!r}, schema)",
        )
        equal(impl.load_settings(path, schema, None)["a"], 7, did="the same with None as opener")
    for path, kind in (
        ("gone.conf", FileNotFoundError),
        (".", IsADirectoryError),
        ("real.conf/inner", NotADirectoryError),
        ("", IsADirectoryError),
    ):
        got = raises(
            impl.SettingsUnreadable,
            lambda p=path: impl.load_settings(p, schema),
            did=f"load_settings({path!r}, schema)",
        )
        equal(type(got.__cause__), kind, did=f"the type of its cause for {path!r}")
        equal(got.path, Path(path), did="its path")


@check("P13", kind="contract")
def test_wrong_arguments(impl: Implementation) -> None:
    """Paths that are none, schemas with names that no line can give, and with what is no Key."""
    disk = Disk()
    for path in (None, 3, b"app.conf", ["app.conf"], io.BytesIO()):
        raises(
            TypeError, lambda p=path: impl.load_settings(p, SCHEMA, disk.open), did=f"path {path!r}"
        )
    for wrong in (int, None, "text", (int, 0), {"parse": int}):
        schema = {"fine": Key(int), "wrong": wrong}
        raises(
            TypeError,
            lambda s=schema: impl.load_settings(PATH, s, disk.open),
            did=f"a schema whose value is {wrong!r}",
        )
    for name in (
        "",
        " ",
        "max size",
        "1st",
        "a=b",
        "#a",
        "clé",
        "-a",
        "a ",
        "a\n",
        "[a]",
        "a:b",
        "\u212a",
    ):
        error = raises(
            ValueError,
            lambda n=name: impl.load_settings(PATH, {"fine": Key(int), n: Key(int, 0)}, disk.open),
            did=f"a schema with the name {name!r}",
        )
        ensure(
            name in str(error) or repr(name) in str(error),
            did=f"the text of the ValueError for {name!r}",
            want="it holds the name",
            got=str(error),
        )
    equal(disk.opened, [], did="files that were opened meanwhile")
