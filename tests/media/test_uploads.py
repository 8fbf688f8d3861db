"""POST /api/media/uploads/"""

import hashlib

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from src.media.inspection import MAX_PICTURE_BYTES
from src.media.models import MediaAsset
from src.media.services.originals import open_original
from src.media.services.uploads import title_from_file_name
from tests.media.assets import make_asset
from tests.media.conftest import UPLOADS, s3_storages
from tests.media.pictures import encode, gradient, noise
from tests.media.sockets import fetch, send_form

PNG = encode(gradient((64, 48)), "PNG")
LARGE = encode(noise((1200, 1200)), "PNG", compress_level=0)


@pytest.fixture(autouse=True)
def real_transactions(transactional_db):
    """The view takes its database steps on threads of their own."""


@pytest.fixture(autouse=True)
def no_temporary_file_is_left(settings, tmp_path):
    folder = tmp_path / "temporary"
    folder.mkdir()
    settings.FILE_UPLOAD_TEMP_DIR = str(folder)
    yield
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("format", "mime", "extension"),
    [("PNG", "image/png", "png"), ("JPEG", "image/jpeg", "jpg"), ("WEBP", "image/webp", "webp")],
)
def test_a_picture_is_stored_unchanged_under_its_real_type(upload, ai_manager, stored_names, format, mime, extension):
    content = encode(gradient((640, 480)), format)

    answer = upload(ai_manager, content, name="grey_cat.gif", declared="image/gif")

    asset = MediaAsset.objects.get()
    assert (answer.status_code, answer.data["code"]) == (201, "media_uploaded")
    assert answer.data["data"]["id"] == str(asset.pk)
    assert (asset.mime_type, asset.width, asset.height) == (mime, 640, 480)
    assert (asset.size_bytes, asset.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert (asset.source, asset.owner, asset.visibility, asset.provenance) == ("uploaded", ai_manager, "team", {})
    assert asset.title == "grey cat"
    assert stored_names() == [f"originals/{asset.pk.hex[:2]}/{asset.pk.hex}.{extension}"]
    with open_original(asset) as file:
        assert file.read() == content


def test_what_the_form_says_is_kept(upload, ai_manager):
    fields = {"title": "گربه", "alt_text": "گربه‌ای خاکستری", "alt_text_en": "A grey cat", "visibility": "private"}

    answer = upload(ai_manager, PNG, **fields)

    assert {name: answer.data["data"][name] for name in fields} == fields
    assert "خاکستری" in MediaAsset.objects.get().search_text


def test_an_empty_title_is_a_choice(upload, ai_manager):
    assert upload(ai_manager, PNG, title="").data["data"]["title"] == ""


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("cat.png", "cat"),
        ("my_red__cat.final.webp", "my red cat.final"),
        ("../../etc/passwd", "passwd"),
        ("C:\\pictures\\cat.png", "cat"),
        ("گربه‌ی_من.png", "گربه‌ی من"),
        ("a\x00b\nc\u202egnp.exe", "abcgnp"),
        ("x" * 400 + ".png", "x" * 300),
        (".png", ".png"),
        ("", ""),
    ],
)
def test_a_title_is_the_files_name_made_readable(name, title):
    assert title_from_file_name(name) == title


def test_the_same_picture_again_is_a_conflict_that_names_it(upload, ai_manager, other_manager, stored_names):
    first = upload(ai_manager, PNG, title="cat").data["data"]
    before = stored_names()

    answer = upload(other_manager, PNG)

    assert (answer.status_code, answer.data["code"]) == (409, "already_in_library")
    assert answer.data["asset"] == {"id": first["id"], "url": first["url"], "title": "cat"}
    assert stored_names() == before
    assert upload(other_manager, PNG, allow_duplicate="false").status_code == 409
    assert upload(other_manager, PNG, allow_duplicate="true").status_code == 201


def test_a_private_picture_of_somebody_else_is_no_conflict(upload, ai_manager, other_manager):
    make_asset(ai_manager, PNG, visibility="private")

    assert upload(other_manager, PNG).status_code == 201


def test_a_deleted_picture_is_no_conflict(upload, ai_manager):
    MediaAsset.objects.filter(pk=make_asset(ai_manager, PNG).pk).update(deleted_at=timezone.now())

    assert upload(ai_manager, PNG).status_code == 201


def test_ai_managers_and_media_managers_may_and_others_may_not(
    upload, client_of, ai_manager, media_manager, super_admin, stranger
):
    statuses = [
        upload(user, PNG, allow_duplicate="true").status_code for user in (ai_manager, media_manager, super_admin)
    ]

    assert statuses == [201, 201, 201]
    assert upload(stranger, PNG).status_code == 403
    assert upload(None, PNG, client=client_of()).status_code == 401


def test_a_token_needs_its_scope(upload, client_of, ai_manager):
    without = upload(None, PNG, client=client_of(ai_manager, scopes=["media:read", "images"]))

    assert (without.status_code, list(without.data["errors"])) == (403, ["scope"])
    assert upload(None, PNG, client=client_of(ai_manager, scopes=["media:write"])).status_code == 201


@pytest.mark.parametrize(
    ("form", "field", "code"),
    [
        ({}, "file", "required"),
        ({"file": "text"}, "file", "invalid"),
        ({"file": b"", "title": "x" * 301}, "title", "too_long"),
        ({"file": b"", "visibility": "public"}, "visibility", "invalid_choice"),
        ({"file": b"", "allow_duplicate": "yes"}, "allow_duplicate", "invalid_choice"),
        ({"file": b"", "owner": "1"}, "owner", "unknown_field"),
        ({"file": b"", "other": b"x"}, "other", "unknown_field"),
        ({"file": [b"x", b"y"]}, "file", "sent_more_than_once"),
        ({"file": b"", "title": ["a", "b"]}, "title", "sent_more_than_once"),
        ({"file": b"", "title": "a\x00b"}, "title", "null_characters_not_allowed"),
        ({"file": b""}, "file", "not_a_picture"),
    ],
)
def test_a_form_that_is_not_as_asked_is_refused(client_of, ai_manager, form, field, code):
    answer = client_of(ai_manager).post(UPLOADS, {name: as_files(value) for name, value in form.items()}, "multipart")

    assert answer.status_code == 400, answer.data
    assert code in [error["code"] for error in answer.data["errors"][field]]
    assert MediaAsset.objects.count() == 0


def as_files(value):
    if isinstance(value, list):
        return [as_files(item) for item in value]
    return SimpleUploadedFile("a.png", value) if isinstance(value, bytes) else value


def part(body: bytes, name: str, *lines: str) -> bytes:
    return (
        "\r\n".join(("--x", f"Content-Disposition: form-data; name={name}", *lines, "", "")).encode() + body + b"\r\n"
    )


FILE = "file; filename=a.png"
BROKEN_FORMS = {
    "empty": b"",
    "no header": b"--x\r\nnot a header\r\n\r\nabc",
    "broken base64": part(b"!", FILE, "Content-Transfer-Encoding: base64") + b"--x--",
    "too many fields": b"".join(part(b"1", f"f{index}") for index in range(1100)) + b"--x--",
    "too many files": b"".join(part(b"1", f"f{index}; filename=a") for index in range(110)) + b"--x--",
    "too long a field": part(b"a" * 2_000_000, "title") + b"--x--",
}


@pytest.mark.parametrize("body", BROKEN_FORMS.values(), ids=BROKEN_FORMS)
@pytest.mark.parametrize("way", ["session", "token"])
def test_a_body_that_is_no_form_is_refused(client_of, ai_manager, body, way):
    client = client_of(ai_manager, scopes=["media:write"] if way == "token" else None)
    client.handler.enforce_csrf_checks = True
    client.cookies["csrftoken"] = secret = "a" * 32

    answer = client.generic(
        "POST", UPLOADS, body, content_type="multipart/form-data; boundary=x", headers={"X-CSRFToken": secret}
    )

    status = 413 if body == BROKEN_FORMS["too long a field"] else 400
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/json")
    assert MediaAsset.objects.count() == 0


def test_a_body_of_another_type_is_refused(client_of, ai_manager):
    assert client_of(ai_manager).post(UPLOADS, {"file": "x"}, format="json").status_code == 415


def test_the_real_server_takes_more_than_other_bodies_may_have(server, ai_manager, token_of):
    answer = send_form(f"{server.url}{UPLOADS}", token_of(ai_manager), LARGE)

    assert (answer.status, len(LARGE) > 4_000_000) == (201, True), answer.body
    assert MediaAsset.objects.get().size_bytes == len(LARGE)


def test_a_picture_over_the_cap_says_so_and_a_body_over_the_cap_is_413(server, ai_manager, token_of):
    url, token = f"{server.url}{UPLOADS}", token_of(ai_manager)

    too_large = send_form(url, token, PNG + bytes(MAX_PICTURE_BYTES - len(PNG) + 1))
    assert (too_large.status, b"too_many_bytes" in too_large.body) == (400, True)
    refused = send_form(url, token, bytes(MAX_PICTURE_BYTES + 100_000))
    assert (refused.status, b"body_too_large" in refused.body) == (413, True)


def test_other_addresses_keep_the_small_cap(server, ai_manager, token_of):
    assert send_form(f"{server.url}/api/media/zip/", token_of(ai_manager), LARGE).status == 413


def test_a_session_needs_the_csrf_token(client_of, ai_manager, upload):
    client = client_of(ai_manager)
    client.handler.enforce_csrf_checks = True

    assert upload(None, PNG, client=client).status_code == 403


def test_a_storage_that_fails_is_503_and_leaves_no_row(upload, ai_manager, settings, tmp_path):
    (tmp_path / "full").write_text("a file where a folder must be")
    settings.MEDIA_ROOT = tmp_path / "full" / "media"

    answer = upload(ai_manager, PNG)

    assert (answer.status_code, answer.data["code"]) == (503, "storage_unavailable")
    assert MediaAsset.objects.count() == 0


def test_an_s3_service_that_is_down_is_503_for_uploads_and_pictures(upload, client_of, ai_manager, s3, settings):
    asset = make_asset(ai_manager)
    settings.STORAGES = s3_storages("http://127.0.0.1:9")

    answers = [
        upload(ai_manager, PNG),
        client_of(ai_manager).get(f"/api/media/{asset.pk}/original/"),
        client_of(ai_manager).get(f"/api/media/{asset.pk}/renditions/320.webp"),
    ]

    assert [(answer.status_code, answer.data["code"]) for answer in answers] == [(503, "storage_unavailable")] * 3
    assert MediaAsset.objects.get().rendition_problem == ""


def test_originals_are_served_whole_and_in_parts_from_either_storage(server, ai_manager, token_of, stored_names):
    asset, token = make_asset(ai_manager, LARGE), token_of(ai_manager)
    url = f"{server.url}/api/media/{asset.pk}/original/"

    assert fetch(url, token=token).body == LARGE
    part = fetch(url, token=token, Range="bytes=1000-1999")
    assert (part.status, part.body) == (206, LARGE[1000:2000])
