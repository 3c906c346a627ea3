"""Install script; ``tools/`` calls it with a file of constraints and all the extras."""

import re
import runpy
from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).parent
NEEDS = runpy.run_path(str(ROOT / "fca2_plugin" / "_requirements.py"))


def version() -> str:
    """Read the version without importing the package, whose dependencies may be absent."""
    text = (ROOT / "fca2_plugin" / "__init__.py").read_text(encoding="utf-8")
    return re.search(r'^__version__ = "(.+)"$', text, re.MULTILINE).group(1)


def readme() -> str:
    path = ROOT / "README.md"
    return path.read_text(encoding="utf-8") if path.exists() else ""


setup(
    name="fca2_plugin",
    version=version(),
    description="FCA2: frame compression-aware autoencoder for video SR, inside MMagic and BasicSR",
    long_description=readme(),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    packages=find_packages(include=["fca2_plugin", "fca2_plugin.*"]),
    # .mim is where MMEngine and mim look for a package's configs; its entries are links
    package_data={
        "fca2_plugin": ["py.typed", "weights/*", ".mim/**/*"],
        "fca2_plugin.apps.report": ["papers.json", "templates/*"],
    },
    python_requires=">=3.10",
    install_requires=NEEDS["REQUIRED"],
    extras_require=NEEDS["EXTRAS"],
    entry_points={"console_scripts": ["fca2 = fca2_plugin.cli:main"]},
    classifiers=[
        "Programming Language :: Python :: 3.10",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Programming Language :: Python :: 3.13",
        "Topic :: Multimedia :: Video",
    ],
)
