"""The library of 100,000 pictures: `python -m bench.library` prints one JSON line per database.

SQLite always; PostgreSQL where BENCH_POSTGRES names a server (postgres://user@host:port/database), on a database of
its own that is made and dropped.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

ASSETS, ROUNDS = 100_000, 25
SCRATCH = "negareh_bench_library"

FILL = f"""
import itertools, random, uuid
from datetime import timedelta
from django.contrib.auth.models import Group
from django.db import connection
from django.utils import timezone
from src.accounts.models import User
from src.core.groups import AI_MANAGERS
from src.media.models import Collection, Favourite, MediaAsset, Tag
from src.media.services.assets import search_text_of

random.seed(7)
people = [User.objects.create_user(f"person{{n}}") for n in range(20)]
for person in people: person.groups.add(Group.objects.get(name=AI_MANAGERS))
LATIN = ["ba", "ko", "mi", "sna", "tre", "lu", "fo"], ["ra", "ne", "lis", "dor", "gu"], ["n", "ter", "sh", "mo", "pa"]
PERSIAN = ["گر", "بر", "نو", "سر", "دریا", "کوه", "ماه"], ["به", "ف", "ست", "ای", "ان"], ["", "ها", "گر", "دان"]
words = ["".join(parts) for language in (LATIN, PERSIAN) for parts in itertools.product(*language)]
random.shuffle(words)
weights = [1 / (rank + 3) for rank in range(len(words))]
tags = Tag.objects.bulk_create([Tag(name=f"tag{{n}}", key=f"tag{{n}}") for n in range(300)])
collections = Collection.objects.bulk_create(
    [Collection(owner=random.choice(people), name=f"c{{n}}", key=f"c{{n}}") for n in range(100)])
MediaAsset._meta.get_field("created_at").auto_now_add = False
start = timezone.now() - timedelta(days=700)
for batch in range(0, {ASSETS}, 2000):
    made = []
    for n in range(batch, batch + 2000):
        prompt = " ".join(random.choices(words, weights, k=25)) + (" zeldenword" if n % 20000 == 77 else "")
        title, alt = prompt[:60], "" if random.random() < 0.3 else prompt[:90]
        made.append(MediaAsset(
            owner=random.choice(people), file_name=uuid.uuid4().hex, sha256=uuid.uuid4().hex * 2,
            mime_type="image/png", width=1024, height=1024, size_bytes=1_500_000, title=title, alt_text=alt,
            alt_text_en=alt and "a", prompt=prompt, visibility="private" if random.random() < 0.2 else "team",
            source="uploaded" if random.random() < 0.02 else "generated", generation_id=uuid.uuid4(),
            provider_slug=random.choice(["openai", "gemini", "openrouter", "sandbox"]), model_id=f"model-{{n % 40}}",
            params={{"size": "1024x1024"}}, cost_micros=40000, collection=collections[n % 100] if n % 2 else None,
            search_text=search_text_of(title, alt, prompt), created_at=start + timedelta(minutes=10 * n)))
    MediaAsset.objects.bulk_create(made)
    links = {{(asset.pk, tags[int(random.paretovariate(0.6)) % 300].pk) for asset in made for _ in range(3)}}
    through = MediaAsset.tags.through
    through.objects.bulk_create([through(mediaasset_id=asset, tag_id=tag) for asset, tag in links])
    Favourite.objects.bulk_create([Favourite(user=people[1], asset=asset) for asset in made[::100]])
    Favourite.objects.bulk_create([Favourite(user=people[2], asset=asset) for asset in made[::2]])
with connection.cursor() as cursor:
    cursor.execute("ANALYZE")
"""

ASK = f"""
import json, statistics, time
from datetime import timedelta
from django.conf import settings
settings.ALLOWED_HOSTS = ["*"]
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from src.accounts.models import User
from src.media.models import Collection, Tag
from src.media.models import MediaAsset

few, many = Client(), Client()
few.force_login(User.objects.get(username="person1")); many.force_login(User.objects.get(username="person2"))
url, middle = "/api/media/", (timezone.now() - timedelta(days=350)).strftime("%Y-%m-%d")
deep = few.get(f"{{url}}?until={{middle}}&page_size=50").json()["data"]["next"].replace("http://testserver", "")
shelf = Collection.objects.filter(assets__isnull=False).order_by("name").first().pk
from collections import Counter
ranked = [word for word, _ in Counter(" ".join(MediaAsset.objects.values_list("prompt", flat=True)[:500]).split()
          ).most_common()]
asked = {{
    "page": url, "page of 200": f"{{url}}?page_size=200", "page in the middle": deep,
    "filter: provider": f"{{url}}?provider=openai", "filter: model": f"{{url}}?model=model-7",
    "filter: owner": f"{{url}}?owner=person3", "filter: one day": f"{{url}}?since={{middle}}&until={{middle}}",
    "filter: source": f"{{url}}?source=uploaded", "filter: source, no match": f"{{url}}?source=edited",
    "filter: visibility": f"{{url}}?visibility=private",
    "filter: common tag": f"{{url}}?tag=tag1", "filter: rare tag": f"{{url}}?tag=tag299",
    "filter: two tags": f"{{url}}?tag=tag1&tag=tag2", "filter: common and rare tag": f"{{url}}?tag=tag1&tag=tag299",
    "filter: collection": f"{{url}}?collection={{shelf}}",
    "filter: favourite, few": f"{{url}}?favourite=true", "filter: favourite, many": f"{{url}}?favourite=true",
    "filter: no favourite": f"{{url}}?favourite=false",
    "filter: missing alt text": f"{{url}}?missing_alt_text=fa", "filter: published": f"{{url}}?published=true",
    "search: commonest word": f"{{url}}?search={{ranked[0]}}", "search: rare word": f"{{url}}?search=zeldenword",
    "search: two words": f"{{url}}?search={{ranked[3]}} {{ranked[40]}}", "search: no match": f"{{url}}?search=qqqxqqq",
    "search: two letters": f"{{url}}?search={{ranked[5][:2]}}", "search: two letters, no match": f"{{url}}?search=zq",
    "search and filters": f"{{url}}?search={{ranked[2]}}&provider=gemini&tag=tag2&missing_alt_text=fa",
    "rare search and filter": f"{{url}}?search=zeldenword&source=generated",
    "tags": f"{{url}}tags/", "tags: search": f"{{url}}tags/?search=tag29", "collections": f"{{url}}collections/",
    "trash, empty": f"{{url}}trash/",
}}
# As the server does when it starts.
import gc; gc.collect(); gc.freeze()
found = {{}}
for name, address in asked.items():
    client = many if name.endswith("many") else few
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(address)
    assert answer.status_code == 200, (name, answer.content)
    count, times = len(queries), []
    for _ in range({ROUNDS}):
        begun = time.perf_counter(); client.get(address); times.append((time.perf_counter() - begun) * 1000)
    found[name] = {{"ms": statistics.median(times), "slowest_ms": max(times), "queries": count,
                    "rows": len(answer.json()["data"]["results"])}}
print("RESULT", json.dumps(found))
"""


def measure_library(database_url: str | None = None) -> dict[str, dict[str, float]]:
    """Per kind of request: median and slowest milliseconds of a whole request in process, its queries and rows."""
    with tempfile.TemporaryDirectory(prefix="negareh-bench-") as folder:
        env = {**os.environ, "NEGAREH_VAR_DIR": folder, "LOG_LEVEL": "WARNING"}
        for name in ("DATABASE_URL", "REDIS_URL"):
            env.pop(name, None)
        if database_url:
            env["DATABASE_URL"] = database_url
        for words in (["set_up"], ["shell", "-v0", "-c", FILL], ["shell", "-v0", "-c", ASK]):
            done = subprocess.run([sys.executable, "manage.py", *words], env=env, capture_output=True, text=True)
            if done.returncode:
                raise RuntimeError(done.stderr[-2000:])
    return json.loads(done.stdout.split("RESULT ")[1])


@contextmanager
def scratch_database(server_url: str) -> Iterator[str]:
    """A new database on the server, dropped afterwards; yields its URL."""
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {SCRATCH}")
        connection.execute(f"CREATE DATABASE {SCRATCH}")
        try:
            yield f"{server_url.rsplit('/', 1)[0]}/{SCRATCH}"
        finally:
            connection.execute(f"DROP DATABASE {SCRATCH} WITH (FORCE)")


def measure_both() -> dict[str, dict[str, dict[str, float]]]:
    found = {"SQLite": measure_library()}
    server_url = os.environ.get("BENCH_POSTGRES")
    if server_url:
        with scratch_database(server_url) as url:
            found["PostgreSQL"] = measure_library(url)
    return found


if __name__ == "__main__":
    for database, figures in measure_both().items():
        print(database, json.dumps(figures))
