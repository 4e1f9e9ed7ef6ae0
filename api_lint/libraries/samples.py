"""Libraries that make up data: Faker and Mimesis.

https://faker.readthedocs.io/en/stable/; https://mimesis.name/master/
"""

from __future__ import annotations

from api_lint.libraries import KnownClass, Library

_CLASSES = {
    "faker.Faker": KnownClass(attributes={"unique": "faker.Faker"}),
    **dict.fromkeys(("mimesis.Generic", "mimesis.Person", "mimesis.Internet"), KnownClass()),
}

_ALIASES = {
    "faker.proxy.Faker": "faker.Faker",
    "mimesis.providers.generic.Generic": "mimesis.Generic",
    "mimesis.providers.person.Person": "mimesis.Person",
    "mimesis.providers.internet.Internet": "mimesis.Internet",
}

LIBRARY = Library(classes=_CLASSES, aliases=_ALIASES)
