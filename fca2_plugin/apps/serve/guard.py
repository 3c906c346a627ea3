"""Who may ask: the page that this server handed out, and nobody else.

A page of another site can send requests to this machine, too. It cannot read the token in the
address that ``fca2 serve`` prints; it gives itself away by its Origin; and where its name was made
to point here (DNS rebinding), by the Host it asks for.
"""

import hmac
import ipaddress
import re
import secrets
import socket
from collections.abc import Mapping
from urllib.parse import urlsplit

__all__ = ["TOKEN_HEADER", "Guard", "safe_name"]

TOKEN_HEADER = "X-Token"
MOST_BYTES = 150  # of a name, so that what is made of it stays within the 255 of file systems
UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"|?*\u200e\u200f\u202a-\u202e\u2066-\u2069]')


class Guard:
    """Tells requests of the page from others.

    Args:
        host: The name that the server was told to listen on.
    """

    def __init__(self, host: str) -> None:
        self.token = secrets.token_urlsafe(24)
        self._names = {"localhost", host.lower(), socket.gethostname().lower()}

    def refusal(self, headers: Mapping[str, str], token: str | None) -> str | None:
        """Why a request is not answered, or None.

        Args:
            headers: Of the request.
            token: That its address holds; the header may hold it instead.
        """
        host = headers.get("Host", "")
        if not self._is_ours(host):
            return (
                f"host {host[:80]!r} is not this server; open the address that fca2 serve printed"
            )
        origin = headers.get("Origin")
        if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
            return f"a page of {origin[:80]!r} may not use this server; open its own page"
        given = headers.get(TOKEN_HEADER) or token or ""
        if not hmac.compare_digest(given.encode(), self.token.encode()):
            return (
                "the token is missing or wrong; open the whole address that fca2 serve printed, "
                "which ends in ?token=..."
            )
        return None

    def _is_ours(self, host: str) -> bool:
        """Whether a Host header names this machine: by its names, or by a number.

        Rebinding needs a name. The port may be another, as through ``ssh -L``.
        """
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        if name in self._names:
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True


def safe_name(name: str) -> str:
    """A file name without a folder, made of what somebody calls a file.

    Raises:
        ValueError: Nothing is left of it.
    """
    last = re.split(r"[/\\]", name)[-1]
    last = UNSAFE.sub("_", last.encode(errors="replace").decode()).strip(". ")
    stem, dot, ending = last.rpartition(".")
    if not dot:
        stem, ending = last, ""
    ending = ending[:10]
    while len(stem.encode()) > MOST_BYTES:
        stem = stem[:-1]
    if not stem:
        raise ValueError(f"{name[:80]!r} is no name of a file; expected one like film.mp4")
    return f"{stem}.{ending}" if ending else stem
