"""The files with the authorities that verify servers outside of the stack, as they lie beside the stack file."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

from components.config import Settings, places
from components.config.errors import Problem


def problems(settings: Settings) -> list[Problem]:
    """Why declared files can't be used, before anything is built."""
    return [
        problem
        for app, server in places.external_apps(settings).items()
        if server.ca
        for problem in _problems(f"data-tier:apps.{app}.postgres.server.external.ca", server.ca)
    ]


def _problems(key: str, path: str) -> Iterator[Problem]:
    try:
        text = Path(path).read_text("ascii")
        ssl.create_default_context(cadata=text)
    except ssl.SSLError:
        rule, remedy = "it holds no certificate in PEM", "Take the file that the service publishes"
    except OSError as error:
        rule = f"it can't be read: {error.strerror or type(error).__name__}"
        remedy = "Paths begin at the folder of Pulumi.yaml"
    except UnicodeDecodeError:
        rule, remedy = "it isn't text, as certificates in PEM are", "Convert it: openssl x509 -inform der"
    else:
        return
    yield Problem(key=key, value=path, rule=rule, remedy=remedy)
