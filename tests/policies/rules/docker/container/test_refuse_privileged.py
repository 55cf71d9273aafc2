"""One compliant resource and one change per test."""

from __future__ import annotations

import pytest
from pulumi_policy.proxy import UNKNOWN_BOOLEAN_VALUE, UnknownValueError

from policies.containers import CONTAINER
from policies.rules.docker.container.refuse_privileged import RULE
from tests.policies.docker_models import APP, STORE
from tests.policies.judging import changed, found


@pytest.mark.parametrize(
    "change",
    [
        {"privileged": True},
        {"privileged": "true"},
        {"pidMode": "host"},
        {"pidMode": "container:db"},
        {"ipcMode": "Host"},
        {"ipcMode": "container:db"},
        {"usernsMode": "host"},
        {"cgroupnsMode": "host"},
        {"securityOpts": ["seccomp=unconfined"]},
        {"securityOpts": ["seccomp:unconfined"]},
        {"securityOpts": ["apparmor=unconfined"]},
        {"securityOpts": ["label=disable"]},
        {"securityOpts": ["systempaths=unconfined"]},
        {"securityOpts": ["no-new-privileges:false"]},
        {"devices": [{"hostPath": "/dev/sda"}]},
    ],
)
@pytest.mark.parametrize("props", [STORE, APP])
def test_the_hosts_rights_are_refused(props, change):
    assert len(found(RULE, CONTAINER, changed(props, **change))) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"privileged": False},
        {"privileged": None},
        {"pidMode": ""},
        {"ipcMode": "private"},
        {"securityOpts": ["no-new-privileges:true", "seccomp=/etc/profile.json"]},
        {"devices": []},
    ],
)
def test_missing_and_switched_off_pass(change):
    assert found(RULE, CONTAINER, changed(STORE, **change)) == []


def test_an_unknown_switch_is_told_later():
    with pytest.raises(UnknownValueError):
        found(RULE, CONTAINER, changed(STORE, privileged=UNKNOWN_BOOLEAN_VALUE))
