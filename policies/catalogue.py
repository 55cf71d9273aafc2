"""All rules, found in the folder `rules`: a file `<verb phrase>.py` holds the rule of that name in `RULE`."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from policies import rules
from policies.rule import Rule


@cache
def all_rules() -> tuple[Rule, ...]:
    """Every rule, by name. Raises ValueError where a file's rule isn't named as the file."""
    found = []
    for module in pkgutil.walk_packages(rules.__path__, f"{rules.__name__}."):
        if module.ispkg or module.name.rsplit(".", 1)[-1].startswith("_"):
            continue
        rule: Rule = importlib.import_module(module.name).RULE
        if rule.name != module.name.rsplit(".", 1)[-1].replace("_", "-"):
            raise ValueError(f"{module.name}: its rule is called {rule.name}")
        found.append(rule)
    return tuple(sorted(found, key=lambda rule: rule.name))
