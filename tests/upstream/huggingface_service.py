"""Hugging Face's hub and router, played below one base URL, with the inference backends behind the router.

Source: huggingface_hub 2.4.0, hf_api.py and inference/_providers/, and the wire fixtures.
"""

import json
import uuid
from collections.abc import Callable
from typing import Any

from tests.upstream.exchange import Exchange
from tests.upstream.huggingface_models import BACKENDS, MODELS, listed, mapping_of, model_at
from tests.upstream.openai_rules import parse_size
from tests.upstream.openai_service import serve_picture
from tests.upstream.wire import Answer, Refusal, load_fixture

ROOT = "/huggingface"
FILES, JOBS = f"{ROOT}/files", f"{ROOT}/jobs"
PAGE = 2
POLLS_UNTIL_DONE = 2
Reply = Callable[[Exchange, str], Answer]


def answer(exchange: Exchange) -> Answer:
    """Answer as the hub or the router would; raises Refusal."""
    request = exchange.request
    if request.path.startswith(FILES):
        return serve_picture(exchange)
    path = request.path.removeprefix(ROOT)
    # Public models are shown to who sends no key at all.
    if not path.startswith("/api/models") or "Authorization" in request.headers:
        exchange.require_key("huggingface/invalid_key")
    if path.startswith("/api/"):
        return _ask_hub(exchange, path)
    backend, _slash, route = path.removeprefix("/").partition("/")
    if backend not in BACKENDS:
        raise refused(404, "Not Found")
    if request.method == "GET":
        return _poll(exchange, backend, route)
    return REPLIES[backend](exchange, route)


def refused(status: int, message: str) -> Refusal:
    return Refusal(Answer.of_json({"error": message}, status=status))


def _ask_hub(exchange: Exchange, path: str) -> Answer:
    query = exchange.request.query
    if path == "/api/whoami-v2":
        return load_fixture("huggingface/whoami_success").answer
    if path == "/api/models":
        return _list_models(exchange)
    model_id = path.removeprefix("/api/models/")
    if model_id not in MODELS:
        headers = {"X-Error-Code": "RepoNotFound", "X-Error-Message": "Repository not found"}
        return Answer.of_json({"error": "Repository not found"}, status=404, headers=headers)
    if "inferenceProviderMapping" in (query.get("expand"), query.get("expand[]")):
        entries = {entry["provider"]: entry for entry in mapping_of(model_id)}
        return Answer.of_json({"_id": "66aa", "id": model_id, "inferenceProviderMapping": entries})
    return Answer.of_json({"_id": "66aa", "id": model_id, "pipeline_tag": MODELS[model_id].task, "tags": []})


def _list_models(exchange: Exchange) -> Answer:
    """In pages of two, so that a short list has several."""
    query = exchange.request.query
    start = int(query.get("cursor", "0"))
    rows = listed(query.get("pipeline_tag", ""))
    headers = {}
    if start + PAGE < len(rows):
        rest = f"pipeline_tag={query['pipeline_tag']}&limit=100&cursor={start + PAGE}"
        url = f"http://{exchange.request.headers['Host']}{ROOT}/api/models?{rest}"
        headers = {"link": f'<{url}>; rel="next"'}
    return Answer.of_json(rows[start : start + PAGE], headers=headers)


def _asked(exchange: Exchange, backend: str, provider_id: str | None = None) -> dict[str, Any]:
    """The JSON of a request for a model that the backend has: one named in the path, or there as `model`."""
    asked = exchange.request.json
    if not isinstance(asked, dict):
        raise refused(400, "Invalid JSON")
    model_at(backend, provider_id or asked.get("model"))
    return asked


def _require_prompt(asked: dict[str, Any], name: str = "prompt") -> None:
    if not isinstance(asked.get(name), str) or not asked[name]:
        raise _invalid(name, "Field required")


def _invalid(name: str, message: str) -> Refusal:
    detail = [{"loc": ["body", name], "msg": message, "type": "value_error"}]
    return Refusal(Answer.of_json({"detail": detail}, status=422))


def _require_number(asked: dict[str, Any], *names: str) -> None:
    for name in names:
        value = asked.get(name, 1)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise _invalid(name, "Input should be a valid integer")


def _size_in(asked: Any) -> tuple[int, int]:
    if not isinstance(asked, dict):
        raise _invalid("image_size", "Input should be a valid dictionary")
    _require_number(asked, "width", "height")
    return asked.get("width", 64), asked.get("height", 64)


def _require_picture(asked: dict[str, Any], name: str) -> None:
    value = asked.get(name)
    if not isinstance(value, str) or not value.startswith("data:image/"):
        raise _invalid(name, "Input should be a valid URL")


def _first(values: Any) -> Any:
    return values[0] if isinstance(values, list) and values else None


def _publish(exchange: Exchange, size: tuple[int, int]) -> str:
    return exchange.publish(FILES, exchange.sketch.bytes_of(size, "png"))


def _serve_raw(exchange: Exchange, route: str) -> Answer:
    """hf-inference: the picture itself."""
    asked = _asked(exchange, "hf-inference", route.removeprefix("models/"))
    _require_prompt(asked, "inputs")
    parameters = asked.get("parameters", {})
    is_edit = MODELS[route.removeprefix("models/")].task == "image-to-image"
    size = _size_in(parameters.get("target_size", {})) if is_edit else _size_in(parameters)
    _require_number(parameters, "seed")
    fmt = "png" if exchange.request.headers.get("Accept") == "image/png" else "jpeg"
    return Answer(200, {"content-type": f"image/{fmt}"}, exchange.sketch.bytes_of(size, fmt))


def _serve_fal(exchange: Exchange, route: str) -> Answer:
    asked = _asked(exchange, "fal-ai", route)
    _require_prompt(asked)
    _require_number(asked, "seed")
    size = _size_in(asked.get("image_size", {}))
    is_edit = model_at("fal-ai", route).task == "image-to-image"
    if not is_edit:
        return Answer.of_json(_fal_body(asked, _publish(exchange, size)))
    _require_picture(asked, "image_url")
    if exchange.request.query.get("_subdomain") != "queue":
        raise refused(404, "Not Found")
    body = load_fixture("huggingface/fal_queue_submit").json
    job_id, path = _new_job(exchange, "fal-ai", "fal-ai/flux-2/requests", _fal_body(asked, _publish(exchange, size)))
    urls = {"response_url": "", "status_url": "/status", "cancel_url": "/cancel"}
    urls = {name: f"https://queue.fal.run/{path}{end}" for name, end in urls.items()}
    return Answer.of_json({**body, **urls, "request_id": job_id})


def _fal_body(asked: dict[str, Any], url: str) -> dict[str, Any]:
    body = load_fixture("huggingface/fal_t2i_success").json
    picture = {**body["images"][0], "url": url}
    return {**body, "images": [picture], "seed": asked.get("seed", body["seed"]), "prompt": asked["prompt"]}


def _serve_together(exchange: Exchange, route: str) -> Answer:
    asked = _asked(exchange, "together")
    _require_prompt(asked)
    _require_number(asked, "seed", "width", "height", "steps")
    if asked.get("response_format") not in ("base64", "url"):
        raise refused(400, "response_format must be base64 or url")
    if model_at("together", asked["model"]).task == "image-to-image":
        named = asked if "kontext" in asked["model"].lower() else {"image_url": _first(asked.get("reference_images"))}
        _require_picture(named, "image_url")
    return _inline(exchange, "huggingface/together_t2i_success", _size_in(asked))


def _serve_nscale(exchange: Exchange, route: str) -> Answer:
    asked = _asked(exchange, "nscale")
    _require_prompt(asked)
    size = parse_size(asked.get("size", "64x64"))
    if size is None or asked.get("response_format") != "b64_json" or {"width", "height", "steps"} & asked.keys():
        raise refused(400, "Invalid request")
    return _inline(exchange, "huggingface/nscale_t2i_success", size)


def _inline(exchange: Exchange, fixture: str, size: tuple[int, int]) -> Answer:
    body = load_fixture(fixture).json
    return Answer.of_json({**body, "data": [{**body["data"][0], "b64_json": exchange.sketch.b64_of(size, "png")}]})


def _serve_replicate(exchange: Exchange, route: str) -> Answer:
    """Without `Prefer: wait` the answer comes before the picture does."""
    asked = exchange.request.json if isinstance(exchange.request.json, dict) else {}
    name = route.removeprefix("v1/models/").removesuffix("/predictions")
    model = model_at("replicate", asked.get("version") if route == "v1/predictions" else name)
    told = asked.get("input")
    if not isinstance(told, dict):
        raise refused(422, "input is required")
    _require_prompt(told)
    _require_number(told, "seed")
    if model.task == "image-to-image":
        _require_picture(told, "input_image")
    body = load_fixture("huggingface/replicate_t2i_success").json | {"input": told}
    if exchange.request.headers.get("Prefer") != "wait":
        return Answer.of_json(body | {"output": None, "status": "starting"}, status=201)
    return Answer.of_json(body | {"output": [_publish(exchange, _size_in(told))]}, status=201)


def _serve_wavespeed(exchange: Exchange, route: str) -> Answer:
    name = route.removeprefix("api/v3/")
    asked = _asked(exchange, "wavespeed", name)
    _require_prompt(asked)
    _require_number(asked, "seed")
    if model_at("wavespeed", name).task == "image-to-image":
        _require_picture(asked, "image")
    body = load_fixture("huggingface/wavespeed_result").json
    result = {**body, "data": {**body["data"], "outputs": [_publish(exchange, _size_in(asked))]}}
    _id, path = _new_job(exchange, "wavespeed", "api/v3/predictions", result, suffix="/result")
    submitted = load_fixture("huggingface/wavespeed_submit").json
    urls = {"get": f"https://api.wavespeed.ai/{path}"}
    return Answer.of_json({**submitted, "data": {**submitted["data"], "urls": urls}})


def _serve_zai(exchange: Exchange, route: str) -> Answer:
    asked = _asked(exchange, "zai-org")
    _require_prompt(asked)
    size = parse_size(asked.get("size", "64x64"))
    if size is None or exchange.request.headers.get("x-source-channel") != "hugging_face":
        raise refused(400, "Invalid request")
    result = {"model": asked["model"], "task_status": "SUCCESS", "image_result": [{"url": _publish(exchange, size)}]}
    job_id, _path = _new_job(exchange, "zai-org", "api/paas/v4/async-result", result)
    return Answer.of_json({"id": job_id, "model": asked["model"], "task_status": "PROCESSING", "request_id": job_id})


REPLIES: dict[str, Reply] = {
    "hf-inference": _serve_raw,
    "fal-ai": _serve_fal,
    "together": _serve_together,
    "nscale": _serve_nscale,
    "replicate": _serve_replicate,
    "wavespeed": _serve_wavespeed,
    "zai-org": _serve_zai,
}


def _new_job(
    exchange: Exchange, backend: str, folder: str, result: dict[str, Any], suffix: str = ""
) -> tuple[str, str]:
    """The job's id and its path below the backend; it is done at the second time that it is asked for."""
    job_id = str(uuid.uuid4())
    path = f"{folder}/{job_id}{suffix}"
    exchange.shelf[f"{JOBS}/{backend}/{path}"] = json.dumps({"polls": 0, "result": result}).encode()
    return job_id, path


def _poll(exchange: Exchange, backend: str, route: str) -> Answer:
    path = f"{JOBS}/{backend}/{route.removesuffix('/status')}"
    if path not in exchange.shelf:
        raise refused(404, "Not Found")
    job = json.loads(exchange.shelf[path])
    if backend == "fal-ai" and not route.endswith("/status"):
        return Answer.of_json(job["result"])
    job["polls"] += 1
    exchange.shelf[path] = json.dumps(job).encode()
    is_done = job["polls"] >= POLLS_UNTIL_DONE
    if backend == "fal-ai":
        done = load_fixture("huggingface/fal_queue_status_completed").json
        return Answer.of_json(done if is_done else {**done, "status": "IN_PROGRESS"})
    pending = {"task_status": "PROCESSING"} if backend == "zai-org" else {"code": 200, "data": {"status": "processing"}}
    return Answer.of_json(job["result"] if is_done else pending)
