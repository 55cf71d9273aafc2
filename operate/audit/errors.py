"""What can't be read. Owns the error whose exit code is 2: the audit has found nothing, because it couldn't look."""

from operate.errors import OperateError


class InputError(OperateError):
    """A source that can't be read: what, where, what to do. Never holds a value of it that could be a secret."""
