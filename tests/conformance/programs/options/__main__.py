"""Every option of a resource, on types that need no server. `step` changes one thing at a time."""

import pulumi
from pulumi import Alias, ComponentResource, CustomTimeouts, ResourceOptions
from pulumi_command.local import Command
from pulumi_random import RandomId, RandomString

STEP = pulumi.Config().require_int("step")
LENGTH = 9 if STEP >= 3 else 8


def short_id(name: str, **options: object) -> RandomId:
    """An id of two bytes."""
    return RandomId(name, byte_length=2, opts=ResourceOptions(**options))


class Box(ComponentResource):
    """A component that is renamed, and its child with it."""

    def __init__(self, name: str, opts: ResourceOptions | None = None) -> None:
        super().__init__("options:index:Box", name, {}, opts)
        self.register_outputs({"hex": short_id(f"{name}-inner", parent=self).hex})


class Lid(ComponentResource):
    """A component whose type gets another name."""

    def __init__(self, name: str, opts: ResourceOptions | None = None) -> None:
        super().__init__("options:index:Lid", name, {}, opts)
        short_id(f"{name}-inner", parent=self)
        self.register_outputs({})


def renamed() -> list[pulumi.Resource]:
    """From step 2 on under other names, with an alias for the one before."""
    if STEP == 1:
        return [Box("box"), Lid("lid")]
    crate = Box("crate", ResourceOptions(aliases=[Alias(name="box")]))
    return [crate, Lid("lid", ResourceOptions(aliases=[Alias(type_="options:index:Cap")]))]


def replaced() -> list[RandomString | RandomId]:
    """At step 3 in both orders, each with a dependent; one more ignores the change."""
    first = RandomString("first", length=LENGTH, special=False)
    second = RandomId("second", byte_length=2, keepers={"first": first.result})
    early = ResourceOptions(delete_before_replace=True)
    third = RandomString("third", length=LENGTH, special=False, opts=early)
    fourth = RandomId("fourth", byte_length=2, keepers={"third": third.result})
    unchanged = ResourceOptions(ignore_changes=["length"])
    return [first, second, third, fourth, RandomString("ignored", length=LENGTH, special=False, opts=unchanged)]


def commands() -> list[Command]:
    """At step 4 one is changed in place and one is replaced; a third one hides what it says."""
    number = "2" if STEP >= 4 else "1"
    forced = Command("forced", create=f"echo {number}", opts=ResourceOptions(replace_on_changes=["create"]))
    hidden = ResourceOptions(additional_secret_outputs=["stdout"])
    normal = Command("normal", create="echo 1", environment={"N": number}, opts=hidden)
    timeouts = ResourceOptions(custom_timeouts=CustomTimeouts(create="5s"))
    return [forced, normal, Command("secret", create=pulumi.Output.secret("echo hidden"), opts=timeouts)]


def removed() -> None:
    """Gone from step 5 on: kept in the world, gone with its home, and protected until step 4."""
    short_id("retained", retain_on_delete=True)
    home = short_id("home")
    Command("guest", create="true", delete="false", opts=ResourceOptions(deleted_with=home))
    short_id("guarded", protect=STEP < 4)


components = renamed()
values = replaced()
made = commands()
if STEP < 5:
    removed()
if STEP == 6:
    # after all the others: which of them a failure comes before is chance otherwise
    others = ResourceOptions(depends_on=[*components, *values, *made])
    broken = Command("broken", create="echo half >&2; exit 3", opts=others)
    short_id("after", depends_on=[broken])
if STEP == 7:
    Command("slow", create="sleep 30")
if STEP == 8:
    RandomId("imported", byte_length=4, opts=ResourceOptions(import_="AQIDBA"))
pulumi.export("first", values[0].result)
pulumi.export("nested", {"list": [values[0].result, 1, True, None], "secret": made[-1].stdout})
