from __future__ import annotations

from collections.abc import Iterable, Iterator

import libcst as cst

from api_lint import UNSAFE, Api, Finding, Module, Place, Rule, without_async


class BlockingDbInAsync(Rule):
    """A coroutine waits for the database through a synchronous session, ORM or driver.

    FastAPI runs a `def` handler in a thread, but an `async def` one on the event loop itself: a synchronous query in it
    stops every other request. What a session is, is told by its annotation, its dependency (through imported
    `Annotated` aliases), or its constructor. `add` and `delete` alone do no I/O and are not reported.

    Evidence: A session, manager or connection of unknown type is not reported for its name, nor is one that may be
    either of a synchronous and an asynchronous one; an unknown `db` is a session for `db.query(User)`, for a statement
    that it executes, and for `db.add` beside `db.commit`, and a synchronous one if nothing of it is awaited. A class that the project does not hold counts as a
    model if a session is asked for it.

    Bad::

        from fastapi import Depends, FastAPI
        from sqlalchemy.orm import Session
        from app.db import get_db
        from app.models import User

        app = FastAPI()

        @app.get("/users/{user_id}")
        async def read_user(user_id: int, db: Session = Depends(get_db)):
            return db.get(User, user_id)

    Good::

        from fastapi import Depends, FastAPI
        from sqlalchemy.orm import Session
        from app.db import get_db
        from app.models import User

        app = FastAPI()

        @app.get("/users/{user_id}")
        def read_user(user_id: int, db: Session = Depends(get_db)):
            return db.get(User, user_id)
    """

    code = "API604"
    message = "{call} waits for the database and blocks the event loop in async def {function}"
    words = ("async def",)
    fix = UNSAFE
    quiet_in = frozenset({"tests", "migrations", "generated"})

    def suspects(self, module: Module, api: Api) -> Iterable[int]:
        return api.blocking_rows(module.path, "db")

    def visit_Call(self, call: cst.Call, at: Place) -> Iterator[Finding]:
        effect = at.effect(call)
        if at.is_async and not at.is_awaited and effect.blocks == "db" and at.function is not None:
            yield without_async(self.found(call, call=effect.label, function=at.function.name), at)
