"""What others may listen to."""

from django.dispatch import Signal

limit_warned = Signal()
"""Sent after the commit, once for each new LimitWarning, as `warning`. A listener that fails is logged and holds up
nothing."""
