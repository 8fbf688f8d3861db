"""A backup as one tar file: a consistent dump of the database, the originals, the inbox; never a secret.

The manifest is the last member, so that an archive with one is whole.
"""


class BackupRefused(Exception):
    """Nothing was done, or nothing is left of what was begun; the message says what to do."""
