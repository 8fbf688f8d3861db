"""The team's month and people's days begin with what the running ones have used already."""

from itertools import islice
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import migrations
from django.db.models import Exists, OuterRef, Q, Sum
from django.utils import timezone

AT_A_TIME = 2000
UNITS = ('reserved_images', 'reserved_micros', 'spent_images', 'spent_micros')


def count_running_periods(apps, schema_editor):
    """Copies the entries of shared keys and sums the copies up; safe to run again."""
    today = timezone.now().astimezone(ZoneInfo(settings.SITE_TIME_ZONE)).date().isoformat()
    month = today[:7]
    entries = apps.get_model('usage', 'LedgerEntry').objects.using(schema_editor.connection.alias)
    shared = entries.filter(scope_kind='person_provider')
    copy_entries(shared.filter(period=month), lambda entry: ('team', 'all', month))
    copy_entries(shared.filter(day=today), lambda entry: ('person_day', str(entry.person_id), today))
    counted = entries.filter(Q(scope_kind='team', period=month) | Q(scope_kind='person_day', period=today))
    counters = apps.get_model('usage', 'Counter').objects.using(schema_editor.connection.alias)
    counters.bulk_create(
        [counters.model(**row) for row in sums_of(counted)],
        update_conflicts=True,
        unique_fields=('scope_kind', 'scope_id', 'period'),
        update_fields=UNITS,
    )


def copy_entries(entries, place):
    copies = (copied(entry, *place(entry)) for entry in entries.order_by('id').iterator())
    while batch := list(islice(copies, AT_A_TIME)):
        entries.model.objects.using(entries.db).bulk_create(batch, ignore_conflicts=True)


def copied(entry, scope_kind, scope_id, period):
    entry.pk = None
    entry.scope_kind, entry.scope_id, entry.period = scope_kind, scope_id, period
    return entry


def sums_of(entries):
    """As `ledger verify` sums: what is reserved is what was reserved and has no release."""
    same_scope = {name: OuterRef(name) for name in ('generation_id', 'scope_kind', 'scope_id')}
    is_ended = Exists(entries.model.objects.using(entries.db).filter(**same_scope, kind='release'))
    held, settled = Q(kind='reserve', is_ended=False), Q(kind='settle')
    return (
        entries.annotate(is_ended=is_ended)
        .order_by()
        .values('scope_kind', 'scope_id', 'period')
        .annotate(
            reserved_images=Sum('images', filter=held, default=0),
            reserved_micros=Sum('micros', filter=held, default=0),
            spent_images=Sum('images', filter=settled, default=0),
            spent_micros=Sum('micros', filter=settled, default=0),
        )
    )


class Migration(migrations.Migration):

    dependencies = [
        ('usage', '0002_limits'),
    ]

    operations = [
        migrations.RunPython(count_running_periods, migrations.RunPython.noop),
    ]
