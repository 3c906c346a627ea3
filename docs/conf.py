"""How Sphinx builds the documentation: ``bash tools/build_docs.sh OUT``."""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "docs" / "_ext")]

from fca2_plugin import __version__  # noqa: E402

project = "fca2_plugin"
author = "the authors of fca2_plugin"
copyright = author
release = version = __version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "fca2_reference",
]
# Pages are built from the root, so that links between docs/, the configs' READMEs and the cards of
# the weights are the same here and on the site.
root_doc = "docs/index"
include_patterns = [
    *("docs/**", "configs/**/README.md", "fca2_plugin/weights/*.md"),
    *("CONTRIBUTING.md", "CHANGELOG.md"),
]
exclude_patterns = [
    *("docs/_ext", "docs/notebooks", "fca2_plugin/.mim", ".*"),
    *("data", "experiments", "results", "tests", "work_dirs"),
]
html_extra_path = ["_extra"]  # index.html, which leads to docs/index.html

myst_enable_extensions = ["dollarmath", "colon_fence"]
myst_heading_anchors = 3

# types stand in the signatures only
autodoc_default_options = {"members": True, "show-inheritance": True, "exclude-members": "forward"}
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True
napoleon_custom_sections = ["Shape"]

html_theme = "furo"
html_title = "FCA²"
html_static_path = ["_static"]
html_css_files = ["fca2.css"]
html_show_copyright = False
html_math_renderer = "mathml"
html_copy_source = False
