"""The fixed application, imported by the real FastAPI, documents what the fix promises and nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from api_lint import discover, engine, registry
from api_lint.config import Settings

RULES = tuple(r() for r in registry.load().rules if r.code in ("API201", "API202"))
SHOW = "import json, app; print(json.dumps(app.app.openapi()))"
SOURCE = """
from fastapi import Depends, FastAPI
from pydantic import BaseModel, ConfigDict
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

app = FastAPI()


class Base(DeclarativeBase): ...


class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    password: Mapped[str]


class UserRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    id: int


def get_db(): ...


@app.get("/users")
def users(db: Session = Depends(get_db)):
    return db.query(User).all()


@app.get("/first")
def first(db: Session = Depends(get_db)):
    return db.query(User).first()


@app.get("/health", tags=["health"])
async def health():
    return {"status": "ok", "users": 1}


@app.delete("/nothing")
def nothing(key: int):
    print(key)
"""


def openapi(folder: Path) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-c", SHOW], cwd=folder, capture_output=True, text=True, check=False
    )
    assert not done.returncode, done.stderr
    return dict(json.loads(done.stdout))


def test_only_the_response_schemas_of_the_fixed_routes_differ(tmp_path: Path) -> None:
    file = tmp_path / "app.py"
    file.write_text(SOURCE, encoding="utf-8")
    before = openapi(tmp_path)
    settings = Settings()
    done = engine.fix(discover.find([str(tmp_path)], settings), RULES, settings, unsafe=True, jobs=1)
    assert not done.result.diagnostics
    file.write_bytes(next(iter(done.changes.values()))[1])
    after = openapi(tmp_path)
    shown = {
        path: next(iter(item.values()))["responses"]["200"]["content"]["application/json"].pop("schema")
        for path, item in after["paths"].items()
    }
    for item in before["paths"].values():
        next(iter(item.values()))["responses"]["200"]["content"]["application/json"].pop("schema")
    assert after["paths"] == before["paths"]
    assert shown["/users"]["items"] == {"$ref": "#/components/schemas/UserRead"}
    assert {"type": "null"} in shown["/first"]["anyOf"]
    assert shown["/health"]["additionalProperties"]["anyOf"] == [{"type": "string"}, {"type": "integer"}]
    assert shown["/nothing"] == {}
