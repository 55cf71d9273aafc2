"""The outputs of stacks in the same state folder, as `pulumi:pulumi:readStackOutputs` answers them."""

from __future__ import annotations

from embedded.engine import urn as urns
from embedded.errors import EngineError
from embedded.session import Session
from embedded.state import Backend, Checkpoint
from embedded.values import Properties


def read(session: Session, name: str) -> Properties:
    """The outputs that a stack was last left with, {} before its first update; secrets marked.

    `name` is `stack`, `organization/stack` or `organization/project/stack`; another stack has to have the same
    passphrase. Raises EngineError for a stack that isn't there or can't be read.
    """
    *qualifiers, stack = name.split("/")
    own = session.project.name
    project = qualifiers[1] if len(qualifiers) == 2 else own  # noqa: PLR2004
    if project == own and session.backend.stack_name(name) == session.stack:
        return _outputs(session.checkpoint)
    backend = session.backend if project == own else Backend(session.backend.root, project, session.backend.url)
    if not backend.exists(stack):
        raise EngineError(f"no stack named '{name}' found in {session.backend.url}: build it, or correct its name")
    return _outputs(backend.load(stack, session.secrets))


def _outputs(checkpoint: Checkpoint) -> Properties:
    return next((item.outputs for item in checkpoint.resources if item.type == urns.STACK_TYPE), {})
