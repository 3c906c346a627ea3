"""What the server answers.

======  ============================  =========================================================
GET     /                             the page
GET     /api/jobs                     what there is, as JSON
PUT     /api/jobs?name=NAME           an upload: its bytes are the body
GET     /api/jobs/ID/times            when each picture of its comparison begins, in seconds
POST    /api/jobs/ID/stop             end a job
DELETE  /api/jobs/ID                  end it and remove its files
GET     /jobs/ID/result, /comparison  a video, or a part of one (Range)
======  ============================  =========================================================

All of them need the token, in the address or in the header X-Token.
"""

import errno
import json
import mimetypes
import re
import shutil
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

from fca2_plugin._errors import one_sentence
from fca2_plugin.apps.serve.guard import safe_name
from fca2_plugin.apps.serve.job import Job
from fca2_plugin.apps.serve.page import CONTENT_POLICY, page

__all__ = ["Handler"]

SPARE_BYTES = 64 << 20  # that stay free on the disk after an upload
DRAINED_BYTES = 8 << 20  # of a refused upload, so that most clients get to read why
BLOCK = 1 << 16
NUMBER = "[0-9]{1,18}"
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": CONTENT_POLICY,
}


class Handler(BaseHTTPRequestHandler):
    """One connection to a ``PageServer``."""

    protocol_version = "HTTP/1.1"
    server_version, sys_version = "fca2", ""
    timeout = 60  # of a client that says nothing more

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        self.query = {name: values[-1] for name, values in parse_qs(url.query).items()}
        refusal = self.server.guard.refusal(self.headers, self.query.get("token"))
        if refusal is not None:
            self._refuse(HTTPStatus.FORBIDDEN, refusal)
            return
        for methods, pattern, answer in ROUTES:
            found = re.fullmatch(pattern, url.path)
            if found and self.command in methods.split():
                answer(self, *found.groups())
                return
        self._refuse(HTTPStatus.NOT_FOUND, f"there is no {self.command} {url.path[:80]}")

    do_HEAD = do_PUT = do_POST = do_DELETE = do_GET

    def _page(self) -> None:
        self._send(HTTPStatus.OK, page().encode(), "text/html; charset=utf-8")

    def _jobs(self) -> None:
        self._send_json(HTTPStatus.OK, self.server.describe())

    def _upload(self) -> None:
        server, length = self.server, self._length()
        if length is None:
            self._refuse(HTTPStatus.LENGTH_REQUIRED, "the upload does not say how long it is")
            return
        try:
            name = safe_name(self.query.get("name", ""))
        except ValueError as error:
            self._refuse(HTTPStatus.BAD_REQUEST, one_sentence(error))
            return
        if length > server.max_bytes:
            self._refuse(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                f"{name} has {length / 2**30:.2f} GiB, more than the "
                f"{server.max_bytes / 2**30:g} GiB allowed; start fca2 serve with a larger "
                "--max-size, or use fca2 upscale",
            )
            return
        free = shutil.disk_usage(server.jobs.folder).free
        if length + SPARE_BYTES > free:
            self._refuse(
                HTTPStatus.INSUFFICIENT_STORAGE,
                f"there is no room for {name} in {server.jobs.folder} ({free / 2**30:.2f} GiB are "
                "free); make room, or start fca2 serve with another --work-dir",
            )
            return
        try:
            job = server.jobs.receive(name, length, self.rfile)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                raise
            self._refuse(HTTPStatus.INSUFFICIENT_STORAGE, f"no room for {name}: {error.strerror}")
        else:
            self._send_json(HTTPStatus.CREATED, {"id": job.id})

    def _stop(self, job_id: str) -> None:
        job = self._find(job_id)
        if job is not None:
            self.server.jobs.stop(job)
            self._send_json(HTTPStatus.OK, {})

    def _remove(self, job_id: str) -> None:
        job = self._find(job_id)
        if job is not None:
            self.server.jobs.remove(job)
            self._send_json(HTTPStatus.OK, {})

    def _times(self, job_id: str) -> None:
        job = self._find(job_id)
        if job is not None:
            times = job.comparison["times"] if job.comparison else []
            self._send_json(HTTPStatus.OK, {"times": times})

    def _video(self, job_id: str, kind: str) -> None:
        job = self._find(job_id)
        if job is None:
            return
        path = job.file(kind)
        if path is None or not path.is_file():
            self._refuse(HTTPStatus.NOT_FOUND, f"there is no {kind} of {job.name}")
            return
        self._send_file(path, is_download=kind == "result")

    def _find(self, job_id: str) -> Job | None:
        job = self.server.jobs.get(job_id)
        if job is None:
            self._refuse(HTTPStatus.NOT_FOUND, f"there is no job {job_id}; it was removed")
        return job

    def _send_file(self, path: Path, is_download: bool) -> None:
        """A file, or the part that a player asks for."""
        with path.open("rb") as file:
            size = path.stat().st_size
            try:
                part = parse_range(self.headers.get("Range", ""), size)
            except ValueError:
                self._begin(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, 0, "text/plain")
                self.send_header("Content-Range", f"bytes */{size}")
                self.end_headers()
                return
            start, stop = part or (0, size)
            kind = mimetypes.guess_type(path.name)[0] or "video/x-matroska"
            self._begin(HTTPStatus.PARTIAL_CONTENT if part else HTTPStatus.OK, stop - start, kind)
            self.send_header("Accept-Ranges", "bytes")
            if part:
                self.send_header("Content-Range", f"bytes {start}-{stop - 1}/{size}")
            if is_download:
                name = quote(path.name, safe="")
                self.send_header("Content-Disposition", f"attachment; filename*=UTF-8''{name}")
            self.end_headers()
            if self.command != "HEAD" and stop > start:
                self.connection.sendfile(file, start, stop - start)

    def _send_json(self, status: HTTPStatus, content: object) -> None:
        self._send(status, json.dumps(content, default=str).encode(), "application/json")

    def _refuse(self, status: HTTPStatus, sentence: str) -> None:
        """Say why, and end the connection: perhaps there is an upload that nobody reads."""
        self.close_connection = True
        if self.command in ("GET", "HEAD") and "text/html" in self.headers.get("Accept", ""):
            self._send(status, f"fca2: {sentence}\n".encode(), "text/plain; charset=utf-8")
        else:
            self._send_json(status, {"error": sentence})
        left = min(self._length() or 0, DRAINED_BYTES)
        self.connection.settimeout(2)
        while left > 0 and (block := self.rfile.read(min(BLOCK, left))):
            left -= len(block)

    def _length(self) -> int | None:
        """Bytes of the request's body, where it says so."""
        text = self.headers.get("Content-Length", "")
        return int(text) if re.fullmatch(NUMBER, text) else None

    def _send(self, status: HTTPStatus, content: bytes, kind: str) -> None:
        self._begin(status, len(content), kind)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _begin(self, status: HTTPStatus, length: int, kind: str) -> None:
        self.send_response(status)
        headers = {"Content-Type": kind, "Content-Length": length, "Cache-Control": "no-store"}
        for name, value in {**headers, **HEADERS}.items():
            self.send_header(name, str(value))
        if self.close_connection:
            self.send_header("Connection", "close")

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the page shows what happens, and addresses hold the token."""


ROUTES = (  # methods, path, answer
    ("GET HEAD", "/", Handler._page),
    ("GET HEAD", "/api/jobs", Handler._jobs),
    ("PUT", "/api/jobs", Handler._upload),
    ("GET HEAD", r"/api/jobs/([0-9a-f]+)/times", Handler._times),
    ("POST", r"/api/jobs/([0-9a-f]+)/stop", Handler._stop),
    ("DELETE", r"/api/jobs/([0-9a-f]+)", Handler._remove),
    ("GET HEAD", r"/jobs/([0-9a-f]+)/(result|comparison)", Handler._video),
)


def parse_range(text: str, size: int) -> tuple[int, int] | None:
    """The bytes (start, stop) that a Range header asks for; None where it asks for all.

    Several ranges at once count as all, which a server may answer.

    Raises:
        ValueError: There are none such.
    """
    found = re.fullmatch(f"bytes=({NUMBER})?-({NUMBER})?", text.strip())
    if found is None or found.group() == "bytes=-":
        return None
    first, last = found.groups()
    if not first:  # so many at the end
        start, stop = max(0, size - int(last)), size
    else:
        start, stop = int(first), min(size, int(last) + 1) if last else size
        if last and int(last) < int(first):
            return None
    if start >= stop:
        raise ValueError(f"no bytes {text!r} in {size}")
    return start, stop
