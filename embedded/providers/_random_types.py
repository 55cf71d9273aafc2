"""The types of the random package: their properties with defaults, what each needs, and how a value is drawn.

Everything comes from the operating system's randomness; a `seed`, which would have to give what the official package
gives for it, is not carried. Source: the package's schema and recorded calls.
"""

from __future__ import annotations

import base64
import secrets
import string
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import bcrypt

from embedded.providers.base import CheckFailure, ProviderError
from embedded.values import Properties, Secret

SPECIAL: Final = "!@#$%&*()-_=+[]{}<>:?"
_BCRYPT_COST: Final = 10
_BCRYPT_BYTES: Final = 72  # bcrypt looks at no more

# Words of our own: the official package draws from some hundreds, which no program can rely on.
_ADVERBS: Final = "barely boldly calmly clearly closely deeply early firmly fully gently gladly kindly openly rarely"
_ADJECTIVES: Final = "amber brave calm clever eager fair fond gentle great keen kind lively merry noble proud quick"
_ANIMALS: Final = "badger bison crane dove falcon finch heron lynx marten moth otter owl raven robin stoat trout"


@dataclass(frozen=True)
class Type:
    """A resource type.

    `inputs` are its properties with their defaults (None: none), `computed` what it draws, `absent` the properties
    that its bookkeeping names when they aren't given, `meta` the version of its form in the state, "" for none.
    `counts` are whole numbers of at least 1, `impossible` says why complete inputs can't be met.
    """

    inputs: Mapping[str, Any]
    computed: tuple[str, ...]
    make: Callable[[Properties], tuple[str, Properties]]
    absent: tuple[str, ...]
    required: tuple[str, ...] = ()
    counts: tuple[str, ...] = ()
    meta: str = ""
    impossible: Callable[[Properties], Iterable[CheckFailure]] = lambda _: ()


def is_number(value: Any) -> bool:
    """Whether it is a whole number, as JSON knows them."""
    return isinstance(value, int) and not isinstance(value, bool)


def _classes(inputs: Properties) -> list[tuple[str, int, str]]:
    """The switch, the minimum and the characters of each class."""
    all = [
        ("lower", "minLower", string.ascii_lowercase),
        ("upper", "minUpper", string.ascii_uppercase),
        ("numeric", "minNumeric", string.digits),
        ("special", "minSpecial", inputs.get("overrideSpecial") or SPECIAL),
    ]
    return [(switch, inputs[least] if is_number(inputs[least]) else 0, text) for switch, least, text in all]


def _too_short(inputs: Properties) -> list[CheckFailure]:
    needed = sum(least for _, least, _ in _classes(inputs))
    if needed > inputs["length"]:
        return [CheckFailure("length", f"'length' is less than the {needed} characters that the minimums ask for")]
    if needed < inputs["length"] and not any(inputs[switch] for switch, _, _ in _classes(inputs)):
        return [CheckFailure("length", "no class of characters is allowed: set lower, upper, numeric or special")]
    return []


def _empty_range(inputs: Properties) -> list[CheckFailure]:
    wrong = [name for name in ("min", "max") if not is_number(inputs[name])]
    if wrong:
        return [CheckFailure(name, f"'{name}' must be a whole number") for name in wrong]
    if inputs["max"] < inputs["min"]:
        return [CheckFailure("max", "'max' must not be less than 'min'")]
    return []


def _characters(inputs: Properties) -> str:
    classes = _classes(inputs)
    allowed = "".join(characters for switch, _, characters in classes if inputs[switch])
    drawn = [secrets.choice(characters) for _, least, characters in classes for _ in range(least)]
    drawn += [secrets.choice(allowed) for _ in range(inputs["length"] - len(drawn))]
    secrets.SystemRandom().shuffle(drawn)
    return "".join(drawn)


def _password(inputs: Properties) -> tuple[str, Properties]:
    result = _characters(inputs)
    digest = bcrypt.hashpw(result.encode()[:_BCRYPT_BYTES], bcrypt.gensalt(_BCRYPT_COST, prefix=b"2a")).decode()
    return "none", {"result": Secret(result), "bcryptHash": Secret(digest)}


def _text(inputs: Properties) -> tuple[str, Properties]:
    result = _characters(inputs)
    return result, {"result": result}


def _integer(inputs: Properties) -> tuple[str, Properties]:
    result = inputs["min"] + secrets.randbelow(inputs["max"] - inputs["min"] + 1)
    return str(result), {"result": result}


def _uuid(_: Properties) -> tuple[str, Properties]:
    result = str(uuid.UUID(bytes=secrets.token_bytes(16)))  # no version bits, as recorded
    return result, {"result": result}


def _pet(inputs: Properties) -> tuple[str, Properties]:
    lists = [*[_ADVERBS] * (inputs["length"] - 2), *[_ADJECTIVES, _ANIMALS][-inputs["length"] :]]
    words = [secrets.choice(words.split()) for words in lists]
    prefix = [inputs["prefix"]] if inputs.get("prefix") else []
    return inputs["separator"].join([*prefix, *words]), {}


def _identifier(inputs: Properties) -> tuple[str, Properties]:
    return _forms(secrets.token_bytes(inputs["byteLength"]), inputs.get("prefix", ""))


def _forms(drawn: bytes, prefix: str) -> tuple[str, Properties]:
    url = base64.urlsafe_b64encode(drawn).decode().rstrip("=")
    forms = {
        "b64Std": base64.b64encode(drawn).decode(),
        "b64Url": url,
        "dec": str(int.from_bytes(drawn)),
        "hex": drawn.hex(),
    }
    return url, {name: prefix + text for name, text in forms.items()}


def identified(id: str) -> Properties:
    """The outputs of a RandomId from `[prefix,]b64Url`. Raises ProviderError for text that is no such id."""
    prefix, _, url = id.rpartition(",")
    try:
        drawn = base64.b64decode(url + "=" * (-len(url) % 4), altchars=b"-_", validate=True)
    except ValueError:
        raise ProviderError(f"'{url}' is not the b64Url form of a RandomId") from None
    own, forms = _forms(drawn, prefix)
    return {**({"prefix": prefix} if prefix else {}), **forms, "byteLength": len(drawn), "id": own}


_CHARACTERS: Final = {
    "keepers": None,
    "length": None,
    "lower": True,
    "minLower": 0,
    "minNumeric": 0,
    "minSpecial": 0,
    "minUpper": 0,
    "number": True,
    "numeric": True,
    "overrideSpecial": None,
    "special": True,
    "upper": True,
}
TYPES: Final = {
    "random:index/randomPassword:RandomPassword": Type(
        inputs=_CHARACTERS,
        computed=("result", "bcryptHash"),
        make=_password,
        absent=("keepers", "overrideSpecial"),
        required=("length",),
        counts=("length",),
        meta="3",
        impossible=_too_short,
    ),
    "random:index/randomString:RandomString": Type(
        inputs=_CHARACTERS,
        computed=("result",),
        make=_text,
        absent=("keepers", "overrideSpecial"),
        required=("length",),
        counts=("length",),
        meta="2",
        impossible=_too_short,
    ),
    "random:index/randomId:RandomId": Type(
        inputs={"byteLength": None, "keepers": None, "prefix": None},
        computed=("b64Std", "b64Url", "dec", "hex"),
        make=_identifier,
        absent=("keepers", "prefix"),
        required=("byteLength",),
        counts=("byteLength",),
    ),
    "random:index/randomInteger:RandomInteger": Type(
        inputs={"keepers": None, "max": None, "min": None},
        computed=("result",),
        make=_integer,
        absent=("keepers", "seed"),
        required=("max", "min"),
        impossible=_empty_range,
    ),
    "random:index/randomUuid:RandomUuid": Type(
        inputs={"keepers": None}, computed=("result",), make=_uuid, absent=("keepers",)
    ),
    "random:index/randomPet:RandomPet": Type(
        inputs={"keepers": None, "length": 2, "prefix": None, "separator": "-"},
        computed=(),
        make=_pet,
        absent=("keepers", "prefix"),
        counts=("length",),
    ),
}
