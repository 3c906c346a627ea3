"""Networks as ONNX files: what can be exported, proved equal in onnxruntime, with a manifest."""

from fca2_plugin.apps.export.command import MANIFEST, TOLERANCE, export_network, export_onnx

__all__ = ["MANIFEST", "TOLERANCE", "export_network", "export_onnx"]
