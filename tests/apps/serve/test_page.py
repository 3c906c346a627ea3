"""The page in a real Chromium: files chosen, the slider and every pixel beside it."""

import base64
import io
import time

import numpy as np
from PIL import Image

from fca2_plugin.apps.upscale import UpscaleOptions
from fca2_plugin.codec import read_video
from tests.apps.serve.browser import open_browser
from tests.apps.serve.conftest import serving
from tests.apps.serve.test_comparison import CLOSE, Negative, far
from tests.apps.upscale.films import STEP, film

OPTIONS = UpscaleOptions(cuts=False, encoder_preset="ultrafast", crf=2, chunk=2, context=0, tile=0)


class Slow(Negative):
    def forward(self, lq):
        time.sleep(0.15)
        return super().forward(lq)


def canvas(tab, name):
    """What a canvas shows, as RGB."""
    data = tab.ask(f"document.getElementById('{name}').toDataURL('image/png')")
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data.split(",")[1]))).convert("RGB"))


def state(tab, number):
    return f"document.querySelectorAll('#jobs > li')[{number}].querySelector('.state').textContent"


def test_upload_progress_comparison_and_error(tmp_path):
    steps = (0, 1, 2, 5, 6, 7, 8, 9, 12, 13, 14, 15)  # a variable rate
    source = film(tmp_path / "in.mp4", 12, times=[STEP * n for n in steps], cuts=[6])
    (tmp_path / "text.mp4").write_text("no video")
    with (
        serving(network=Slow(2), options=OPTIONS) as client,
        open_browser(tmp_path / "profile") as tab,
    ):
        tab.look(900, 900)
        tab.open(client.server.url)
        tab.wait("document.getElementById('network').textContent.includes('2 times larger')")
        assert tab.ask("document.getElementById('compared').hidden")
        tab.choose_files("#file", source)
        tab.drop_file("#drop", tmp_path / "text.mp4")
        tab.wait(f"/upscaling, \\d+ of 12 frames, [\\d.]+ fps, \\d+ s left/.test({state(tab, 0)})")
        tab.wait(f"{state(tab, 1)} === 'waiting, 1 before it'")
        tab.wait(f"{state(tab, 1)}.startsWith('text.mp4 is not a video that can be read')")
        tab.wait("document.getElementById('clock').textContent === '0.00 s, 1 of 12'")
        assert "128 × 96" in tab.ask(state(tab, 0))

        result = client.server.jobs.get(client.jobs()[0]["id"]).file("result")
        frames = [frame.astype(float) for frame in read_video(result)]
        tab.ask("document.getElementById('time').focus()")
        for number in (0, 1, 2, 3, 11):
            if number == 11:
                tab.press("End")
            elif number:
                tab.press("ArrowRight")
            clock = f"{steps[number] / 30:.2f} s, {number + 1} of 12"
            tab.wait(f"document.getElementById('clock').textContent === '{clock}'")
            before, after = canvas(tab, "before"), canvas(tab, "after")
            assert before.shape == after.shape == (96, 128, 3)
            assert far(after, frames[number]) < CLOSE
            assert far(before, 255 - after) < CLOSE
            near = [far(after, frame) for n, frame in enumerate(frames) if n != number]
            assert far(after, frames[number]) < min(near)

        tab.ask("document.getElementById('cut').focus()")
        tab.press("ArrowRight", 20)
        assert tab.ask("document.getElementById('slider').style.getPropertyValue('--cut')") == "60%"
        shown = screen(tab, tmp_path)
        height, width, _ = shown.shape
        line = shown[height // 2, round(0.6 * width)]
        assert line.min() > 200  # the white line stands where the slider does
        left, right = (
            np.asarray(Image.fromarray(half).resize((width, height), Image.Resampling.BICUBIC))
            for half in (before, after)
        )
        middle = slice(height // 8, 3 * height // 4)  # above the words at the bottom
        assert far(shown[middle, 9 : int(0.58 * width)], left[middle, 9 : int(0.58 * width)]) < 8
        assert far(shown[middle, int(0.62 * width) : -9], right[middle, int(0.62 * width) : -9]) < 8

        tab.ask("document.getElementById('play').click()")
        tab.wait("document.getElementById('play').textContent === 'Pause'")
        tab.wait("document.getElementById('video').currentTime < 0.3")  # it went round
        tab.ask("document.getElementById('play').click()")

        tab.choose_files("#file", film(tmp_path / "other.mp4", 3, (32, 48)))
        tab.wait("document.querySelectorAll('.done').length === 2")
        tab.ask("document.querySelector('.done:last-child [data-does=compare]').click()")
        tab.wait("document.getElementById('clock').textContent === '0.00 s, 1 of 3'")
        tab.ask("document.getElementById('forth').click()")
        tab.wait("document.getElementById('clock').textContent === '0.03 s, 2 of 3'")
        assert canvas(tab, "after").shape == (64, 96, 3)
        tab.ask("document.querySelector('.done:last-child [data-does=remove]').click()")
        tab.wait("document.getElementById('compared').hidden")

        tab.ask("document.querySelectorAll('[data-does=remove]')[0].click()")
        tab.wait("document.querySelectorAll('#jobs > li').length === 1")
        assert tab.ask("document.getElementById('compared').hidden")
        assert len(client.jobs()) == 1
        assert tab.complaints == []


def screen(tab, tmp_path):
    """The slider as it is seen."""
    tab.screenshot(tmp_path / "screen.png")
    box = tab.ask(
        "(() => { const b = document.getElementById('slider').getBoundingClientRect();"
        " return [b.left + scrollX, b.top + scrollY, b.right + scrollX, b.bottom + scrollY]; })()"
    )
    with Image.open(tmp_path / "screen.png") as image:
        return np.asarray(image.convert("RGB").crop(tuple(round(side) for side in box)))
