import re

from django.test import Client


def test_the_schema_is_openapi_3_1():
    answer = Client().get("/api/schema/", headers={"accept": "application/json"})

    assert answer.status_code == 200
    assert answer.json()["openapi"].startswith("3.1")
    assert "/api/media/{asset_id}/original/" in answer.json()["paths"]


def test_the_docs_page_loads_nothing_from_elsewhere():
    page = Client().get("/api/docs/").content.decode()

    links = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert links
    assert [link for link in links if not link.startswith("/static/") and not link.startswith("/api/")] == []
