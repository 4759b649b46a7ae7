"""Who may ask what over HTTP: checked ahead of every route, for API, page and OSCQuery alike.

Other web pages: `Host` must name this machine (a rebound name does not), `Origin` must be our own, and browsers say
with `Sec-Fetch-Site` if another page has them load something. Other people: with `--host` a token is asked for.
"""

import hmac
import secrets
from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

from dawbridge.surfaces.web.trust import is_loopback, refusal

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

COOKIE = "dawbridge"
MAX_JSON_BYTES = 65_536
_CHANGING = ("POST", "PUT", "DELETE", "PATCH")
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; worker-src 'self'; manifest-src 'self'; "
    "img-src 'self' blob: data:; media-src 'self' blob:; connect-src 'self' {sockets}; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


class Guard:
    """Checks requests, and adds what tells browsers how to treat the answers."""

    def __init__(self, host: str, port: int) -> None:
        """For a server that listens on `host`:`port`; beyond loopback it makes a token."""
        self._host, self._port = host, port
        self.token = "" if is_loopback(host) else secrets.token_urlsafe(24)
        """What has to be known to use page and API; empty on loopback."""

    @property
    def address(self) -> str:
        """The page's address, with the token if one is needed."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}/" + (f"?token={self.token}" if self.token else "")

    def refusal(self, request: web.Request, *, guarded: bool) -> web.Response | None:
        """The answer to a request that is refused; None for one that is not. `guarded`: it is for page or API."""
        refused = refusal(request.headers, self._host) or _foreign(request.method, request.headers)
        if refused:
            return _refused(403, "foreign", refused)
        if guarded and request.method in _CHANGING and not _is_marked(request):
            wanted = "Content-Type: application/json" if request.method == "POST" else "the file's own Content-Type"
            return _refused(415, "content_type", f"send it with {wanted}, which no form of another page can")
        if guarded and self.token and not self._knows_token(request):
            return _refused(401, "token", "open the address that `dawbridge watch` printed; it has the token")
        return None

    def welcome(self, request: web.Request) -> web.Response | None:
        """For who comes with the token in the address: keep it in a cookie, and take it out of the address."""
        given = request.query.get("token", "")
        if not self.token or not _same(given, self.token):
            return None
        answer = web.Response(status=303, headers={"Location": request.path, "Cache-Control": "no-store"})
        answer.set_cookie(COOKIE, self.token, httponly=True, samesite="Lax", path="/", max_age=30 * 86400)
        return answer

    def protect(self, request: web.Request, answer: web.StreamResponse) -> None:
        """Add the security headers to an answer that is not yet sent."""
        for name, value in _HEADERS.items():
            answer.headers.setdefault(name, value)
        host = request.headers.get("Host", "")
        sockets = f"ws://{host}" if host and all(c.isalnum() or c in ".:-[]" for c in host) else ""
        answer.headers.setdefault("Content-Security-Policy", _POLICY.format(sockets=sockets))

    def _knows_token(self, request: web.Request) -> bool:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
        return _same(given, self.token) or _same(request.cookies.get(COOKIE, ""), self.token)


def _foreign(method: str, headers: Mapping[str, str]) -> str:
    """Why a request that a browser sends for another page is refused. Following a link to our page is allowed."""
    if headers.get("Sec-Fetch-Site", "none") in ("none", "same-origin"):
        return ""
    followed = headers.get("Sec-Fetch-Mode") == "navigate" and headers.get("Sec-Fetch-Dest") == "document"
    return "" if followed and method == "GET" else "a web page from elsewhere may not ask here"


def _is_marked(request: web.Request) -> bool:
    """Whether it has a type that a form, or a simple request across origins, cannot have."""
    kind = request.headers.get("Content-Type", "").split(";")[0].strip().lower()
    if request.method == "POST":
        return kind == "application/json"
    return kind not in ("", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data")


def _same(given: str, token: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), token.encode())


def _refused(status: int, code: str, message: str) -> web.Response:
    answer = web.json_response({"error": {"code": code, "message": message}}, status=status)
    answer.force_close()
    return answer
