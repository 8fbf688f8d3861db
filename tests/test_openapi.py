"""The OpenAPI document says what the API does; the page that shows it loads nothing from elsewhere."""

import re
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from io import StringIO
from urllib.parse import urlsplit

import jsonschema
import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import URLPattern, get_resolver
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator

from tests.factories import make_model, make_openai, make_provider

ROOT = "/api/ai/admin/"
METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture(scope="module")
def document() -> dict:
    with GENERATOR_STATS.silence():
        return SchemaGenerator().get_schema(public=True)


@pytest.fixture(scope="module")
def operations(document) -> dict[tuple[str, str], dict]:
    return {
        (method, path): operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if method in METHODS
    }


def failures_of(document: dict, schema: dict, answer: dict) -> list[str]:
    """Where an answer departs from a schema of the document."""
    validator = jsonschema.Draft202012Validator({**schema, "components": document["components"]})
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(answer)]


def test_it_is_made_without_a_warning_and_is_valid():
    GENERATOR_STATS.reset()

    call_command("spectacular", "--fail-on-warn", "--validate", stdout=StringIO())

    assert not GENERATOR_STATS


def test_it_is_served_to_anybody_as_openapi_3_1(client):
    answer = client.get("/api/schema/?format=json", headers={"accept": "application/json"})

    assert (answer.status_code, answer.json()["openapi"]) == (200, "3.1.0")


def addresses() -> set[str]:
    """Every path below /api/ai/admin/, its parameters without their names."""
    patterns = get_resolver("src.ai.urls").url_patterns
    parts = [[pattern] if isinstance(pattern, URLPattern) else pattern.url_patterns for pattern in patterns]
    texts = [str(pattern.pattern) for part in parts for pattern in part]
    plain = {re.sub(r"<[^>]*>|\(\?P<\w+>[^)]*\)", "{}", text).strip("^$").replace(r"\Z", "") for text in texts}
    return {f"{ROOT}{text}" for text in plain if "format" not in text and text}


def test_every_address_of_the_ai_api_is_in_it(document):
    described = {re.sub(r"{\w+}", "{}", path) for path in document["paths"]}

    assert len(addresses()) > 10
    assert addresses() <= described


def test_the_ids_of_calls_are_unique_and_readable(operations):
    ids = [operation["operationId"] for operation in operations.values()]

    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", operation_id) for operation_id in ids)
    assert not [operation_id for operation_id in ids if "_ai_" in operation_id or re.search(r"\d", operation_id)]
    assert operations["post", f"{ROOT}images/generate/"]["operationId"] == "image_generation_generate_image"


def test_the_names_of_components_are_readable(document):
    names = document["components"]["schemas"]

    assert not [name for name in names if re.search(r"\d|Serializer|ListList|AnswerList", name)]


def test_every_call_of_the_ai_api_is_described(operations):
    ours = {path: operation for (_method, path), operation in operations.items() if path.startswith(ROOT)}

    assert [path for path, operation in ours.items() if not operation.get("description")] == []


def test_no_description_is_meant_for_programmers(document):
    assert "required_scope" not in str(document)


def test_every_call_documents_its_errors_in_the_one_shape(operations):
    for (method, path), operation in operations.items():
        needed = {"401", "403", "default"}
        needed |= {"404"} if "{" in path else set()
        needed |= {"400", "413", "415"} if method in ("post", "put", "patch") else set()
        assert needed <= set(operation["responses"]), (method, path)
        for status in needed:
            content = operation["responses"][status]["content"]["application/json"]
            assert content["schema"] == {"$ref": "#/components/schemas/Failure"}


def test_an_image_spec_is_typed(document):
    spec = document["components"]["schemas"]["ImageSpec"]["properties"]

    assert spec["size_rule"]["anyOf"][0] == {"$ref": "#/components/schemas/SizeRule"}
    assert spec["sizes"]["anyOf"][0] == {"type": "array", "items": {"type": "string"}}
    for name in ("AIModel", "AIModelRequest", "PatchedAIModelRequest", "UsableModel"):
        image_spec = document["components"]["schemas"][name]["properties"]["image_spec"]
        assert image_spec["oneOf"] == [{"$ref": "#/components/schemas/ImageSpec"}, {"type": "null"}]


def test_pricing_is_typed(document):
    price = document["components"]["schemas"]["Price"]

    assert price["required"] == ["unit", "price"]
    assert "mtok_image_out" in document["components"]["schemas"]["UnitEnum"]["enum"]
    for name in ("AIModel", "AIModelRequest", "UsableModel"):
        pricing = document["components"]["schemas"][name]["properties"]["pricing"]
        assert (pricing["type"], pricing["items"]) == ("array", {"$ref": "#/components/schemas/Price"})


def test_capabilities_are_a_list_of_known_words(document):
    capabilities = document["components"]["schemas"]["UsableModel"]["properties"]["capabilities"]

    assert capabilities["items"] == {"$ref": "#/components/schemas/CapabilitiesEnum"}


def test_a_paged_list_documents_its_cursor_and_filters(operations):
    listed = operations["get", f"{ROOT}images/models/"]["parameters"]

    assert {parameter["name"] for parameter in listed} == {"can", "cursor", "page_size", "provider", "search"}


@pytest.fixture
def provider(request, upstream):
    is_async_view = request.node.callspec.params["path"] == "images/models/"
    request.getfixturevalue("transactional_db" if is_async_view else "db")
    provider = make_openai(upstream)
    make_model(provider)
    make_model(provider, "plain", image_spec=None, pricing=[], capabilities={})
    make_provider(
        "openrouter", key=None, adapter="openrouter", api_base_url=upstream.openrouter_url, allow_private_address=True
    )
    return provider


CALLS = [
    ("get", "image-providers/", None, 200),
    ("post", "image-providers/", {"slug": "mine", "name": "Mine", "adapter": "openai"}, 201),
    ("post", "image-providers/", {"slug": "openai"}, 200),
    ("post", "image-providers/", {"slug": "A"}, 400),
    ("get", "image-providers/{id}/", None, 200),
    ("get", "image-providers/{id}/", "missing", 404),
    ("patch", "image-providers/{id}/", {"shared_api_key": "sk-of-nobody-1234"}, 200),
    ("post", "image-providers/{id}/activate/", None, 200),
    ("post", "image-providers/{id}/deactivate/", None, 200),
    ("post", "image-providers/{id}/validate-api-key/", None, 200),
    ("get", "image-providers/capabilities/", None, 200),
    ("get", "image-providers/available/", None, 200),
    ("get", "image-providers/openrouter-models/", None, 200),
    ("post", "image-providers/clear-openrouter-cache/", None, 200),
    ("get", "image-providers/{provider_pk}/models/", None, 200),
    ("post", "image-providers/{provider_pk}/models/", {"model_id": "new"}, 201),
    ("get", "images/models/", None, 200),
]


@pytest.mark.parametrize(("method", "path", "body", "status"), CALLS)
def test_an_answer_is_as_documented(document, operations, client_of, super_admin, provider, method, path, body, status):
    pk = 999_999 if body == "missing" else provider.pk
    address = ROOT + path.format(id=pk, provider_pk=pk)

    answer = getattr(client_of(super_admin), method)(address, body if isinstance(body, dict) else None)

    schema = operations[method, ROOT + path]["responses"][str(status)]["content"]["application/json"]["schema"]
    assert answer.status_code == status, answer.data
    assert failures_of(document, schema, answer.json()) == []


def test_an_answer_that_departs_from_the_document_is_noticed(document, operations):
    schema = operations["get", f"{ROOT}image-providers/"]["responses"]["200"]["content"]["application/json"]["schema"]

    assert failures_of(document, schema, {"success": True, "code": "ok", "message": "", "data": [{"id": "x"}]})


ADDRESSES = re.compile(r"""(?:src|href)=["']([^"']+)["']""")
OTHER_HOST = re.compile(r"""(?<![\w.])(?:https?:)?//[a-z0-9][\w.-]+""")


def test_the_page_of_documents_names_no_other_host(client: Client, db):
    page = client.get("/api/docs/").content.decode()

    assert ADDRESSES.findall(page)
    assert [host for host in OTHER_HOST.findall(page) if "testserver" not in host] == []


@pytest.fixture
def read(server) -> Iterator[Callable[[str], str]]:
    """GET by the real server; fails for all but 200."""
    connection = HTTPConnection(urlsplit(server.url).netloc, timeout=10)

    def get(address: str) -> str:
        connection.request("GET", address)
        answer = connection.getresponse()
        assert answer.status == 200, address
        return answer.read().decode("utf-8", "replace")

    yield get
    connection.close()


def test_all_that_the_page_loads_is_served_here(read):
    addresses = ADDRESSES.findall(read("/api/docs/"))

    assert len(addresses) >= 4
    assert all(address.startswith("/") and read(address) for address in addresses)


def test_the_page_runs_its_own_script_and_reads_the_document_here(read):
    script = next(address for address in ADDRESSES.findall(read("/api/docs/")) if "script" in address)

    assert "/api/schema/" in read(script)
    assert OTHER_HOST.findall(read(script)) == []
    assert "openapi: 3.1.0" in read("/api/schema/")
