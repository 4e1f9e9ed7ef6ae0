"""Data access that moves out of handlers, over whole small projects."""

from __future__ import annotations

from pathlib import Path

from api_lint import config, discover, engine, registry

MODELS = "from sqlalchemy.orm import DeclarativeBase\n\n\nclass Base(DeclarativeBase):\n    pass\n\n\nclass User(Base):\n    __tablename__ = 'users'\n"
HANDLER = """from fastapi import APIRouter, Depends, HTTPException
from sqlalchemy.orm import Session
from app.db import get_db
from app.models import User

router = APIRouter()


@router.get("/{key}")
def read_user(key: int, db: Session = Depends(get_db)):
    # the row
    user = db.get(User, key)
    if user is None:
        raise HTTPException(404)
    return user
"""


def fixed(root: Path, handler: str) -> dict[str, str]:
    for name in ("app/__init__.py", "app/routers/__init__.py"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    (root / "api-lint.toml").touch()
    (root / "app/models.py").write_text(MODELS)
    (root / "app/db.py").write_text("def get_db(): ...\n")
    (root / "app/routers/users.py").write_text(handler)
    settings = config.load(root)
    rules = [rule() for rule in registry.load().rules if rule.code == "API101"]
    done = engine.fix(discover.find([str(root)], settings), rules, settings, unsafe=True, jobs=1)
    return {path: after.decode() for path, (_, after) in done.changes.items()}


def test_the_query_moves_and_the_404_stays(tmp_path: Path) -> None:
    done = fixed(tmp_path, HANDLER)
    assert "user = users_service.get_user(db, key)" in done["app/routers/users.py"]
    assert "raise HTTPException(404)" in done["app/routers/users.py"]
    assert "def get_user(db: Session, key: int) -> User | None:\n" in done["app/services/users.py"]


def test_a_blocking_session_in_a_coroutine_goes_to_a_thread(tmp_path: Path) -> None:
    done = fixed(tmp_path, HANDLER.replace("\ndef read", "\nasync def read"))
    assert (
        "user = await run_in_threadpool(users_service.get_user, db, key)" in done["app/routers/users.py"]
    )


def test_a_piece_that_only_stores_is_not_named_after_one_handler(tmp_path: Path) -> None:
    source = HANDLER.replace("def read_user", "def create_user").replace(
        "    user = db.get(User, key)\n", "    user = other(key, db)\n    db.commit()\n"
    )
    done = fixed(tmp_path, source.replace("from app.db", "from app.other import other\nfrom app.db"))
    assert "def save_changes(db: Session) -> None:\n    db.commit()\n" in done["app/services/users.py"]


def test_a_conversation_over_a_websocket_is_not_cut(tmp_path: Path) -> None:
    source = HANDLER.replace('.get("/{key}")', '.websocket("/{key}")').replace(
        "def read", "async def read"
    )
    assert not fixed(tmp_path, source.replace("key: int,", "key: int, socket: WebSocket,"))
