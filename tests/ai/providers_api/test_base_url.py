"""Where a provider may be, and what becomes of keys when it moves."""

import pytest

from src.ai.access import ModelAccessState
from src.ai.models import AIProvider
from src.ai.services.stored_keys import open_key
from tests.ai.providers_api.conftest import field_codes
from tests.factories import GOOD_KEY, make_openai, make_provider, make_settings

NEVER_ALLOWED = [
    "ftp://example.com/v1",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "garbage",
    "//example.com/v1",
    "https://",
    "https:///v1",
    "https://user:pass@example.com/v1",
    "https://user@example.com/v1",
    "https://example.com:99999/v1",
    "https://example.com:port/v1",
    "https://[::1/v1",
    "https://exa mple.com/v1",
    "https://example.com/v1 /x",
    "https://exa\tmple.com/v1",
    "https://example.com/v1\n/x",
]
ALLOWED_WHERE_MARKED = [
    "http://example.com/v1",
    "http://localhost:8080/v1",
    "http://127.0.0.1:8080/v1",
    "https://127.0.0.1/v1",
    "https://10.0.0.5/v1",
    "https://192.168.1.5:8443/v1",
    "https://169.254.169.254/latest",
    "https://[::1]/",
    "https://[::1]:8443/v1",
    "https://[fe80::1]/v1",
    "https://[::ffff:127.0.0.1]/v1",
    "https://127。0。0。1/v1",
    "https://①②⑦.0.0.1/v1",
]
ALWAYS_ALLOWED = ["https://example.com", "https://example.com/v1/", "https://8.8.8.8:8443/v1", "HTTPS://EXAMPLE.com/v1"]


@pytest.fixture
def change(boss):
    """PATCH the only provider, which has no key unless the test gives it one."""

    def patch(**body):
        return boss.patch(f"image-providers/{AIProvider.objects.get().pk}/", body)

    return patch


@pytest.fixture
def without_key(db) -> AIProvider:
    return make_provider(key=None, api_base_url="https://api.example/v1")


@pytest.fixture
def openai(db, upstream) -> AIProvider:
    return make_openai(upstream)


@pytest.mark.parametrize("url", NEVER_ALLOWED + ALLOWED_WHERE_MARKED)
def test_it_refuses_an_address_that_must_not_be_called(change, without_key, url):
    answer = change(api_base_url=url, description="not saved")

    assert field_codes(answer) == {"api_base_url": ["url_not_allowed"]}
    row = AIProvider.objects.get()
    assert (row.api_base_url, row.description) == ("https://api.example/v1", "")


@pytest.mark.parametrize("url", NEVER_ALLOWED)
def test_no_mark_makes_these_allowed(change, without_key, url):
    answer = change(api_base_url=url, allow_private_address=True)

    assert field_codes(answer) == {"api_base_url": ["url_not_allowed"]}


@pytest.mark.parametrize("url", ALLOWED_WHERE_MARKED)
def test_a_private_or_plain_address_is_taken_where_it_is_marked(change, without_key, url):
    assert change(api_base_url=url, allow_private_address=True).status_code == 200
    assert AIProvider.objects.get().api_base_url == url


@pytest.mark.parametrize("url", ALWAYS_ALLOWED)
def test_it_takes_a_public_address_with_tls(change, without_key, url):
    assert change(api_base_url=url).status_code == 200


def test_spaces_around_an_address_are_dropped(change, without_key):
    assert change(api_base_url="  https://example.com/v1 ").data["data"]["api_base_url"] == "https://example.com/v1"


def test_a_blank_address_is_the_adapters_own(change, without_key):
    assert change(api_base_url="").data["data"]["api_base_url"] == ""


def test_an_adapter_without_an_address_of_its_own_needs_one(change, without_key):
    answer = change(adapter="openai_compatible", api_base_url="")

    assert field_codes(answer) == {"api_base_url": ["base_url_required"]}


def test_the_mark_cannot_be_taken_from_a_provider_whose_address_needs_it(change, openai):
    answer = change(allow_private_address=False)

    assert field_codes(answer) == {"api_base_url": ["url_not_allowed"]}
    assert AIProvider.objects.get().allow_private_address is True


@pytest.mark.parametrize(
    "body",
    [
        {"api_base_url": "https://other.example/v1"},
        {"api_base_url": ""},
        {"adapter": "openai_compatible"},
        {"adapter": "gemini"},
        {"api_base_url": "https://other.example/v1", "shared_api_key": None},
        {"api_base_url": "https://other.example/v1", "shared_api_key": "***1234"},
    ],
)
def test_moving_without_a_new_key_is_refused_whole(change, openai, body):
    before = AIProvider.objects.values().get()

    answer = change(description="not saved", **body)

    assert (answer.status_code, answer.data["code"]) == (400, "api_key_required_for_new_url")
    assert AIProvider.objects.values().get() == before


@pytest.mark.parametrize("change_of_origin", [("https", "http"), (":8443", ":8444"), ("api", "api2")])
def test_another_scheme_port_or_host_is_a_move(change, db, change_of_origin):
    make_provider(api_base_url="https://api.example:8443/v1", allow_private_address=True)
    url = "https://api.example:8443/v1".replace(*change_of_origin)

    assert change(api_base_url=url).data["code"] == "api_key_required_for_new_url"


@pytest.mark.parametrize("tail", ["?api-version=1", "#x", "?"])
def test_an_address_that_a_path_cannot_be_put_behind_is_refused(change, openai, upstream, tail):
    answer = change(api_base_url=f"{upstream.openai_url}{tail}")

    assert answer.status_code == 400
    assert answer.data["errors"]["api_base_url"][0]["code"] == "url_not_allowed"


@pytest.mark.parametrize("path", ["/v2", "/v1/", ""])
def test_another_path_is_no_move(change, openai, upstream, path):
    answer = change(api_base_url=f"{upstream.url}{path}")

    assert (answer.status_code, answer.data["data"]["key_status"]) == (200, "valid")
    row = AIProvider.objects.get()
    assert open_key(row, row).reveal() == GOOD_KEY


@pytest.mark.parametrize("url", ["https://API.example/v1", "https://api.example:443/v1"])
def test_another_spelling_of_the_same_origin_is_no_move(change, db, url):
    make_provider(api_base_url="https://api.example/v1")

    assert change(api_base_url=url).status_code == 200


def test_moving_with_a_new_key_sends_it_to_the_new_address(change, openai, upstream):
    answer = change(
        api_base_url=upstream.compatible_url.replace("127.0.0.1", "localhost"),
        adapter="openai_compatible",
        shared_api_key="sk-for-the-new-one",
    )

    assert (answer.status_code, answer.data["code"]) == (200, "provider_updated")
    assert [(call.path, call.bearer) for call in upstream.requests] == [("/compatible/v1/models", "sk-for-the-new-one")]


def test_moving_sets_personal_keys_aside(change, openai, upstream, ai_manager):
    AIProvider.objects.update(allow_shared_for_normal_admins=False)
    openai.refresh_from_db()
    own = make_settings(ai_manager, openai, key="sk-of-the-manager")
    assert ModelAccessState.calculate(openai, None, ai_manager) == "AVAILABLE_PERSONAL"

    change(api_base_url=upstream.openai_url.replace("127.0.0.1", "localhost"), shared_api_key=GOOD_KEY)

    openai.refresh_from_db()
    own.refresh_from_db()
    assert (own.key_status, own.has_key) == ("unchecked", True)
    assert ModelAccessState.calculate(openai, None, ai_manager) == "NO_ACCESS"


def test_a_new_path_leaves_personal_keys_alone(change, openai, upstream, ai_manager):
    make_settings(ai_manager, openai, key="sk-of-the-manager")

    change(api_base_url=f"{upstream.url}/openai/v2")

    openai.refresh_from_db()
    assert ModelAccessState.calculate(openai, None, ai_manager) == "AVAILABLE_PERSONAL"


def test_removing_the_key_and_moving_is_allowed(change, openai):
    answer = change(api_base_url="https://other.example/v1", shared_api_key="")

    assert (answer.status_code, answer.data["data"]["has_shared_api_key"]) == (200, False)


def test_a_provider_without_a_key_moves_freely(change, without_key):
    assert change(api_base_url="https://other.example/v1").status_code == 200
