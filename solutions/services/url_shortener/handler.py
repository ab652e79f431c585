"""The HTTP front: routes, bodies, statuses. It knows the shortener only by its contract."""

from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from contracts.services.url_shortener import (
    MAX_BODY_BYTES,
    AliasTaken,
    BadLink,
    Gone,
    Link,
    NoFreeCode,
    Shortener,
    StorageDown,
    UnknownCode,
)
from solutions.web import Answer, Refused, as_json, method_of, read_json, reply

_LINKS = "/links"
_STATUS: dict[type[Exception], int] = {
    BadLink: 400,
    UnknownCode: 404,
    AliasTaken: 409,
    Gone: 410,
    NoFreeCode: 503,
    StorageDown: 503,
}


class ShortenerApp:
    """A WSGI application over one shortener. See the contract for routes and refusals."""

    def __init__(self, shortener: Shortener, base_url: str = "") -> None:
        if base_url and (not base_url.startswith(("http://", "https://")) or base_url[-1] == "/"):
            raise ValueError(f"base_url must be http(s)://... without a last slash, not {base_url}")
        self._shortener = shortener
        self._base_url = base_url

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request, and let nobody keep the answer."""

        def uncached(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            return start_response(status, [*headers, ("Cache-Control", "no-store")], *more)

        return reply(self._answer, environ, uncached)

    def _answer(self, environ: WSGIEnvironment) -> Answer:
        serve = self._route(environ)
        try:
            return serve()
        except tuple(_STATUS) as error:
            status = next(code for kind, code in _STATUS.items() if isinstance(error, kind))
            raise Refused(status, str(error)) from error

    def _route(self, environ: WSGIEnvironment) -> Callable[[], Answer]:
        path = environ.get("PATH_INFO", "")
        if path == _LINKS:
            return method_of(environ, {"POST": lambda: self._create(environ)})
        is_about = path.startswith(f"{_LINKS}/")
        code = path.removeprefix(_LINKS)[1:] if is_about else path[1:]
        if not code or "/" in code:
            raise Refused(404, "there are only /links, /links/<code> and /<code>")
        if not is_about:
            served = {"GET": lambda: self._follow(code), "HEAD": lambda: self._point_to(code)}
            return method_of(environ, served)
        return method_of(
            environ,
            {
                "GET": lambda: self._show(code),
                "HEAD": lambda: self._show(code),
                "DELETE": lambda: self._delete(code),
            },
        )

    def _create(self, environ: WSGIEnvironment) -> Answer:
        media_type = environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
        if media_type != "application/json":
            raise Refused(415, "the body must be application/json")
        content = read_json(environ, MAX_BODY_BYTES)
        unknown = content.keys() - {"url", "alias", "ttl"}
        if unknown or "url" not in content:
            raise Refused(400, "the object holds url, and perhaps alias and ttl, and nothing else")
        link = self._shortener.shorten(**content)
        return as_json(201, self._shown(link), ("Location", f"{_LINKS}/{link.code}"))

    def _follow(self, code: str) -> Answer:
        return _redirect(self._shortener.resolve(code))

    def _point_to(self, code: str) -> Answer:
        return _redirect(self._shortener.look(code).url)

    def _show(self, code: str) -> Answer:
        return as_json(200, self._shown(self._shortener.look(code)))

    def _delete(self, code: str) -> Answer:
        self._shortener.delete(code)
        return Answer(204)

    def _shown(self, link: Link) -> dict[str, object]:
        return {
            "code": link.code,
            "url": link.url,
            "short": f"{self._base_url}/{link.code}",
            "created": link.created,
            "expires": link.expires,
            "hits": link.hits,
        }


def _redirect(url: str) -> Answer:
    return Answer(302, b"", "text/plain", (("Location", url),))
