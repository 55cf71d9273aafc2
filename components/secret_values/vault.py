"""Secrets in HashiCorp Vault's key-value store, version 2, by its client library."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Final

from components.config.models import Vault
from components.secret_values.errors import SecretNotFoundError

Reader = Callable[[str, str], str]
_TOKEN: Final = "VAULT_TOKEN"
_SECONDS: Final = 10


def connect(settings: Vault) -> Reader:
    """A reader of one field of a secret, by path and key. Raises SecretNotFoundError without a token."""
    import hvac  # late: most stacks have no Vault, and it takes a quarter of a second
    from hvac.exceptions import Forbidden, InvalidPath, VaultError
    from requests.exceptions import RequestException

    token = os.environ.get(_TOKEN)
    if not token:
        raise SecretNotFoundError(f"{_TOKEN} isn't set", f"Log in to Vault and export {_TOKEN}")
    client = hvac.Client(url=settings.address, token=token, timeout=_SECONDS)
    known: dict[str, dict[str, Any]] = {}

    def fields(path: str) -> dict[str, Any]:
        try:
            answer = client.secrets.kv.v2.read_secret_version(
                path=path, mount_point=settings.mount, raise_on_deleted_version=True
            )
        except InvalidPath:
            raise SecretNotFoundError(f"there is no such secret under {settings.mount}/", "Correct the path") from None
        except Forbidden:
            raise SecretNotFoundError(
                "Vault refuses it to this token", "Use one whose policy allows to read it"
            ) from None
        except (VaultError, RequestException) as error:
            reason = f"{settings.address} doesn't answer as Vault does ({type(error).__name__})"
            raise SecretNotFoundError(
                reason, "Correct data-tier:vault.address, or see whether Vault is up and unsealed"
            ) from None
        data = answer["data"]["data"]
        return data if isinstance(data, dict) else {}

    def read(path: str, key: str) -> str:
        if path not in known:
            known[path] = fields(path)
        value = known[path].get(key)
        if not isinstance(value, str) or not value:
            raise SecretNotFoundError(
                f"it has no text in {key!r}", f"It has {', '.join(sorted(known[path])) or 'no field'}"
            )
        return value

    return read
