"""Everything between an empty folder and a server that makes pictures; safe to run again."""

import secrets
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from src.accounts.models import User
from src.accounts.services.people import record_person
from src.accounts.services.tokens import create_api_token
from src.ai.models import AIModel
from src.ai.services.key_rotation import TABLES
from src.core.channel import through_command
from src.core.groups import AI_MANAGERS
from src.core.starting_files import write_missing_secrets
from src.core.token_scopes import SCOPES
from src.core.translations import compile_messages

SUPER_ADMIN, AI_MANAGER = "admin", "manager"


class Command(BaseCommand):
    help = "Prepare everything: messages, secrets, database, providers, first people. Safe to run again."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--url", default="http://127.0.0.1:8000", help="Where the server will answer.")

    def handle(self, *args: Any, **options: Any) -> None:
        compile_messages(settings.LOCALE_PATHS[0])
        call_command("migrate", verbosity=0)
        self._require_keyring_for_stored_keys()
        for name in write_missing_secrets():
            self.stdout.write(f"made {name}")
        call_command("populate_ai_providers", stdout=self.stdout)
        if User.objects.exists():
            self.stdout.write("people: kept as they are")
            return
        self._make_people(options["url"])

    def _require_keyring_for_stored_keys(self) -> None:
        """A new keyring opens none of the keys that were sealed under the old one."""
        has_keys = any(table._default_manager.exclude(key_sealed="").exists() for table in TABLES)
        if has_keys and not settings.KEYRING_FILE.exists():
            raise CommandError(
                f"The keyring {settings.KEYRING_FILE} is gone, and keys are stored that only it opens. Put it back, "
                "or remove the stored keys and enter them again."
            )

    def _make_people(self, url: str) -> None:
        admin_password, manager_password = secrets.token_urlsafe(12), secrets.token_urlsafe(12)
        admin = User.objects.create_superuser(SUPER_ADMIN, password=admin_password)
        manager = User.objects.create_user(AI_MANAGER, password=manager_password)
        manager.groups.add(Group.objects.get(name=AI_MANAGERS))
        with through_command(), transaction.atomic():
            for person, groups in ((admin, []), (manager, [AI_MANAGERS])):
                facts = {"is_super_admin": person.is_superuser, "groups": groups}
                record_person("created", person, actor=None, after=facts)
            _token, text = create_api_token(user=admin, name="first token", scopes=SCOPES)
        model = AIModel.objects.get(provider__slug="sandbox", model_id="canvas")
        self.stdout.write(
            f"""
These are shown once:
  super admin   {SUPER_ADMIN}     {admin_password}
  AI manager    {AI_MANAGER}   {manager_password}
  API token     {text}

When the server is up, this makes the first picture:

curl -s {url}/api/ai/admin/images/generate/ \\
  -H "Authorization: Bearer {text}" -H "Content-Type: application/json" \\
  -d '{{"model_id": {model.pk}, "prompt": "گربه‌ای در برف", "title": "نخستین تصویر"}}'
"""
        )
