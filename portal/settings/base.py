"""What every deployment shares. `environ` is filled by dev, test and production."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from celery.schedules import schedule

from portal.core import clock
from portal.core.outbound.addresses import Allowed
from portal.settings import channels
from portal.settings.environment import PROJECT_DIR, Environment, database

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",
    "django_htmx",
    "django_cotton",
    "django_filters",
    "django_prometheus",
    "django_structlog",
    "health_check",
    "knox",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "portal.accounts",
    "portal.audit",
    "portal.environments",
    "services_catalog",
    "portal.lifecycle",
    "portal.api",
    "portal.web",
    # for `manage.py sandbox`; it has no models
    "portal.sandbox",
]

MIDDLEWARE = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "portal.web.headers.SecurityHeaders",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "portal.web.compression.CompressedPages",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "portal.web.headers.LivingSession",
    "portal.audit.middleware.AuditContext",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "portal.web.middleware.ErrorPages",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]

ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
AUTH_USER_MODEL = "accounts.User"
# accounts.ApiToken stands in for knox's model; a left-over table of knox would make PostgreSQL refuse a flush
MIGRATION_MODULES = {"knox": None}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
SESSION_ENGINE = "portal.accounts.sessions"
# not in a cookie of their own, which would need its own rules
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
LOGIN_URL = "web:sign-in"
LOGIN_REDIRECT_URL = "web:home"
LOGOUT_REDIRECT_URL = "web:sign-in"
LANGUAGE_CODE = "en"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = "static/"
STATICFILES_FINDERS = [
    "portal.web.static_files.Needed",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000

PLACE_WORDS = ("slipway", "kubernetes", "password", "passwort")
HOST_PREFIX = "__Host-"
AUTH_PASSWORD_VALIDATORS: list[dict[str, Any]] = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "portal.accounts.passwords.LongestPassword"},
]

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [PROJECT_DIR / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "django_cotton.cotton_loader.Loader",
                        "django.template.loaders.filesystem.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ],
            "builtins": [
                "django_cotton.templatetags.cotton",
                "django.contrib.humanize.templatetags.humanize",
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.web.context.frame",
            ],
        },
    }
]
COTTON_DIR = "components"

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "portal.api.v1.authentication.ApiTokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PARSER_CLASSES": ["portal.api.v1.parsers.BoundedJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_FILTER_BACKENDS": ["portal.api.v1.filters.StrictFilters"],
    "DEFAULT_THROTTLE_CLASSES": [
        "portal.api.v1.throttling.WriteThrottle",
        "portal.api.v1.throttling.ReadThrottle",
    ],
    "DEFAULT_PAGINATION_CLASS": "portal.api.v1.pagination.Pages",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "portal.api.v1.problems.handler",
    "PAGE_SIZE": 50,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Slipway",
    "VERSION": "1",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": "/api/v1/",
    "DESCRIPTION": "The portal for automation. docs/api.md explains how its parts work together.",
    "ENUM_NAME_OVERRIDES": {
        "ChangeKind": "portal.lifecycle.states.ChangeKind",
        "AskedKind": "portal.api.v1.changes.serializers.ASKED",
        "ChangeState": "portal.lifecycle.states.ChangeState",
        "StepState": "portal.api.v1.changes.serializers.STEP_STATES",
        "ExceptionState": "portal.lifecycle.states.ExceptionState",
        "BlastRadiusState": "portal.lifecycle.models.blast_radius.BlastRadius.State",
        "PolicyMode": "portal.policy.modes.MODES",
        "WantedMode": "portal.api.v1.policies.serializers.WANTED_MODES",
        "GuardMode": "portal.environments.models.environment.Environment.Guard",
        "VersionStatus": "services_catalog.models.VersionStatus",
        "SourceVersionState": "services_catalog.models.SourceVersionState",
        "SourceKind": "services_catalog.models.SourceKind",
        "AddedSourceKind": "portal.api.v1.sources.serializers.KINDS",
        "EvidenceStatus": "portal.lifecycle.models.evidence.Evidence.Status",
        "DriftStatus": "portal.lifecycle.models.drift.DriftReport.Status",
        "CampaignState": "portal.lifecycle.campaign_states.CampaignState",
        "CampaignItemState": "portal.lifecycle.campaign_states.ItemState",
        "CampaignMode": "portal.lifecycle.campaign_states.Mode",
        "FleetState": "portal.api.v1.fleet.serializers.STATES",
        "ComparedChange": "portal.api.v1.comparisons.serializers.CHANGES",
        "ObjectState": "portal.api.v1.instances.serializers.OBJECT_STATES",
        "NodeState": "portal.api.v1.running.serializers.NODE_STATES",
        "ContainerState": "portal.api.v1.running.serializers.CONTAINER_STATES",
        "TeamRole": "portal.accounts.roles.TeamRole",
        "PlatformRole": "portal.accounts.roles.PlatformRoleName",
        "WindowKind": "portal.environments.models.window.Window.Kinds",
        "OfferingRole": "services_catalog.models.Role",
        "AuditFaultKind": "portal.audit.judging.KINDS",
    },
}

CELERY_IMPORTS = ["portal.lifecycle.campaign_tasks", "portal.audit.trail_tasks"]
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_SOFT_TIME_LIMIT = 600
CELERY_TASK_TIME_LIMIT = 660
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# after a hundred tries, about an hour, a worker would end
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TASK_PUBLISH_RETRY = False


def every(task: str, **interval: int) -> dict[str, Any]:
    """An entry of beat's schedule. Messages that pile up while no worker runs are bounded by their end, which
    is late enough for clocks that are hours apart; of a pile, `portal.celery` runs one. A clock that is set
    back does not keep beat from sending."""
    when = schedule(timedelta(**interval), nowfun=clock.steady)
    return {"task": task, "schedule": when, "options": {"expires": 24 * 60 * 60}}


# in memory: a file would have beat wait for the moments of a clock that was wrong
CELERY_BEAT_SCHEDULER = "celery.beat:Scheduler"
CELERY_BEAT_SCHEDULE = {
    "sweep": every("portal.lifecycle.tasks.sweep", seconds=5),
    "remind": every("portal.lifecycle.tasks.remind", seconds=60),
    "look-at-clusters": every("portal.lifecycle.tasks.look_at_clusters", seconds=30),
    "refresh-health": every("portal.lifecycle.tasks.refresh_health", seconds=30),
    "tidy-exceptions": every("portal.lifecycle.tasks.tidy_exceptions", seconds=15),
    "scan-fleet": every("portal.lifecycle.tasks.scan_fleet", seconds=30),
    "keep-policies-installed": every("portal.lifecycle.tasks.keep_policies_installed", seconds=15),
    "watch-gates": every("portal.lifecycle.tasks.watch_gates", seconds=60),
    "scan-drift": every("portal.lifecycle.tasks.scan_drift", seconds=15),
    "advance-campaigns": every("portal.lifecycle.campaign_tasks.advance_campaigns", seconds=5),
    "sync-sources": every("services_catalog.tasks.sync_due_sources", seconds=15),
    "checkpoint-audit": every("portal.audit.trail_tasks.checkpoint", seconds=60),
    "verify-audit": every("portal.audit.trail_tasks.verify", seconds=60),
    "deliver-notices": every("portal.audit.tasks.deliver", seconds=5),
    "forget-notices": every("portal.audit.tasks.forget_notices", hours=6),
}


TABLER = PROJECT_DIR / "node_modules" / "@tabler" / "core" / "dist"

# Set by from_environment; declared here so that their types are known.
DATABASES: dict[str, dict[str, Any]]
REST_KNOX: dict[str, Any]
SLIPWAY_DATA_DIR: Path
SLIPWAY_FIELD_KEYS: tuple[str, ...]
SLIPWAY_AUDIT_KEY: str
SLIPWAY_AUDIT_PUBLIC_KEYS: tuple[str, ...]
SLIPWAY_AUDIT_CHECKPOINTS: Path
SLIPWAY_EXCEPTION_DAYS: Mapping[str, int]
SLIPWAY_NAMESPACES_NEED_POOL: bool
SLIPWAY_DRIFT_SECONDS: int
SLIPWAY_DRIFT_REQUESTS_PER_SECOND: int
SLIPWAY_DRIFT_CONTROLLERS: tuple[str, ...]
SLIPWAY_LEASE_SECONDS: int
SLIPWAY_HELM: str
SLIPWAY_CHART_CACHE: Path
SLIPWAY_POLICY_DIR: Path
SLIPWAY_LIBRARY_DIR: Path
SLIPWAY_CATALOG_MUTABLE: bool
SLIPWAY_API_WRITES_PER_MINUTE: int
SLIPWAY_API_READS_PER_MINUTE: int
SLIPWAY_SESSION_HOURS: int
SLIPWAY_SESSION_IDLE_MINUTES: int
SLIPWAY_PROXIES: int
SLIPWAY_COOKIE_PREFIX: str
SLIPWAY_METRICS_TOKEN: str
SLIPWAY_METRICS_SERVICE: str
SLIPWAY_BASE_URL: str
SLIPWAY_EMAIL_FROM: str
SLIPWAY_WEBHOOK_URL: str
SLIPWAY_WEBHOOK_KEYS: tuple[bytes, ...]
SLIPWAY_OUTBOUND_ALLOWED: Allowed


def cache(broker_url: str) -> dict[str, Any]:
    """Shared by all web processes where the broker is reached over the network; else one for each process."""
    if broker_url.startswith(("redis://", "rediss://")):
        backend = "django.core.cache.backends.redis.RedisCache"
        return {"BACKEND": backend, "LOCATION": broker_url, "KEY_PREFIX": "slipway"}
    return {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}


def validators(words: tuple[str, ...]) -> list[dict[str, Any]]:
    """What holds of a password; `words` are those that everybody of this organisation would try first."""
    place = {"NAME": "portal.accounts.passwords.PlaceWords", "OPTIONS": {"words": (*PLACE_WORDS, *words)}}
    return [*AUTH_PASSWORD_VALIDATORS, place]


def from_environment(environ: Environment) -> dict[str, Any]:
    """The settings that depend on the outside."""
    return {
        "SECRET_KEY": environ.secret_key,
        "DEBUG": environ.debug,
        "ALLOWED_HOSTS": list(environ.allowed_hosts),
        "CSRF_TRUSTED_ORIGINS": list(environ.trusted_origins),
        "SESSION_COOKIE_SECURE": environ.secure,
        "CSRF_COOKIE_SECURE": environ.secure,
        # the prefix makes browsers refuse one that another host of the domain has set
        "SESSION_COOKIE_NAME": f"{HOST_PREFIX if environ.secure else ''}sessionid",
        "CSRF_COOKIE_NAME": f"{HOST_PREFIX if environ.secure else ''}csrftoken",
        "SLIPWAY_COOKIE_PREFIX": HOST_PREFIX if environ.secure else "",
        "DATABASES": {"default": database(environ.database_url)},
        "CELERY_BROKER_URL": environ.broker_url,
        # A wake-up must never make a request wait: the sweep finds the row when the broker is away.
        "CELERY_BROKER_TRANSPORT_OPTIONS": {
            "visibility_timeout": environ.visibility_seconds,
            "socket_connect_timeout": 2,
            "socket_timeout": 5,
        },
        "CACHES": {"default": cache(environ.broker_url)},
        "STATIC_ROOT": environ.data_dir / "static",
        "STATICFILES_DIRS": [
            PROJECT_DIR / "portal" / "web" / "assets",
            *([("tabler", TABLER)] if TABLER.is_dir() else []),
        ],
        "KNOX_TOKEN_MODEL": "accounts.ApiToken",
        "REST_KNOX": {
            "TOKEN_TTL": timedelta(days=environ.token_days),
            "AUTH_HEADER_PREFIX": "Token",
            "AUTO_REFRESH": False,
            "TOKEN_PREFIX": "slw_",
        },
        "SLIPWAY_DATA_DIR": environ.data_dir,
        "SLIPWAY_FIELD_KEYS": environ.field_keys or (environ.secret_key,),
        "SLIPWAY_AUDIT_KEY": environ.audit_key,
        "SLIPWAY_AUDIT_PUBLIC_KEYS": environ.audit_public_keys,
        "SLIPWAY_AUDIT_CHECKPOINTS": environ.audit_checkpoints,
        "SLIPWAY_HELM": environ.helm,
        "SLIPWAY_CHART_CACHE": environ.chart_cache,
        "SLIPWAY_POLICY_DIR": environ.policy_dir,
        "SLIPWAY_LIBRARY_DIR": environ.library_dir,
        "SLIPWAY_CATALOG_MUTABLE": environ.catalog_mutable,
        "SLIPWAY_API_WRITES_PER_MINUTE": environ.api_writes_per_minute,
        "SLIPWAY_API_READS_PER_MINUTE": environ.api_reads_per_minute,
        "SLIPWAY_SESSION_HOURS": environ.session_hours,
        "SLIPWAY_SESSION_IDLE_MINUTES": environ.session_idle_minutes,
        "SLIPWAY_PROXIES": environ.proxies,
        "AUTH_PASSWORD_VALIDATORS": validators(environ.password_words),
        "SLIPWAY_METRICS_TOKEN": environ.metrics_token,
        "SLIPWAY_METRICS_SERVICE": environ.metrics_service,
        "SLIPWAY_EXCEPTION_DAYS": environ.exception_days,
        "SLIPWAY_NAMESPACES_NEED_POOL": environ.namespaces_need_pool,
        "SLIPWAY_DRIFT_SECONDS": environ.drift_seconds,
        "SLIPWAY_DRIFT_REQUESTS_PER_SECOND": environ.drift_requests_per_second,
        "SLIPWAY_DRIFT_CONTROLLERS": environ.drift_controllers,
        "SLIPWAY_LEASE_SECONDS": environ.lease_seconds,
        **channels.settings_of(environ),
        "LOGGING": logging_for(environ.log_format),
    }


def logging_for(style: str) -> dict[str, Any]:
    """Structured logs through structlog: `json` for machines, `console` for people."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"structured": {"()": "portal.settings.logs.formatter", "style": style}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "structured"}},
        "root": {"handlers": ["stderr"], "level": "INFO"},
        "loggers": {
            "django.server": {"level": "WARNING"},
            "celery.app.trace": {"level": "WARNING"},
            "httpx": {"level": "WARNING"},
            "django_structlog": {"level": "WARNING"},
        },
    }
