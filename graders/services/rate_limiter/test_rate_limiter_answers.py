"""What the middleware answers by itself, and what it tells in its fields."""

import math
import threading
from collections.abc import Hashable
from typing import IO, NoReturn, cast

from contracts.services.rate_limiter import Decision
from graders.kit import Implementation, Sim, check, ensure, equal, simulate
from graders.kit.http import call, request, serving
from graders.services.rate_limiter.given import App, by_name, decision, fields

NEVER = 1e-9  # tokens a second: within a check nobody's bucket fills


class Scripted:
    """A limiter that gives one decision, and knows what it was asked."""

    def __init__(self, gives: Decision) -> None:
        self.gives = gives
        self.asked: list[tuple[Hashable, int]] = []

    def try_acquire(self, client: Hashable, tokens: int = 1) -> Decision:
        self.asked.append((client, tokens))
        return self.gives

    def __len__(self) -> int:
        return 0


class Unread:
    """The body of a request that nobody may touch."""

    def read(self, *_: object) -> NoReturn:
        raise AssertionError("the body was read")

    readline = readlines = __iter__ = read


@check("P15", kind="behaviour")
def test_refused_request_is_answered(impl: Implementation) -> None:
    """A GET, a HEAD and a POST with a body, all refused."""

    def scene(sim: Sim) -> None:
        app, unread = App(), cast("IO[bytes]", Unread())
        said = decision(allowed=False, remaining=0, retry_after=12.25, full_after=16.5)
        front = impl.RateLimitMiddleware(app, Scripted(said), by_name)
        get, post = (
            call(front, "GET", "/"),
            call(front, "POST", "/", unread, {"Content-Length": "9"}),
        )
        for method, answer in (("GET", get), ("POST", post)):
            did = f"a refused {method}: "
            equal(answer.status, 429, did=did + "status")
            equal(answer.header_values("Retry-After"), ["13"], did=did + "Retry-After of 12.25 s")
            content_type = str(answer.header("Content-Type")).partition(";")[0].strip().lower()
            equal(content_type, "application/json", did=did + "Content-Type")
            equal(
                answer.header("Content-Length"), str(len(answer.body)), did=did + "Content-Length"
            )
            content = answer.json()
            good = type(content) is dict and type(content.get("error")) is str
            ensure(
                good, did=did + "JSON body", want="an object with a text under error", got=content
            )
            want = (['"default";q=10;w=5'], ['"default";r=0;t=17'])
            equal(fields(answer), want, did=did + "RateLimit-Policy and RateLimit")
        head = call(front, "HEAD", "/")
        equal((head.status, head.body), (429, b""), did="a refused HEAD: status and body")
        equal(sorted(head.headers), sorted(get.headers), did="headers of a refused HEAD, as of GET")
        equal(app.called, [], did="calls of the application")

    simulate(scene)


@check("P15", kind="behaviour")
def test_retry_after_is_rounded_up(impl: Implementation) -> None:
    """Decisions with fractions of seconds, whole seconds, hardly any time, and never."""

    def scene(sim: Sim) -> None:
        limiter = Scripted(decision())
        front = impl.RateLimitMiddleware(App(), limiter, by_name)
        cases = [(0.0, "1"), (1e-7, "1"), (0.2, "1"), (0.999, "1"), (1.0, "1"), (1.01, "2")]
        cases += [(2.00001, "3"), (59.5, "60"), (3_600.0, "3600"), (123_456.1, "123457")]
        for wait, want in [*cases, (math.inf, None)]:
            limiter.gives = decision(allowed=False, remaining=0, retry_after=wait, full_after=1.0)
            answer = call(front, "GET", "/")
            equal(answer.status, 429, did=f"refused with retry_after {wait}: status")
            got = answer.header("Retry-After")
            equal(got, want, did=f"refused with retry_after {wait} s: Retry-After")
            error = dict(answer.json()).get("error")
            did = f"refused with retry_after {wait} s: error in the JSON body"
            ensure(type(error) is str, did=did, want="a text", got=error)

    simulate(scene)


@check("P5", "P15", kind="timing")
def test_who_obeys_retry_after_is_served(impl: Implementation) -> None:
    """A client that is refused, waits as long as it is told, and asks again."""

    def scene(sim: Sim) -> None:
        for rate in (0.3, 3.0, 1.0, 0.7, 0.1):
            limiter = impl.ClientLimiter(rate, 2, 3)
            front = impl.RateLimitMiddleware(App(), limiter, by_name)
            statuses = [call(front, "GET", "/").status for _ in range(3)]
            equal(statuses, [201, 201, 429], did=f"{rate}/s, capacity 2: three requests at once")
            refused = call(front, "GET", "/")
            for _ in range(6):
                seconds = int(refused.header("Retry-After") or -1)
                ensure(
                    1 <= seconds <= 1 / rate + 1.00001,
                    did=f"{rate}/s, refused: Retry-After",
                    want="at least 1, and less than a second too much",
                    got=seconds,
                )
                sim.sleep(float(seconds))
                did = f"{rate}/s: refused, waited the {seconds} s of Retry-After, asked again"
                equal(call(front, "GET", "/").status, 201, did=did)
                while (refused := call(front, "GET", "/")).status != 429:
                    pass

    simulate(scene)


@check("P16", kind="behaviour")
def test_fields_carry_the_decision(impl: Implementation) -> None:
    """Decisions with all kinds of numbers, allowed and refused."""

    def scene(sim: Sim) -> None:
        limiter = Scripted(decision())
        front = impl.RateLimitMiddleware(App(), limiter, by_name)
        cases = [
            ((10, 5.0, 9, 0.5), 5, 1),
            ((1, 0.25, 0, 0.25), 1, 1),
            ((100, 3.34, 100, 0.0), 4, 0),
            ((2, 1.00001, 1, 2.00001), 2, 3),
            ((5_000, 3_600.0, 4_321, 488.75), 3_600, 489),
            ((7, 70.0, 3, 40.0), 70, 40),
        ]
        for allowed in (True, False):
            for (limit, window, remaining, full), w, t in cases:
                limiter.gives = decision(
                    allowed=allowed,
                    limit=limit,
                    window=window,
                    remaining=remaining,
                    full_after=full,
                    retry_after=0.0 if allowed else 3.0,
                )
                want = [f'"default";q={limit};w={w}'], [f'"default";r={remaining};t={t}']
                did = f"RateLimit-Policy and RateLimit for {limiter.gives}"
                equal(fields(call(front, "GET", "/")), want, did=did)

    simulate(scene)


@check("P14", "P15", "P16", kind="timing")
def test_fields_over_some_time(impl: Implementation) -> None:
    """One client at a limiter of 4 requests, 2 more a second."""

    def scene(sim: Sim) -> None:
        limiter = impl.ClientLimiter(2.0, 4, 10)
        front = impl.RateLimitMiddleware(App(), limiter, by_name)
        story = [
            (0.0, 201, 3, 1),
            (0.0, 201, 2, 1),
            (0.125, 201, 1, 2),
            (0.0, 201, 0, 2),
            (0.125, 429, 0, 2),
            (0.3, 201, 0, 2),
            (9.0, 201, 3, 1),
        ]
        for number, (wait, status, remaining, full) in enumerate(story, start=1):
            sim.sleep(wait)
            answer = call(front, "GET", "/")
            did = f"capacity 4, 2/s: request {number}, {wait} s after the one before: "
            equal(answer.status, status, did=did + "status")
            want = ['"default";q=4;w=2'], [f'"default";r={remaining};t={full}']
            equal(fields(answer), want, did=did + "fields")

    simulate(scene)


@check("P14", "P15", kind="behaviour")
def test_over_a_socket(plain: Implementation) -> None:
    """Five requests of one client, some with a body, and one of another, by a real client."""
    app = App()
    limiter = plain.ClientLimiter(0.001, 3, 10)
    with serving(plain.RateLimitMiddleware(app, limiter, by_name)) as address:
        answers = [
            request(address, method, "/x", bytes(size), {"X-Name": "a"})
            for method, size in (
                ("GET", 0),
                ("POST", 5),
                ("GET", 0),
                ("POST", 100_000),
                ("HEAD", 0),
            )
        ]
        other = request(address, "GET", "/", b"", {"X-Name": "b"})
    statuses = [answer.status for answer in (*answers, other)]
    equal(statuses, [201, 201, 201, 429, 429, 201], did="capacity 3: five of a, one of b; statuses")
    equal(len(app.called), 4, did="calls of the application")
    refused = answers[3]
    seconds = int(refused.header("Retry-After") or -1)
    ensure(900 <= seconds <= 1_001, did="0.001/s: Retry-After", want="about 1,000", got=seconds)
    policy, left = fields(refused)
    equal(policy, ['"default";q=3;w=3000'], did="0.001/s, capacity 3: RateLimit-Policy")
    ensure(left[0].startswith('"default";r=0;t='), did="RateLimit", want="r=0", got=left)
    equal(refused.header("Content-Length"), str(len(refused.body)), did="Content-Length of the 429")
    ensure("error" in refused.json(), did="the body of the 429", want="error", got=refused.body)
    equal(answers[4].body, b"", did="the body of a 429 to HEAD")


@check("P7", "P18", kind="concurrency")
def test_over_many_sockets_at_once(plain: Implementation) -> None:
    """Eight real clients at the same time, of one name; five requests are allowed."""
    meet = threading.Barrier(8, timeout=20)
    statuses: list[int] = []

    def one(address: tuple[str, int]) -> None:
        meet.wait()
        statuses.append(request(address, "GET", "/", b"", {"X-Name": "a"}).status)

    front = plain.RateLimitMiddleware(App(), plain.ClientLimiter(NEVER, 5, 10), by_name)
    with serving(front) as address:
        jobs = [threading.Thread(target=one, args=(address,)) for _ in range(8)]
        for job in jobs:
            job.start()
        for job in jobs:
            job.join()
    equal(
        sorted(statuses), [201] * 5 + [429] * 3, did="capacity 5: eight requests at once; statuses"
    )
