"""Where the containers of servers have their certificates."""

from __future__ import annotations

from typing import Final

CERTIFICATE: Final = "/run/secrets/tls.crt"
KEY: Final = "/run/secrets/tls.key"
MONGO_PEM: Final = "/run/secrets/tls.pem"  # certificate and key, as mongod takes them
