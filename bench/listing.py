"""A page of models out of 10,000, on SQLite: `python -m bench.listing` prints one JSON line."""

import json
import os
import subprocess
import sys
import tempfile

MODELS, PAGES = 10_000, 60

SCRIPT = f"""
import json, statistics, time
from django.conf import settings
settings.ALLOWED_HOSTS = ["*"]
from django.contrib.auth.models import Group
from django.db import connection, reset_queries
from django.test import Client
from src.accounts.models import User
from src.ai.models import AIModel
from src.core.groups import AI_MANAGERS
from tests.factories import GPT_IMAGE_SPEC, PRICE_PER_IMAGE, make_provider
providers = [make_provider(f"p{{index}}") for index in range(20)]
AIModel.objects.bulk_create(
    AIModel(provider=providers[index % 20], model_id=f"model-{{index}}", display_name=f"Model {{index}}",
            capabilities={{"image": index % 3 != 0}}, image_spec=GPT_IMAGE_SPEC, pricing=PRICE_PER_IMAGE,
            sort_order=index % 7)
    for index in range({MODELS}))
user = User.objects.create_user("bench"); user.groups.add(Group.objects.get(name=AI_MANAGERS))
client = Client(); client.force_login(user)
url, found = "/api/ai/admin/images/models/", {{"page": [], "filter and search": []}}
for index in range({PAGES}):
    for name, query in (("page", ""), ("filter and search", "?provider=p3&search=9")):
        started = time.perf_counter(); answer = client.get(url + query)
        found[name].append((time.perf_counter() - started) * 1000)
        assert answer.status_code == 200 and answer.json()["data"]["results"], answer.content
print("RESULT", json.dumps({{name: statistics.median(times) for name, times in found.items()}}))
"""


def measure_listing() -> dict[str, float]:
    """Median milliseconds of a whole request in process, middleware included."""
    with tempfile.TemporaryDirectory(prefix="negareh-bench-") as folder:
        env = {**os.environ, "NEGAREH_VAR_DIR": folder, "LOG_LEVEL": "WARNING"}
        for name in ("DATABASE_URL", "REDIS_URL"):
            env.pop(name, None)
        for words in (["set_up"], ["shell", "-v0", "-c", SCRIPT]):
            done = subprocess.run(
                [sys.executable, "manage.py", *words], env=env, check=True, capture_output=True, text=True
            )
    return json.loads(done.stdout.split("RESULT ")[1])


if __name__ == "__main__":
    print(json.dumps(measure_listing()))
