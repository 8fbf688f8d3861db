"""What the ledger's counters and the totals say, in one look."""

from src.ai.models import AdminProviderSettings, AIModel, AIProvider
from src.usage.models import Counter
from src.usage.services.verification import verify_ledger

FREE = (0, 0, 0, 0)


def counters() -> set[tuple[int, int, int, int]]:
    """(pictures held, pictures spent, micros held, micros spent), alike in all scopes; raises if the ledger differs."""
    assert not verify_ledger().differences
    rows = Counter.objects.all()
    return {(row.reserved_images, row.spent_images, row.reserved_micros, row.spent_micros) for row in rows}


def totals() -> set[tuple[int, int, int]]:
    """(requests, pictures, micros) of providers, models and people that were used; alike in all."""
    rows = [row for table in (AIProvider, AIModel, AdminProviderSettings) for row in table.objects.all()]
    return {(row.total_requests, row.total_images, row.total_cost_micros) for row in rows if row.last_used_at}
