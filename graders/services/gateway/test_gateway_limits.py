"""The token bucket of each client, in simulated time."""

from typing import Any

from contracts.services.gateway import Client, Route, Upstream, UpstreamRequest, UpstreamResponse
from graders.kit import Implementation, Sim, check, ensure, equal, explore, simulate
from graders.kit.http import Response, call, refused

ROUTES = [
    Route("/", Upstream("behind", 1), methods=frozenset({"GET", "POST"})),
    Route("/closed", Upstream("behind", 1), clients=frozenset()),
]
HALF = 0.0078125  # seconds, exact in floats


class Behind:
    """A transport that counts its calls, and may take its time."""

    def __init__(self, sim: Sim, seconds: float = 0.0) -> None:
        self.sim, self.seconds, self.calls = sim, seconds, 0

    def send(
        self, address: tuple[str, int], request: UpstreamRequest, timeout: float, max_bytes: int
    ) -> UpstreamResponse:
        self.calls += 1
        if self.seconds:
            self.sim.sleep(self.seconds)
        return UpstreamResponse(200, (("Content-Type", "text/plain"),))


def ask(app: Any, name: str = "alice", method: str = "GET", path: str = "/") -> Response:
    """One request of the client of that name, whose key is name-secret."""
    return call(app, method, path, headers={"X-Api-Key": f"{name}-secret"})


def statuses(app: Any, times: int, name: str = "alice") -> list[int]:
    """The statuses of so many requests in a row."""
    return [ask(app, name).status for _ in range(times)]


def client(name: str, rate: float, burst: int) -> Client:
    """A client with one key."""
    return Client(name, (f"{name}-secret",), rate, burst)


@check("P7", kind="timing")
def test_burst_then_rate(impl: Implementation) -> None:
    """Burst 3, a token every 4 s: a burst, then requests just before and when a token is there."""

    def scene(sim: Sim) -> None:
        behind = Behind(sim)
        app = impl.Gateway(ROUTES, [client("alice", 0.25, 3)], behind)
        equal(statuses(app, 5), [200] * 3 + [429] * 2, did="burst 3: five requests at once")
        sim.sleep(4 - HALF)
        equal(statuses(app, 1), [429], did="just before 4 s have gone by: another")
        sim.sleep(HALF)
        equal(statuses(app, 2), [200, 429], did="after exactly 4 s: two requests")
        sim.sleep(7.5)
        equal(statuses(app, 2), [200, 429], did="7.5 s later: two requests")
        sim.sleep(0.5)
        equal(statuses(app, 2), [200, 429], did="half a second later: fractions are kept")
        sim.sleep(1e6)
        equal(statuses(app, 4), [200] * 3 + [429], did="days later: four requests, burst 3")
        equal(behind.calls, 9, did="all this; calls of the upstream")

    simulate(scene)


@check("P7", kind="timing")
def test_retry_after(impl: Implementation) -> None:
    """429 tells the whole seconds after which there is a token, and no more of them than needed."""

    def scene(sim: Sim) -> None:
        for rate, wait, want in (
            (0.25, 0.0, 4),
            (0.25, 1.0, 3),
            (0.25, 1.5, 3),
            (0.3, 0.0, 4),
            (8.0, 0.0, 1),
            (0.001, 0.0, 1_000),
            (0.001, 998.5, 2),
            (0.001, 999.5, 1),
        ):
            app = impl.Gateway(ROUTES, [client("alice", rate, 1)], Behind(sim))
            statuses(app, 1)
            sim.sleep(wait)
            answer = ask(app)
            did = f"rate {rate}, burst 1: a request, {wait} s later another"
            refused(did, 429, answer)
            equal(answer.header("Retry-After"), str(want), did=f"{did}: Retry-After")
            if want > 1:
                sim.sleep(want - 1)
                equal(statuses(app, 1), [429], did=f"{did}, and {want - 1} s later again")
                sim.sleep(1)
            else:
                sim.sleep(want)
            equal(statuses(app, 1), [200], did=f"{did}, and {want} s later again")

    simulate(scene)


@check("P7", kind="behaviour")
def test_a_bucket_for_each_client(impl: Implementation) -> None:
    """Alice uses up hers with both of her keys; Bob has his own."""

    def scene(sim: Sim) -> None:
        alice = Client("alice", ("alice-secret", "alice-secret-2"), 0.001, 3)
        app = impl.Gateway(ROUTES, [alice, client("bob", 0.001, 2)], Behind(sim))
        got = [call(app, "GET", "/", headers={"X-Api-Key": key}).status for key in alice.keys * 2]
        equal(got, [200, 200, 200, 429], did="burst 3: four requests with two keys in turn")
        equal(statuses(app, 3, "bob"), [200, 200, 429], did="then Bob, burst 2: three requests")
        second = impl.Gateway(ROUTES, [alice], Behind(sim))
        equal(statuses(second, 1), [200], did="Alice at another gateway")

    simulate(scene)


@check("P7", "P6", kind="behaviour")
def test_what_costs_a_token(impl: Implementation) -> None:
    """404, 403, 405 and 400 for the body cost one; 400 for the path, 411, 401 and 429 do not."""

    def scene(sim: Sim) -> None:
        for method, path, headers, status, left in (
            ("GET", "/closed", {}, 403, 0),
            ("PUT", "/", {"Content-Length": "0"}, 405, 0),
            ("POST", "/", {"Content-Length": "5"}, 400, 0),
            ("GET", "/..", {}, 400, 1),
            ("POST", "/", {"Content-Length": None}, 411, 1),
            ("GET", "/", {"Host": "a,b"}, 400, 1),
        ):
            app = impl.Gateway(ROUTES, [client("alice", 1.0, 1)], Behind(sim))
            got = call(app, method, path, b"", {"X-Api-Key": "alice-secret", **headers}).status
            equal(got, status, did=f"burst 1: {method} {path} with {headers}: status")
            after = statuses(app, 1)
            want = [200] if left else [429]
            equal(after, want, did=f"burst 1: {method} {path} with {headers}, then GET /")
        app = impl.Gateway(ROUTES[1:], [client("alice", 1.0, 1)], Behind(sim))
        equal(ask(app).status, 404, did="burst 1: a path without a route: status")
        refused("burst 1: the same again (a token is needed to learn that)", 429, ask(app))
        sim.sleep(0.5)
        equal(ask(app).status, 429, did="and half a second later: status")
        sim.sleep(0.5)
        equal(ask(app).status, 404, did="a second after the first: refusals cost nothing")

    simulate(scene)


@check("P7", kind="timing")
def test_the_wall_clock_has_no_say(impl: Implementation) -> None:
    """The wall clock is set a day forwards, then two days backwards."""

    def scene(sim: Sim) -> None:
        app = impl.Gateway(ROUTES, [client("alice", 0.5, 2)], Behind(sim))
        equal(statuses(app, 3), [200, 200, 429], did="burst 2: three requests")
        sim.jump_wall_clock(86_400)
        equal(statuses(app, 1), [429], did="the wall clock is set forwards; another")
        sim.jump_wall_clock(-172_800)
        sim.sleep(2)
        equal(statuses(app, 2), [200, 429], did="set backwards; 2 s later, at 0.5/s, two requests")

    simulate(scene)


@check("P7", kind="concurrency")
def test_the_last_token_goes_to_one(impl: Implementation) -> None:
    """Two requests at the same instant, one token."""

    def scene(sim: Sim) -> None:
        behind = Behind(sim)
        app = impl.Gateway(ROUTES, [client("alice", 0.001, 1)], behind)
        got = sim.together(lambda: ask(app).status, lambda: ask(app).status)
        equal(sorted(got), [200, 429], did="burst 1: two requests at once; statuses")
        equal(behind.calls, 1, did="burst 1: two requests at once; calls of the upstream")

    explore(scene, schedules=60)


@check("P7", kind="concurrency")
def test_time_is_credited_once(impl: Implementation) -> None:
    """When one token has come back, two threads ask; one of them may have looked at the clock long before."""

    def scene(sim: Sim) -> None:
        app = impl.Gateway(ROUTES, [client("alice", 1.0, 2)], Behind(sim))
        statuses(app, 2)
        sim.sleep(1.5)
        got = sim.together(lambda: ask(app).status, lambda: ask(app).status)
        equal(sorted(got), [200, 429], did="1/s, used up, 1.5 s later two at once; statuses")
        sim.sleep(0.5)
        equal(statuses(app, 2), [200, 429], did="and half a second later two more")

    explore(scene, schedules=60)


@check("P7", "P15", kind="timing")
def test_a_slow_request_keeps_no_token_from_others(impl: Implementation) -> None:
    """A request of Alice takes 5 s; meanwhile her next ones are answered and limited at once."""

    def scene(sim: Sim) -> None:
        app = impl.Gateway(ROUTES, [client("alice", 0.001, 3)], Behind(sim, 5.0))
        first = sim.spawn(lambda: ask(app).status)
        sim.settle()
        second = sim.spawn(lambda: ask(app).status)
        third = sim.spawn(lambda: ask(app).status)
        sim.settle()
        start = sim.now()
        equal(ask(app).status, 429, did="burst 3, three requests under way: the fourth")
        ensure(sim.now() == start, did="burst 3: the fourth request", want="is answered at once")
        got = [each.result() for each in (first, second, third)]
        equal((got, sim.now()), ([200] * 3, start + 5.0), did="the three; statuses and when")

    simulate(scene)
