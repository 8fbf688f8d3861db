"""Makes an API token for a person and prints its secret, once."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from src.accounts.models import User
from src.accounts.services import create_api_token
from src.core.channel import through_command
from src.core.errors import Conflict, Forbidden, InvalidFields
from src.core.token_scopes import SCOPES


class Command(BaseCommand):
    help = "Make an API token for a person; the secret is printed once."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("username")
        parser.add_argument("scopes", nargs="+", help=f"Any of: {', '.join(SCOPES)}.")
        parser.add_argument("--name", default="command line")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["username"]).first()
        if user is None:
            raise CommandError(f"There is no person {options['username']}.")
        try:
            with through_command():
                _token, text = create_api_token(user=user, name=options["name"], scopes=options["scopes"])
        except InvalidFields as exc:
            raise CommandError(f"A name has 1 to 100 characters; scopes are: {', '.join(SCOPES)}.") from exc
        except Forbidden as exc:
            raise CommandError(f"{options['username']} is switched off.") from exc
        except Conflict as exc:
            raise CommandError(f"{options['username']} has as many tokens as one may have: revoke one first.") from exc
        self.stdout.write(text)
