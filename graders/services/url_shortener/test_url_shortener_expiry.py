"""Expiry: an instant on the wall clock, the same for every process and after every restart."""

import time

from contracts.services.url_shortener import Gone
from graders.kit import Implementation, Sim, check, ensure, equal, raises, simulate
from graders.kit.sqlite import Database

URL = "https://example.com/"
DAY = 86_400


@check("P5", kind="timing")
def test_a_link_dies_at_exactly_its_instant(impl: Implementation) -> None:
    """Ttl 1, 5 and a day, made at odd instants; asked just before and at created + ttl."""

    def scene(sim: Sim) -> None:
        database = Database()
        for repository in (
            impl.MemoryRepository(),
            impl.SqliteRepository(database.path, database.connect),
        ):
            shortener = impl.Shortener(repository)
            shortener.shorten(URL, alias="for-ever")
            for number, ttl in enumerate((1, 5, DAY)):
                sim.sleep(0.375)
                now, code = time.time(), f"code-{number}"
                link = shortener.shorten(URL, code, ttl=ttl)
                did = f"shorten(url, ttl={ttl}) at {now}"
                ensure(abs(link.created - now) < 2e-6, did=did + ": created", got=link.created)
                ensure(
                    link.expires is not None and abs(link.expires - now - ttl) < 2e-6,
                    did=did + ": expires",
                    want=str(now + ttl),
                    got=link.expires,
                )
                sim.sleep(ttl - 0.125)
                equal(shortener.resolve(code), URL, did=f"{did}; resolve {ttl - 0.125} s later")
                equal(shortener.look(code).expires, link.expires, did=did + "; look: expires")
                sim.sleep(0.125)
                for call in (shortener.resolve, shortener.look, shortener.delete):
                    raises(
                        Gone,
                        lambda call=call, code=code: call(code),
                        did=f"{did}; {call.__name__} exactly {ttl} s later",
                    )
            sim.sleep(400 * DAY)
            equal(shortener.resolve("for-ever"), URL, did="no ttl; resolve after 400 days")

    simulate(scene)


@check("P5", kind="timing")
def test_expiry_goes_by_the_wall_clock(impl: Implementation) -> None:
    """ttl=3600; the wall clock is set forward, back, and forward again."""

    def scene(sim: Sim) -> None:
        database = Database()
        for repository in (
            impl.MemoryRepository(),
            impl.SqliteRepository(database.path, database.connect),
        ):
            shortener = impl.Shortener(repository)
            shortener.shorten(URL, alias="code", ttl=3_600)
            sim.jump_wall_clock(3_600)
            did = "ttl=3600, the wall clock is set an hour ahead"
            raises(Gone, lambda s=shortener: s.resolve("code"), did=did + "; resolve")
            sim.jump_wall_clock(-1)
            equal(shortener.resolve("code"), URL, did=did + ", and a second back; resolve")
            sim.jump_wall_clock(-7_199)
            sim.sleep(7_199)
            did += "; then back to an hour before; 7,199 s later"
            equal(shortener.look("code").url, URL, did=did + ", look")
            sim.sleep(1)
            raises(Gone, lambda s=shortener: s.look("code"), did=did + " and 1 s, look")

    simulate(scene)


@check("P5", "P12", kind="timing")
def test_a_restart_changes_no_expiry(impl: Implementation) -> None:
    """The repository is closed and opened again, five seconds later, by a machine just started."""

    def scene(sim: Sim) -> None:
        database = Database()
        first = impl.SqliteRepository(database.path, database.connect)
        link = impl.Shortener(first).shorten(URL, alias="code", ttl=20)
        first.close()
        sim.sleep(5)
        # What the monotonic clock shows starts anew with a machine: here it has gone on by 1,000 s
        # in which no wall clock time has passed.
        sim.sleep(1_000)
        sim.jump_wall_clock(-1_000)
        second = impl.SqliteRepository(database.path, database.connect)
        shortener = impl.Shortener(second)
        did = "shorten(url, ttl=20), closed, opened again 5 s later"
        equal(shortener.look("code"), link, did=did + "; look")
        sim.sleep(14.5)
        equal(shortener.resolve("code"), URL, did=did + "; resolve 14.5 s after that")
        sim.sleep(0.5)
        raises(Gone, lambda: shortener.resolve("code"), did=did + "; resolve 15 s after that")

    simulate(scene)
