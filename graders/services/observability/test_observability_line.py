"""What the line of a request says: its path, and how long it took."""

import contextlib
import re
from collections.abc import Iterable, Iterator
from wsgiref.types import StartResponse, WSGIEnvironment
from wsgiref.util import shift_path_info

from contracts.services.observability import DURATION_BUCKETS
from graders.kit import Implementation, Sim, check, ensure, equal, simulate
from graders.services.observability.given import Lines, environment, start


@check("P13", kind="behaviour")
def test_method_and_path_as_they_came(impl: Implementation) -> None:
    """Paths in several encodings, below a prefix, and an application that changes its environ."""

    def scene(sim: Sim) -> None:
        def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            shift_path_info(environ)
            environ["REQUEST_METHOD"] = "PUT"
            start_response("200 OK", [])
            return []

        lines, log_lines = Lines(), []
        front = impl.Observed(app, impl.Registry(), impl.Log(lines), lambda _: None)
        for script, raw, want in (
            ("", b"/a/b", "/a/b"),
            ("/shop", b"/a/b", "/shop/a/b"),
            ("", "/é/日本".encode(), "/é/日本"),
            ("/\xc3", b"\xa9/x", "/é/x"),
            ("", b"/\xff/\xc3/x", "/\ufffd/\ufffd/x"),
            ("", b'/a\nb"\\\x1b[1m\x00', '/a\nb"\\\x1b[1m\x00'),
            ("", b"", ""),
            ("", b"/" + b"a" * 9_000, "/" + "a" * 1_023),
        ):
            front(environment("BREW", raw.decode("latin-1"), script), start).close()
            line = lines.all()[-1]
            did = f"BREW of SCRIPT_NAME {script!r}, PATH_INFO {raw[:30]!r}: method, path, route"
            equal((line["method"], line["path"], line["route"]), ("BREW", want, "other"), did=did)
            log_lines.append(line)
        equal(len(lines.all()), len(log_lines), did="lines after as many requests")

    simulate(scene)


class TakesTime:
    """An application, and its body, whose steps take their time."""

    def __init__(self, sim: Sim) -> None:
        self.sim = sim

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        self.sim.sleep(1.000217)
        start_response("200 OK", [])
        self.sim.jump_wall_clock(-3_600.0)
        if environ["PATH_INFO"] == "/fails":
            raise LookupError
        return self

    def __iter__(self) -> Iterator[bytes]:
        for _ in range(2):
            self.sim.sleep(0.5)
            yield b"x"

    def close(self) -> None:
        self.sim.sleep(0.25)


@check("P14", kind="timing")
def test_durations(impl: Implementation) -> None:
    """Each step of a request takes its time, while somebody sets the wall clock back."""

    def scene(sim: Sim) -> None:
        lines, registry = Lines(), impl.Registry()
        front = impl.Observed(TakesTime(sim), registry, impl.Log(lines), lambda _: "/<x>")
        body = front(environment(), start)
        for _ in body:
            sim.sleep(2)  # a slow client
        sim.sleep(0.125)
        body.close()
        with contextlib.suppress(LookupError):
            front(environment(path="/fails"), start)
        took = [line["duration"] for line in lines.all()]
        did = (
            "1.000217 s in the call, two steps of 0.5 s, 2 s for the client after each, 0.125 s until close(),"
            " 0.25 s in it; then a request that raises after as much; the wall clock is set back: durations"
        )
        near = len(took) == 2 and abs(took[0] - 6.375217) < 2e-6 and abs(took[1] - 1.000217) < 2e-6
        ensure(near, did=did, want="6.375217 s and 1.000217 s", got=took)
        text = registry.render()
        total = re.findall(r"^http_request_duration_seconds_sum\{.*\} (\S+)$", text, re.MULTILINE)
        near = len(total) == 1 and abs(float(total[0]) - 7.375434) < 2e-6
        ensure(near, did=did + "; the sum in the histogram", want="7.375434 s", got=total)
        buckets = re.findall(r'_bucket\{.*le="([^"]+)".*\} (\S+)', text)
        got = [(float(bound), float(number)) for bound, number in buckets]
        bounds = (*DURATION_BUCKETS, float("inf"))
        want = [(bound, float((bound > 1.000217) + (bound > 6.375217))) for bound in bounds]
        equal(got, want, did=did + "; in buckets")

    simulate(scene)
