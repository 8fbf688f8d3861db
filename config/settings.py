"""Settings, all from the environment (see .env.example); the defaults run on one machine with no services."""

from pathlib import Path

import environ
from django.core.management.utils import get_random_secret_key
from django.utils.translation import gettext_lazy as _

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
env.read_env(BASE_DIR / ".env")

DEBUG = env.bool("DEBUG", False)
VAR_DIR = Path(env.str("NEGAREH_VAR_DIR", "") or BASE_DIR / "var")
VAR_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)

SECRET_KEY_FILE = VAR_DIR / "secret_key"
SECRET_KEY = env.str("SECRET_KEY", "") or (SECRET_KEY_FILE.read_text().strip() if SECRET_KEY_FILE.exists() else "")
HAS_LASTING_SECRET_KEY = bool(SECRET_KEY)
SECRET_KEY = SECRET_KEY or get_random_secret_key()
KEYRING_FILE = Path(env.str("KEYRING_FILE", str(VAR_DIR / "keyring.json")))

ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
BEHIND_TLS = env.bool("BEHIND_TLS", False)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = BEHIND_TLS
if BEHIND_TLS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

INSTALLED_APPS = [
    "src.core.admin_apps.SuperAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_filters",
    "src.core",
    "src.accounts",
    "src.usage",
    "src.media",
    "src.webhooks",
    "src.ai",
]

# Each of these can run async: one sync-only middleware would hold a thread per waiting request.
MIDDLEWARE = [
    "src.core.public_answers.PublicAnswersMiddleware",
    "src.core.request_log.RequestLogMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "servestatic.middleware.ServeStaticMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "config.urls"
# A redirect would turn a POST into a GET.
APPEND_SLASH = False
CSRF_FAILURE_VIEW = "src.core.unrouted.csrf_failure"
ASGI_APPLICATION = "config.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

DATABASES = {"default": env.db_url("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'db.sqlite3'}")}
DATABASES["default"] |= {"CONN_MAX_AGE": env.int("DB_CONN_MAX_AGE", 60), "CONN_HEALTH_CHECKS": True}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
    }
    # A file, since several threads must see it.
    DATABASES["default"]["TEST"] = {"NAME": str(VAR_DIR / "test.sqlite3")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DB_THREADS = env.int("DB_THREADS", 12)
PATIENT_THREADS = env.int("PATIENT_THREADS", 8)
FILE_THREADS = env.int("FILE_THREADS", 16)

REDIS_URL = env.str("REDIS_URL", "")
CACHES = {
    "default": {"BACKEND": "src.core.redis_cache.SharedRedisCache", "LOCATION": REDIS_URL}
    if REDIS_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}

AUTH_USER_MODEL = "accounts.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

LANGUAGE_CODE = "fa"
LANGUAGES = [("fa", _("Persian")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
SITE_TIME_ZONE = env.str("SITE_TIME_ZONE", "Asia/Tehran")
"""Where a month begins, for limits and budgets. Data and API stay in UTC."""

EMAIL_URL = env.str("EMAIL_URL", "")
HAS_MAIL_SERVER = bool(EMAIL_URL)
vars().update(env.email_url_config(EMAIL_URL or "dummymail://"))
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "negareh@localhost")

MEDIA_ROOT = Path(env.str("MEDIA_DIR", str(VAR_DIR / "media")))
INBOX_DIR = Path(env.str("INBOX_DIR", str(VAR_DIR / "inbox")))
STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STORAGES: dict[str, dict] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
MEDIA_S3_BUCKET = env.str("MEDIA_S3_BUCKET", "")
if MEDIA_S3_BUCKET:
    STORAGES["default"] = {
        "BACKEND": "src.media.s3_storage.MediaS3Storage",
        "OPTIONS": {
            "bucket_name": MEDIA_S3_BUCKET,
            "endpoint_url": env.str("MEDIA_S3_ENDPOINT_URL", "") or None,
            "region_name": env.str("MEDIA_S3_REGION", "") or None,
            "access_key": env.str("MEDIA_S3_ACCESS_KEY_ID", "") or None,
            "secret_key": env.str("MEDIA_S3_SECRET_ACCESS_KEY", "") or None,
            "location": env.str("MEDIA_S3_PREFIX", ""),
        },
    }
INBOX_S3_PREFIX = env.str("INBOX_S3_PREFIX", "").strip("/")
if MEDIA_S3_BUCKET and INBOX_S3_PREFIX:
    in_inbox = {"location": INBOX_S3_PREFIX, "file_overwrite": True}
    STORAGES["inbox"] = STORAGES["default"] | {"OPTIONS": STORAGES["default"]["OPTIONS"] | in_inbox}
SERVESTATIC_USE_FINDERS = True
SERVESTATIC_AUTOREFRESH = False

BODY_CAP_BYTES = env.int("BODY_CAP_BYTES", 1_048_576)
DATA_UPLOAD_MAX_MEMORY_SIZE = BODY_CAP_BYTES
PICTURE_PROCESSES = env.int("PICTURE_PROCESSES", 2)
PICTURE_TIMEOUT_S = env.float("PICTURE_TIMEOUT_S", 10.0)
PICTURE_MEMORY_BYTES = env.int("PICTURE_MEMORY_BYTES", 2_684_354_560)
PROVIDER_TIMEOUT_S = env.float("PROVIDER_TIMEOUT_S", 300.0)
DRAIN_TIMEOUT_S = env.float("DRAIN_TIMEOUT_S", PROVIDER_TIMEOUT_S + 90)

JOB_RUNNER = env.str("JOB_RUNNER", "embedded")
"""`embedded`: jobs run in the server's own process; `celery`: in workers, which are told through Redis."""
JOB_WAIT_S = env.float("JOB_WAIT_S", 55.0)
JOB_QUEUE_CAP = env.int("JOB_QUEUE_CAP", 1000)
JOBS_AT_ONCE = env.int("JOBS_AT_ONCE", 100)
PROVIDER_JOBS_AT_ONCE = env.int("PROVIDER_JOBS_AT_ONCE", 50)
JOB_ATTEMPTS = env.int("JOB_ATTEMPTS", 3)
JOB_LEASE_S = env.float("JOB_LEASE_S", 20.0)
JOB_POLL_S = env.float("JOB_POLL_S", 5.0)
JOB_REPAIR_S = env.float("JOB_REPAIR_S", 15.0)
CIRCUIT_FAILURES = env.int("CIRCUIT_FAILURES", 5)
CIRCUIT_WINDOW_S = env.float("CIRCUIT_WINDOW_S", 60.0)
CIRCUIT_OPEN_S = env.float("CIRCUIT_OPEN_S", 30.0)
CIRCUIT_MAX_OPEN_S = env.float("CIRCUIT_MAX_OPEN_S", 300.0)
EVENT_STREAMS_PER_PERSON = env.int("EVENT_STREAMS_PER_PERSON", 10)

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "src.accounts.authentication.BearerAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["src.accounts.permissions.SuperAdminOnly"],
    "DEFAULT_RENDERER_CLASSES": ["src.core.renderers.MsgspecRenderer"],
    "DEFAULT_PARSER_CLASSES": ["src.core.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "src.core.schema.ApiSchema",
    "DEFAULT_FILTER_BACKENDS": ["src.core.filters.StrictFilterBackend"],
    "EXCEPTION_HANDLER": "src.core.exception_handler.answer_exception",
    "DEFAULT_METADATA_CLASS": None,
    "URL_FORMAT_OVERRIDE": None,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}

SPECTACULAR_SETTINGS = {
    "TITLE": "Negareh",
    "DESCRIPTION": "AI image generation for teams: providers, keys, access, pictures, costs.",
    "VERSION": "0.1.0",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "SERVE_PUBLIC": True,
    "SCHEMA_PATH_PREFIX": r"/api(/ai/admin)?",
    "ENUM_NAME_OVERRIDES": {"KeySourceEnum": "src.ai.models.generation.KEY_SOURCES"},
}

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

LOG_LEVEL = env.str("LOG_LEVEL", "INFO")
LOG_FORMAT = env.str("LOG_FORMAT", "json")
LOGGING_CONFIG = "src.core.log.configure"
LOGGING = {"level": LOG_LEVEL, "format": LOG_FORMAT}
