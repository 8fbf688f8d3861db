from tests.core.conftest import log_lines

__all__ = ["log_lines"]
