"""A run as one HTML page, and as a table for the terminal.

``results`` is what the quickstart writes into ``results.json``::

    speed_ratio                       baseline's time over wrapped's
    crfs                              such as [15, 25, 35]
    bicubic, baseline, wrapped        parameters, ms_per_frame (None allowed for bicubic),
                                      psnr_y and ssim_y per CRF ("15", "25", "35")
    setup, notes, benchmark           optional: facts by name, sentences, ``benchmark.compare()``
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from fca2_plugin._files import write_text
from fca2_plugin.apps import page
from fca2_plugin.apps.pictures import CodesPicture, Comparison
from fca2_plugin.apps.summary import check_results, results_table

__all__ = ["CodesPicture", "Comparison", "results_table", "write_report"]


def write_report(
    results: Mapping, folder: Path, pictures: Sequence[Comparison | CodesPicture] = ()
) -> Path:
    """Write ``folder/report.html``, a page that needs no other file.

    Args:
        results: The numbers, as above.
        folder: Made if absent.
        pictures: Shown in this order.

    Returns:
        The page's path. An older page is replaced at once, or not at all.

    Raises:
        ValueError: ``results`` lack a value.
        TypeError: A picture of another type.
    """
    check_results(results)
    text = page.page(
        [
            page.headline(results),
            page.summary(results),
            page.plots(results),
            *(_show(picture) for picture in pictures),
            page.setup(results),
            page.timing(results),
            page.notes(results),
        ]
    )
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "report.html"
    write_text(path, text)
    return path


def _show(picture: Comparison | CodesPicture) -> str:
    if isinstance(picture, Comparison):
        return page.comparison(picture)
    if isinstance(picture, CodesPicture):
        return page.codes_picture(picture)
    raise TypeError(
        f"write_report got a picture of type {type(picture).__name__}; expected a Comparison or a "
        "CodesPicture"
    )
