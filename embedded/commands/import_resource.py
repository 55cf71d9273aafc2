"""import: takes a resource that exists into the state, by type, name and id.

Not here: files of many resources and other languages than Python; people who need them have the CLI.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from embedded.commands import _running as running
from embedded.commands._running import Options, SkipPreview, Stack, View, Yes
from embedded.errors import EngineError
from embedded.session import open_session

if TYPE_CHECKING:
    from embedded.engine.deployment import Deployment
    from embedded.state import Resource

Parent = Annotated[str, typer.Option("--parent", help="The parent, as NAME=URN or URN.")]
Provider = Annotated[str, typer.Option("--provider", help="The provider, as NAME=URN or URN.")]
Protect = Annotated[bool, typer.Option("--protect/--no-protect", help="Protect it from being deleted.")]
GenerateCode = Annotated[bool, typer.Option("--generate-code/--no-generate-code", help="Print its declaration.")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("import")(import_resource)


def import_resource(
    type: Annotated[str, typer.Argument(help="The type token, like docker:index/volume:Volume.")],
    name: Annotated[str, typer.Argument(help="The name that the program gives it.")],
    id: Annotated[str, typer.Argument(help="The id under which its provider knows it.")],
    stack: Stack = "",
    yes: Yes = False,
    skip_preview: SkipPreview = False,
    parent: Parent = "",
    provider: Provider = "",
    protect: Protect = True,
    generate_code: GenerateCode = True,
) -> None:
    """Take a resource that exists into the stack's state."""
    from embedded.display import code
    from embedded.engine.goal import Goal

    if type.count(":") != 2:  # noqa: PLR2004  package, module and type
        raise EngineError(f"'{type}' is no type token; write it like docker:index/volume:Volume")
    session = open_session(stack)
    running.may_proceed(yes=yes, skip_preview=skip_preview)
    found: list[Resource] = []

    def run(*, preview: bool) -> None:
        reference = _reference(provider, {item.urn: item.id for item in session.checkpoint.resources})
        goal = Goal(
            type=type,
            name=name,
            custom=True,
            inputs={},
            parent=_urn(parent),
            provider=reference,
            protect=protect,
            import_id=id,
        )

        def work(deployment: Deployment) -> None:
            taken = deployment.take(goal)
            found[:] = [taken] if taken else []

        title = "Previewing import" if preview else "Importing"
        running.run_alone(session, title, Options(), View(outputs=False), work, preview=preview)

    with session.backend.lock(session.stack):
        session.reload()
        if not skip_preview:
            run(preview=True)
            running.confirm("import", session.stack, yes=yes)
        run(preview=False)
    if generate_code:
        print("Copy this into the program, else the next `pulumi up` wants to delete it:\n")
        print("\n".join(code.python(item) for item in found))


def _urn(text: str) -> str:
    """The URN of `NAME=URN` or of a URN alone."""
    return text if text.startswith("urn:") else text.partition("=")[2]


def _reference(text: str, ids: dict[str, str]) -> str:
    urn = _urn(text)
    if urn and urn not in ids:
        raise EngineError(f"--provider {text}: there is no such resource in the stack")
    return f"{urn}::{ids[urn]}" if urn else ""
