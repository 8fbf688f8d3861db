"""What is left for one person, today and this month."""

from typing import Any

from django.db.models import Sum

from src.usage.models import Counter
from src.usage.periods import current_day, current_period
from src.usage.reading import Use, read_use
from src.usage.scopes import PERSON_PROVIDER
from src.usage.services.standing_limits import standing_limits


def describe_own_limits(*, person: Any) -> dict[str, Any]:
    """Of shared keys: a personal key is not limited. Three queries."""
    day_limit, team_limit = standing_limits(person_id=person.pk)
    use = read_use(scopes=[day_limit.scope, team_limit.scope])
    today, team = use[day_limit.scope], use[team_limit.scope]
    day, month = current_day(), current_period()
    own = _use_of_month(person.pk, month.name)
    return {
        "today": {
            "period": day.name,
            "ends_at": day.ends_at,
            "max_images": day_limit.max_images,
            "spent_images": today.spent_images,
            "reserved_images": today.reserved_images,
            "images_left": _left(day_limit.max_images, today.spent_images + today.reserved_images),
        },
        "month": {
            "period": month.name,
            "ends_at": month.ends_at,
            "spent_images": own.spent_images,
            "reserved_images": own.reserved_images,
            "spent_micros": own.spent_micros,
            "reserved_micros": own.reserved_micros,
            "team_micros_left": _left(team_limit.max_micros, team.spent_micros + team.reserved_micros),
        },
    }


def _use_of_month(person_id: int, period: str) -> Use:
    """At all providers together."""
    counters = Counter.objects.filter(scope_kind=PERSON_PROVIDER, scope_id__startswith=f"{person_id}:", period=period)
    names = ("reserved_images", "spent_images", "reserved_micros", "spent_micros")
    sums = counters.aggregate(**{f"all_{name}": Sum(name, default=0) for name in names})
    return Use(**{name: int(sums[f"all_{name}"]) for name in names})


def _left(limit: int | None, used: int) -> int | None:
    """Never below 0, though a dearer bill than was held may have gone past it."""
    return None if limit is None else max(0, limit - used)
