"""Anthropic: text only; the key's check and the models list.

Source: anthropic 2.13.0, _constants.py, _exceptions.py, pagination.py, types/model_info.py and types/shared;
platform.claude.com/docs/en/api/errors and /migration-2026-10-21. Read 2026-11-24.
"""

from typing import Any
from urllib.parse import urlencode

from src.ai.providers.answers import read_json
from src.ai.providers.base import Adapter
from src.ai.providers.contract import KeyCheck, ListedModel, ProviderConnection
from src.ai.providers.errors import BrokenAnswer, ProviderError, QuotaExhausted, Rejected, clean_words
from src.ai.providers.json_values import date_of, dict_of, text_of, token_limit
from src.ai.providers.key_checks import check_by_call
from src.ai.providers.model_lists import entries_of, read_page
from src.ai.providers.openai_errors import charge_of_error, class_by_status, page_error
from src.core.outbound import Answer

VERSION = "2026-10-21"
PAGE_SIZE = 1000
MAX_PAGES = 20
SPEND_CODES = ("contract_spend_limit_reached", "enforced_spend_limit_reached")
# The key is known, and may not be used.
FORBIDDEN_CODES = ("organization_on_hold", "claude_code_key_creator_not_member")
OWN_LIMIT_WORDS = "api usage limits"


class Anthropic(Adapter):
    slug = "anthropic"
    label = "Anthropic"
    base_url = "https://api.anthropic.com/v1"
    makes_images = False
    key_check = "GET /models?limit=1"

    def auth_headers(self, conn: ProviderConnection) -> dict[str, str]:
        """The header that the documentation names; the SDK's `Authorization: Bearer` is its other name."""
        key = {"x-api-key": conn.key.reveal()} if conn.key else {}
        return {**key, "anthropic-version": VERSION}

    async def check_key(self, conn: ProviderConnection) -> KeyCheck:
        return await check_by_call(self, conn, "/models?limit=1")

    async def list_models(self, conn: ProviderConnection) -> tuple[ListedModel, ...]:
        """Active and deprecated models: retired ones are listed only to who asks for them."""
        models: list[ListedModel] = []
        after = ""
        for _page in range(MAX_PAGES):
            query = urlencode({"limit": PAGE_SIZE, **({"after_id": after} if after else {})})
            page = read_page(await self.call(conn, "GET", f"/models?{query}"))
            models += [to_model(item) for item in entries_of(page) if item.get("lifecycle") != "retired"]
            after = text_of(page.get("last_id"))
            if page.get("has_more") is not True or not after:
                return tuple(models)
        raise BrokenAnswer(reason="endless_list")

    def class_error(self, answer: Answer, conn: ProviderConnection) -> ProviderError:
        document = read_json(answer)
        if page := page_error(answer, document):
            return page
        error = dict_of(dict_of(document).get("error"))
        words = clean_words(error.get("message"), conn.key)
        code = text_of(dict_of(error.get("details")).get("error_code"))
        if code in SPEND_CODES:
            return QuotaExhausted()
        if code in FORBIDDEN_CODES:
            return Rejected(reason="no_permission", words=words)
        # A spend limit that the organization set itself is a 400 like any bad request, without a code: only the
        # documented beginning of its message tells ("You have reached your specified [workspace] API usage limits").
        if answer.status == 400 and OWN_LIMIT_WORDS in words.lower():
            return QuotaExhausted()
        return class_by_status(answer, words=words, charged=charge_of_error(answer, is_told=bool(error)))


def to_model(item: dict[str, Any]) -> ListedModel:
    """Every model listed answers messages; the list says which of them take pictures."""
    sees = dict_of(dict_of(item.get("capabilities")).get("image_input")).get("supported") is True
    return ListedModel(
        model_id=item["id"],
        display_name=text_of(item.get("display_name")),
        capabilities=("chat", "vision") if sees else ("chat",),
        context_window=token_limit(item.get("max_input_tokens")),
        max_output_tokens=token_limit(item.get("max_tokens")),
        shutdown_date=date_of(item.get("retires_at")),
    )
