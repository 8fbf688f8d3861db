"""Finding pictures by the words in their `search_text`: trigrams in both databases.

SQLite keeps an FTS5 table beside the rows, filled by triggers; PostgreSQL an index of pg_trgm. Both are set up
after each migrate, since SQLite loses triggers when a migration rebuilds their table.
"""

from django.db import connections, router
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.expressions import RawSQL

from src.core.text import normalise
from src.media.models.asset import MediaAsset, MediaAssetQuerySet

TRIGRAM_CHARS = 3
MAX_WORDS = 16
COMMON = 2_000
"""Matches from which on SQLite finds a page sooner by walking the newest rows than by collecting all matches."""

INDEX_NAME = "media_asset_search_trigrams"
TRIGGERS = {
    "media_search_insert": """
        AFTER INSERT ON media_mediaasset BEGIN
            INSERT INTO media_search_row (asset_id) VALUES (new.id);
            INSERT INTO media_search (rowid, search_text)
                SELECT id, new.search_text FROM media_search_row WHERE asset_id = new.id;
        END""",
    "media_search_update": """
        AFTER UPDATE OF search_text ON media_mediaasset WHEN old.search_text <> new.search_text BEGIN
            INSERT INTO media_search (media_search, rowid, search_text)
                SELECT 'delete', id, old.search_text FROM media_search_row WHERE asset_id = old.id;
            INSERT INTO media_search (rowid, search_text)
                SELECT id, new.search_text FROM media_search_row WHERE asset_id = new.id;
        END""",
    "media_search_delete": """
        AFTER DELETE ON media_mediaasset BEGIN
            INSERT INTO media_search (media_search, rowid, search_text)
                SELECT 'delete', id, old.search_text FROM media_search_row WHERE asset_id = old.id;
            DELETE FROM media_search_row WHERE asset_id = old.id;
        END""",
}
MATCHES = "SELECT found.asset_id FROM media_search JOIN media_search_row found ON found.id = media_search.rowid"


def install_search_index(using: str) -> None:
    """Make what the search needs where it is missing; safe to run again."""
    connection = connections[using]
    if MediaAsset._meta.db_table not in connection.introspection.table_names():
        return
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
            cursor.execute(
                f"CREATE INDEX IF NOT EXISTS {INDEX_NAME} ON media_mediaasset USING gin (search_text gin_trgm_ops)"
            )
    else:
        _install_fts(connection)


def _install_fts(connection: BaseDatabaseWrapper) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'media_search_%%'", [])
        if {name for (name,) in cursor.fetchall()} == set(TRIGGERS):
            return
        for name in TRIGGERS:
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}")
        cursor.execute("DROP TABLE IF EXISTS media_search")
        cursor.execute("DROP TABLE IF EXISTS media_search_row")
        cursor.execute("CREATE TABLE media_search_row (id INTEGER PRIMARY KEY, asset_id char(32) NOT NULL UNIQUE)")
        cursor.execute("CREATE VIRTUAL TABLE media_search USING fts5(search_text, content='', tokenize='trigram')")
        cursor.execute("INSERT INTO media_search_row (asset_id) SELECT id FROM media_mediaasset ORDER BY created_at")
        cursor.execute(
            "INSERT INTO media_search (rowid, search_text) SELECT r.id, a.search_text"
            " FROM media_search_row r JOIN media_mediaasset a ON a.id = r.asset_id"
        )
        for name, body in TRIGGERS.items():
            cursor.execute(f"CREATE TRIGGER {name} {body}")


def search(rows: MediaAssetQuerySet, text: str) -> MediaAssetQuerySet:
    """Rows that hold every word of `text`, as parts of words too; `%` and `_` are plain characters.

    Words of one or two letters count only at the start of a word: with the space before them, two make a trigram.
    """
    words = [word if len(word) >= TRIGRAM_CHARS else f" {word}" for word in normalise(text).split()[:MAX_WORDS]]
    indexed = [word for word in words if len(word) >= TRIGRAM_CHARS]
    connection = connections[router.db_for_read(MediaAsset)]
    if connection.vendor == "sqlite" and indexed:
        phrases = " AND ".join('"{}"'.format(word.replace('"', '""')) for word in indexed)
        if not _is_common(connection, phrases):
            rows = rows.filter(pk__in=RawSQL(f"{MATCHES} WHERE media_search MATCH %s", [phrases]))  # noqa: S611
            words = [word for word in words if word not in indexed]
    for word in words:
        rows = rows.filter(search_text__contains=word)
    return rows


def _is_common(connection: BaseDatabaseWrapper, phrases: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM (SELECT 1 FROM media_search WHERE media_search MATCH %s LIMIT %s)",
            [phrases, COMMON + 1],
        )
        return cursor.fetchone()[0] > COMMON
