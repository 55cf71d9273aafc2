"""What happens to data when its resource goes: the one place where it is decided."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi


@dataclass(frozen=True, kw_only=True)
class Lifecycle:
    """Whether data is protected from its own program: by the stack's setting, but not when its app is purged."""

    protect: bool

    def stateful(self, opts: pulumi.ResourceOptions) -> pulumi.ResourceOptions:
        """`opts` for a volume, for what lives inside one, and for a password that is written into one.

        All of them together: a volume whose password is gone can't be opened any more.
        """
        own = pulumi.ResourceOptions(protect=self.protect, retain_on_delete=self.protect)
        return pulumi.ResourceOptions.merge(opts, own)

    def replaceable(self, opts: pulumi.ResourceOptions, *, rotated: bool) -> pulumi.ResourceOptions:
        """`opts` for the password of an app's login.

        Protection forbids replacing it, which is what a rotation does, and lost it is no loss: the admin sets another
        one. So a `rotated` one isn't protected, while one that never was is as it was before there were rotations.
        """
        return opts if rotated else self.stateful(opts)
