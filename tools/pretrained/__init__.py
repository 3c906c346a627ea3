"""What the tools around published weights share: FCA² around a network that somebody trained."""

from .published import PUBLISHED, get_basicvsr

__all__ = ["PUBLISHED", "get_basicvsr"]
