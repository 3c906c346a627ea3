"""The page: one document, in the report's style, that needs nothing else."""

import base64
import hashlib
from functools import cache
from pathlib import Path

from fca2_plugin.apps.report.html import document

__all__ = ["CONTENT_POLICY", "page"]


def _read(ending: str) -> str:
    return Path(__file__).with_name(f"page.{ending}").read_text(encoding="utf-8")


NO_ICON = '<link rel="icon" href="data:,">'  # else browsers ask for one, without the token
SCRIPT = _read("js") + _read("slider.js")


@cache
def page() -> str:
    """The whole document."""
    head = f"{NO_ICON}<style>{_read('css')}</style>"
    return document("Upscale a video", [_read("html")], head, SCRIPT)


def _script_hash() -> str:
    digest = hashlib.sha256(SCRIPT.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


#: No script but the page's own, nothing from anywhere else, and in nobody's frame.
CONTENT_POLICY = (
    f"default-src 'none'; script-src {_script_hash()}; style-src 'unsafe-inline'; "
    "connect-src 'self'; media-src 'self'; img-src 'self' data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
