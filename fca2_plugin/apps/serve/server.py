"""The server around the queue."""

import contextlib
import os
import socket
import sys
import tempfile
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path

from torch import nn

from fca2_plugin._files import check_writable, only_writer
from fca2_plugin.apps.serve.guard import Guard
from fca2_plugin.apps.serve.handler import Handler
from fca2_plugin.apps.serve.jobs import Jobs
from fca2_plugin.apps.upscale import UpscaleOptions, Upscaler
from fca2_plugin.apps.upscale.network import load_upscaler

__all__ = ["PageServer", "open_server"]

MAX_GIB = 4.0
EVERYWHERE = ("0.0.0.0", "::", "")  # as addresses to listen at


class PageServer(ThreadingHTTPServer):
    """Answers the page; ``serve_forever`` runs it.

    Args:
        host: A name or number of this machine.
        port: 0 for any free one.
        jobs: The queue.
        max_bytes: Of an upload.

    Raises:
        ValueError: Nobody can listen there.
    """

    daemon_threads = True

    def __init__(self, host: str, port: int, jobs: Jobs, max_bytes: int) -> None:
        self.jobs, self.max_bytes = jobs, max_bytes
        self.guard = Guard(host)
        self.host = host
        if ":" in host:
            self.address_family = socket.AF_INET6
        try:
            super().__init__((host, port), Handler)
        except (OSError, OverflowError) as error:
            raise ValueError(
                f"no server can listen at {host}, port {port} ({error}); choose another --port, "
                "0 for any free one, or another --host"
            ) from error

    @property
    def url(self) -> str:
        """The address to open, token and all."""
        host = socket.gethostname() if self.host in EVERYWHERE else self.host
        host = f"[{host}]" if ":" in host else host
        return f"http://{host}:{self.server_port}/?token={self.guard.token}"

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing where somebody hung up, as players do when they seek."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)

    def describe(self) -> dict:
        """What the page shows."""
        upscaler = self.jobs.upscaler
        return {
            "network": upscaler.name,
            "scale": upscaler.scale,
            "device": str(upscaler.device),
            "max_bytes": self.max_bytes,
            "jobs": self.jobs.describe(),
        }


@contextlib.contextmanager
def open_server(
    *,
    config: str | os.PathLike | None = None,
    checkpoint: str | os.PathLike | None = None,
    preset: str | None = None,
    network: nn.Module | Upscaler | None = None,
    options: UpscaleOptions | None = None,
    host: str = "127.0.0.1",
    port: int = 0,
    work_dir: str | os.PathLike | None = None,
    max_gib: float = MAX_GIB,
) -> Iterator[PageServer]:
    """A server of the page, for ``serve_forever``; at the end its jobs are stopped.

    Args:
        config: As ``upscale``.
        checkpoint: As ``upscale``.
        preset: As ``upscale``.
        network: As ``upscale``.
        options: As ``upscale``, for every video.
        host: Where to listen; another than 127.0.0.1 lets other machines ask.
        port: 0 for any free one.
        work_dir: Where uploads and results live and stay; by default a folder that is removed at
            the end. What an earlier server did not finish there goes on.
        max_gib: Of an upload.

    Raises:
        ValueError: The network, the folder or the address is wrong; the message says what to do.
        As ``upscale`` for the network.
    """
    if not max_gib > 0:
        raise ValueError(f"the largest upload must be above 0 GiB, got {max_gib}")
    options = options or UpscaleOptions()
    with contextlib.ExitStack() as stack:
        if work_dir is None:
            made = tempfile.TemporaryDirectory(prefix="fca2-serve-", ignore_cleanup_errors=True)
            folder = Path(stack.enter_context(made))
        else:
            folder = Path(work_dir)
            check_writable(folder / "ID")
            stack.enter_context(only_writer(folder))
        if not isinstance(network, Upscaler):
            network = load_upscaler(config, checkpoint, preset, network, options)
        jobs = Jobs(folder, network, options)
        stack.callback(jobs.close)
        server = stack.enter_context(PageServer(host, port, jobs, int(max_gib * 2**30)))
        yield server
