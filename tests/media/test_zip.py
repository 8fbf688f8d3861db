"""A selection as one zip."""

import asyncio
import http.client
import io
import json
import zipfile
from pathlib import PurePosixPath

import pytest
from django.core.files.storage import default_storage

from tests.media.assets import make_asset
from tests.media.sockets import Fetched, fetch
from tests.upstream.pictures import draw

ZIP = "/api/media/zip/"
PNG, JPEG = draw((64, 48), "png"), draw((64, 48), "jpeg")


def content_of(answer) -> bytes:
    assert answer.status_code == 200, answer.content
    return asyncio.run(_joined(answer))


async def _joined(answer) -> bytes:
    return b"".join([piece async for piece in answer])


def test_it_holds_the_originals_and_a_record_of_each(ai_manager, client_of):
    assets = [
        make_asset(ai_manager, PNG, title="گربه/در: برف", prompt="گربه", provider_slug="sandbox"),
        make_asset(ai_manager, JPEG, title=""),
    ]

    answer = client_of(ai_manager).post(ZIP, {"ids": [str(asset.pk) for asset in assets]})

    content = content_of(answer)
    assert (answer["Content-Type"], int(answer["Content-Length"])) == ("application/zip", len(content))
    assert answer["Content-Disposition"].startswith('attachment; filename="negareh-')
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        first, second, record = archive.namelist()
        assert first == f"گربه در برف {assets[0].pk.hex[:12]}.png"
        assert second == f"{assets[1].pk.hex[:12]}.jpg"
        assert [archive.read(name) for name in (first, second)] == [PNG, JPEG]
        told = json.loads(archive.read(record))
    assert [entry["file"] for entry in told] == [first, second]
    assert (told[0]["prompt"], told[0]["provider"], told[0]["owner"]) == ("گربه", "sandbox", "manager")
    assert told[0]["cost_micros"] is None


@pytest.mark.parametrize("title", ["../../etc/passwd", "..", "C:\\x", "a\0b\nc", "\u202egnp.exe", "x" * 300, "CON?"])
def test_no_title_leaves_the_folder(ai_manager, client_of, title):
    asset = make_asset(ai_manager, title=title.replace("\0", ""))

    content = content_of(client_of(ai_manager).post(ZIP, {"ids": [str(asset.pk)]}))

    name = zipfile.ZipFile(io.BytesIO(content)).namelist()[0]
    assert name == PurePosixPath(name).name
    assert not name.startswith(".")
    assert not set(name) & set('\\/:?*"<>|\n\u202e')
    assert len(name.encode()) < 255


def test_a_picture_that_one_does_not_see_is_in_no_zip(ai_manager, other_manager, client_of):
    own, hidden = make_asset(ai_manager), make_asset(other_manager, visibility="private")

    answer = client_of(ai_manager).post(ZIP, {"ids": [str(own.pk), str(hidden.pk)]})

    assert (answer.status_code, answer.json()["code"]) == (404, "some_not_found")


@pytest.mark.parametrize(("body", "field"), [({}, "ids"), ({"ids": []}, "ids"), ({"ids": ["x"]}, "ids.0")])
def test_a_selection_names_pictures(ai_manager, client_of, body, field):
    answer = client_of(ai_manager).post(ZIP, body)

    assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])


def test_reading_is_scope_enough(ai_manager, client_of):
    body = {"ids": [str(make_asset(ai_manager).pk)]}

    assert client_of(ai_manager, scopes=["media:read"]).post(ZIP, body).status_code == 200
    assert client_of(ai_manager, scopes=["media:write"]).post(ZIP, body).status_code == 403


def test_a_picture_is_in_it_once_however_often_it_is_named(ai_manager, client_of):
    asset = make_asset(ai_manager)

    content = content_of(client_of(ai_manager).post(ZIP, {"ids": [str(asset.pk)] * 3}))

    assert len(zipfile.ZipFile(io.BytesIO(content)).namelist()) == 2


def test_over_sockets_it_comes_whole_and_a_lost_file_is_no_whole_zip(server, ai_manager, token_of, stored_names):
    """What cannot be read ends the connection, so that nobody takes the rest for the whole."""
    token = token_of(ai_manager)
    assets = [make_asset(ai_manager) for _ in range(3)]

    def ask() -> Fetched:
        return fetch(f"{server.url}{ZIP}", "POST", token=token, body={"ids": [str(asset.pk) for asset in assets]})

    whole = ask()
    assert (whole.status, int(whole.headers["Content-Length"])) == (200, len(whole.body))
    assert len(zipfile.ZipFile(io.BytesIO(whole.body)).namelist()) == 4

    default_storage.delete(assets[1].file_name)
    with pytest.raises(http.client.IncompleteRead):
        ask()
