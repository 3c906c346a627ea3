"""FCA² around a network that somebody has trained: published weights, and what they reach."""

from fca2_plugin.apps.pretrained.published import PUBLISHED, get_basicvsr

__all__ = ["PUBLISHED", "get_basicvsr"]
