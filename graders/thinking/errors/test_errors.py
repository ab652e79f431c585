"""The format: what a file says, line by line."""

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from contracts.thinking.errors import Key, Kind
from graders.kit import Implementation, check, ensure, equal, raises
from graders.kit.shape import test_shape  # noqa: F401 - P0, the first check of every topic
from graders.thinking.errors.given import opening

PATH = "etc/app.conf"


def texts(*names: str) -> dict[str, Key]:
    """A schema whose values are texts, as they are, with None as the default."""
    return {name: Key(str, None) for name in names}


def load(impl: Implementation, text: str | bytes, schema: Mapping[str, Key]) -> Any:
    """What a file with this text gives."""
    return impl.load_settings(PATH, schema, opening(text))


def found(impl: Implementation, text: str | bytes, schema: Mapping[str, Key]) -> list[Any]:
    """(line, key, kind) of every fault of a file."""
    error = raises(impl.SettingsInvalid, lambda: load(impl, text, schema), did=f"loaded {text!r}")
    return [(each.line, each.key, each.kind) for each in error.exceptions]


@check("P1", kind="behaviour")
def test_a_file_without_faults(impl: Implementation) -> None:
    """A file of six lines, a schema of five keys in another order, one of them with a default."""
    schema = {
        "name": Key(str),
        "port": Key(int),
        "root": Key(Path, Path("/srv")),
        "ratio": Key(float, 0.5),
        "tags": Key(str.split),
    }
    text = "# the service\nport = 8080\ntags = a b  c\n\nname = shop\nratio=0.25\n"
    got = load(impl, text, schema)
    want = {
        "name": "shop",
        "port": 8080,
        "root": Path("/srv"),
        "ratio": 0.25,
        "tags": ["a", "b", "c"],
    }
    equal(got, want, did=f"loaded {text!r}")
    equal(list(got), list(want), did="the order of the keys")
    equal(load(impl, "", {}), {}, did="loaded an empty file by an empty schema")


class Everything:
    """Equal to whatever it is compared with, like some arrays."""

    def __eq__(self, _: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]


@check("P1", kind="behaviour")
def test_defaults_are_the_very_objects(impl: Implementation) -> None:
    """Defaults None, '', 0, False, [], objects, one equal to all; parsers that would raise; then all are given."""
    defaults = [
        None,
        "",
        0,
        False,
        [],
        object(),
        "required",
        ValueError("not raised"),
        Everything(),
    ]
    schema = {f"key{n}": Key(int, default) for n, default in enumerate(defaults)}
    got = load(impl, "# nothing\n", schema)
    equal(list(got), list(schema), did="keys when no line gives any")
    for name, default in zip(schema, defaults, strict=True):
        ensure(got[name] is default, did=f"the default of {name}", want="that very object", got=got)
    text = "".join(f"{name} = {n}\n" for n, name in enumerate(schema))
    want = {name: n for n, name in enumerate(schema)}
    equal(load(impl, text, schema), want, did="loaded a file that gives every key")


@check("P1", kind="behaviour")
def test_what_parsers_return_is_taken_as_it_is(impl: Implementation) -> None:
    """Parsers return None, False, an exception, a dict; the defaults are something else."""
    results: list[Any] = [None, False, ValueError("returned"), {}, NotImplemented]
    schema = {f"key{n}": Key(lambda _, r=r: r, "default") for n, r in enumerate(results)}
    got = load(impl, "".join(f"{name} = x\n" for name in schema), schema)
    for name, result in zip(schema, results, strict=True):
        ensure(got[name] is result, did=f"parser of {name}", want=f"{result!r} itself", got=got)


@check("P1", kind="behaviour")
def test_parsers_are_called_once_in_the_order_of_lines(impl: Implementation) -> None:
    """Five keys, four lines in another order; each parser notes its value and its thread."""
    calls: list[Any] = []

    def noting(name: str) -> Callable[[str], int]:
        def parse(value: str) -> int:
            calls.append((name, value, threading.get_ident()))
            return 1

        return parse

    schema = {name: Key(noting(name), 0) for name in "abcde"}
    got = load(impl, "d = 4\nb = 2\r\na = 1\ne =\n", schema)
    equal(got, {"a": 1, "b": 1, "c": 0, "d": 1, "e": 1}, did="loaded four of five keys")
    me = threading.get_ident()
    want = [("d", "4", me), ("b", "2", me), ("a", "1", me), ("e", "", me)]
    equal(calls, want, did="calls of the parsers: key, value, thread")


@check("P1", kind="behaviour")
def test_each_load_gives_a_new_dict(impl: Implementation) -> None:
    """The same file is loaded twice; the first result is changed in between."""
    schema = texts("a", "b")
    first = load(impl, "a = 1\n", schema)
    first["a"], first["b"], first["c"] = 7, 8, 9
    equal(load(impl, "a = 1\n", schema), {"a": "1", "b": None}, did="loaded it once more")


@check("P2", kind="behaviour")
def test_blanks_and_comments(impl: Implementation) -> None:
    """Blanks around everything, comments, lines of blanks, a comment that looks like a setting."""
    text = "\t # a = 1\n \t \n#\n##a = 2\n\t b \t=\t two  words \t\nc=3\n  d = 4 # no comment\n\n\n"
    want = {"a": None, "b": "two  words", "c": "3", "d": "4 # no comment"}
    equal(load(impl, text, texts("a", "b", "c", "d")), want, did=f"loaded {text!r}")


@check("P2", kind="behaviour")
def test_other_white_space_is_no_blank(impl: Implementation) -> None:
    """No-break space, form feed, U+2003, U+001C around values, before keys and alone in a line."""
    for odd in ("\u00a0", "\f", "\v", "\u2003", "\x1c", "\x85", "\u3000", "\u2028"):
        text = f"a = {odd}1{odd}\n"
        equal(load(impl, text, texts("a")), {"a": f"{odd}1{odd}"}, did=f"loaded {text!r}")
        text = f"{odd}\n{odd}a = 1\na{odd}= 1\n{odd}# comment\n"
        want = [(line, None, Kind.SYNTAX) for line in (1, 2, 3, 4)]
        equal(found(impl, text, texts("a")), want, did=f"faults of {text!r}")


@check("P2", kind="behaviour")
def test_keys(impl: Implementation) -> None:
    """Every form that a key may have, and what looks like one."""
    good = ["a", "A", "_", "_a", "max-size", "db.host", "a1", "a-", "a.", "a_.-9", "Port", "port"]
    text = "".join(f"{name} = {n}\n" for n, name in enumerate(good))
    want = {name: str(n) for n, name in enumerate(good)}
    equal(load(impl, text, texts(*good)), want, did=f"loaded {text!r}")
    bad = [
        "",
        "1a",
        "-a",
        ".a",
        "a b",
        "a:b",
        "cl\u00e9",
        "\u212aey",
        "a\u0661",
        "[a]",
        '"a"',
        "a/b",
    ]
    bad += ["a\rb", "a\u0301", "export a", "a+", "\ufeffa"]
    for name in bad:
        want_fault = [(1, None, Kind.SYNTAX)]
        equal(found(impl, f" {name} = 1\n", texts("a")), want_fault, did=f"faults of '{name} = 1'")
    for line in ("a", "a: 1", "[section]", "a 1", "!", '"', "; comment", "// comment"):
        equal(found(impl, line, texts("a")), [(1, None, Kind.SYNTAX)], did=f"faults of {line!r}")


@check("P2", kind="behaviour")
def test_case_of_keys_matters(impl: Implementation) -> None:
    """A schema with `port` and `Port`, then one with `port` alone."""
    text = "Port = 1\nport = 2\n"
    equal(
        load(impl, text, texts("port", "Port")), {"port": "2", "Port": "1"}, did=f"loaded {text!r}"
    )
    want = [(1, "Port", Kind.UNKNOWN)]
    equal(found(impl, text, texts("port")), want, did="faults when the schema has `port` alone")


@check("P2", kind="behaviour")
def test_values_are_taken_as_they_are(impl: Implementation) -> None:
    """Values with signs that mean something in other formats."""
    values = [
        "a=b",
        "=",
        "= =",
        "#fff",
        "a # b",
        "; x",
        "'a'",
        "[x]",
        "a\\",
        "\\n",
        "%(a)s",
        "${a}",
        "$a",
    ]
    values += ['a"b', 'a "b"', "", "yes", "\\", "\u00e9\U0001f600", "a\tb", "a,b", "~", "\ufeff"]
    schema = texts(*(f"key{n}" for n in range(len(values))))
    text = "".join(f"{name} = {value}\n" for name, value in zip(schema, values, strict=True))
    want = dict(zip(schema, values, strict=True))
    equal(load(impl, text, schema), want, did=f"loaded {text!r}")


@check("P2", kind="behaviour")
def test_quotes(impl: Implementation) -> None:
    """Values between quotes, with blanks, `#`, quotes and backslashes inside; and quotes that do not close."""
    values = {
        '""': "",
        '" "': " ",
        '" a "': " a ",
        '"#"': "#",
        '"""': '"',
        '"a"b"': 'a"b',
        '"a" "b"': 'a" "b',
        '"\\"': "\\",
        '"\\n"': "\\n",
        '"=" \t': "=",
        '"\'"': "'",
        '"" ""': '" "',
    }
    for value, want in values.items():
        equal(
            load(impl, f"a = {value}\n", texts("a")), {"a": want}, did=f"loaded {f'a = {value}'!r}"
        )
    for value in ('"', '"a', '"a" # b', '"a"b', '" ', '"a" ,'):
        want_fault = [(1, "a", Kind.SYNTAX)]
        equal(
            found(impl, f"a = {value}\n", texts("a")),
            want_fault,
            did=f"faults of {f'a = {value}'!r}",
        )


@check("P3", kind="behaviour")
def test_ends_of_lines(impl: Implementation) -> None:
    """Line feeds, carriage returns before them, both in one file, none at the end."""
    for text in (
        "a = 1\nb = 2\n",
        "a = 1\r\nb = 2\r\n",
        "a = 1\r\nb = 2",
        "a = 1\n\r\n\r\nb = 2\n",
    ):
        equal(load(impl, text, texts("a", "b")), {"a": "1", "b": "2"}, did=f"loaded {text!r}")
    equal(load(impl, "a = 1", texts("a")), {"a": "1"}, did="loaded 'a = 1' without an end")
    equal(load(impl, 'a = "1"\r\n', texts("a")), {"a": "1"}, did="loaded 'a = \"1\"\\r\\n'")
    want = [(3, "x", Kind.UNKNOWN), (5, "y", Kind.UNKNOWN)]
    equal(found(impl, "\r\n\nx=\r\n\r\ny=", {}), want, did="faults in lines 3 and 5")


@check("P3", kind="behaviour")
def test_nothing_else_ends_a_line(impl: Implementation) -> None:
    """Form feed, U+0085, U+2028, a lone carriage return and their like in comments and values."""
    for odd in ("\f", "\v", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029", "\r", "\r\r"):
        text = f"# one{odd}a = 7\na = one{odd}a = 8\n# {odd}\r\nx = 1\n"
        want = [(4, "x", Kind.UNKNOWN)]
        equal(found(impl, text, texts("a")), want, did=f"faults of {text!r}")
        text = f"a = one{odd}two\r\n"
        equal(load(impl, text, texts("a")), {"a": f"one{odd}two"}, did=f"loaded {text!r}")
    equal(load(impl, "a = 1\r\r\n", texts("a")), {"a": "1\r"}, did="loaded 'a = 1\\r\\r\\n'")
    equal(
        load(impl, "a = 1\r", texts("a")),
        {"a": "1\r"},
        did="loaded 'a = 1\\r', the end of the file",
    )


@check("P3", kind="behaviour")
def test_the_byte_order_mark(impl: Implementation) -> None:
    """One at the beginning, alone, before a fault, two of them, one in the second line."""
    mark = b"\xef\xbb\xbf"
    equal(load(impl, mark + b"a = 1\n", texts("a")), {"a": "1"}, did="loaded a mark, then 'a = 1'")
    equal(
        load(impl, mark + b"# x\na = 1", texts("a")),
        {"a": "1"},
        did="loaded a mark, then a comment",
    )
    equal(load(impl, mark, texts("a")), {"a": None}, did="loaded a mark and nothing else")
    syntax = Kind.SYNTAX
    for data, want in (
        (mark + b"\nx", [(2, None, syntax)]),
        (mark + mark + b"a = 1\n", [(1, None, syntax)]),
        (b"\n" + mark + b"a = 1\n", [(2, None, syntax)]),
        (b" " + mark + b"a = 1\n", [(1, None, syntax)]),
        (mark[:2] + b"\na = 1\n", [(1, None, Kind.TEXT)]),
    ):
        equal(found(impl, data, texts("a")), want, did=f"faults of {data!r}")


@check("P3", "P4", kind="behaviour")
def test_bytes_that_are_no_text(impl: Implementation) -> None:
    """Latin-1, cut sequences, surrogates, overlong forms, NUL, in settings and in comments, between good lines."""
    bad = [
        b"a = \xe9",
        b"\xc3",
        b"# \xff",
        b"a = \xed\xa0\x80",
        b"a\x00 = 1",
        b"# \x00",
        b"\x00",
        b"a = \xc0\xaf",
    ]
    data = b"".join(b"# fine\n" + line + b"\r\n" for line in bad) + b"b = 1\nx = \xc3\xa9\n"
    want: list[Any] = [(2 * n, None, Kind.TEXT) for n in range(1, len(bad) + 1)]
    want += [(2 * len(bad) + 2, "x", Kind.UNKNOWN), (None, "a", Kind.MISSING)]
    equal(found(impl, data, {"a": Key(str), "b": Key(int)}), want, did=f"faults of {data!r}")
    data = "a = 1\n".encode("utf-16")
    ensure(
        found(impl, data, texts("a"))[0] == (1, None, Kind.TEXT),
        did="loaded a file in UTF-16",
        want="line 1 has the fault TEXT",
    )
