"""What may be shortened, under which alias, and for how long."""

import ipaddress
import re

from contracts.services.url_shortener import MAX_TTL, MAX_URL_LENGTH, RESERVED, BadLink

_URL = re.compile(
    r"https?://"
    r"(?P<host>\[(?P<v6>[0-9A-F:.]+)\]|[0-9A-Z._-]*[0-9A-Z][0-9A-Z._-]*)"
    r"(:(?P<port>[0-9]+))?"
    r"([/?#].*)?",
    re.IGNORECASE | re.ASCII,
)
_ALIAS = re.compile(r"[0-9A-Za-z_-]{3,32}")
_MAX_PORT = 65_535


def checked_url(url: object) -> str:
    """Return the URL as it is. Raises BadLink."""
    if not isinstance(url, str) or len(url) > MAX_URL_LENGTH:
        raise BadLink(f"url must be a text of at most {MAX_URL_LENGTH} characters")
    if not all("!" <= letter <= "~" and letter != "\\" for letter in url):
        raise BadLink("url may hold printable ASCII only, without spaces and backslashes")
    parts = _URL.fullmatch(url)
    if parts is None:
        raise BadLink("url must be http:// or https://, a host, and no user name")
    if parts["port"] and not _is_port(parts["port"]):
        raise BadLink(f"url has no port from 1 to {_MAX_PORT}")
    if parts["v6"] and not _is_ipv6(parts["v6"]):
        raise BadLink("url has no IPv6 address in its brackets")
    return url


def checked_alias(alias: object) -> str:
    """Return the alias as it is. Raises BadLink."""
    if not isinstance(alias, str) or not _ALIAS.fullmatch(alias):
        raise BadLink("alias must be 3 to 32 letters, digits, - and _")
    if alias in RESERVED:
        raise BadLink(f"{alias} is reserved")
    return alias


def checked_ttl(ttl: object) -> int | None:
    """Return the ttl as it is, None for ever. Raises BadLink."""
    if ttl is None:
        return None
    if type(ttl) is not int or not 1 <= ttl <= MAX_TTL:  # True is an int as well
        raise BadLink(f"ttl must be a whole number of seconds from 1 to {MAX_TTL}")
    return ttl


def _is_port(digits: str) -> bool:
    significant = digits.lstrip("0")
    return 0 < len(significant) <= len(str(_MAX_PORT)) and int(significant) <= _MAX_PORT


def _is_ipv6(text: str) -> bool:
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True
