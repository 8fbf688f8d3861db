"""Pictures drawn by an algorithm on this machine, for trying Negareh without a provider account."""

from .canvas import draw_picture

__all__ = ["draw_picture"]
