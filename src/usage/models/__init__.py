from src.usage.models.ledger import Counter, KeySource, LedgerEntry, LedgerKind
from src.usage.models.limits import LimitUnit, LimitWarning, StandingLimit

__all__ = ["Counter", "KeySource", "LedgerEntry", "LedgerKind", "LimitUnit", "LimitWarning", "StandingLimit"]
