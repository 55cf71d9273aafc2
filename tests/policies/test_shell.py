"""Values made of values end somewhere."""

from __future__ import annotations

import time

from policies.shell import UNKNOWN, UNKNOWN_WORDS, read


def test_a_value_that_doubles_itself_is_not_known_in_time():
    text = "a0=x;" + "".join(f"a{at}=$a{at - 1}$a{at - 1};" for at in range(1, 60)) + "$a59"
    started = time.monotonic()
    assert {UNKNOWN, UNKNOWN_WORDS} & set(read(text, {}).commands[-1].words[0])
    assert time.monotonic() - started < 1
