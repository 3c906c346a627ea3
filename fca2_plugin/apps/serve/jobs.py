"""Uploads and what becomes of them: one at a time goes through the network, the others wait.

::

    FOLDER/ID/in/NAME  -  upscale  -  FOLDER/ID/out/NAME_x4.mp4  -  FOLDER/ID/comparison.mp4
"""

import threading
import traceback
from dataclasses import asdict, replace
from pathlib import Path
from typing import BinaryIO

from fca2_plugin._errors import USER_ERRORS, one_sentence
from fca2_plugin._files import file_at_once
from fca2_plugin.apps.serve.comparison import write_comparison
from fca2_plugin.apps.serve.job import Job, find_jobs
from fca2_plugin.apps.upscale import Progress, UpscaleOptions, Upscaler, upscale
from fca2_plugin.apps.upscale.result import ProgressCallback
from fca2_plugin.codec import probe

__all__ = ["Jobs"]

BLOCK = 1 << 20
CLOSE_SECONDS = 20.0


class _Stopped(Exception):
    """Goes through ``upscale`` where somebody stops a job."""


class Jobs:
    """A queue with one worker.

    Args:
        folder: Where uploads and results live; what an earlier server left there goes on.
        upscaler: The network of all jobs.
        options: Of all jobs.
    """

    def __init__(
        self, folder: Path, upscaler: Upscaler, options: UpscaleOptions | None = None
    ) -> None:
        self.folder = folder
        self.upscaler = upscaler
        self.options = replace(options or UpscaleOptions(), resume=True)
        self._jobs = {job.id: job for job in find_jobs(folder)}
        self._running: Job | None = None
        self._is_closed = False
        self._changed = threading.Condition()
        self._hooks = [  # a frame can take minutes, a layer does not
            part.register_forward_pre_hook(lambda module, args: self._go_on())
            for part in upscaler.network.modules()
        ]
        self._worker = threading.Thread(target=self._work, daemon=True)
        self._worker.start()

    def receive(self, name: str, length: int, stream: BinaryIO) -> Job:
        """Write an upload to the disk, block by block, and put it at the queue's end.

        Args:
            name: A safe name.
            length: Bytes.
            stream: Where they come from.

        Raises:
            ConnectionError: It ended before.
            OSError: The disk is full.
        """
        job = Job.new(self.folder, name)
        try:
            with file_at_once(job.source) as part, part.open("wb") as file:
                while job.bytes < length:
                    block = stream.read(min(BLOCK, length - job.bytes))
                    if not block:
                        raise ConnectionError(f"the upload of {name} ended at {job.bytes} bytes")
                    file.write(block)
                    job.bytes += len(block)
            job.keep()
        except BaseException:
            job.remove()
            raise
        with self._changed:
            self._jobs[job.id] = job
            self._changed.notify_all()
        return job

    def get(self, name: str) -> Job | None:
        """A job by its id."""
        return self._jobs.get(name)

    def describe(self) -> list[dict]:
        """All jobs for the page, in the order in which they came."""
        with self._changed:
            facts, before = [], int(self._running is not None)
            for job in self._jobs.values():
                waits = job.state == "queued"
                facts.append(job.describe(before if waits else 0))
                before += waits
            return facts

    def stop(self, job: Job) -> None:
        """Take a job out of the queue, or end it where it is running."""
        with self._changed:
            job.is_stopping = job.state == "running"
            if job.state == "queued":
                job.state = "stopped"
                job.keep()

    def remove(self, job: Job) -> None:
        """Stop a job and remove its files."""
        self.stop(job)
        with self._changed:
            if job is self._running:  # its files are in use: the worker removes them
                job.is_unwanted = True
            else:
                self._forget(job)

    def close(self) -> None:
        """Stop the worker; what runs or waits can go on in another server."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        self._worker.join(CLOSE_SECONDS)
        for hook in self._hooks:
            hook.remove()

    def _forget(self, job: Job) -> None:
        self._jobs.pop(job.id, None)
        job.remove()

    def _next(self) -> Job | None:
        return next((job for job in self._jobs.values() if job.state == "queued"), None)

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._is_closed or self._next())
                if self._is_closed:
                    return
                self._running = job = self._next()
                job.state = "running"
                job.keep()
            state = self._run(job)
            with self._changed:
                self._running, job.is_stopping = None, False
                if job.is_unwanted:
                    self._forget(job)
                    continue
                job.state = state
                job.keep()

    def _run(self, job: Job) -> str:
        """Do a job and return the state that it ends in."""
        out = job.out(self.upscaler.scale)

        def tell(progress: Progress) -> None:
            self._go_on()
            job.progress = progress

        try:
            if not job.result:
                made = upscale(
                    job.source, out, network=self.upscaler, options=self.options, progress=tell
                )
                job.notes = [note for note in made.notes if note not in self.upscaler.notes]
                info = probe(out)
                job.result = {
                    "name": out.name,
                    "bytes": out.stat().st_size,
                    "width": info.width,
                    "height": info.height,
                    "frames": made.num_frames or info.num_frames,
                    "seconds": made.seconds,
                }
            self._compare(job, out, tell)
            return "done"
        except _Stopped:
            if not job.is_stopping:  # the server ends
                return "queued"
            if job.result:
                return "done"
            job.clean()
            return "stopped"
        except USER_ERRORS as error:
            job.error = one_sentence(error).replace(f"{job.folder}/in/", "")
            return "failed"
        except Exception as error:  # the next one may be fine
            traceback.print_exc()
            job.error = f"this is a fault of fca2 ({one_sentence(error)}); the terminal shows where"
            return "failed"

    def _compare(self, job: Job, out: Path, tell: ProgressCallback) -> None:
        try:
            made = write_comparison(
                job.source, out, job.comparison_path, tell, self.upscaler.device
            )
        except USER_ERRORS as error:  # the result is there all the same
            job.notes.append(f"there is no comparison: {one_sentence(error)}")
        else:
            job.comparison = asdict(made)

    def _go_on(self) -> None:
        """Called all the time by what runs; raises where it should not go on."""
        job = self._running
        if job is not None and (job.is_stopping or self._is_closed):
            raise _Stopped
