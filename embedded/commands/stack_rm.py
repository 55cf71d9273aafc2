"""`stack rm`: removes a stack that has nothing any more, and its configuration.

Source: pkg/cmd/pulumi/stack and pkg/backend/diy of the CLI for what goes, what stays and the messages.
"""

from __future__ import annotations

from typing import Annotated

import typer

from embedded.commands import _shared
from embedded.commands._shared import Opened, StackOption
from embedded.engine.urn import STACK_TYPE
from embedded.errors import EngineError

Name = Annotated[str, typer.Argument(help="The stack's name; the selected one by default.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Go on without asking.")]
Force = Annotated[bool, typer.Option("--force", "-f", help="Leave behind what the stack has built.")]
PreserveConfig = Annotated[bool, typer.Option("--preserve-config", help="Leave Pulumi.<stack>.yaml.")]


def remove(
    name: Name = "",
    stack: StackOption = "",
    yes: Yes = False,
    force: Force = False,
    preserve_config: PreserveConfig = False,
) -> None:
    """Remove a stack and its configuration; its last state stays beside where it was, as .json.bak."""
    if name and stack:
        raise EngineError("only one of --stack or argument stack name may be specified, not both")
    opened = _shared.open_stack(name or stack)
    question = f"This will permanently remove the '{opened.stack}' stack! Type its name to go on: "
    _shared.confirm(question, opened.stack, yes=yes)
    with opened.backend.lock(opened.stack):
        if not force:
            _refuse_resources(opened)
        opened.backend.remove(opened.stack)
    if not preserve_config:
        opened.project.stack_file(opened.stack).unlink(missing_ok=True)
    print(f"Stack '{opened.stack}' has been removed!")
    opened.backend.unselect(opened.project)


def _refuse_resources(opened: Opened) -> None:
    resources = opened.backend.deployment(opened.stack).get("resources") or ()
    if any(item.get("type") != STACK_TYPE for item in resources):
        raise EngineError(
            f"'{opened.stack}' still has resources; removal rejected. Possible actions:\n"
            f"- Make sure that '{opened.stack}' is the stack that you want to destroy\n"
            "- Run `pulumi destroy` to delete the resources, then run `pulumi stack rm`\n"
            "- Run `pulumi stack rm --force` to override this error"
        )
