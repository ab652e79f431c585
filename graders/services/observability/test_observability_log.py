"""Log lines: what is written, and how."""

import datetime as dt
import io
import json
import math
import os
import time
from typing import Any, NoReturn

from contracts.services.observability import MAX_TEXT, REDACTED
from graders.kit import Implementation, Sim, check, ensure, equal, explore, simulate

AWKWARD = (
    "a\nb", "a\r\nb", '{"level": "error"}', "\\", '"', "\x00", "\x1b[31mred\x1b[0m", "\x7f", "\x85",
    "\x9b2J", "\u2028\u2029", "\u202e", "é", "日本", "😀", "\ufeff", "\xa0", "</script>", "%s %d {0}",
)  # fmt: skip


class Sink:
    """A stream that notes the calls."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.flushed: list[int] = []

    def write(self, text: str) -> None:
        self.calls.append(text)

    def flush(self) -> None:
        self.flushed.append(len(self.calls))

    def last(self, did: str) -> dict[str, Any]:
        """The last line as JSON, after a look at its characters."""
        line = self.calls[-1]
        odd = [char for char in line[:-1] if not " " <= char <= "~"]
        equal(
            (odd, line[-1:]), ([], "\n"), did=did + ": characters outside of printable ASCII, end"
        )
        try:
            content = json.loads(line, parse_constant=refuse, object_pairs_hook=once)
        except ValueError:
            content = None
        ensure(isinstance(content, dict), did=did, want="a line with a JSON object", got=line)
        found: dict[str, Any] = content
        return found


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object, whose names are all different."""
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a name is there twice")
    return dict(pairs)


def refuse(name: str) -> NoReturn:
    """NaN and the infinities are no JSON."""
    raise ValueError(name)


@check("P6", kind="behaviour")
def test_every_line_has_its_fields(impl: Implementation) -> None:
    """Lines of both levels, far from Greenwich, before and after the wall clock is set."""

    def scene(sim: Sim) -> None:
        os.environ["TZ"] = "XYZ-5:30"
        time.tzset()
        sink = Sink()
        log = impl.Log(sink)
        for level, write in (("info", log.info), ("error", log.error)) * 2:
            equal(write("started", port=8080, name="é"), None, did=f"{level}(…): what it returns")
            now = time.time()
            did = f'{level}("started", port=8080, name="é")'
            got = sink.last(did)
            stamp = str(got.pop("time", ""))
            want = {
                "level": level,
                "event": "started",
                "request_id": None,
                "port": 8080,
                "name": "é",
            }
            equal(got, want, did=did + ": the fields apart from time")
            shape = len(stamp) == 24 and stamp[10] == "T" and stamp[19] == "." and stamp[23] == "Z"
            ensure(shape, did=did + ": time", want="as 2026-01-31T23:59:59.999Z", got=stamp)
            told = dt.datetime.fromisoformat(stamp).timestamp()
            ensure(abs(told - now) < 0.0011, did=did + ": time", want=f"{now}", got=told)
            sim.sleep(0.75)
            sim.jump_wall_clock(-86_400.0)
        equal(len(sink.calls), 4, did="four lines logged: calls of write")
        fields = {"time": "x", "level": "error", "event": "x", "request_id": "x", "a b": 2}
        log.info("real", **fields, **{"self": 1, "é\n\ud800": 3, "fields": 4, "stream": 5})
        did = "info with fields named as those of every line, and others"
        got = sink.last(did)
        ensure(got.pop("time") != "x", did=did + ": time", want="the log's own")
        want = {"level": "info", "event": "real", "request_id": None, "a b": 2, "self": 1}
        want |= {"fields": 4, "stream": 5}
        equal({name: got.get(name) for name in want}, want, did=did)

    zone = os.environ.get("TZ")
    try:
        simulate(scene)
    finally:
        os.environ.pop("TZ")
        os.environ |= {} if zone is None else {"TZ": zone}
        time.tzset()


@check("P6", kind="behaviour")
def test_texts_arrive_whatever_is_in_them(impl: Implementation) -> None:
    """Newlines, quotes, control characters, separators and others, as event and as value."""

    def scene(sim: Sim) -> None:
        sink = Sink()
        log = impl.Log(sink)
        for text in AWKWARD:
            log.info(text, value=text)
            got = sink.last(f"a line with the text {text!r}")
            equal((got["event"], got["value"]), (text, text), did=f"the text {text!r} read back")
        log.info("x\ud800", value="\udfffy")
        got = sink.last("a line with lone surrogates")
        want = "x\ufffd", "\ufffdy"
        equal((got["event"], got["value"]), want, did="lone surrogates, read back")

    simulate(scene)


class Logs:
    """An object whose repr writes a line."""

    def __init__(self, log: Any) -> None:
        self.log = log

    def __repr__(self) -> str:
        self.log.info("inner")
        return "outer"


class Breaks:
    """An object whose repr raises."""

    def __repr__(self) -> str:
        raise RuntimeError("no")


@check("P6", kind="behaviour")
def test_values_of_every_kind(impl: Implementation) -> None:
    """Values that JSON has, and values that it lacks."""

    def scene(sim: Sim) -> None:
        sink = Sink()
        log = impl.Log(sink)
        for value in (None, True, False, 0, -1, 2**63 - 1, -(2**63), 0.5, -0.25, 1e300, "", "x"):
            log.info("e", value=value)
            equal(sink.last(f"value={value!r}")["value"], value, did=f"value={value!r}, read back")
        loop: list[Any] = [1]
        loop.append(loop)
        for odd in (2**63, -(2**63) - 1, math.nan, math.inf, -math.inf, b"\xff\n", (1, "a"), [],
                    {"a": {"b": 1}}, {1}, loop, ValueError("a\nb"), 1j, int, object.__init__):  # fmt: skip
            log.info("e", value=odd)
            equal(sink.last(f"value={odd!r}")["value"], repr(odd), did=f"value={odd!r}, read back")
        for broken, name in ((Breaks(), "Breaks"), (10**5_000, "int")):
            log.info("e", value=broken)
            did = f"a value of the class {name}, whose repr raises"
            equal(sink.last(did)["value"], name, did=did)
        log.info("e", value=Logs(log))
        did = "a value whose repr writes a line itself: its value, in the last line"
        equal(sink.last(did)["value"], "outer", did=did)
        equal(log.lost(), 0, did="lines that are lost after all these")

    simulate(scene)


@check("P6", kind="behaviour")
def test_long_texts_are_cut(impl: Implementation) -> None:
    """Texts of 1,024 and 1,025 characters, and a long list."""

    def scene(sim: Sim) -> None:
        sink = Sink()
        log = impl.Log(sink)
        for unit in ("a", "\n", "😀", "\ud800"):
            clean = "\ufffd" if unit == "\ud800" else unit
            for length in (MAX_TEXT - 1, MAX_TEXT, MAX_TEXT + 1, 5_000):
                log.info(unit * length, value=unit * length)
                did = f"{length} times {unit!r} as event and value: characters read back"
                got = sink.last(did)
                lengths = [len(got[name]) for name in ("event", "value")]
                equal(lengths, [min(length, MAX_TEXT)] * 2, did=did)
                equal(got["value"].strip(clean), "", did=did.replace("characters", "other ones"))
        many = list(range(2_000))
        log.info("e", value=many)
        got = sink.last("a list of 2,000 numbers")["value"]
        equal(got, repr(many)[:MAX_TEXT], did="a list of 2,000 numbers, read back")

    simulate(scene)


@check("P7", kind="behaviour")
def test_one_write_and_one_flush(impl: Implementation) -> None:
    """Three lines, one after another."""

    def scene(sim: Sim) -> None:
        sink = Sink()
        log = impl.Log(sink)
        for number in (1, 2, 3):
            log.info("e", text="a\nb", number=number)
            did = f"line {number}, when the method has returned: calls of write, and of flush after it"
            equal((len(sink.calls), sink.flushed), (number, [*range(1, number + 1)]), did=did)
            equal(sink.calls[-1][-1:], "\n", did=f"line {number}: the end of what was written")

    simulate(scene)


@check("P7", kind="concurrency")
def test_lines_are_not_mixed(impl: Implementation) -> None:
    """Two threads log at once to a stream that is slow in write and in flush."""

    def scene(sim: Sim) -> None:
        busy: list[str] = []
        mixed: list[list[str]] = []
        calls: list[str] = []

        class Slow:
            def write(self, text: str) -> None:
                self.work("write")

            def flush(self) -> None:
                self.work("flush")

            def work(self, what: str) -> None:
                calls.append(what)
                busy.append(what)
                sim.sleep(1)
                if len(busy) > 1:
                    mixed.append(list(busy))
                busy.remove(what)

        log = impl.Log(Slow())
        sim.together(lambda: log.info("a"), lambda: log.error("b"))
        equal(mixed, [], did="two threads log: calls of the stream that went on at the same time")
        want = ["write", "flush"] * 2
        equal(calls, want, did="two threads log: the order of calls, a line being both")

    explore(scene, schedules=60)


class Failing:
    """A stream that raises at some calls."""

    def __init__(self, write: str, flush: str) -> None:
        self.plans = {"write": list(write), "flush": list(flush)}
        self.written: list[str] = []

    def call(self, name: str) -> None:
        if self.plans[name] and self.plans[name].pop(0) == "x":
            raise (OSError if name == "write" else ValueError)("the disk is full")

    def write(self, text: str) -> None:
        self.call("write")
        self.written.append(text)

    def flush(self) -> None:
        self.call("flush")


@check("P8", kind="behaviour")
def test_a_stream_that_fails(impl: Implementation) -> None:
    """Write fails for some lines, flush for others."""

    def scene(sim: Sim) -> None:
        stream = Failing(write=".x.x.", flush=".x.")
        log = impl.Log(stream)
        lost = []
        for number in range(5):
            log.info("e", number=number)
            lost.append(log.lost())
        did = "write fails for lines 2 and 4, flush for line 3: "
        equal(lost, [0, 1, 2, 3, 3], did=did + "lost() after each line")
        got = [json.loads(line)["number"] for line in stream.written]
        equal(got, [0, 2, 4], did=did + "numbers of the lines that write took, each once")
        closed = io.StringIO()
        closed.close()
        log = impl.Log(closed)
        log.error("e")
        equal(log.lost(), 1, did="a line to a stream that is closed: lost()")

    simulate(scene)


@check("P8", kind="concurrency")
def test_lost_lines_are_counted_exactly(impl: Implementation) -> None:
    """Two threads log to a stream that always fails."""

    def scene(sim: Sim) -> None:
        log = impl.Log(Failing(write="xx", flush=""))
        sim.together(lambda: log.info("a"), lambda: log.info("b"))
        equal(log.lost(), 2, did="two threads log a line each to a stream that fails: lost()")

    explore(scene, schedules=150)


@check("P9", kind="behaviour")
def test_secrets_are_redacted(impl: Implementation) -> None:
    """Fields named like secrets, and fields that are none."""

    def scene(sim: Sim) -> None:
        sink = Sink()
        log = impl.Log(sink)
        secret = ("password", "PASSWORD", "db_password_2", "token", "x-auth-Token", "Authorization",
                  "proxy_authorization", "Cookie", "set_cookie", "client_secret", "secrets")  # fmt: skip
        for name in secret:
            for value in ("hunter2", 4711, None, ["hunter2"], ""):
                log.info("login", **{name: value})
                got = sink.last(f"a field {name}")
                equal(got.get(name), REDACTED, did=f"info with a field {name}={value!r}: its value")
        for name in ("pass", "user", "author", "tok", "key", "cook"):
            log.error("login", **{name: "hunter2"})
            got = sink.last(f"a field {name}")
            equal(got.get(name), "hunter2", did=f"error with a field {name}: its value")

    simulate(scene)
