"""Networks as ONNX files: what can be exported, proved equal in onnxruntime, with a manifest."""

from fca2_plugin.apps.export.command import MANIFEST, TOLERANCE, export_network, export_onnx
from fca2_plugin.apps.export.table import export_markdown, export_table

__all__ = [
    "MANIFEST",
    "TOLERANCE",
    "export_markdown",
    "export_network",
    "export_onnx",
    "export_table",
]
