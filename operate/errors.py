"""What a person sees when something can't be done: what, where, what to do."""


class OperateError(Exception):
    """Printed as `error: …` without a traceback; never holds a secret."""
