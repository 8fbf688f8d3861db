"""Keys are opened only where they belong, and judged only while they are the key that was asked about."""

from datetime import UTC, datetime

import pytest

from src.ai.models import AdminProviderSettings, AIProvider
from src.ai.models.keys import ORIGIN_CHANGED
from src.ai.providers.contract import KeyCheck
from src.ai.services.stored_keys import (
    CheckedKey,
    base_url_of,
    clear_key,
    connect,
    mark_key_invalid,
    open_key,
    record_check,
    reseal_key,
    store_key,
)
from src.core.errors import Misconfigured
from src.core.secret import Secret
from tests.factories import GOOD_KEY, make_provider, make_settings

OWN_KEY = "sk-test-personal"
CHECKED_AT = datetime(2026, 11, 24, 8, tzinfo=UTC)


@pytest.fixture
def provider(db) -> AIProvider:
    return make_provider(api_base_url="https://images.example/v1")


@pytest.fixture
def own(ai_manager, provider) -> AdminProviderSettings:
    return make_settings(ai_manager, provider, key=OWN_KEY)


def found(row, is_valid: bool | None, reason: str = "ok") -> CheckedKey:
    return CheckedKey(row.key_fingerprint, KeyCheck(is_valid=is_valid, reason=reason), CHECKED_AT, 12)


def test_a_key_opens_as_it_was_stored(provider, own):
    assert open_key(AIProvider.objects.get(), provider).reveal() == GOOD_KEY
    assert open_key(AdminProviderSettings.objects.get(), provider).reveal() == OWN_KEY


@pytest.mark.parametrize(
    "url",
    [
        "https://images.example:444/v1",
        "http://images.example/v1",
        "https://images.example.attacker.example/v1",
        "https://other.example/v1",
        "",
    ],
)
def test_a_key_opens_for_no_other_origin(provider, own, url):
    provider.api_base_url = url

    for row in (provider, own):
        with pytest.raises(Misconfigured, match="vault_key_unreadable"):
            open_key(row, provider)
        with pytest.raises(Misconfigured, match="vault_key_unreadable"):
            connect(provider, row)


@pytest.mark.parametrize("url", ["https://images.example/v2", "https://IMAGES.example:443", "https://images.example/"])
def test_a_key_opens_for_another_path_of_its_origin(provider, url):
    provider.api_base_url = url

    assert open_key(provider, provider).reveal() == GOOD_KEY


def test_a_blank_address_is_the_adapters_own(db):
    blank, named = make_provider("blank"), make_provider("named", api_base_url="https://api.openai.com/v1")

    assert base_url_of(blank) == base_url_of(named)
    named.api_base_url = ""
    assert open_key(named, named).reveal() == GOOD_KEY


def test_a_sealed_text_in_another_row_does_not_open(provider, own):
    other = make_provider("other", key=None, api_base_url=provider.api_base_url)
    for row in (own, other):
        row.key_sealed = provider.key_sealed

        with pytest.raises(Misconfigured, match="vault_key_unreadable"):
            open_key(row, provider)


@pytest.mark.parametrize("damaged", ["", "v1", "v1.x.y", "v2.a.b", "nonsense"])
def test_a_damaged_key_is_an_error_and_never_an_empty_key(provider, damaged):
    provider.key_sealed = damaged

    with pytest.raises(Misconfigured, match="vault_key_unreadable"):
        connect(provider, provider)


def test_resealing_keeps_the_key(provider):
    provider.key_sealed = reseal_key(provider, provider)

    assert open_key(provider, provider).reveal() == GOOD_KEY


def test_a_new_key_is_unchecked_until_it_is_checked(provider):
    record_check(provider, found(provider, True), actor=None)
    provider.refresh_from_db()
    store_key(provider, Secret("sk-test-a-new-one"), provider)

    assert (provider.key_status, provider.key_checked_at, provider.key_reason) == ("unchecked", None, "")
    assert provider.key_last4 == "-one"


def test_a_cleared_key_leaves_nothing(provider):
    clear_key(provider)
    provider.save()

    assert (provider.has_key, provider.has_usable_key, provider.masked_key) == (False, False, "")
    assert connect(provider, provider).key is None


@pytest.mark.parametrize(
    ("is_valid", "reason", "status"),
    [(True, "ok", "valid"), (False, "invalid", "invalid"), (None, "unreachable", "valid")],
)
def test_a_check_is_written_where_it_tells_something(provider, is_valid, reason, status):
    assert record_check(provider, found(provider, is_valid, reason), actor=None)

    provider.refresh_from_db()
    assert (provider.key_status, provider.key_reason, provider.key_checked_at) == (status, reason, CHECKED_AT)


@pytest.mark.parametrize("status", ["unchecked", "valid", "invalid"])
def test_an_inconclusive_check_changes_no_status(own, status):
    AdminProviderSettings.objects.update(key_status=status)

    record_check(own, found(own, None, "rate_limited"), actor=None)

    own.refresh_from_db()
    assert own.key_status == status


def test_a_check_of_a_key_that_was_replaced_is_not_written(provider):
    checked = found(provider, False, "invalid")
    store_key(provider, Secret("sk-test-a-new-one"), provider)
    provider.save()

    assert not record_check(provider, checked, actor=None)

    provider.refresh_from_db()
    assert (provider.key_status, provider.key_checked_at) == ("unchecked", None)


def test_a_check_of_a_key_that_was_removed_is_not_written(provider):
    checked = found(provider, True)
    clear_key(provider)
    provider.save()

    assert not record_check(provider, checked, actor=None)


@pytest.mark.parametrize("is_valid", [True, False, None])
def test_a_check_of_a_key_that_was_set_aside_meanwhile_is_not_written(own, is_valid):
    AdminProviderSettings.objects.update(key_status="unchecked", key_reason=ORIGIN_CHANGED)

    assert not record_check(own, found(own, is_valid), actor=None)

    own.refresh_from_db()
    assert (own.key_status, own.key_reason, own.has_usable_key) == ("unchecked", ORIGIN_CHANGED, False)


def test_a_check_is_written_to_its_row_alone(provider, own, other_manager):
    same_key = make_settings(other_manager, provider, key=OWN_KEY)

    record_check(own, found(own, False, "invalid"), actor=None)

    same_key.refresh_from_db()
    provider.refresh_from_db()
    assert (same_key.key_status, provider.key_status) == ("valid", "valid")


def test_a_refused_key_becomes_invalid(own):
    assert mark_key_invalid(row=own, used_fingerprint=own.key_fingerprint)

    own.refresh_from_db()
    assert (own.key_status, own.has_usable_key) == ("invalid", False)


def test_a_key_entered_meanwhile_is_not_blamed(own, provider):
    used = own.key_fingerprint
    store_key(own, Secret("sk-test-a-new-one"), provider)
    own.save()

    assert not mark_key_invalid(row=own, used_fingerprint=used)

    own.refresh_from_db()
    assert own.key_status == "unchecked"
