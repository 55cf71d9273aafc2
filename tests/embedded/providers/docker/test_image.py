"""Which digest belongs to an image's name."""

from __future__ import annotations

import pytest

from embedded.providers.docker._image import _digest

BOTH = ["localhost:5000/pg@sha256:aa", "pg@sha256:bb"]


@pytest.mark.parametrize(
    ("name", "digests", "expected"),
    [
        ("pg:17", BOTH, "pg@sha256:bb"),
        ("localhost:5000/pg:17", BOTH, "localhost:5000/pg@sha256:aa"),
        ("localhost:5000/pg", BOTH, "localhost:5000/pg@sha256:aa"),
        ("pg@sha256:bb", BOTH, "pg@sha256:bb"),
        ("mine:1", ["pg@sha256:bb"], "pg@sha256:bb"),
        ("mine:1", None, ""),
    ],
)
def test_an_image_in_several_registries_has_the_digest_of_its_own_name(name, digests, expected):
    assert _digest(name, {"Id": "sha256:ff", "RepoDigests": digests}) == expected
