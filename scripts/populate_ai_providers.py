"""Fills in the known providers and models: `python manage.py shell < scripts/populate_ai_providers.py`."""

from django.core.management import call_command

call_command("populate_ai_providers")
