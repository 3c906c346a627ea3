"""Reports: the quickstart's page (``run_page``), and ``fca2 report`` (``results_page``)."""

from fca2_plugin.apps.report.pictures import (
    CodesPicture,
    Comparison,
    TemporalProfile,
    codes_picture,
)
from fca2_plugin.apps.report.results_page import write_results
from fca2_plugin.apps.report.run_page import results_table, write_report

__all__ = [
    "CodesPicture",
    "Comparison",
    "TemporalProfile",
    "codes_picture",
    "results_table",
    "write_report",
    "write_results",
]
