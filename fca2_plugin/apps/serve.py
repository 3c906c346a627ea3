"""A local page (Gradio): upload a video, upscale or clean it, compare before and after, download.

::

    browser - Gradio's queue - upscale - result, for download
                                  |
                                  +- a frame of source and result - slider

One video at a time goes through a network; the others wait, and the page says behind how many.
"""

import contextlib
import os
import secrets
import socket
import tempfile
import threading
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import nn

from fca2_plugin._errors import USER_ERRORS, one_sentence
from fca2_plugin._files import check_writable, only_writer
from fca2_plugin._optional import require
from fca2_plugin.apps.upscale import Progress, UpscaleOptions, upscale
from fca2_plugin.apps.upscale.color import to_rgb
from fca2_plugin.codec.layout import read_layout
from fca2_plugin.codec.picture import read_tags, to_picture
from fca2_plugin.codec.video import pictures, probe
from fca2_plugin.inference.load import choose_weights, load_runner
from fca2_plugin.inference.runner import ClipRunner
from fca2_plugin.inference.weights_list import list_weights

__all__ = ["PageServer", "open_server"]

MAX_GIB = 4.0
MOST_GIB = 100_000
EVERYWHERE = ("0.0.0.0", "::", "")  # as addresses to listen at
LOCAL = ("127.0.0.1", "localhost", "::1")
USER = "fca2"  # who logs in with the password
CLOSE_SECONDS = 20.0  # that a job gets to end
SAME_CONTAINER = (".mp4", ".mov")  # Matroska takes what all others hold
TASKS = {"super-resolution": "4 times larger", "enhancement": "the same size, cleaner"}
SIZE = {"enhancement": "x1,"}  # how the description of such weights begins
OFFLINE = {"GRADIO_ANALYTICS_ENABLED": "False", "HF_HUB_DISABLE_TELEMETRY": "1"}


class _Stopped(Exception):
    """Goes through ``upscale`` where somebody stops a job."""


@dataclass(frozen=True)
class Made:
    """A finished job, as the page keeps it for its slider.

    Args:
        source: The upload.
        result: The file that was made of it.
        is_preview: Whether the result shows both, side by side.
        start: Seconds into the source at which the result begins.
        seconds: That the result lasts.
    """

    source: str
    result: str
    is_preview: bool
    start: float
    seconds: float


def read_options(
    preview: float | None,
    start: float | None,
    end: float | None,
    height: float | None,
    strength: float,
    deinterlace: bool,
) -> dict[str, Any]:
    """Turn what the page's fields say into ``UpscaleOptions``; 0 is where nothing is chosen."""
    chosen = {
        "height": int(height or 0) or None,
        "strength": strength,
        "deinterlace": "auto" if deinterlace else "off",
    }
    if preview:
        return {**chosen, "preview_seconds": preview, "preview_start": start or 0}
    return {**chosen, "start": start or None, "end": end or None}


class Worker:
    """What the page's buttons do.

    Args:
        folder: Where results live.
        options: Of all jobs.
        runner: The network that is there at first; others are ``list_weights``.
    """

    def __init__(self, folder: Path, options: UpscaleOptions, runner: ClipRunner) -> None:
        self.folder, self.options, self.runner = folder, options, runner
        self._one_job = threading.Lock()
        self._running: str | None = None  # the session whose job runs
        self._is_stopped = self._is_closed = False

    def run(
        self, path: str, weights: str, chosen: Mapping[str, Any], tell: Any, session: str
    ) -> tuple[Made, str]:
        """Make a result and say what there is to know of it.

        Args:
            path: The upload.
            weights: The network's name.
            chosen: Further options, from the page.
            tell: Gradio's progress.
            session: Whose job it is.

        Raises:
            ValueError: The video, the weights or the numbers are wrong.
        """

        def progress(state: Progress) -> None:
            if self._is_closed or self._is_stopped:
                raise _Stopped
            tell((state.done, state.total), desc=_said(state), unit="frames")

        with self._one_job:
            self._running, self._is_stopped = session, False
            if self.runner.name != weights:
                self.runner = load_runner(weights=weights, **self.options.network)
            runner, options = self.runner, replace(self.options, **chosen)
            source = Path(path)
            ending = source.suffix.lower() if source.suffix.lower() in SAME_CONTAINER else ".mkv"
            kind = f"x{runner.scale}" if options.height is None else f"{options.height}p"
            kind = "preview" if options.preview_seconds else kind
            out = self.folder / secrets.token_hex(8) / f"{source.stem}_{kind}{ending}"
            out.parent.mkdir(parents=True)
            made = upscale(source, out, network=runner, options=options, progress=progress)
        seconds = probe(out).duration_seconds or 0.0
        facts = f"{made.width}x{made.height}, {made.num_frames} frames in {made.seconds:.0f} s"
        notes = "".join(f"\n- {note}" for note in (*runner.notes, *made.notes))
        is_preview = options.preview_seconds is not None
        shown = Made(path, str(out), is_preview, options.part[0], seconds)
        return shown, f"**{out.name}**: {facts}{notes}"

    def stop(self, session: str) -> None:
        """End the job of a session where it is running."""
        if self._running == session:
            self._is_stopped = True

    def close(self, page: Any) -> None:
        """End the job that is running and the page, and wait a while for the job."""
        self._is_closed = True
        page.close(verbose=False)
        self._one_job.acquire(timeout=CLOSE_SECONDS)


def _said(state: Progress) -> str:
    rate = f", {state.fps:.1f} frames a second" if state.fps else ""
    left = f", {state.seconds_left:.0f} s left" if state.seconds_left else ""
    return f"{state.stage}{rate}{left}"


def compare(made: Made, place: float) -> tuple[Image.Image, Image.Image]:
    """Return a frame of the source, enlarged by cubic interpolation, and of the result.

    Args:
        made: The job.
        place: Where in the result, 0 to 1.
    """
    seconds = place * made.seconds
    after = _frame_at(Path(made.result), seconds)
    if made.is_preview:
        half = after.width // 2
        return after.crop((0, 0, half, after.height)), after.crop((half, 0, 2 * half, after.height))
    before = _frame_at(Path(made.source), made.start + seconds)
    return before.resize(after.size, Image.Resampling.BICUBIC), after


def _frame_at(path: Path, seconds: float) -> Image.Image:
    """The frame whose time, counted from the first frame's, is nearest; upright."""
    index = read_layout(path).stream
    streams: list[Any] = []
    with contextlib.closing(pictures(path, streams.append, index=index, damage=[])) as decoded:
        best = next(decoded)
        tags = read_tags(best, streams[0]).resolved(best.height)
    wanted = (best.time or 0.0) + seconds

    def seek(stream: Any) -> None:
        if seconds > 0:
            stream.container.seek(int(wanted / stream.time_base), stream=stream)

    with contextlib.closing(pictures(path, seek, index=index, damage=[])) as decoded:
        for frame in decoded:
            if frame.time is None or frame.time > wanted + abs(best.time - wanted):
                break
            if abs(frame.time - wanted) <= abs(best.time - wanted):
                best = frame
    rgb = to_rgb(to_picture(best), tags, torch.device("cpu"))
    turned = torch.rot90(rgb, best.rotation // 90, (-2, -1))
    return Image.fromarray((turned.permute(1, 2, 0) * 255).round().byte().numpy())


def build_page(worker: Worker, choices: Mapping[str, str], chosen: str) -> Any:
    """Put the page together.

    Args:
        worker: What its buttons do.
        choices: Weights by name, and what each is, its scale first.
        chosen: The name that is chosen at first.
    """
    gr = require("gradio", "serve")

    def of(task: str) -> list[tuple[str, str]]:
        return [
            (f"{name}: {about}", name)
            for name, about in choices.items()
            if (task == "enhancement") == about.startswith(SIZE["enhancement"])
        ]

    def task_of(name: str) -> str:
        return next(task for task in TASKS if name in [found for _, found in of(task)])

    def choose(task: str) -> Any:
        return gr.Dropdown(choices=of(task), value=of(task)[0][1])

    def run(
        path: str | None,
        weights: str,
        preview: float | None,
        start: float | None,
        end: float | None,
        height: float | None,
        strength: float,
        deinterlace: bool,
        request: Any,
        progress: Any = gr.Progress(),  # noqa: B008  Gradio finds it here
    ) -> tuple:
        if not path:
            raise gr.Error("choose a video first", print_exception=False)
        try:
            chosen = read_options(preview, start, end, height, strength, deinterlace)
            made, said = worker.run(path, weights, chosen, progress, request.session_hash)
            return made.result, compare(made, 0.5), 50, said, made
        except _Stopped:
            raise gr.Error("stopped", print_exception=False) from None
        except USER_ERRORS as error:
            sentence = one_sentence(error).replace(f"{Path(path).parent}/", "")
            raise gr.Error(sentence, print_exception=False) from error
        except Exception as error:  # the next one may be fine
            traceback.print_exc()
            said = f"this is a bug in fca2 ({one_sentence(error)}); the terminal shows the details"
            raise gr.Error(said, print_exception=False) from error

    def look(made: Made | None, place: float) -> Any:
        return gr.skip() if made is None else compare(made, place / 100)

    def stop(request: Any) -> None:
        worker.stop(request.session_hash)

    for called in (run, stop):
        called.__annotations__["request"] = gr.Request  # tells Gradio what to pass

    with gr.Blocks(title="FCA²: upscale a video", analytics_enabled=False) as page:
        made = gr.State(None)
        gr.Markdown("# Upscale a video\nThe video stays on the machine that runs `fca2 serve`.")
        with gr.Row():
            with gr.Column():
                source = gr.File(label="Video", elem_id="source")
                tasks = [(f"{task}: {about}", task) for task, about in TASKS.items() if of(task)]
                task = gr.Radio(tasks, value=task_of(chosen), label="What to do", elem_id="task")
                weights = gr.Dropdown(
                    of(task_of(chosen)), value=chosen, label="Weights", elem_id="weights"
                )
                with gr.Row():
                    preview = gr.Number(
                        0, label="Preview: length in seconds (0: no preview)", minimum=0
                    )
                    start = gr.Number(0, label="Start, in seconds", minimum=0)
                    last = gr.Number(0, label="End, in seconds (0: end of the video)", minimum=0)
                with gr.Row():
                    height = gr.Number(
                        0,
                        label="Height of the result (0: as the network enlarges)",
                        minimum=0,
                        precision=0,
                    )
                    strength = gr.Slider(0, 1, 1, step=0.05, label="Strength (0: bicubic)")
                    deinterlace = gr.Checkbox(False, label="Deinterlace")
                with gr.Row():
                    begin = gr.Button("Start", variant="primary", elem_id="start")
                    end = gr.Button("Stop", elem_id="stop")
            with gr.Column():
                result = gr.File(label="Result", interactive=False, elem_id="result")
                slider = gr.ImageSlider(
                    label="Before and after", type="pil", format="png", interactive=False,
                    elem_id="slider",
                )  # fmt: skip
                place = gr.Slider(0, 100, 50, label="Position in the video, %", elem_id="place")
                said = gr.Markdown(elem_id="said")
        task.change(choose, task, weights, api_name=False)
        outputs = [result, slider, place, said, made]
        fields = [source, weights, preview, start, last, height, strength, deinterlace]
        begin.click(run, fields, outputs, api_name="upscale")
        place.release(look, [made, place], slider, api_name="compare", concurrency_limit=2)
        end.click(stop, api_name="stop", queue=False)
    return page.queue(default_concurrency_limit=1)


@dataclass(frozen=True)
class PageServer:
    """The page, listening.

    Args:
        page: Gradio's.
        host: Where it listens.
    """

    page: Any
    host: str

    @property
    def url(self) -> str:
        """The address to open."""
        host = socket.gethostname() if self.host in EVERYWHERE else self.host
        return f"http://{f'[{host}]' if ':' in host else host}:{self.page.server_port}/"

    def serve_forever(self) -> None:
        """Wait for Ctrl-C; the page answers meanwhile, and before."""
        threading.Event().wait()


@contextlib.contextmanager
def open_server(
    *,
    config: str | os.PathLike | None = None,
    checkpoint: str | os.PathLike | None = None,
    weights: str | None = None,
    network: nn.Module | ClipRunner | None = None,
    options: UpscaleOptions | None = None,
    host: str = "127.0.0.1",
    port: int = 0,
    password: str | None = None,
    work_dir: str | os.PathLike | None = None,
    max_gib: float = MAX_GIB,
) -> Iterator[PageServer]:
    """Serve the page inside a ``with`` block; at its end a running job is stopped.

    Args:
        config: See ``upscale``; then it is the page's only network.
        checkpoint: See ``upscale``.
        weights: The weights that are chosen at first.
        network: See ``upscale``; then it is the page's only network.
        options: See ``upscale``; used for every video.
        host: Address to listen at; any other than 127.0.0.1 is open to other machines.
        port: 0 for the first free one from 7860 on.
        password: Password for the user ``fca2``; required if other machines can connect.
        work_dir: Folder that keeps uploads and results; by default one that is removed at the end.
        max_gib: Largest upload.

    Raises:
        ModuleNotFoundError: Gradio is not installed.
        ValueError: The network, the folder or the address is wrong; the message says what to do.

    Example:
        >>> with open_server(weights="bicubic") as server:  # doctest: +SKIP
        ...     print(server.url)
    """
    gr = require("gradio", "serve")
    if not 0 < max_gib <= MOST_GIB:
        raise ValueError(
            f"the upload limit (--max-size) must be above 0 and at most {MOST_GIB:,} GiB, got "
            f"{max_gib}"
        )
    if host not in LOCAL and not password:
        raise ValueError(f"host {host} is open to other machines; set a password (--password)")
    options = options or UpscaleOptions()
    if not isinstance(network, ClipRunner):  # what stands in has a name, too
        device = options.settings.find_device()
        weights = choose_weights(config, checkpoint, weights, network, device)
    first = load_runner(config, checkpoint, weights, network, **options.network)
    choices = list_weights()
    if config is not None or network is not None:
        choices = {first.name: f"x{first.scale}, the network that was given"}
    with contextlib.ExitStack() as stack:
        if work_dir is None:
            made = tempfile.TemporaryDirectory(prefix="fca2-serve-", ignore_cleanup_errors=True)
            folder = Path(stack.enter_context(made))
        else:
            folder = Path(work_dir).resolve()
            is_new = not folder.exists()
            check_writable(folder / "ID")
            if is_new:
                folder.chmod(0o700)  # other people's videos
            stack.enter_context(only_writer(folder))
        stack.enter_context(_environment({**OFFLINE, "GRADIO_TEMP_DIR": str(folder)}))
        worker = Worker(folder / "results", options, first)
        page = build_page(worker, choices, first.name)
        _launch(gr, page, host, port, password, max_gib)
        stack.callback(worker.close, page)
        yield PageServer(page, host)


def _launch(gr: Any, page: Any, host: str, port: int, password: str | None, max_gib: float) -> None:
    middleware = require("starlette.middleware", "serve").Middleware
    trusted = require("starlette.middleware.trustedhost", "serve").TrustedHostMiddleware
    # pages of other names that were made to point here (DNS rebinding) get no answer
    names = ["*"] if host in EVERYWHERE else [*LOCAL, "[::1]", host, socket.gethostname()]
    try:
        page.launch(
            server_name=host,
            server_port=port or None,
            auth=(USER, password) if password else None,
            max_file_size=int(max_gib * 2**30),
            app_kwargs={"middleware": [middleware(trusted, allowed_hosts=names)]},
            theme=gr.themes.Base(font="system-ui", font_mono="monospace"),
            prevent_thread_lock=True,
            quiet=True,
            share=False,
            ssr_mode=False,
            footer_links=[],
        )
    except (OSError, OverflowError) as error:
        raise ValueError(
            f"the server cannot listen at {host}, port {port} ({one_sentence(error)}); choose "
            "another --port (0 for any free one) or another --host"
        ) from error


@contextlib.contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """Set variables, which Gradio reads when a page is made, and put back what there was."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
