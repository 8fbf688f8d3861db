"""Keys that must not be seen, planted and looked for: in every answer, log line, printed object and table."""

import json
import logging
import pickle
from collections.abc import Callable, Iterator
from io import StringIO

import pytest
from django.db import connection
from rest_framework.response import Response
from rest_framework.test import APIClient

from src.accounts.token_text import hash_of
from src.ai.models import AdminProviderSettings, AIProvider
from src.ai.services.key_check import ask_about_shared_key
from src.ai.services.stored_keys import connect, open_key
from tests.factories import make_model, make_openai, make_settings
from tests.upstream import Upstream

ROOT = "/api/ai/admin/"
# Of no shape that the logs' own net would catch; only the last four may be seen.
SHARED = "shared.KANARIEa1b2c3d4.7q8w"
NEW_SHARED = "newkey.KANARIEe5f6g7h8.9r0t"
PERSONAL = "person.KANARIEi9j0k1l2.3y4u"
MIDDLE = "KANARIE"


class Watch:
    """Everything that came out during a test."""

    def __init__(self, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]):
        self._caplog, self._capfd = caplog, capfd
        self.rendered = StringIO()
        self.answers: list[str] = []
        self.secrets = {MIDDLE}

    def note(self, answer: Response) -> Response:
        self.answers += [answer.content.decode(), str(answer.headers), str(answer.cookies)]
        return answer

    def found(self) -> list[str]:
        """Where a secret was seen."""
        printed = self._capfd.readouterr()
        places = {
            "an answer": "\n".join(self.answers),
            "a log record": "\n".join([self._caplog.text, *(str(vars(record)) for record in self._caplog.records)]),
            "a log line": self.rendered.getvalue(),
            "the output": printed.out + printed.err,
            "the database": dump(),
        }
        return [place for place, text in places.items() if any(secret in text for secret in self.secrets)]


def dump() -> str:
    """Every row of every table, as text."""
    with connection.cursor() as cursor:
        parts = []
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            parts += [f"{table}: {row}" for row in cursor.fetchall()]
    return "\n".join(parts)


@pytest.fixture
def watch(transactional_db, caplog, capfd) -> Iterator[Watch]:
    """Looks for the keys when the test is over."""
    watching = Watch(caplog, capfd)
    caplog.set_level("DEBUG")
    handler = logging.StreamHandler(watching.rendered)
    handler.setFormatter(next(h.formatter for h in logging.getLogger().handlers if type(h) is logging.StreamHandler))
    logging.getLogger().addHandler(handler)
    yield watching
    logging.getLogger().removeHandler(handler)
    assert watching.found() == []


@pytest.fixture
def openai(transactional_db, upstream: Upstream) -> AIProvider:
    upstream.good_keys |= {SHARED, NEW_SHARED, PERSONAL}
    provider = make_openai(upstream, key=SHARED)
    make_model(provider)
    return provider


@pytest.fixture
def by(client_of, watch) -> Callable[..., Callable[..., Response]]:
    """`by(user)("patch", "image-providers/1/", body)`; every answer is watched."""

    def start(user) -> Callable[..., Response]:
        client: APIClient = client_of(user, scopes=["images", "providers"])
        watch.secrets.add(client._credentials["HTTP_AUTHORIZATION"].removeprefix("Bearer "))
        client.raise_request_exception = False
        return lambda method, path, body=None: watch.note(getattr(client, method)(ROOT + path, body))

    return start


@pytest.fixture
def boss(by, super_admin):
    return by(super_admin)


ECHO = {"error": {"message": "Incorrect API key provided: {key}.", "code": "invalid_api_key"}}
TROUBLES = {
    "401 with the key": {"status": 401, "body": ECHO},
    "400 with the key": {"status": 400, "body": {"error": {"message": "bad {key}", "code": "{key}", "type": "{key}"}}},
    "403 with the key": {"status": 403, "body": {"detail": [{"msg": "no {key}"}]}},
    "500 with the key": {"status": 500, "body": {"message": "failed for {key}"}},
    "429 with the key": {"status": 429, "headers": {"retry-after": "{key}"}, "body": {"error": "slow down, {key}"}},
    "a page with the key": {"status": 502, "body": b"<html>Authorization: Bearer {key}</html>"},
    "broken JSON with the key": {"status": 400, "body": b'{"error": "{key}'},
    "a redirect to the key": {"status": 302, "headers": {"Location": "https://elsewhere.example/?key={key}"}},
    "a policy refusal with the key": {
        "status": 400,
        "body": {"error": {"message": "safety_violations=[{key}]", "code": "moderation_blocked"}},
    },
}
ANSWERED_200 = {
    "200 with an error about the key": {"status": 200, "body": ECHO},
    "200 without a picture": {"status": 200, "body": {"data": [], "key": "{key}"}},
    "200 that is a page": {"status": 200, "body": b"<html>{key}</html>"},
    "200 whose picture is the key": {"status": 200, "body": {"data": [{"b64_json": "{key}"}]}},
}


def play(upstream: Upstream, trouble: dict, key: str, **when) -> None:
    """A played answer that echoes the key."""
    body, headers = trouble.get("body", b""), trouble.get("headers", {})
    if isinstance(body, bytes):
        body = body.replace(b"{key}", key.encode())
    else:
        body = json.loads(json.dumps(body).replace("{key}", key))
    headers = {name: value.replace("{key}", key) for name, value in headers.items()}
    upstream.play_response(status=trouble["status"], headers=headers, body=body, **when)


def look_everywhere(call: Callable[..., Response], provider: AIProvider) -> None:
    for path in ("", f"{provider.pk}/", f"{provider.pk}/models/", "capabilities/", "available/"):
        assert call("get", f"image-providers/{path}").status_code == 200
    assert call("get", "images/models/").status_code == 200


@pytest.mark.parametrize("trouble", [*TROUBLES.values(), *ANSWERED_200.values()], ids=[*TROUBLES, *ANSWERED_200])
def test_a_key_check_that_fails_shows_no_key(boss, openai, upstream, trouble):
    url = f"image-providers/{openai.pk}/"
    for method, path, body, key in (
        ("patch", url, {"shared_api_key": NEW_SHARED}, NEW_SHARED),
        ("post", f"{url}validate-api-key/", None, NEW_SHARED),
        ("post", f"{url}activate/", None, NEW_SHARED),
        ("patch", url, {"shared_api_key": SHARED, "is_active": True}, SHARED),
    ):
        play(upstream, trouble, key, path="/models")
        assert boss(method, path, body).status_code in (200, 400, 503)

    look_everywhere(boss, openai)


def test_a_key_that_is_accepted_shows_its_last_four_only(boss, openai):
    answer = boss("patch", f"image-providers/{openai.pk}/", {"shared_api_key": NEW_SHARED, "is_active": True})

    assert answer.data["data"]["shared_api_key"] == "***9r0t"
    look_everywhere(boss, openai)


def test_a_service_that_is_down_shows_no_key(boss, openai, upstream):
    with upstream.refuse_connections() as url:
        boss("patch", f"image-providers/{openai.pk}/", {"shared_api_key": NEW_SHARED, "api_base_url": url})
        assert boss("post", f"image-providers/{openai.pk}/activate/").status_code == 503


BAD_BODIES = [
    {"shared_api_key": [SHARED]},
    {"shared_api_key": {"key": SHARED}},
    {"shared_api_key": f"{SHARED} {SHARED}"},
    {"shared_api_key": f"{SHARED}\x00"},
    {"shared_api_key": f"{SHARED}é"},
    {"shared_api_key": SHARED * 200},
    {"shared_api_key": SHARED, "sort_order": SHARED},
    {"shared_api_key": SHARED, "api_base_url": f"ftp://{SHARED}/"},
    {"shared_api_key": SHARED, "adapter": SHARED},
    {"api_key": SHARED},
    {"unknown_price_policy": SHARED},
    {"monthly_budget_micros": SHARED},
    [SHARED],
    SHARED,
]


@pytest.mark.parametrize("body", BAD_BODIES)
def test_a_refused_body_shows_no_key(boss, openai, body):
    assert boss("patch", f"image-providers/{openai.pk}/", body).status_code == 400
    assert boss("post", "image-providers/", body).status_code == 400


@pytest.mark.parametrize("text", [f'{{"shared_api_key": "{SHARED}"', f'{{"shared_api_key": {SHARED}}}', SHARED])
def test_a_body_that_is_no_json_shows_no_key(client_of, super_admin, watch, openai, text):
    client = client_of(super_admin)

    answer = watch.note(client.patch(f"{ROOT}image-providers/{openai.pk}/", text, content_type="application/json"))

    assert answer.status_code == 400


@pytest.mark.parametrize("path", [f"capabilities/?provider={SHARED}", f"openrouter-models/?use_cache={SHARED}"])
def test_a_key_in_a_query_is_not_logged_or_repeated(boss, openai, path):
    assert boss("get", f"image-providers/{path}").status_code == 400


def test_an_error_that_nobody_expected_shows_no_key(boss, openai, watch):
    AIProvider.objects.update(config="text where an object is expected")

    answer = boss("post", f"image-providers/{openai.pk}/validate-api-key/")

    assert (answer.status_code, answer.data["code"]) == (500, "internal_error")
    assert "Traceback" in watch.rendered.getvalue()


def test_a_key_that_cannot_be_opened_shows_nothing(boss, openai):
    AIProvider.objects.update(vault_id="00000000-0000-0000-0000-000000000000")

    answer = boss("post", f"image-providers/{openai.pk}/validate-api-key/")

    assert (answer.status_code, answer.data["code"]) == (500, "vault_key_unreadable")


@pytest.fixture
def generate(by, openai, ai_manager):
    """With the shared key, or with the person's own."""

    def call(*, own_key: bool, **body) -> Response:
        if own_key:
            make_settings(ai_manager, openai, key=PERSONAL)
        return by(ai_manager)("post", "images/generate/", {"model_id": openai.models.get().pk, "prompt": "a", **body})

    return call


@pytest.mark.parametrize("own_key", [True, False])
@pytest.mark.parametrize("trouble", [*TROUBLES.values(), *ANSWERED_200.values()], ids=[*TROUBLES, *ANSWERED_200])
def test_a_generation_that_fails_shows_no_key(generate, boss, openai, upstream, trouble, own_key):
    play(upstream, trouble, PERSONAL if own_key else SHARED)

    assert generate(own_key=own_key).status_code >= 400

    look_everywhere(boss, openai)


@pytest.mark.parametrize("own_key", [True, False])
@pytest.mark.parametrize("fault", ["drop_after_accept", "truncate_body", "delay_next"])
def test_a_lost_answer_shows_no_key(generate, upstream, settings, fault, own_key):
    settings.PROVIDER_TIMEOUT_S = 0.3
    getattr(upstream, fault)(*([1] if fault == "delay_next" else []))

    assert generate(own_key=own_key).status_code in (502, 504)


@pytest.mark.parametrize("save_to_media", [True, False])
def test_a_generation_that_succeeds_shows_no_key(generate, upstream, save_to_media):
    assert generate(own_key=True, save_to_media=save_to_media).status_code in (200, 201)
    assert upstream.paid_requests[0].bearer == PERSONAL


def test_an_error_that_nobody_expected_while_generating_shows_no_key(generate, watch):
    AIProvider.objects.update(config="text where an object is expected")

    assert generate(own_key=True).data["code"] == "internal_error"
    assert "Traceback" in watch.rendered.getvalue()


def test_printed_objects_show_no_key(watch, openai, ai_manager):
    own = make_settings(ai_manager, openai, key=PERSONAL)
    key, conn = open_key(own, openai), connect(openai, openai)

    shown = [openai, own, key, conn, ask_about_shared_key(openai), [key], {"key": key}, (conn,)]
    watch.answers += [form(thing) for thing in shown for form in (repr, str, "{}".format, "%s".__mod__)]
    watch.answers += [str(vars(openai)), str(vars(own)), str(AdminProviderSettings.objects.values())]
    for secretive in (key, conn):
        with pytest.raises(TypeError):
            pickle.dumps(secretive)


def test_a_token_is_stored_as_its_hash_only(boss, watch, client_of):
    [text] = [secret for secret in watch.secrets if secret.startswith("ngr_")]

    boss("get", "image-providers/")
    wrong = APIClient(headers={"authorization": f"Bearer {text}x"})
    watch.note(wrong.get(f"{ROOT}image-providers/"))

    assert hash_of(text) in dump()


@pytest.mark.parametrize("way", ["answer", "log", "print", "database"])
def test_the_watch_sees_a_key_that_gets_out(watch, capfd, openai, way, stranger):
    if way == "answer":
        watch.answers.append(SHARED)
    elif way == "log":
        logging.getLogger("negareh.test").warning("key %s", SHARED)
    elif way == "print":
        print(SHARED)
    else:
        type(stranger).objects.update(first_name=SHARED)

    assert watch.found()

    watch.secrets = {"nothing more to look for"}
