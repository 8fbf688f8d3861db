import pytest
from django.test import Client


@pytest.fixture
def boss(super_admin) -> Client:
    """A browser in which a super admin is signed in, in English."""
    client = Client(headers={"accept-language": "en"})
    client.force_login(super_admin)
    return client
