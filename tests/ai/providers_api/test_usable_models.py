"""images/models/: the image models that a person may use."""

import base64
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from src.ai.models import AIModel, AIProvider
from tests.ai.providers_api.conftest import PERSIAN_LETTERS, field_codes
from tests.factories import (
    GPT_IMAGE_SPEC,
    PRICE_PER_IMAGE,
    make_model,
    make_provider,
    make_sandbox,
    make_settings,
)

URL = "images/models/"
TODAY = datetime.now(UTC).date()


@pytest.fixture
def manager(transactional_db, caller, ai_manager):
    return caller(ai_manager)


def ids(answer) -> list[str]:
    assert answer.status_code == 200, answer.data
    return [row["model_id"] for row in answer.data["data"]["results"]]


def test_it_shows_a_model_with_state_spec_and_price(manager):
    model = make_model(
        make_provider(display_name="OpenAI"), replacement="next", shutdown_date=TODAY + timedelta(days=9)
    )

    answer = manager.get(URL)

    assert answer.data["data"]["results"] == [
        {
            "id": model.pk,
            "model_id": model.model_id,
            "display_name": "",
            "description": "",
            "provider": "openai",
            "provider_name": "OpenAI",
            "capabilities": ["image"],
            "state": "AVAILABLE_SHARED",
            "key_source": "shared",
            "image_spec": GPT_IMAGE_SPEC,
            "pricing": PRICE_PER_IMAGE,
            "shutdown_date": str(TODAY + timedelta(days=9)),
            "replacement": "next",
            "warnings": [
                {
                    "code": "model_ends_soon",
                    "message": answer.data["data"]["results"][0]["warnings"][0]["message"],
                    "shutdown_date": str(TODAY + timedelta(days=9)),
                    "replacement": "next",
                }
            ],
        }
    ]
    assert PERSIAN_LETTERS & set(answer.data["message"])


def test_models_that_edit_are_a_list_of_their_own(manager):
    openai = make_provider()
    make_model(openai, "draws")
    make_model(openai, "edits", capabilities={"image_edit": True})
    make_model(openai, "does-both", capabilities={"image": True, "image_edit": True})

    def listed(**query):
        return [row["model_id"] for row in manager.get(URL, **query).data["data"]["results"]]

    assert listed() == listed(can="image") == ["draws", "does-both"]
    assert listed(can="image_edit") == ["edits", "does-both"]
    assert manager.get(URL, can="chat").status_code == 400


def test_it_leaves_out_models_that_cannot_be_used(manager):
    openai = make_provider()
    make_model(openai, "good")
    make_model(openai, "off", is_active=False)
    make_model(openai, "chat", capabilities={"chat": True})
    make_model(openai, "not an image model", capabilities={"image": False})
    make_model(openai, "ends today", shutdown_date=TODAY)
    make_model(openai, "ended", shutdown_date=TODAY - timedelta(days=1))
    make_model(openai, "ends tomorrow", shutdown_date=TODAY + timedelta(days=1))
    make_model(make_provider("inactive", is_active=False), "of an inactive provider")
    make_model(make_provider("keyless", key=None), "without a key")
    make_model(make_provider("reserved", allow_shared_for_normal_admins=False), "reserved")

    assert ids(manager.get(URL)) == ["good", "ends tomorrow"]


def test_a_key_known_to_be_invalid_opens_nothing(manager):
    make_model(make_provider())
    AIProvider.objects.update(key_status="invalid")

    assert ids(manager.get(URL)) == []


def test_it_names_the_key_that_would_be_used(manager, ai_manager):
    shared, own = make_provider("shared"), make_provider("own", key=None)
    make_model(shared, "a")
    make_model(own, "b")
    make_model(make_sandbox(), "c", sort_order=1)
    make_settings(ai_manager, own, key="sk-of-the-manager")

    rows = manager.get(URL).data["data"]["results"]

    assert [(row["state"], row["key_source"]) for row in rows] == [
        ("AVAILABLE_SHARED", "shared"),
        ("AVAILABLE_PERSONAL", "personal"),
        ("AVAILABLE_SHARED", "shared"),
    ]


def test_nobody_sees_by_another_persons_key(manager, other_manager):
    provider = make_provider(key=None)
    make_model(provider)
    make_settings(other_manager, provider, key="sk-of-another")

    assert ids(manager.get(URL)) == []


def test_it_lists_one_provider(manager):
    make_model(make_provider("one"), "a")
    make_model(make_provider("two"), "b")

    assert ids(manager.get(URL, provider="two")) == ["b"]
    assert ids(manager.get(URL, provider="none")) == []
    assert ids(manager.get(URL, provider="")) == ["a", "b"]


SEARCHED = [
    ("flux", ["flux.1"]),
    ("FLUX", ["flux.1"]),
    ("نقاش", ["named"]),
    ("%", ["100%"]),
    ("_", ["a_b"]),
    ("\\", ["back\\slash"]),
    ("'", []),
    ("flux_1", []),
    ("f%1", []),
    ("", ["flux.1", "named", "100%", "a_b", "back\\slash"]),
]


@pytest.mark.parametrize(("text", "found"), SEARCHED)
def test_it_searches_in_ids_and_names(manager, text, found):
    openai = make_provider()
    for model_id in ("flux.1", "100%", "a_b", "back\\slash"):
        make_model(openai, model_id, sort_order=0 if model_id == "flux.1" else 2)
    make_model(openai, "named", display_name="نقاش", sort_order=1)

    assert ids(manager.get(URL, search=text)) == found


@pytest.mark.parametrize("name", ["search", "provider"])
def test_it_refuses_a_null_character(manager, name):
    assert list(field_codes(manager.get(URL, **{name: "a\x00b"}))) == [name]


def test_a_query_parameter_that_it_does_not_know_is_400(manager):
    assert field_codes(manager.get(URL, colour="red")) == {"colour": ["unknown_field"]}


@pytest.fixture
def seven(manager) -> list[str]:
    openai = make_provider()
    for number in range(7):
        make_model(openai, f"m{number}", sort_order=number // 3)
    return [f"m{number}" for number in range(7)]


def walk(manager, address: str, link: str) -> list[list[str]]:
    pages = []
    while address:
        answer = manager.get(address)
        pages.append(ids(answer))
        address = answer.data["data"][link]
    return pages


def test_its_pages_hold_every_model_once(manager, seven):
    assert walk(manager, f"{URL}?page_size=3", "next") == [seven[0:3], seven[3:6], seven[6:]]


def test_its_pages_lead_back(manager, seven):
    address = f"{URL}?page_size=3"
    for _ in range(2):
        address = manager.get(address).data["data"]["next"]

    assert walk(manager, address, "previous") == [seven[6:], seven[3:6], seven[0:3]]


def test_its_links_keep_the_filters(manager, seven):
    make_model(make_provider("other"), "m-elsewhere")

    answer = manager.get(URL, page_size=3, search="m", provider="openai")

    assert walk(manager, answer.data["data"]["next"], "next") == [seven[3:6], seven[6:]]


def test_a_model_added_before_the_page_moves_nothing(manager, seven):
    following = manager.get(URL, page_size=3).data["data"]["next"]
    make_model(AIProvider.objects.get(), "new", sort_order=-1)

    assert ids(manager.get(following)) == seven[3:6]


def test_a_page_whose_models_are_gone_is_empty(manager, seven):
    following = manager.get(URL, page_size=6).data["data"]["next"]
    AIModel.objects.filter(model_id="m6").delete()

    assert ids(manager.get(following)) == []


def cursor(*values) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode()


BAD_CURSORS = [
    "x",
    "===",
    "۱۲۳",
    cursor(),
    cursor("n"),
    cursor("n", 1),
    cursor("n", 1, 2, 3),
    cursor("x", 1, 2),
    cursor("n", None, 1),
    cursor("n", 1.5, 1),
    cursor("n", True, 1),
    cursor("n", [1], 1),
    cursor("n", "abc", 1),
    cursor("n", 1, "abc"),
    cursor(["n"], 1, 1),
    base64.urlsafe_b64encode(b'{"n": 1}').decode(),
    base64.urlsafe_b64encode(b"5").decode(),
    base64.urlsafe_b64encode(b"\xff\xfe").decode(),
    base64.urlsafe_b64encode(b"[" * 3000).decode(),
]


@pytest.mark.parametrize("text", BAD_CURSORS)
def test_it_refuses_a_cursor_that_is_none(manager, text):
    make_model(make_provider())

    assert list(field_codes(manager.get(URL, cursor=text))) == ["cursor"]


@pytest.mark.parametrize("number", [10**30, -(10**30), 2**63])
def test_a_cursor_beyond_every_row_gives_no_error(manager, number):
    make_model(make_provider())

    assert manager.get(URL, cursor=cursor("n", number, number)).status_code == 200
    assert manager.get(URL, cursor=cursor("p", number, number)).status_code == 200


@pytest.mark.parametrize("size", ["0", "201", "-1", "abc", "1.5", "9" * 5000, "۵", ""])
def test_it_refuses_a_page_size_out_of_range(manager, size):
    assert list(field_codes(manager.get(URL, page_size=size))) == ["page_size"]


@pytest.fixture
def statements(caplog) -> Iterator[Callable[[], list[str]]]:
    """The SQL run since, on whichever thread of the pool: their connections are new for each piece of work."""

    def log_sql(connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
        connection.force_debug_cursor = True

    caplog.set_level("DEBUG", logger="django.db.backends")
    connection_created.connect(log_sql)
    yield lambda: [record.sql for record in caplog.records if record.name == "django.db.backends"]
    connection_created.disconnect(log_sql)


@pytest.mark.parametrize(("providers", "models"), [(1, 10), (1, 300), (30, 10)])
def test_its_number_of_queries_does_not_grow(manager, ai_manager, statements, providers, models):
    for number in range(providers):
        provider = make_provider(f"p{number}")
        make_settings(ai_manager, provider, key="sk-of-the-manager")
        AIModel.objects.bulk_create(
            AIModel(provider=provider, model_id=f"m{index}", capabilities={"image": True}) for index in range(models)
        )

    answer = manager.get(URL, page_size=200)

    assert len(ids(answer)) == min(200, providers * models)
    assert len([sql for sql in statements() if 'FROM "ai_' in sql]) == 3, statements()
