"""The table: who gets what at every route. `own`, `team`, `private`: a private picture of the asker's, a team picture
of the manager's, a private one of the manager's."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

KINDS = ("own", "team", "private")
PEOPLE = ("anonymous", "manager", "other manager", "media manager", "super admin")
OK = "let in"
Statuses = Mapping[str, tuple[Any, ...]]


def who(anonymous: Any, manager: Any, other: Any, media: Any, super_admin: Any) -> Statuses:
    """One answer per person, or one per kind of picture."""
    answers = (anonymous, manager, other, media, super_admin)
    spread = [answer if isinstance(answer, tuple) else (answer,) * len(KINDS) for answer in answers]
    return dict(zip(PEOPLE, spread, strict=True))


@dataclass(frozen=True)
class Row:
    """`body` makes the request's body from the picture; `pk` says what the address's `pk` is."""

    statuses: Statuses
    body: Callable[[Any], Any] | None = None
    is_about_a_picture: bool = False
    is_deleted: bool = False
    is_published: bool = False
    pk: str = "provider"


def picture(statuses: Statuses, **more: Any) -> Row:
    return Row(statuses, is_about_a_picture=True, **more)


SEES = who(401, OK, (OK, OK, 404), OK, OK)
WRITES = who(401, OK, (OK, 403, 404), OK, OK)
BRINGS_BACK = who(401, OK, (OK, 404, 404), OK, OK)
ANYBODY = who(OK, OK, OK, OK, OK)
NOBODY_WITHOUT_THE_SECRET = who(404, 404, 404, 404, 404)
INVITED = who(404, OK, OK, OK, OK)
SIGNED_IN = who(401, OK, OK, OK, OK)
AI_MANAGERS = who(401, OK, OK, 403, OK)
MEDIA_MANAGERS = who(401, 403, 403, OK, OK)
SUPER_ADMINS = who(401, 403, 403, 403, OK)
UPLOADERS = who(401, OK, OK, OK, OK)
# Of somebody else's jobs a super admin sees all, and may decide what is unclear.
OWNER_OR_SUPER_ADMIN = who(401, 404, 404, 403, OK)
OWNER_ONLY = who(401, 404, 404, 403, 403)
# Generations, tokens and the like of somebody else are not there, for super admins neither.
NOT_THEIRS = who(401, 404, 404, 403, 404)

MEDIA, AI, ACCOUNTS = "/api/media/", "/api/ai/admin/", "/api/accounts/"
USAGE = "/api/usage/"
WEBHOOKS = "/api/webhooks/"
PROVIDERS = f"{AI}image-providers/"
GENERATION = f"{AI}images/generations/{{generation_id}}/"
JOB = f"{AI}jobs/{{generation_id}}/"

ROUTES: dict[str, Row] = {
    "GET /livez": Row(ANYBODY),
    "GET /readyz": Row(ANYBODY),
    "GET /api/schema/": Row(ANYBODY),
    "GET /api/docs/": Row(ANYBODY),
    # Invitations are their secret's holder's.
    "GET /invite/welcome": Row(INVITED),
    "GET /invite/{token}": Row(NOBODY_WITHOUT_THE_SECRET),
    # Pictures
    f"GET {MEDIA}{{asset_id}}/": picture(SEES),
    f"GET {MEDIA}{{asset_id}}/original/": picture(SEES),
    f"GET {MEDIA}{{asset_id}}/renditions/{{size}}.{{format}}": picture(SEES),
    f"PATCH {MEDIA}{{asset_id}}/": picture(WRITES, body=lambda asset: {"title": "x"}),
    f"DELETE {MEDIA}{{asset_id}}/": picture(WRITES),
    f"POST {MEDIA}{{asset_id}}/restore/": picture(BRINGS_BACK, is_deleted=True),
    f"PUT {MEDIA}{{asset_id}}/favourite/": picture(SEES),
    f"DELETE {MEDIA}{{asset_id}}/favourite/": picture(SEES),
    f"POST {MEDIA}{{asset_id}}/publish/": picture(WRITES),
    f"DELETE {MEDIA}{{asset_id}}/publish/": picture(WRITES, is_published=True),
    f"POST {MEDIA}zip/": picture(SEES, body=lambda asset: {"ids": [str(asset.pk)]}),
    "GET /p/{token}/{size}.{format}": picture(ANYBODY, is_published=True),
    # Collections lie beside their pictures, of the same owner and visibility.
    f"GET {MEDIA}collections/{{collection_id}}/": picture(SEES),
    f"PATCH {MEDIA}collections/{{collection_id}}/": picture(WRITES, body=lambda asset: {"name": "x"}),
    f"DELETE {MEDIA}collections/{{collection_id}}/": picture(WRITES),
    # Lists show each their own: `test_lists_hold_what_one_sees`.
    f"GET {MEDIA}": Row(SIGNED_IN),
    f"GET {MEDIA}trash/": Row(SIGNED_IN),
    f"GET {MEDIA}tags/": Row(SIGNED_IN),
    f"GET {MEDIA}collections/": Row(SIGNED_IN),
    f"POST {MEDIA}collections/": Row(SIGNED_IN, body=lambda asset: {"name": "new"}),
    f"POST {MEDIA}bulk/": Row(SIGNED_IN, body=lambda asset: {"ids": [str(asset.pk)], "action": "favourite"}),
    f"POST {MEDIA}uploads/": Row(UPLOADERS),
    f"PATCH {MEDIA}tags/{{tag_id}}/": Row(MEDIA_MANAGERS, body=lambda asset: {"name": "x"}),
    f"DELETE {MEDIA}tags/{{tag_id}}/": Row(MEDIA_MANAGERS),
    # Providers
    f"GET {PROVIDERS}": Row(SUPER_ADMINS),
    f"POST {PROVIDERS}": Row(SUPER_ADMINS),
    f"GET {PROVIDERS}{{pk}}/": Row(SUPER_ADMINS),
    f"PUT {PROVIDERS}{{pk}}/": Row(SUPER_ADMINS),
    f"PATCH {PROVIDERS}{{pk}}/": Row(SUPER_ADMINS),
    f"POST {PROVIDERS}{{pk}}/activate/": Row(SUPER_ADMINS),
    f"POST {PROVIDERS}{{pk}}/deactivate/": Row(SUPER_ADMINS),
    f"POST {PROVIDERS}{{pk}}/validate-api-key/": Row(SUPER_ADMINS),
    f"POST {PROVIDERS}{{pk}}/sync-models/": Row(SUPER_ADMINS),
    f"GET {PROVIDERS}{{provider_pk}}/models/": Row(SUPER_ADMINS),
    f"POST {PROVIDERS}{{provider_pk}}/models/": Row(SUPER_ADMINS),
    f"PATCH {PROVIDERS}{{provider_pk}}/models/{{pk}}/": Row(SUPER_ADMINS, pk="model"),
    f"GET {PROVIDERS}capabilities/": Row(AI_MANAGERS),
    f"GET {PROVIDERS}available/": Row(AI_MANAGERS),
    f"GET {PROVIDERS}openrouter-models/": Row(AI_MANAGERS),
    f"POST {PROVIDERS}clear-openrouter-cache/": Row(SUPER_ADMINS),
    # Generating
    f"POST {AI}images/generate/": Row(AI_MANAGERS),
    f"POST {AI}images/edit/": Row(AI_MANAGERS),
    f"POST {AI}images/estimate/": Row(AI_MANAGERS),
    f"GET {AI}images/models/": Row(AI_MANAGERS),
    f"GET {GENERATION}": Row(NOT_THEIRS),
    f"GET {GENERATION}results/{{index}}/": Row(NOT_THEIRS),
    f"POST {GENERATION}save/": Row(NOT_THEIRS),
    # Jobs
    f"GET {AI}jobs/": Row(AI_MANAGERS),
    f"GET {AI}jobs/events/": Row(AI_MANAGERS),
    f"GET {JOB}": Row(OWNER_OR_SUPER_ADMIN),
    f"GET {JOB}events/": Row(OWNER_OR_SUPER_ADMIN),
    f"GET {JOB}previews/{{seq}}/": Row(OWNER_OR_SUPER_ADMIN),
    f"POST {JOB}cancel/": Row(OWNER_OR_SUPER_ADMIN),
    f"POST {JOB}retry/": Row(OWNER_ONLY),
    f"POST {JOB}settle/": Row(OWNER_OR_SUPER_ADMIN),
    f"POST {JOB}release/": Row(OWNER_OR_SUPER_ADMIN),
    # One's own settings
    f"GET {AI}settings/": Row(AI_MANAGERS),
    f"GET {AI}settings/{{provider_id}}/": Row(AI_MANAGERS),
    f"PATCH {AI}settings/{{provider_id}}/": Row(AI_MANAGERS),
    f"POST {AI}settings/{{provider_id}}/validate-api-key/": Row(AI_MANAGERS),
    f"GET {AI}settings/{{provider_id}}/users/{{user_id}}/": Row(SUPER_ADMINS),
    f"PATCH {AI}settings/{{provider_id}}/users/{{user_id}}/": Row(SUPER_ADMINS),
    # Use and limits; reports and warnings hold each their own: `tests/usage`.
    f"GET {USAGE}": Row(SIGNED_IN),
    f"GET {USAGE}report.csv/": Row(SIGNED_IN),
    f"GET {USAGE}warnings/": Row(SIGNED_IN),
    f"GET {USAGE}limits/mine/": Row(SIGNED_IN),
    f"GET {USAGE}limits/": Row(SUPER_ADMINS),
    f"PATCH {USAGE}limits/": Row(SUPER_ADMINS),
    f"GET {USAGE}limits/people/{{user_id}}/": Row(SUPER_ADMINS),
    f"PATCH {USAGE}limits/people/{{user_id}}/": Row(SUPER_ADMINS),
    # People
    f"GET {ACCOUNTS}me/": Row(SIGNED_IN),
    f"GET {ACCOUNTS}tokens/": Row(SIGNED_IN),
    f"POST {ACCOUNTS}tokens/": Row(SIGNED_IN),
    f"DELETE {ACCOUNTS}tokens/{{token_id}}/": Row(who(401, 404, 404, 404, 404)),
    f"GET {ACCOUNTS}people/": Row(SUPER_ADMINS),
    f"GET {ACCOUNTS}people/{{person_id}}/": Row(SUPER_ADMINS),
    f"PATCH {ACCOUNTS}people/{{person_id}}/": Row(SUPER_ADMINS),
    f"POST {ACCOUNTS}people/{{person_id}}/end-sessions/": Row(SUPER_ADMINS),
    f"GET {ACCOUNTS}invitations/": Row(SUPER_ADMINS),
    f"POST {ACCOUNTS}invitations/": Row(SUPER_ADMINS),
    f"DELETE {ACCOUNTS}invitations/{{invitation_id}}/": Row(SUPER_ADMINS),
    f"POST {ACCOUNTS}invitations/accept/": Row(ANYBODY),
    f"GET {ACCOUNTS}audit/": Row(SUPER_ADMINS),
    f"GET {ACCOUNTS}audit/export/": Row(SUPER_ADMINS),
    # Webhooks
    f"GET {WEBHOOKS}": Row(SUPER_ADMINS),
    f"POST {WEBHOOKS}": Row(SUPER_ADMINS),
    f"GET {WEBHOOKS}{{webhook_id}}/": Row(SUPER_ADMINS),
    f"PATCH {WEBHOOKS}{{webhook_id}}/": Row(SUPER_ADMINS),
    f"DELETE {WEBHOOKS}{{webhook_id}}/": Row(SUPER_ADMINS),
    f"POST {WEBHOOKS}{{webhook_id}}/test/": Row(SUPER_ADMINS),
    f"GET {WEBHOOKS}{{webhook_id}}/deliveries/": Row(SUPER_ADMINS),
    f"POST {WEBHOOKS}{{webhook_id}}/deliveries/{{delivery_id}}/redeliver/": Row(SUPER_ADMINS),
}
