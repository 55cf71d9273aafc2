"""One compliant resource and one change per test."""

from __future__ import annotations

import pytest
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, UnknownValueError

from policies.containers import CONTAINER
from policies.rules.docker.container.refuse_tunnel import RULE
from tests.policies.docker_models import APP
from tests.policies.judging import changed, found


@pytest.mark.parametrize(
    "change",
    [
        {"image": "ngrok/ngrok:3"},
        {"image": "cloudflare/cloudflared:2025.1"},
        {"image": "jpillora/chisel:1"},
        {"command": ["ngrok", "tcp", "db:5432"]},
        {"command": ["sh", "-c", "sleep 1; /usr/bin/cloudflared tunnel --url tcp://db:5432"]},
        {"entrypoints": ["tailscale"], "command": ["serve", "tcp:5432"]},
    ],
)
def test_a_tunnel_is_refused(change):
    assert len(found(RULE, CONTAINER, changed(APP, **change))) == 1


@pytest.mark.parametrize("change", [{}, {"command": ["web", "--bored"]}, {"image": "acme/explore:1"}])
def test_other_programs_pass(change):
    assert found(RULE, CONTAINER, changed(APP, **change)) == []


def test_an_image_may_be_allowed():
    assert found(RULE, CONTAINER, changed(APP, image="ngrok/ngrok:3"), allow=["ngrok"]) == []


def test_an_unknown_image_is_told_later():
    with pytest.raises(UnknownValueError):
        found(RULE, CONTAINER, changed(APP, image=UNKNOWN_STRING_VALUE))
