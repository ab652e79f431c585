"""Threads that share a bucket or a limiter: no token twice, none lost."""

from collections.abc import Hashable

from contracts.services.rate_limiter import ClientLimiter, TokenBucket
from graders.kit import Implementation, Sim, check, ensure, equal, explore

FEW, SOME = 80, 160


def takes(bucket: TokenBucket, *tokens: int) -> int:
    """How many tokens these acquires got, one after the other."""
    return sum(number for number in tokens if bucket.try_acquire(number).allowed)


def client_takes(limiter: ClientLimiter, client: Hashable, *tokens: int) -> int:
    """The same for one client."""
    return sum(number for number in tokens if limiter.try_acquire(client, number).allowed)


@check("P2", "P7", kind="concurrency")
def test_last_tokens_go_to_one_thread_each(impl: Implementation) -> None:
    """Three threads ask at the same instant for one token each; there are two."""

    def scene(sim: Sim) -> None:
        bucket = impl.TokenBucket(1.0, 2)
        got = sim.together(*[bucket.try_acquire] * 3)
        said = sorted((each.allowed, each.remaining) for each in got)
        want = [(False, 0), (True, 0), (True, 1)]
        equal(said, want, did="capacity 2: three threads take 1 each; allowed and remaining")
        equal(takes(bucket, 1), 0, did="and then one more")

    explore(scene, schedules=SOME)


@check("P4", "P7", kind="concurrency")
def test_refusal_takes_nothing_from_others_meanwhile(impl: Implementation) -> None:
    """One thread asks for more than is left, another for what is left."""

    def scene(sim: Sim) -> None:
        bucket = impl.TokenBucket(0.001, 5)
        takes(bucket, 2)
        got = sim.together(lambda: takes(bucket, 4), lambda: takes(bucket, 3))
        equal(got, [0, 3], did="3 of 5 left: A takes 4, B takes 3; what each gets")

    explore(scene, schedules=FEW)


@check("P2", "P7", kind="concurrency")
def test_time_is_credited_once(impl: Implementation) -> None:
    """A bucket is emptied; when one token has come back, two threads ask."""

    def scene(sim: Sim) -> None:
        bucket = impl.TokenBucket(1.0, 3)
        takes(bucket, 3)
        sim.sleep(1.5)
        got = sim.together(lambda: takes(bucket, 1, 1), lambda: takes(bucket, 1))
        equal(sum(got), 1, did="1/s, emptied, 1.5 s later two threads ask; tokens given")
        sim.sleep(1.0)
        equal(takes(bucket, 1, 1), 1, did="and 1 s later, asked twice")

    explore(scene, schedules=SOME)


@check("P2", "P3", "P7", kind="concurrency")
def test_time_that_passes_during_an_acquire_counts_once(impl: Implementation) -> None:
    """A thread is held up inside its acquire while seconds pass and another thread acquires."""

    def scene(sim: Sim) -> None:
        bucket = impl.TokenBucket(1.0, 4)
        takes(bucket, 4)

        def later() -> int:
            sim.pass_time(2.25)
            return takes(bucket, 1, 1, 1)

        held_up = sim.spawn(bucket.try_acquire, "A")
        got, said = sim.together(later)[0], held_up.result()
        total = got + said.allowed + takes(bucket, 1, 1, 1)
        equal(total, 2, did="1/s, emptied: tokens given in the 2.25 s after that, by two threads")
        ensure(
            said.remaining in {0, 1} and 0 <= said.retry_after <= 1.00001,
            did="1/s, emptied: what the thread is told that was held up",
            want="0 or 1 remaining, retry_after at most 1 s",
            got=said,
        )
        sim.sleep(1.0)
        equal(takes(bucket, 1, 1), 1, did="1/s: tokens given 1 s later")

    explore(scene, schedules=SOME)


@check("P2", "P7", kind="concurrency")
def test_two_threads_over_some_time(impl: Implementation) -> None:
    """Two threads ask again and again, at instants of their own."""

    def scene(sim: Sim) -> None:
        bucket = impl.TokenBucket(2.0, 2)

        def greedy(pause: float) -> int:
            total = 0
            for _ in range(4):
                total += takes(bucket, 1)
                sim.sleep(pause)
            return total

        got = sim.together(lambda: greedy(0.26), lambda: greedy(0.26))
        equal(sum(got), 3, did="2/s, capacity 2: two threads ask 4 times in 0.78 s; tokens given")

    explore(scene, schedules=FEW)


@check("P7", "P8", kind="concurrency")
def test_first_requests_of_a_new_client(impl: Implementation) -> None:
    """Two threads bring the first requests of the same client, a third one those of another."""

    def scene(sim: Sim) -> None:
        limiter = impl.ClientLimiter(1.0, 1, 5)
        got = sim.together(
            lambda: client_takes(limiter, "a", 1),
            lambda: client_takes(limiter, "a", 1),
            lambda: client_takes(limiter, "b", 1),
        )
        equal(sum(got[:2]), 1, did="capacity 1: two first requests of a; tokens given to a")
        equal(got[2], 1, did="tokens given to b meanwhile")
        equal(len(limiter), 2, did="len afterwards")
        equal(client_takes(limiter, "a", 1), 0, did="a once more")

    explore(scene, schedules=SOME)


@check("P7", "P10", kind="concurrency")
def test_last_place_goes_to_one_client(impl: Implementation) -> None:
    """Two newcomers at the same instant; there is one place."""

    def scene(sim: Sim) -> None:
        limiter = impl.ClientLimiter(1.0, 2, 2)
        client_takes(limiter, "a", 1)
        got = sim.together(
            lambda: client_takes(limiter, "b", 1), lambda: client_takes(limiter, "c", 1)
        )
        equal(sum(got), 1, did="one place left: first requests of b and of c; served")
        equal(len(limiter), 2, did="len afterwards, max_clients is 2")
        equal(client_takes(limiter, "a", 1), 1, did="a, who is remembered, once more")

    explore(scene, schedules=SOME)


@check("P7", "P9", kind="concurrency")
def test_forgetting_while_the_client_returns(impl: Implementation) -> None:
    """A client's bucket is full again: it takes all, twice over, while others come by."""

    def scene(sim: Sim) -> None:
        limiter = impl.ClientLimiter(2.0, 2, 5)
        client_takes(limiter, "a", 1)
        sim.sleep(0.75)
        got = sim.together(
            lambda: client_takes(limiter, "a", 1, 1),
            lambda: client_takes(limiter, "b", 1),
            lambda: client_takes(limiter, "a", 1, 1),
        )
        equal(got[0] + got[2], 2, did="capacity 2, full again: a takes 1 four times; tokens given")
        equal(client_takes(limiter, "a", 1), 0, did="a once more")
        equal(len(limiter), 2, did="len afterwards")

    explore(scene, schedules=SOME)


@check("P7", "P9", "P10", kind="concurrency")
def test_forgotten_client_and_newcomer_want_the_same_place(impl: Implementation) -> None:
    """One place; the client who had it, whose bucket is full again, and another one ask."""

    def scene(sim: Sim) -> None:
        limiter = impl.ClientLimiter(2.0, 2, 1)
        client_takes(limiter, "a", 1)
        sim.sleep(0.75)
        a, b = sim.together(
            lambda: client_takes(limiter, "a", 1, 1, 1), lambda: client_takes(limiter, "b", 1, 1)
        )
        ensure(
            (a, b) in {(2, 0), (0, 2)}, did="tokens given to a, b", want="2, 0 or 0, 2", got=(a, b)
        )
        equal(len(limiter), 1, did="len afterwards")
        again = client_takes(limiter, "a" if a else "b", 1)
        equal(again, 0, did="one more of who got the place")

    explore(scene, schedules=SOME)


@check("P7", "P9", kind="concurrency")
def test_len_while_clients_come_and_go(impl: Implementation) -> None:
    """Somebody asks for len while one client is forgotten and another one comes."""

    def scene(sim: Sim) -> None:
        limiter = impl.ClientLimiter(1.0, 2, 3)
        client_takes(limiter, "old", 1)
        client_takes(limiter, "stays", 2)
        sim.sleep(1.5)
        answers = sim.together(
            lambda: len(limiter), lambda: client_takes(limiter, "new", 1), lambda: len(limiter)
        )
        did = "old is to be forgotten, stays is not, new comes: len, meanwhile and afterwards"
        ensure({answers[0], answers[2]} <= {1, 2}, did=did, want="1 or 2", got=answers)
        equal((answers[1], len(limiter)), (1, 2), did=did)
        sim.sleep(0.75)
        equal(len(limiter), 1, did="len when stays has been forgotten, too")

    explore(scene, schedules=SOME)


@check("P7", "P8", kind="concurrency")
def test_a_burst_of_one_client_does_not_reach_another(impl: Implementation) -> None:
    """Three threads, two clients: each gets exactly its own."""

    def scene(sim: Sim) -> None:
        limiter = impl.ClientLimiter(0.001, 2, 5)
        client_takes(limiter, "b", 1)
        got = sim.together(
            lambda: client_takes(limiter, "a", 1, 1),
            lambda: client_takes(limiter, "b", 1, 1),
            lambda: client_takes(limiter, "a", 2, 1),
        )
        equal(got[1], 1, did="b, of whose 2 tokens 1 is left, asks twice; tokens given")
        equal(got[0] + got[2], 2, did="a, in two threads, asks for 1, 1 and 2, 1; tokens given")

    explore(scene, schedules=SOME)


@check("P2", "P7", "P9", kind="concurrency")
def test_time_passes_while_a_client_is_looked_up(impl: Implementation) -> None:
    """A thread is held up in its acquire; its client becomes full, is forgotten, and returns."""

    def scene(sim: Sim) -> None:
        limiter = impl.ClientLimiter(1.0, 3, 2)
        client_takes(limiter, "a", 3)

        def later() -> int:
            sim.pass_time(3.25)
            client_takes(limiter, "b", 1)
            return client_takes(limiter, "a", 2)

        got = sim.together(lambda: client_takes(limiter, "a", 1), later)
        got.append(client_takes(limiter, "a", 1, 1, 1, 1))
        equal(sum(got), 3, did="1/s, capacity 3, emptied: tokens of a in the 3.25 s after that")

    explore(scene, schedules=SOME)
