"""Files put into a container before it starts. Their contents may be secrets: no message here holds one."""

from __future__ import annotations

import base64
import io
import tarfile
import time
from collections.abc import Sequence
from typing import Any

from docker import APIClient

from embedded.providers.docker._client import explained


def send(client: APIClient, container: str, uploads: Sequence[dict[str, Any]]) -> None:
    """Writes the files, owned by root, with the modes that upstream gives: 0644, or 0744 for executables."""
    for upload in uploads:
        with explained(f"uploading '{upload['file']}'"):
            client.put_archive(container, "/", _archive(upload))


def _archive(upload: dict[str, Any]) -> bytes:
    content = base64.b64decode(upload["contentBase64"]) if upload.get("contentBase64") else upload["content"].encode()
    member = tarfile.TarInfo(upload["file"])
    member.size = len(content)
    member.mode = (
        int(upload["permissions"], 8) if upload.get("permissions") else 0o744 if upload.get("executable") else 0o644
    )
    member.mtime = int(time.time())
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()
