"""DeepSeek: text only; the key's check by its balance, and the models list.

Source: api-docs.deepseek.com, "List Models" and "Get User Balance" as in tests/upstream/fixtures, read 2026-11-24.
"""

from src.ai.providers.answers import read_json
from src.ai.providers.contract import KeyCheck, ListedModel, ProviderConnection
from src.ai.providers.errors import ProviderError
from src.ai.providers.key_checks import verdict_on
from src.ai.providers.model_lists import entries_of, read_page
from src.ai.providers.openai_text import OpenAIText


class DeepSeek(OpenAIText):
    slug = "deepseek"
    label = "DeepSeek"
    base_url = "https://api.deepseek.com"
    key_check = "GET /user/balance"

    async def check_key(self, conn: ProviderConnection) -> KeyCheck:
        """A valid key without money is answered 200 with `is_available` false."""
        try:
            balance = read_json(await self.call(conn, "GET", "/user/balance"))
        except ProviderError as exc:
            return verdict_on(exc)
        is_available = balance.get("is_available") if isinstance(balance, dict) else None
        if not isinstance(is_available, bool):
            return KeyCheck(is_valid=None, reason="broken_answer")
        return KeyCheck(is_valid=True, reason="ok" if is_available else "no_credit")

    async def list_models(self, conn: ProviderConnection) -> tuple[ListedModel, ...]:
        """Chat is all that the service offers; which models see pictures, its list does not say."""
        page = read_page(await self.call(conn, "GET", "/models"))
        return tuple(ListedModel(model_id=item["id"], capabilities=("chat",)) for item in entries_of(page))
