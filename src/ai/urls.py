"""Addresses below `/api/ai/admin/`."""

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from src.ai.views.generation_record_views import GenerationRecordViewSet, GenerationResultViewSet
from src.ai.views.image_generation_views import AIImageGenerationViewSet, AIImageProviderViewSet
from src.ai.views.job_event_views import JobEventViewSet, JobPreviewViewSet
from src.ai.views.job_views import JobRetryViewSet, JobViewSet
from src.ai.views.personal_settings_views import PersonalLimitsViewSet, PersonalSettingsViewSet
from src.ai.views.provider_model_views import AIProviderModelViewSet

router = SimpleRouter()
router.register("image-providers", AIImageProviderViewSet, basename="image-provider")
router.register("images", AIImageGenerationViewSet, basename="image")

PROVIDER_MODELS = "image-providers/<int:provider_pk>/models/"
SETTINGS = "settings/<int:provider_id>/"
GENERATION = "images/generations/<uuid:generation_id>/"
JOB = "jobs/<uuid:generation_id>/"

urlpatterns = [
    path("", include(router.urls)),
    path(PROVIDER_MODELS, AIProviderModelViewSet.as_view({"get": "list", "post": "create"})),
    path(f"{PROVIDER_MODELS}<int:pk>/", AIProviderModelViewSet.as_view({"patch": "partial_update"})),
    path("settings/", PersonalSettingsViewSet.as_view({"get": "list"})),
    path(SETTINGS, PersonalSettingsViewSet.as_view({"get": "retrieve", "patch": "partial_update"})),
    path(f"{SETTINGS}validate-api-key/", PersonalSettingsViewSet.as_view({"post": "validate_api_key"})),
    path(
        f"{SETTINGS}users/<int:user_id>/",
        PersonalLimitsViewSet.as_view({"get": "retrieve", "patch": "partial_update"}),
    ),
    path(GENERATION, GenerationRecordViewSet.as_view({"get": "retrieve"}), name="generation-detail"),
    path(
        f"{GENERATION}results/<int:index>/",
        GenerationResultViewSet.as_view({"get": "result"}),
        name="generation-result",
    ),
    path(f"{GENERATION}save/", GenerationRecordViewSet.as_view({"post": "save"}), name="generation-save"),
    path("jobs/", JobViewSet.as_view({"get": "list"}), name="job-list"),
    path("jobs/events/", JobEventViewSet.as_view({"get": "of_all"}), name="jobs-events"),
    path(JOB, JobViewSet.as_view({"get": "retrieve"}), name="job-detail"),
    path(f"{JOB}cancel/", JobViewSet.as_view({"post": "cancel"}), name="job-cancel"),
    path(f"{JOB}retry/", JobRetryViewSet.as_view({"post": "retry"}), name="job-retry"),
    path(f"{JOB}settle/", JobViewSet.as_view({"post": "settle"}), name="job-settle"),
    path(f"{JOB}release/", JobViewSet.as_view({"post": "release"}), name="job-release"),
    path(f"{JOB}events/", JobEventViewSet.as_view({"get": "of_job"}), name="job-events"),
    path(f"{JOB}previews/<int:seq>/", JobPreviewViewSet.as_view({"get": "preview"}), name="job-preview"),
]
