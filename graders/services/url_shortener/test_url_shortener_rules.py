"""Rules: which URLs, aliases and lifetimes are refused, and which are not."""

from typing import Any

from contracts.services.url_shortener import (
    MAX_TTL,
    MAX_URL_LENGTH,
    RESERVED,
    BadLink,
    Link,
)
from graders.kit import Implementation, Sim, check, equal, raises, simulate

URL = "https://example.com/"
LONG = "https://example.com/?" + "q" * (MAX_URL_LENGTH - 21)


class Untouched:
    """A repository to which nobody may add, and a code source from which nobody may draw."""

    def add(self, link: Link) -> bool:
        raise AssertionError(f"{link} was stored")

    def get(self, code: str) -> None:
        """There is no link."""

    def __call__(self) -> str:
        raise AssertionError("a code was drawn")


def refuses(impl: Implementation, *bad: dict[str, Any]) -> None:
    """`shorten` raises BadLink for each of these arguments, before anything is drawn or stored."""

    def scene(sim: Sim) -> None:
        shortener = impl.Shortener(Untouched(), Untouched())
        for arguments in bad:
            shown = ", ".join(f"{name}={value!r:.90}" for name, value in arguments.items())
            try:
                raises(BadLink, lambda a=arguments: shortener.shorten(**a), did=f"shorten({shown})")
            except AssertionError as error:
                equal(str(error), "", did=f"shorten({shown})")

    simulate(scene)


def urls(*bad: Any) -> list[dict[str, Any]]:
    """Arguments with these URLs, drawn codes and aliases in turn."""
    return [{"url": url} | ({"alias": "named"} if n % 2 else {}) for n, url in enumerate(bad)]


@check("P6", kind="behaviour")
def test_unsafe_schemes(impl: Implementation) -> None:
    """javascript:, data:, file: and others, also in disguise; and no scheme at all."""
    refuses(
        impl,
        *urls(
            "javascript:alert(1)",
            "JavaScript://example.com/%0aalert(1)",
            "data:text/html,<script>alert(1)</script>",
            "file:///etc/passwd",
            "ftp://example.com/",
            "vbscript:x",
            "mailto:a@example.com",
            "ws://example.com/",
            "httpx://example.com/",
            "xhttp://example.com/",
            "http+x://example.com/",
            "https",
            "https:",
            "//example.com/",
            "/example.com/",
            "example.com",
            "://example.com/",
            "http:example.com/",
            "http:/example.com/",
            "https:///example.com/",
            "x\nhttps://example.com/",
            "feed:https://example.com/",
            "view-source:https://example.com/",
            "blob:https://example.com/",
        ),
    )


@check("P6", kind="behaviour")
def test_unsafe_characters(impl: Implementation) -> None:
    """Line ends, control characters, spaces, backslashes and everything outside ASCII."""
    inside = ["\r\n", "\n", "\r", "\t", "\0", "\x1f", "\x7f", " ", "\\", "\x85", "\xa0", "é"]
    inside += ["\u200b", "\u2028", "\u202e", "日", "\u017f", "\ud800", "\U0001f600"]
    bad = [f"https://example.com/a{letter}b" for letter in inside]
    bad += [f"https://example.com/{letter}" for letter in inside]
    bad += [f"{letter}https://example.com/" for letter in inside]
    bad += ["https://example.com/\r\nSet-Cookie: a=b", "https://exa\tmple.com/", "ht\ntps://a.b/"]
    bad += ["https://good.example\\@evil.example/", "https:\\\\evil.example", "http\u017f://a.b/"]
    bad += ["https://example.com#a b", "https://exam\u212aple.com/", "https://\uff21.example/"]
    refuses(impl, *urls(*bad))


@check("P6", kind="behaviour")
def test_bad_hosts(impl: Implementation) -> None:
    """No host, user names, ports out of range, broken brackets; too long by one; no text."""
    hosts = ["", ":80", "?q", "#f", ".", "-", "..", "@", "a@", "user@a.example", "u:p@a.example"]
    hosts += ["a.example:0", "a.example:65536", "a.example:00000", "a.example:", "a.example:x"]
    hosts += ["a.example:-1", "a.example:+1", "a.example:80:80", "a.example:8_0", "a:" + "9" * 1500]
    hosts += ["a.example:1" + "0" * 1500, "[::1", "::1]", "[]", "[::g]", "[1.2.3.4]", "[::1]x"]
    hosts += ["[::1]80", "[fe80::1%25eth0]", "[v1.x]", "a[::1]", "[[::1]]", "a%41.example"]
    hosts += ["a,b", "a;b", "a&b.example", "a'b", "a(b)", "a=b", "a*b", "a+b", "a!b", "$", "<a>"]
    hosts += ["a|b", "a^b", "a`b", "{a}", '"a"', "a~b", "[a.example]", "[:::]", "[::1]:0"]
    bad = [f"https://{host}{tail}" for host in hosts for tail in ("", "/x@y")]
    refuses(impl, *urls(*bad))
    other = [None, 5, b"https://example.com/", ["https://example.com/"], {"url": URL}, True]
    refuses(impl, *urls("", LONG + "q", URL + "q" * 100_000, "h", *other))


@check("P6", "P7", kind="behaviour")
def test_what_is_allowed(impl: Implementation) -> None:
    """The longest URL, unusual hosts and ports, the longest and shortest alias and ttl."""
    allowed = [LONG, "http://a", "http://1.2.3.4", "http://127.0.0.1:8080/", "https://a.:1/"]
    allowed += ["hTTpS://a_b-c.example:65535?x=y@z:w", "http://[::1]", "http://[::ffff:1.2.3.4]:80"]
    allowed += ["http://a#b@c:d", "http://a/b@c://d", "http://xn--bcher-kva.example/", "http://-a"]
    allowed += ["http://a:0080/", "http://a/[b]^`{|}<>\"'", "http://a?b?c", "http://a/javascript:x"]

    def scene(sim: Sim) -> None:
        shortener = impl.Shortener(impl.MemoryRepository())
        for number, url in enumerate(allowed):
            link = shortener.shorten(url, alias=f"u-{number}")
            equal(link.url, url, did=f"shorten({url[:60]!r}): url")
        for alias in ("abc", "-_-", "0" * 32, "Links", "linkss", "007", "___", "API"):
            equal(shortener.shorten(URL, alias).code, alias, did=f"shorten(url, {alias!r}): code")
        for ttl in (1, MAX_TTL, None):
            link = shortener.shorten(URL, ttl=ttl)
            want = None if ttl is None else link.created + ttl
            equal(link.expires, want, did=f"shorten(url, ttl={ttl}): expires")

    simulate(scene)


@check("P7", kind="behaviour")
def test_bad_aliases(impl: Implementation) -> None:
    """Too short, too long, other characters, reserved words, no text."""
    bad: list[Any] = [
        "",
        "a",
        "ab",
        "a" * 33,
        "a b",
        "a/b",
        "a.b",
        "../x",
        "abc\n",
        "\nabc",
        "ab%41",
    ]
    bad += [
        "äbc",
        "abcé",
        "٣٣٣",
        "a\u0301bc",
        "abc\0",
        "a?bc",
        "a#bc",
        "a+bc",
        "a~bc",
        "a:bc",
        "a'b",
    ]
    bad += [
        *sorted(RESERVED),
        123,
        True,
        b"abc",
        ["abc"],
        "abc ",
        " abc",
        "日本語",
        "\uff41bc",
        "a\\bc",
    ]
    refuses(impl, *[{"url": URL, "alias": alias} for alias in bad])


@check("P7", kind="behaviour")
def test_bad_ttls(impl: Implementation) -> None:
    """Zero, negative, too long, and whatever is no whole number."""
    bad: list[Any] = [0, -1, MAX_TTL + 1, 10**400, True, False, 1.0, 0.5, float("inf"), "60", b"1"]
    bad += [float("nan"), [60], -(10**30), "", 2.0**20]
    refuses(impl, *[{"url": URL, "ttl": ttl} for ttl in bad])
    refuses(impl, *[{"url": URL, "ttl": ttl, "alias": "named"} for ttl in bad])
