"""DeepSeek's models list and balance, played."""

from tests.upstream.exchange import Exchange
from tests.upstream.wire import Answer, load_fixture

ROOT = "/deepseek"


def answer(exchange: Exchange) -> Answer:
    """Answer as DeepSeek would; raises Refusal."""
    exchange.require_key("deepseek/invalid_key")
    match exchange.request.method, exchange.request.path.removeprefix(ROOT).removeprefix("/v1"):
        case "GET", "/models":
            return load_fixture("deepseek/models_list").answer
        case "GET", "/user/balance":
            return load_fixture("deepseek/balance").answer
    return Answer(404, {"content-type": "text/plain"}, b"404 page not found")
