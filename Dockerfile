# The image of compose.yaml's web, worker, migrate and setup: the locked packages, the code, the compiled messages.
FROM python:3.11-slim-bookworm AS build
WORKDIR /srv/negareh
COPY requirements.lock ./
RUN python -m venv .venv \
 && .venv/bin/python -m pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.lock
COPY manage.py ./
COPY config config
COPY locale locale
COPY scripts scripts
COPY src src
RUN .venv/bin/python -c "from pathlib import Path; from src.core.translations import compile_messages; compile_messages(Path('locale'))" \
 && .venv/bin/python -m compileall -q config src

FROM python:3.11-slim-bookworm
# pg_dump, for `manage.py backup`; of the version of compose.yaml's PostgreSQL.
RUN apt-get update \
 && apt-get install -y --no-install-recommends postgresql-client-15 \
 && rm -rf /var/lib/apt/lists/* \
 && groupadd --gid 10001 negareh \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/negareh --shell /usr/sbin/nologin negareh \
 && install -d -m 700 -o negareh -g negareh /etc/negareh /var/lib/negareh
COPY --from=build /srv/negareh /srv/negareh
ENV PATH=/srv/negareh/.venv/bin:$PATH PYTHONUNBUFFERED=1
WORKDIR /srv/negareh
USER 10001:10001
