"""What others may listen to."""

from django.dispatch import Signal

limit_warned = Signal()
"""Sent once for each new LimitWarning, as `warning`, in the transaction that writes it. A listener that fails is logged
and holds up nothing; one that writes does so in an `atomic` of its own, so that its failure undoes no other's rows."""
