"""A process beside a world's own that makes its rows and reads them: one line of JSON in, one out.

Its settings are the world's, which are not those of the tests. Commands: `{"do": "prepare", "upstream": URL}`,
`{"do": "unsettled"}`, `{"do": "facts"}`, `{"do": "hint", "jobs": [...], "times": n}`, `{"do": "look", "job": id}`.
"""

import hashlib
import json
import os
import re
import sys
from collections.abc import Callable
from typing import Any, BinaryIO

import django
import msgspec

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup(set_prefix=False)

from django.conf import settings  # noqa: E402
from django.contrib.auth.models import Group  # noqa: E402
from django.core.files.storage import default_storage  # noqa: E402
from django.db import connection  # noqa: E402
from django.db.models import Q  # noqa: E402

from src.accounts.models import User  # noqa: E402
from src.accounts.services import create_api_token  # noqa: E402
from src.ai.models import UNFINISHED, Charged, GenerationOutput, ImageGeneration, ProviderCall  # noqa: E402
from src.ai.services.inbox import call_path, is_in_inbox, open_in_inbox  # noqa: E402
from src.ai.tasks import look_at  # noqa: E402
from src.core.groups import AI_MANAGERS  # noqa: E402
from src.core.token_scopes import SCOPES  # noqa: E402
from src.media.models import MediaAsset  # noqa: E402
from src.media.services.originals import open_original  # noqa: E402
from src.usage.models import Counter, LedgerEntry  # noqa: E402
from src.usage.services.verification import verify_ledger  # noqa: E402
from tests.factories import make_model, make_provider  # noqa: E402
from tests.reliability.facts import CallFact, EntryFact, Facts, JobFact, PictureFact, Prepared, Standing  # noqa: E402

NUMBER = re.compile(r"\d+")
PLAIN_SPEC = {"sizes": ["1024x1024"], "max_n": 10}
MODELS = {
    "openai": ("gpt-image-2.5-flare", "/openai/v1", {}),
    "gemini": ("gemini-nano-banana-2.1", "/gemini/v1beta", {}),
    "huggingface": ("black-forest-labs/FLUX.1-schnell", "/huggingface", {"backend": "wavespeed"}),
}
"""By adapter: one that answers at once, one that makes one picture per call, one whose calls are resumed."""


def prepare(*, upstream: str) -> Prepared:
    person = User.objects.create_user("manager")
    person.groups.add(Group.objects.get(name=AI_MANAGERS))
    models = {}
    for slug, (model_id, path, config) in MODELS.items():
        provider = make_provider(
            slug, adapter=slug, api_base_url=upstream + path, allow_private_address=True, config=config
        )
        models[slug] = make_model(provider, model_id, image_spec=PLAIN_SPEC).pk
    return Prepared(token=create_api_token(user=person, name="test", scopes=SCOPES)[1], models=models)


def unsettled() -> int:
    """Jobs that have not ended, and calls of unclear end whose answer lies in the inbox."""
    unclear = ProviderCall.objects.filter(charged=Charged.UNKNOWN).exclude(generation__status__in=UNFINISHED)
    answered = [call for call in unclear if is_in_inbox(call_path(call.generation_id, call.index, call.attempt))]
    return ImageGeneration.objects.filter(status__in=UNFINISHED).count() + len(answered)


def facts() -> Facts:
    jobs = ImageGeneration.objects.order_by("created_at").prefetch_related("calls", "outputs__asset")
    entries: dict[str, list[EntryFact]] = {}
    for entry in LedgerEntry.objects.order_by("id"):
        scope = f"{entry.scope_kind}:{entry.scope_id}"
        entries.setdefault(str(entry.generation_id), []).append(
            EntryFact(kind=entry.kind, scope=scope, images=entry.images, micros=entry.micros)
        )
    below_zero = Q(reserved_images__lt=0) | Q(spent_images__lt=0) | Q(reserved_micros__lt=0) | Q(spent_micros__lt=0)
    return Facts(
        jobs=[_job(job, entries.get(str(job.pk), [])) for job in jobs],
        differences=[str(difference) for difference in verify_ledger().differences],
        below_zero=Counter.objects.filter(below_zero).count(),
        unowned_files=len(_original_files() - set(MediaAsset.objects.values_list("file_name", flat=True))),
    )


def _job(job: ImageGeneration, entries: list[EntryFact]) -> JobFact:
    found = NUMBER.search(job.prompt)
    return JobFact(
        id=str(job.pk),
        number=int(found[0]) if found else -1,
        status=job.status,
        charged=job.charged,
        cost_micros=job.cost_micros,
        calls=[_call(call) for call in job.calls.all()],
        pictures=[_picture(output) for output in job.outputs.all()],
        entries=entries,
    )


def _call(call: ProviderCall) -> CallFact:
    return CallFact(
        index=call.index,
        status=call.status,
        is_sent=call.sent_at is not None,
        charged=call.charged,
        brought=call.brought,
    )


def _picture(output: GenerationOutput) -> PictureFact:
    return PictureFact(index=output.index, sha256=output.sha256, stored_sha256=_stored_sha256(output))


def _stored_sha256(output: GenerationOutput) -> str:
    try:
        with _open(output) as file:
            return hashlib.sha256(file.read()).hexdigest()
    except FileNotFoundError:
        return ""


def _open(output: GenerationOutput) -> BinaryIO:
    return open_original(output.asset) if output.asset else open_in_inbox(output.inbox_path)


def _original_files() -> set[str]:
    if not settings.MEDIA_S3_BUCKET:
        root = settings.MEDIA_ROOT
        return {path.relative_to(root).as_posix() for path in (root / "originals").rglob("*") if path.is_file()}
    folders = default_storage.listdir("originals")[0]
    return {
        f"originals/{folder}/{name}" for folder in folders for name in default_storage.listdir(f"originals/{folder}")[1]
    }


def hint(*, jobs: list[str], times: int) -> int:
    """Send the queue's message about each job so often."""
    for job in jobs * times:
        look_at.apply_async((job,))
    return len(jobs) * times


def look(*, job: str) -> Standing:
    row = ImageGeneration.objects.get(pk=job)
    call = row.calls.earliest("index", "attempt")
    return Standing(status=row.status, charged=row.charged, call=call.status, setbacks=row.setbacks)


COMMANDS: dict[str, Callable[..., Any]] = {each.__name__: each for each in (prepare, unsettled, facts, hint, look)}


def main() -> None:
    for line in sys.stdin:
        asked = json.loads(line)
        answer = COMMANDS[asked.pop("do")](**asked)
        connection.close()
        sys.stdout.write(msgspec.json.encode(answer).decode() + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
