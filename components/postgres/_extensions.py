"""An app's extensions, and the look before whether the server offers them; how belongs to `operate.extensions`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

import pulumi
import pulumi_command as command

from components.platforms import merged, present
from components.postgres._inside import as_admin, without_provider
from components.postgres.endpoint import Endpoint

_RUN: Final = ".venv/bin/python -m operate.extensions check"  # relative to the project: the same in every checkout


def offered(
    name: str, server: Endpoint, app: str, extensions: Sequence[str], opts: pulumi.ResourceOptions
) -> command.local.Command | None:
    """After it the server of `app` is known to have `extensions`; None without any, and while it is down."""
    if not extensions or not server.up:
        return None
    return command.local.Command(
        name,
        create=_RUN,
        update=_RUN,
        environment={
            **as_admin(server),
            "EXTENSIONS_APP": app,
            "EXTENSIONS": json.dumps(sorted(set(extensions))),
        },
        opts=merged(without_provider(opts), depends_on=present(server.reach.ready)),
    )
