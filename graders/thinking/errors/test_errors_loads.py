"""Many loads: in threads, inside each other, one after the other; and what a load costs."""

import io
import threading
from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar

from contracts.thinking.errors import Key, Kind
from graders.kit import Implementation, Sim, check, ensure, equal, explore, raises
from graders.kit.growth import costs_at_most, count_steps


def opening(text: str) -> Callable[[Path], io.BytesIO]:
    """An opener of a file that holds `text`."""
    return lambda _: io.BytesIO(text.encode())


def result(impl: Implementation, path: str, text: str, schema: Any) -> Any:
    """The settings, or (path, line, key, kind) of every fault."""
    try:
        return impl.load_settings(path, schema, opening(text))
    except impl.SettingsInvalid as error:
        return [(str(each.path), each.line, each.key, each.kind) for each in error.exceptions]


@check("P12", kind="concurrency")
def test_loads_in_threads(impl: Implementation) -> None:
    """A and B load different files with faults by one schema."""

    def scene(sim: Sim) -> None:
        def parse(value: str) -> int:
            sim.point()
            return int(value)

        schema = {"a": Key(parse), "b": Key(parse, 0)}
        one, two = sim.together(
            lambda: result(impl, "one", "b = x\na = 1\n", schema),
            lambda: result(impl, "two", "a = 2\nc = 1\n", schema),
        )
        equal(one, [("one", 1, "b", Kind.VALUE)], did="faults of A's file")
        equal(two, [("two", 2, "c", Kind.UNKNOWN)], did="faults of B's file")

    explore(scene, schedules=40)


@check("P12", kind="concurrency")
def test_loads_of_one_path_in_threads(impl: Implementation) -> None:
    """A and B load from one path; the file has changed between the two openings."""

    def scene(sim: Sim) -> None:
        schema = {"a": Key(int), "b": Key(str, "")}
        got = sim.together(
            lambda: result(impl, "same", "a = 1\nb = one\n", schema),
            lambda: result(impl, "same", "a = two\nc = 2\n", schema),
        )
        wrong = [("same", 1, "a", Kind.VALUE), ("same", 2, "c", Kind.UNKNOWN)]
        equal(got, [{"a": 1, "b": "one"}, wrong], did="what A and B got")

    explore(scene, schedules=40)


@check("P12", kind="concurrency")
def test_nobody_waits_for_a_parser(impl: Implementation) -> None:
    """A's parser waits until B's load is over; B loads by the same schema."""

    def scene(sim: Sim) -> None:
        over = threading.Event()

        def parse(value: str) -> str:
            if value == "wait":
                over.wait()
            return value

        def b() -> Any:
            try:
                return impl.load_settings("same", schema, opening("a = go"))
            finally:
                over.set()

        schema = {"a": Key(parse)}
        got = sim.together(lambda: impl.load_settings("same", schema, opening("a = wait")), b)
        equal(got, [{"a": "wait"}, {"a": "go"}], did="settings of A and B")

    explore(scene, schedules=40)


@check("P8", "P12", kind="behaviour")
def test_a_load_inside_a_parser(impl: Implementation) -> None:
    """The parser of `include` loads another file by the same schema; that file is fine, then it has faults."""
    files = {"good": "port = 1\n", "bad": "port = x\nwhat = 1\n"}

    def include(name: str) -> Any:
        return impl.load_settings(name, schema, opening(files[name]))

    schema: dict[str, Key] = {"port": Key(int), "include": Key(include, None)}
    got = impl.load_settings("outer", schema, opening("include = good\nport = 2\n"))
    want = {"port": 2, "include": {"port": 1, "include": None}}
    equal(got, want, did="loaded a file that includes another")
    got = result(impl, "outer", "what = 1\ninclude = good\nport = x\n", schema)
    places = [("outer", 1, "what", Kind.UNKNOWN), ("outer", 3, "port", Kind.VALUE)]
    equal(got, places, did="faults of a file that includes another without faults")
    error = raises(
        impl.SettingsInvalid,
        lambda: impl.load_settings("outer", schema, opening("what = 1\ninclude = bad\n")),
        did="loaded a file that includes one with faults",
    )
    equal(error.path, Path("bad"), did="path of the SettingsInvalid that came")
    got = [(each.line, each.key) for each in error.exceptions]
    equal(got, [(1, "port"), (2, "what")], did="its faults")
    note = "\n".join(getattr(error, "__notes__", []))
    for part in ("outer", "2", "include"):
        ensure(part in note, did="its notes", want=f"they name {part}", got=note)


@check("P12", kind="behaviour")
def test_errors_belong_to_one_load(impl: Implementation) -> None:
    """The same bad file twice; the errors of the first load get notes and are kept."""
    schema = {"a": Key(int), "b": Key(int)}
    groups = []
    for _ in range(2):
        group = raises(
            impl.SettingsInvalid,
            lambda: impl.load_settings("same", schema, opening("a = x\nwhat = 1\nhow = 1\n")),
            did="loaded a file with four faults",
        )
        noted = [each for each in (group, *group.exceptions) if hasattr(each, "__notes__")]
        equal(noted, [], did="errors with notes that nobody has added in this load")
        for error in (group, *group.exceptions):
            error.add_note("seen")
        groups.append(group)
    one, two = groups
    ensure(
        one is not two
        and not {id(each) for each in one.exceptions} & {id(each) for each in two.exceptions},
        did="errors of two loads",
        want="none in common",
    )
    equal([len(one.exceptions), len(two.exceptions)], [4, 4], did="faults of both")
    for name in ("gone1", "gone1"):
        error = raises(
            impl.SettingsUnreadable, lambda n=name: impl.load_settings(n, {}), did="a missing file"
        )
        equal(getattr(error, "__notes__", []), [], did="notes of a new SettingsUnreadable")
        error.add_note("seen")


@check("P12", kind="behaviour")
def test_schema_and_defaults_stay(impl: Implementation) -> None:
    """A schema that cannot be changed through what is handed in; four loads; then it gets a name that no line gives."""
    default = [1]
    inner = {"a": Key(int), "b": Key(str.split, default)}
    keys = dict(inner)
    schema = MappingProxyType(inner)
    for text in ("a = 1\n", "a = x\nb = 2 3\n", "b = 4\nb = 5\nc = 6\n"):
        result(impl, "same", text, schema)
    equal(
        impl.load_settings("same", schema, opening("a = 1")),
        {"a": 1, "b": [1]},
        did="loaded 'a = 1'",
    )
    ensure(
        inner == keys and default == [1],
        did="schema and default after four loads",
        want="as before",
        got=inner,
    )
    inner["1st"] = Key(int, 0)
    raises(
        ValueError,
        lambda: impl.load_settings("same", schema, opening("a = 1")),
        did="added the key '1st' to the schema, loaded 'a = 1' by it",
    )


def faulty(lines: int) -> tuple[str, dict[str, Key]]:
    """A file of so many lines in which two of three are at fault, and its schema: a key for three lines."""
    schema = {f"key{n}": Key(int) for n in range(lines // 3)}
    return "".join(f"key{n} = x\nkey{n} = 1\nnonsense\n" for n in range(lines // 3)), schema


def fine(lines: int) -> tuple[str, dict[str, Key]]:
    """A file of so many good lines and as many keys again that are missing and have a default."""
    schema = {f"key{n}": Key(int, 0) for n in range(2 * lines)}
    return "".join(f"key{n} = {n}\n" for n in range(lines)), schema


def unknown(lines: int) -> tuple[str, dict[str, Key]]:
    """A file of so many unknown keys, by a schema of one."""
    return "".join(f"nobody{n} = 1\n" for n in range(lines)), {"a": Key(int, 0)}


def repeated(lines: int) -> tuple[str, dict[str, Key]]:
    """A file that gives one key so many times."""
    return "a = 1\n" * lines, {"a": Key(int)}


@check("P14", kind="throughput")
def test_the_time_of_a_load(impl: Implementation, reference: Implementation) -> None:
    """Files of 240 and 960 lines: good, two in three at fault, unknown keys alone, one key again and again."""
    for make in (fine, faulty, unknown, repeated):
        jobs = [lambda t=t, s=s: result(impl, "same", t, s) for t, s in map(make, (240, 960))]
        small, large = (count_steps(job) for job in jobs)
        ensure(
            large <= 5 * max(small, 1),
            did=f"{make.__doc__} Loaded 240 and then 960 lines.",
            want="at most five times the steps",
            got=f"{small:,} and {large:,} steps",
        )
        text, schema = make(240)
        costs_at_most(
            jobs[0],
            lambda t=text, s=schema: result(reference, "same", t, s),
            times=5,
            did=f"{make.__doc__} Loaded 240 lines.",
        )


class Name(str):
    """The name of a key that counts how often any of its kind is hashed or compared."""

    calls: ClassVar[int] = 0
    __slots__ = ()

    def __hash__(self) -> int:
        Name.calls += 1
        return super().__hash__()

    def __eq__(self, other: object) -> bool:
        Name.calls += 1
        return str.__eq__(self, other)  # type: ignore[arg-type]

    def __ne__(self, other: object) -> bool:
        return not self == other


@check("P14", kind="throughput")
def test_how_often_keys_are_compared(plain: Implementation) -> None:
    """A file of 1,000 lines, of which 500 are good and 500 repeated, and 1,000 keys."""
    schema = {Name(f"key{n}"): Key(int, 0) for n in range(1_000)}
    text = "".join(f"key{n} = x\nkey{n} = 1\n" for n in range(500))
    Name.calls = 0
    got = result(plain, "same", text, schema)
    ensure(len(got) >= 500, did="the number of faults", want="1,000", got=len(got))
    ensure(
        Name.calls <= 40_000,
        did="loaded 1,000 lines by a schema of 1,000 keys",
        want="the names of the schema are hashed and compared at most 40,000 times",
        got=f"{Name.calls:,} times",
    )
