"""A server of the page, and somebody who asks it."""

import http.client
import json
import threading
import time
from contextlib import contextmanager
from urllib.parse import quote

import pytest

from fca2_plugin.apps.serve import open_server
from fca2_plugin.apps.upscale import UpscaleOptions

FAST = UpscaleOptions(cuts=False, encoder_preset="ultrafast", chunk=4, context=0, tile=0)


class Client:
    """Asks a server as the page does."""

    def __init__(self, server):
        self.server = server
        self.token = server.guard.token

    def ask(self, method, path, body=None, **headers):
        """The answer's status, headers and body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.server.server_port, timeout=30)
        try:
            given = {"X-Token": self.token, **{k.replace("_", "-"): v for k, v in headers.items()}}
            connection.request(method, path, body, {k: v for k, v in given.items() if v})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def json(self, method, path, body=None, **headers):
        """The answer's status and content."""
        status, _, content = self.ask(method, path, body, **headers)
        return status, json.loads(content)

    def upload(self, source, name=None):
        """Upload a file and return its job's id."""
        path = f"/api/jobs?name={quote(name or source.name)}"
        status, content = self.json("PUT", path, source.read_bytes())
        assert status == 201, content
        return content["id"]

    def jobs(self):
        return self.json("GET", "/api/jobs")[1]["jobs"]

    def job(self, job_id):
        return next((job for job in self.jobs() if job["id"] == job_id), None)

    def wait(self, job_id, *states, seconds=30):
        """A job once it is in one of these states."""
        end = time.monotonic() + seconds
        while (job := self.job(job_id))["state"] not in states:
            assert time.monotonic() < end, job
            time.sleep(0.02)
        return job


@contextmanager
def serving(**settings):
    """A client of a new server."""
    if "network" not in settings:
        settings = {"preset": "bicubic", **settings}
    with open_server(**{"options": FAST, **settings}) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield Client(server)
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def client(tmp_path):
    with serving(work_dir=tmp_path / "work") as made:
        yield made
