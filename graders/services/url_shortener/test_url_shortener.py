"""Links: made, followed, looked at and deleted; and the codes they get."""

import random
from collections.abc import Callable

from contracts.services.url_shortener import (
    ALPHABET,
    ATTEMPTS,
    CODE_LENGTH,
    RESERVED,
    AliasTaken,
    Gone,
    Link,
    NoFreeCode,
    UnknownCode,
)
from graders.kit import Implementation, Sim, check, ensure, equal, raises, simulate
from graders.kit.shape import test_shape  # noqa: F401
from graders.services.url_shortener.given import repositories

URL = "https://example.com/a?b=c#d"


def source(*codes: str) -> Callable[[], str]:
    """Draws these codes, in this order."""
    return iter(codes).__next__


@check("P1", "P11", kind="behaviour")
def test_a_link_is_made_followed_and_looked_at(impl: Implementation) -> None:
    """shorten, resolve and look, with a drawn code and with an alias, over both repositories."""

    def scene(sim: Sim) -> None:
        for name, repository in repositories(impl):
            shortener = impl.Shortener(repository, source("first", "second"))
            made = sim.now()
            link = shortener.shorten(URL)
            did = f"{name}: shorten(url), the source draws 'first'"
            equal((link.code, link.url, link.hits), ("first", URL, 0), did=did + ": the link")
            equal((link.expires, link.deleted), (None, False), did=did + ": expires, deleted")
            equal(shortener.look("first"), link, did=did + "; then look('first')")
            equal(shortener.resolve("first"), URL, did=did + "; then resolve('first')")
            named = shortener.shorten("http://b", alias="Spring-sale_26")
            equal(named.code, "Spring-sale_26", did=f"{name}: shorten with an alias: code")
            equal(shortener.resolve("Spring-sale_26"), "http://b", did=f"{name}: resolve the alias")
            equal(shortener.shorten("http://c").code, "second", did="an alias costs no draw: code")
            equal(shortener.look("first").url, URL, did=f"{name}: look at the first one again")
            equal(sim.now(), made, did="seconds that all this has waited")

    simulate(scene)


@check("P1", kind="behaviour")
def test_the_url_is_kept_character_by_character(impl: Implementation) -> None:
    """URLs that others like to tidy up: escapes, case, default ports, empty parts, dots."""
    urls = (
        "http://example.com",
        "http://example.com/",
        "HTTP://EXAMPLE.com:80/%7Euser/%2F/%0A%0d?q=%24+13&r=a%20b%2520#%23x",
        "https://example.com/a/../b/./c//d/?&&a=1&a=2&b=&=c#",
        "https://example.com?u=http://other.example/?v=w&x=<y>|{z}`^\"'~!$()*,;",
        "https://[2001:DB8::1]:8443/é".replace("é", "%C3%A9"),
    )

    def scene(sim: Sim) -> None:
        for name, repository in repositories(impl):
            shortener = impl.Shortener(repository)
            for url in urls:
                link = shortener.shorten(url)
                equal(link.url, url, did=f"{name}: shorten({url!r}): url of the link")
                equal(shortener.resolve(link.code), url, did=f"{name}: shorten, then resolve")
                equal(shortener.look(link.code).url, url, did=f"{name}: shorten, then look: url")

    simulate(scene)


@check("P1", kind="behaviour")
def test_the_same_url_again_is_another_link(impl: Implementation) -> None:
    """One URL is shortened twice, and once under an alias; one of the three is deleted."""

    def scene(sim: Sim) -> None:
        for name, repository in repositories(impl):
            shortener = impl.Shortener(repository)
            first, second = shortener.shorten(URL).code, shortener.shorten(URL, ttl=60).code
            shortener.shorten(URL, alias="named")
            did = f"{name}: one URL shortened three times"
            equal(len({first, second, "named"}), 3, did=did + ": different codes")
            shortener.delete(first)
            shortener.resolve(second)
            hits = (shortener.look(second).hits, shortener.look("named").hits)
            equal(hits, (1, 0), did=did + "; one deleted, one resolved: hits of the others")

    simulate(scene)


@check("P2", kind="behaviour")
def test_a_code_is_given_once(impl: Implementation) -> None:
    """An alias is asked for again: while its link is alive, expired, and deleted."""

    def scene(sim: Sim) -> None:
        for name, repository in repositories(impl):
            shortener = impl.Shortener(repository, source("live", "dead", "gone", "new"))
            shortener.shorten(URL, alias="live")
            shortener.shorten(URL, alias="dead", ttl=5)
            shortener.shorten(URL, alias="gone")
            shortener.delete("gone")
            sim.sleep(5)
            for alias in ("live", "dead", "gone"):
                raises(
                    AliasTaken,
                    lambda alias=alias, shortener=shortener: shortener.shorten("http://b", alias),
                    did=f"{name}: the alias of a link that is {alias}, asked for again",
                )
            equal(shortener.resolve("live"), URL, did=f"{name}: resolve the first link after that")
            for code in ("dead", "gone"):
                raises(
                    Gone,
                    lambda code=code, shortener=shortener: shortener.resolve(code),
                    did=f"{name}: resolve({code!r}) after that",
                )
            link = shortener.shorten("http://b")
            equal(link.code, "new", did=f"{name}: the source draws those three, then 'new': code")

    simulate(scene)


@check("P3", kind="behaviour")
def test_colliding_codes_are_drawn_again(impl: Implementation) -> None:
    """The source draws codes that are taken or reserved, one time fewer than is allowed."""

    def scene(sim: Sim) -> None:
        taken = ["taken", *sorted(RESERVED), "taken"][: ATTEMPTS - 1]
        for name, repository in repositories(impl):
            shortener = impl.Shortener(repository, source(*taken, "free", "unused"))
            shortener.shorten(URL, alias="taken")
            link = shortener.shorten("http://b")
            did = f"{name}: {ATTEMPTS - 1} draws that are taken or reserved, then 'free'"
            equal(link.code, "free", did=did + ": code")
            equal(shortener.resolve("taken"), URL, did=did + "; the link that was there first")

    simulate(scene)


@check("P3", kind="behaviour")
def test_drawing_ends(impl: Implementation) -> None:
    """Every code that is drawn is taken; or every one is reserved; or the source itself fails."""

    def scene(sim: Sim) -> None:
        for name, repository in repositories(impl):
            impl.Shortener(repository).shorten(URL, alias="taken")
            for bad in ("taken", *sorted(RESERVED)):
                draws: list[str] = []

                def draw(draws: list[str] = draws, bad: str = bad) -> str:
                    draws.append(bad)
                    return bad if len(draws) <= 2 * ATTEMPTS else "free"

                shortener = impl.Shortener(repository, draw)
                did = f"{name}: shorten, the source draws {bad!r} each time"
                raises(NoFreeCode, lambda s=shortener: s.shorten("http://b"), did=did)
                equal(len(draws), ATTEMPTS, did=did + ": draws")
                if bad in RESERVED:
                    equal(repository.get(bad), None, did=did + f"; repository.get({bad!r})")
                link = shortener.shorten("http://c", alias="alias-" + bad)
                equal(link.url, "http://c", did=did + "; then shorten with an alias")
        drawn: dict[int, str] = {}
        shortener = impl.Shortener(impl.MemoryRepository(), lambda: drawn[len(drawn)])
        raises(KeyError, lambda: shortener.shorten(URL), did="shorten, the source raises KeyError")

    simulate(scene)


@check("P4", kind="behaviour")
def test_drawn_codes_are_even(impl: Implementation) -> None:
    """600 codes: their length, their characters, and how many different ones in each place."""

    def scene(sim: Sim) -> None:
        shortener = impl.Shortener(impl.MemoryRepository())
        codes = [shortener.shorten(URL).code for _ in range(600)]
        equal({len(code) for code in codes}, {CODE_LENGTH}, did="600 links: lengths of the codes")
        equal({*"".join(codes)} - {*ALPHABET}, set(), did="600 links: characters not in ALPHABET")
        equal(len({*codes}), 600, did="600 links: different codes")
        for place, seen in enumerate(zip(*codes, strict=True)):
            # Drawn evenly, fewer than 40 of the 62 come with a chance far below 10 ** -100.
            ensure(
                len({*seen}) >= 40,
                did=f"600 links: different characters in place {place} of the codes",
                want=f"most of the {len(ALPHABET)}",
                got=len({*seen}),
            )

    simulate(scene)


@check("P4", kind="behaviour")
def test_drawn_codes_cannot_be_foretold(impl: Implementation) -> None:
    """Twice the same: module `random` seeded, the same time, an empty repository, 20 links."""
    codes: list[set[str]] = []

    def scene(sim: Sim) -> None:
        random.seed(1)
        shortener = impl.Shortener(impl.MemoryRepository())
        drawn = {shortener.shorten(URL).code for _ in range(20)}
        if codes:
            did = "20 codes, drawn twice from the same start: codes that came both times"
            equal(codes[0] & drawn, set(), did=did)
        codes.append(drawn)
        random.seed(1)
        again = impl.Shortener(impl.MemoryRepository())
        did = "20 codes, drawn by two shorteners after random.seed(1): codes that both drew"
        equal(drawn & {again.shorten(URL).code for _ in range(20)}, set(), did=did)

    simulate(scene)


@check("P10", "P2", kind="behaviour")
def test_a_deleted_link_is_gone(impl: Implementation) -> None:
    """delete, then everything that can be asked of it; and of a code that never was."""

    def scene(sim: Sim) -> None:
        for name, repository in repositories(impl):
            shortener = impl.Shortener(repository, source("code"))
            shortener.shorten(URL)
            shortener.shorten(URL, alias="other")
            equal(shortener.delete("code"), None, did=f"{name}: delete('code')")
            calls = (shortener.resolve, shortener.look, shortener.delete)
            for call in calls:
                for code, error in (("code", Gone), ("never", UnknownCode), ("CODE", UnknownCode)):
                    raises(
                        error,
                        lambda call=call, code=code: call(code),
                        did=f"{name}: shorten, delete('code'), then {call.__name__}({code!r})",
                    )
            equal(shortener.resolve("other"), URL, did=f"{name}: resolve the link beside it")
            kept = repository.get("code")
            ensure(
                isinstance(kept, Link) and kept.deleted and kept.hits == 0,
                did=f"{name}: delete('code'), then repository.get('code')",
                want="the link, deleted=True, hits=0",
                got=kept,
            )

    simulate(scene)


@check("P8", kind="behaviour")
def test_only_resolve_counts(impl: Implementation) -> None:
    """Some resolves, looks, failed calls; then the hits."""

    def scene(sim: Sim) -> None:
        for name, repository in repositories(impl):
            shortener = impl.Shortener(repository, source("a", "b"))
            shortener.shorten(URL)
            shortener.shorten(URL, ttl=9)
            for hits in range(4):
                equal(shortener.look("a").hits, hits, did=f"{name}: {hits} times resolve: hits")
                shortener.look("a")
                shortener.resolve("a")
            equal(shortener.look("b").hits, 0, did=f"{name}: hits of another link")
            sim.sleep(9)
            raises(Gone, lambda s=shortener: s.resolve("b"), did=f"{name}: resolve, expired")
            shortener.delete("a")
            raises(Gone, lambda s=shortener: s.resolve("a"), did=f"{name}: resolve, deleted")
            kept = [repository.get(code) for code in ("a", "b")]
            did = f"{name}: 4 hits, deleted, resolved; expired, resolved: hits in the repository"
            equal([link and link.hits for link in kept], [4, 0], did=did)

    simulate(scene)
