"""Django's admin: super admins alone, nothing secret, nothing changed but by the services."""

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from src.accounts.models import ApiToken, AuditEntry, User
from src.accounts.services.tokens import create_api_token
from src.ai.models import AdminProviderSettings, AIModel, AIProvider, ImageGeneration
from src.ai.services.stored_keys import open_key
from src.core.admin_site import NEVER_SHOWN, ReadOnlyAdmin
from src.media.models import MediaAsset
from src.usage.models import Counter, LedgerEntry
from tests.ai.models.test_wrong_rows import Rows
from tests.ai.providers_api.conftest import in_thread
from tests.factories import GOOD_KEY, make_model, make_openai, make_provider, make_settings

OWN_KEY = "sk-own-0123456789"
SITE = admin.site
REGISTERED = [model for model in SITE._registry if model._meta.app_label != "auth"]
READ_ONLY = [model for model in SITE._registry if isinstance(SITE._registry[model], ReadOnlyAdmin)]


def address(model, page: str = "changelist", *args) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


@pytest.fixture
def rows(db) -> Rows:
    return Rows()


def row_of(model, rows: Rows):
    return model.objects.first() or rows.make(model)


def form_of(answer) -> dict:
    """What the browser would send back unchanged."""
    form = answer.context["adminform"].form
    values = {name: form[name].value() for name in form.fields}
    return {name: value for name, value in values.items() if value is not None and value is not False}


@pytest.mark.parametrize("who", ["stranger", "ai_manager", "media_manager"])
def test_only_super_admins_get_in(request, who):
    client = Client()
    client.force_login(request.getfixturevalue(who))

    for path in ("/admin/", address(AIProvider), address(User)):
        assert client.get(path).status_code == 302


def test_staff_who_are_no_super_admins_stay_outside_and_super_admins_need_not_be_staff(db):
    staff = User.objects.create_user("staff", is_staff=True)
    chief = User.objects.create_user("chief", is_superuser=True)

    found = []
    for person in (staff, chief):
        client = Client()
        client.force_login(person)
        found.append(client.get("/admin/").status_code)
    assert found == [302, 200]


@pytest.mark.parametrize(("is_superuser", "status"), [(True, 302), (False, 200)])
def test_the_login_form_takes_super_admins_only(db, is_superuser, status):
    User.objects.create_user("person", password="a long pass phrase", is_superuser=is_superuser, is_staff=False)

    answer = Client().post("/admin/login/", {"username": "person", "password": "a long pass phrase"})

    assert answer.status_code == status


@pytest.mark.parametrize("model", REGISTERED, ids=lambda model: model.__name__)
def test_every_list_search_and_page_opens(boss, rows, model):
    row = row_of(model, rows)

    for path in (address(model), f"{address(model)}?q=a", address(model, "change", row.pk)):
        assert boss.get(path).status_code == 200, path


@pytest.mark.parametrize("model", READ_ONLY, ids=lambda model: model.__name__)
def test_what_is_only_shown_is_changed_by_no_address(boss, rows, model):
    row = row_of(model, rows) if model._meta.app_label != "auth" else model.objects.first()
    before = model.objects.values().get(pk=row.pk)

    assert boss.get(address(model, "add")).status_code == 403
    assert boss.post(address(model, "add"), {}).status_code == 403
    assert boss.post(address(model, "change", row.pk), {}).status_code == 403
    assert boss.post(address(model, "delete", row.pk), {"post": "yes"}).status_code == 403
    boss.post(address(model), {"action": "delete_selected", "_selected_action": row.pk, "post": "yes"})
    assert model.objects.values().get(pk=row.pk) == before


@pytest.mark.parametrize("model", [User, AIProvider, AIModel, AdminProviderSettings], ids=lambda model: model.__name__)
def test_nothing_is_added_or_deleted(boss, rows, model):
    row = row_of(model, rows)

    assert boss.post(address(model, "add"), {}).status_code == 403
    assert boss.post(address(model, "delete", row.pk), {"post": "yes"}).status_code == 403
    boss.post(address(model), {"action": "delete_selected", "_selected_action": row.pk, "post": "yes"})
    assert model.objects.filter(pk=row.pk).exists()


@pytest.mark.parametrize(
    "model",
    [ImageGeneration, AdminProviderSettings, AIModel, ApiToken, MediaAsset, LedgerEntry, Counter],
    ids=lambda model: model.__name__,
)
def test_a_list_costs_the_same_whatever_its_length(boss, rows, model):
    row_of(model, rows)
    boss.get(address(model))
    with CaptureQueriesContext(
        connection,
    ) as one:
        boss.get(address(model))
    for number in range(3):
        another_row(model, rows, number)
    with CaptureQueriesContext(connection) as several:
        boss.get(address(model))

    assert len(several) == len(one)


def another_row(model, rows: Rows, number: int):
    person = User.objects.create_user(f"person{number}")
    if model is AdminProviderSettings:
        return make_settings(person, make_provider(f"p{number}"))
    if model is AIModel:
        return make_model(make_provider(f"p{number}"))
    if model is ApiToken:
        return create_api_token(user=person, name="t", scopes=["images"])[0]
    return rows.make(model)


def test_no_key_and_no_hash_is_on_any_page(boss, super_admin):
    provider = make_provider()
    own = make_settings(super_admin, provider, key=OWN_KEY)
    token, text = create_api_token(user=super_admin, name="t", scopes=["images"])
    secrets = [
        *(GOOD_KEY, OWN_KEY, text, provider.key_sealed, own.key_sealed),
        *(provider.key_fingerprint, own.key_fingerprint, token.secret_hash, str(provider.vault_id)),
    ]

    for row in (provider, own, token, super_admin):
        for path in (address(type(row)), address(type(row), "change", row.pk)):
            page = boss.get(path).content.decode()
            assert not [secret for secret in secrets if secret in page]
            assert "pbkdf2_sha256$" not in page


def test_a_new_key_is_checked_and_kept(transactional_db, boss, upstream, super_admin):
    provider = make_openai(upstream, key="sk-test-older-0000")
    path = address(AIProvider, "change", provider.pk)

    answer = boss.post(path, {**form_of(boss.get(path)), "new_key": GOOD_KEY})

    assert answer.status_code == 302
    provider.refresh_from_db()
    assert (open_key(provider, provider).reveal(), provider.key_status) == (GOOD_KEY, "valid")
    assert [request.path for request in upstream.requests] == ["/openai/v1/models"]
    entry = AuditEntry.objects.get(action="provider_key.set")
    assert entry.actor_id == super_admin.pk


def test_no_transaction_is_open_while_the_service_is_asked(transactional_db, boss, upstream):
    provider = make_openai(upstream, key="sk-test-older-0000")
    path = address(AIProvider, "change", provider.pk)
    sent = {**form_of(boss.get(path)), "new_key": GOOD_KEY}

    with in_thread(boss.post, path, sent) as answer, upstream.hold():
        upstream.wait_until_in_flight(1)
        AIProvider.objects.filter(pk=provider.pk).update(description="written meanwhile")
        # The write did not have to wait for the answer.
        upstream.wait_until_in_flight(1)

    assert answer.result().status_code == 302
    assert AIProvider.objects.get().description == "written meanwhile"


def test_an_empty_key_field_leaves_the_key_and_the_box_removes_it(boss, upstream):
    provider = make_openai(upstream)
    path = address(AIProvider, "change", provider.pk)

    boss.post(path, {**form_of(boss.get(path)), "name": "Renamed", "max_jobs_at_once": "4", "new_key": ""})
    kept = AIProvider.objects.get()
    boss.post(path, {**form_of(boss.get(path)), "remove_key": "on"})

    assert (kept.name, kept.max_jobs_at_once, kept.has_key) == ("Renamed", 4, True)
    assert not AIProvider.objects.get().has_key
    assert upstream.requests == []


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"new_key": "کلید"}, "new_key"),
        ({"new_key": "k" * 4097}, "new_key"),
        ({"adapter": "unknown"}, "adapter"),
        ({"api_base_url": "http://10.0.0.1/v1"}, "api_base_url"),
        ({"max_jobs_at_once": "0"}, "max_jobs_at_once"),
    ],
)
def test_what_the_service_refuses_is_said_at_the_field_and_the_key_is_not_shown(boss, sent, field):
    provider = make_provider()
    path = address(AIProvider, "change", provider.pk)

    answer = boss.post(path, {**form_of(boss.get(path)), **sent})

    assert answer.status_code == 200 and field in answer.context["adminform"].form.errors
    assert "k" * 4097 not in answer.content.decode()
    assert AIProvider.objects.get().adapter == "openai"


def test_a_person_is_changed_by_the_service_of_people(boss, super_admin, stranger):
    path = address(User, "change", stranger.pk)
    sent = form_of(boss.get(path)) | {"first_name": "Sara", "is_superuser": "on"}

    assert boss.post(path, sent).status_code == 302

    stranger.refresh_from_db()
    assert (stranger.first_name, stranger.is_superuser) == ("Sara", True)
    assert AuditEntry.objects.filter(object_id=str(stranger.pk), actor_id=super_admin.pk).exists()


def test_the_last_super_admin_stays_one(boss, super_admin):
    path = address(User, "change", super_admin.pk)
    sent = form_of(boss.get(path))
    sent.pop("is_superuser")

    answer = boss.post(path, sent)

    assert answer.status_code == 200 and answer.context["adminform"].form.errors
    super_admin.refresh_from_db()
    assert super_admin.is_superuser


def test_a_password_can_be_set_and_that_is_noted(boss, stranger):
    sent = {"password1": "a long pass phrase", "password2": "a long pass phrase", "usable_password": "true"}

    assert boss.post(f"/admin/accounts/user/{stranger.pk}/password/", sent).status_code == 302

    stranger.refresh_from_db()
    assert stranger.check_password("a long pass phrase")
    assert AuditEntry.objects.filter(action="person.password_changed").count() == 1


def test_a_password_of_ones_own_is_noted_too_when_it_was_changed(super_admin):
    super_admin.set_password("the old pass phrase")
    super_admin.save()
    client = Client(headers={"accept-language": "en"})
    client.force_login(super_admin)
    new = {"new_password1": "a long pass phrase", "new_password2": "a long pass phrase"}

    statuses = [
        client.post("/admin/password_change/", {"old_password": old, **new}).status_code
        for old in ("not the old one", "the old pass phrase")
    ]

    assert statuses == [200, 302]
    [entry] = AuditEntry.objects.filter(action="person.password_changed")
    assert (entry.actor_name, entry.object_id) == ("super", str(super_admin.pk))


def test_a_refused_key_is_said_as_a_warning(transactional_db, boss, upstream):
    provider = make_openai(upstream)
    path = address(AIProvider, "change", provider.pk)

    answer = boss.post(path, {**form_of(boss.get(path)), "new_key": "sk-test-refused"}, follow=True)

    provider.refresh_from_db()
    assert (provider.is_active, provider.key_status) == (False, "invalid")
    [warning] = [str(said) for said in answer.context["messages"] if said.level_tag == "warning"]
    assert "refused the API key" in warning


def test_of_a_persons_settings_only_the_limits_change(boss, ai_manager):
    own = make_settings(ai_manager, make_provider(), key=OWN_KEY)
    path = address(AdminProviderSettings, "change", own.pk)

    boss.post(path, {"monthly_limit": "5", "monthly_budget_micros": "", "is_active": "", "use_shared_api": "on"})

    own.refresh_from_db()
    assert (own.monthly_limit, own.is_active, own.use_shared_api) == (5, True, False)
    assert AuditEntry.objects.filter(action="limits.changed").count() == 1


def test_a_model_is_changed_by_its_service(boss, super_admin):
    model = make_model(make_provider())
    path = address(AIModel, "change", model.pk)

    assert boss.post(path, form_of(boss.get(path)) | {"display_name": "Flare"}).status_code == 302

    model.refresh_from_db()
    assert model.display_name == "Flare"
    assert AuditEntry.objects.get(action="model.changed").after == {"display_name": "Flare"}


def test_pages_are_persian_and_right_to_left_unless_english_is_asked_for(super_admin):
    client = Client()
    client.force_login(super_admin)

    page = client.get("/admin/").content.decode()

    assert 'dir="rtl"' in page and "سرویس‌دهنده‌ها" in page
    assert 'dir="rtl"' not in client.get("/admin/", headers={"accept-language": "en"}).content.decode()


@pytest.mark.parametrize("table", REGISTERED, ids=lambda table: table.__name__)
def test_every_column_that_is_shown_is_named_in_persian(table):
    with translation.override("fa"):
        names = {field.name: str(field.verbose_name) for field in [*table._meta.fields, *table._meta.many_to_many]}

    shown = set(names) - NEVER_SHOWN - {"sha256"}
    assert {name for name in shown if names[name].isascii()} == set()
