"""The call graph: how a coroutine comes to block through functions, methods and services of other files."""

from __future__ import annotations

import textwrap

import pytest

from project import api, blocking, chains, sites

MODELS = """
    from sqlalchemy.orm import DeclarativeBase
    class Base(DeclarativeBase): ...
    class User(Base): ...
    """


def reaching(source: str, **others: str) -> dict[str, list[str]]:
    """The blocking chains of `main.py`."""
    files = {"main.py": source, **{f"{name}.py": text for name, text in others.items()}}
    return chains(files, "main.py")


def test_one_two_and_three_hops_across_files() -> None:
    found = chains(
        {
            "app/__init__.py": "",
            "app/main.py": """
                from app.services import near
                from app.services.near import load
                import app.services.near as n
                async def one():
                    load()
                async def two():
                    near.load()
                async def three():
                    n.load()
                async def four():
                    quiet()
                def quiet(): ...
                """,
            "app/services/__init__.py": "",
            "app/services/near.py": "from .far import fetch\ndef load():\n    prepare()\n    return fetch()\ndef prepare(): ...\n",
            "app/services/far.py": "from .. import util\ndef fetch():\n    util.wait(1)\n",
            "app/util.py": "from time import sleep as snooze\ndef wait(s):\n    snooze(s)\n",
        },
        "app/main.py",
    )
    steps = [
        "app/services/near.py:load calls fetch",
        "app/services/far.py:fetch calls util.wait",
        "app/util.py:wait calls time.sleep",
    ]
    assert found == {"load": steps, "near.load": steps, "n.load": steps}


def test_methods_through_self() -> None:
    found = reaching(
        """
        import time
        from base import Base
        class Worker(Base):
            async def run(self):
                self.step()
                self.inherited()
                self.harmless()
                self.held.wait()
                self.overridden()
            def step(self):
                self._deep()
            def _deep(self):
                time.sleep(1)
            def harmless(self): ...
            def overridden(self): ...
        """,
        base="""
        import time
        class Held:
            def wait(self):
                time.sleep(1)
        class Base:
            def __init__(self):
                self.held = Held()
            def inherited(self):
                self.again()
            def again(self):
                time.sleep(1)
            def overridden(self):
                time.sleep(1)
        """,
    )
    assert set(found) == {"self.step", "self.inherited", "self.held.wait"}
    assert found["self.step"] == [
        "main.py:Worker.step calls self._deep",
        "main.py:Worker._deep calls time.sleep",
    ]


def test_a_method_that_the_instance_overrides() -> None:
    """What `self.hook()` in a base class runs is told by the class of the instance."""
    found = reaching(
        """
        from base import Loud, Quiet
        async def f():
            Quiet().run()
        async def g():
            loud = Loud()
            loud.run()
        """,
        base="""
        import time
        class Base:
            def run(self):
                self.hook()
            def hook(self):
                time.sleep(1)
        class Quiet(Base):
            def hook(self):
                pass
        class Loud(Base): ...
        """,
    )
    assert set(found) == {"loud.run"}


def test_services_in_module_variables() -> None:
    found = chains(
        {
            "app/main.py": """
                from app.services import user_service
                from app import services
                async def one():
                    return user_service.get(1)
                async def two():
                    return services.user_service.get(1)
                """,
            "app/__init__.py": "",
            "app/services/__init__.py": "from .users import user_service\n",
            "app/services/users.py": """
                from app.repo import repo
                class UserService:
                    def get(self, id):
                        return repo.find(id)
                user_service = UserService()
                """,
            "app/repo.py": """
                import requests
                class Repo:
                    def find(self, id):
                        return requests.get("/" + id)
                repo = Repo()
                """,
        },
        "app/main.py",
    )
    steps = [
        "app/services/users.py:UserService.get calls repo.find",
        "app/repo.py:Repo.find calls requests.get",
    ]
    assert found == {"user_service.get": steps, "services.user_service.get": steps}


def test_injected_services() -> None:
    files = {
        "main.py": """
            from typing import Annotated
            from fastapi import APIRouter, Depends
            from services import Service, get_service
            router = APIRouter()
            ServiceDep = Annotated[Service, Depends()]
            @router.get("/1")
            async def one(service: Service = Depends()):
                return service.users()
            @router.get("/2")
            async def two(svc=Depends(get_service)):
                return svc.users()
            @router.get("/3")
            async def three(dep: ServiceDep):
                return dep.users()
            @router.get("/4")
            def fine(late: ServiceDep):
                return late.users()
            """,
        "services.py": """
            from fastapi import Depends
            from sqlalchemy.orm import Session
            from db import get_db
            from models import User
            class Service:
                def __init__(self, db: Session = Depends(get_db)):
                    self.db = db
                def users(self):
                    return self.db.query(User).all()
            def get_service(db=Depends(get_db)):
                return Service(db)
            """,
        "db.py": "from sqlalchemy.orm import sessionmaker\nmake = sessionmaker()\ndef get_db():\n    yield make()\n",
        "models.py": MODELS,
    }
    found = chains(files, "main.py")
    assert set(found) == {"service.users", "svc.users", "dep.users"}
    assert found["svc.users"] == ["services.py:Service.users calls Query[User].all"]


ABSTRACT = """
    from abc import ABC, abstractmethod
    from typing import Protocol
    class AbstractRepo(ABC):
        @abstractmethod
        def get(self, id): ...
    class Port(Protocol):
        def fetch(self, id): ...
    class Old:
        def load(self, id):
            raise NotImplementedError
    """
USES = """
    from ports import AbstractRepo, Old, Port
    async def f(repo: AbstractRepo, port: Port, old: Old):
        repo.get(1)
        port.fetch(1)
        old.load(1)
    """
BLOCKS = """
    import requests
    from ports import AbstractRepo, Old
    class HttpRepo(AbstractRepo):
        def get(self, id):
            return requests.get(id)
    class Adapter:
        def fetch(self, id):
            return requests.get(id)
    class New(Old):
        def load(self, id):
            return requests.get(id)
    """
QUIET = """
    from ports import AbstractRepo, Old
    class MemoryRepo(AbstractRepo):
        def get(self, id):
            return {}
    class Fake:
        def fetch(self, id):
            return {}
    class Silent(Old):
        def load(self, id):
            return {}
    """


def test_abstract_repositories_with_one_implementation() -> None:
    found = reaching(USES, ports=ABSTRACT, blocks=BLOCKS)
    assert set(found) == {"repo.get", "port.fetch", "old.load"}
    assert found["repo.get"] == ["blocks.py:HttpRepo.get calls requests.get"]


def test_conflicting_implementations_are_unknown() -> None:
    assert reaching(USES, ports=ABSTRACT, blocks=BLOCKS, quiet=QUIET) == {}


def test_abstract_methods_without_implementation_are_unknown() -> None:
    assert reaching(USES, ports=ABSTRACT) == {}


def test_fakes_in_tests_are_no_implementations() -> None:
    files = {"main.py": USES, "ports.py": ABSTRACT, "blocks.py": BLOCKS, "tests/fakes.py": QUIET}
    assert set(chains(files, "main.py")) == {"repo.get", "port.fetch", "old.load"}


def test_asynchronous_implementations_do_not_block() -> None:
    quiet = "import ports\nclass R(ports.AbstractRepo):\n    async def get(self, id): ...\n"
    assert "repo.get" not in reaching(USES, ports=ABSTRACT, blocks=BLOCKS, quiet=quiet)


def test_a_base_with_a_body_and_a_subclass() -> None:
    """An instance annotated with a class may be of a subclass; the class's own body is what is known."""
    found = reaching(
        "from a import Base\nasync def f(b: Base):\n    b.run()\n",
        a="import time\nclass Base:\n    def run(self):\n        time.sleep(1)\nclass Sub(Base):\n    pass\n",
    )
    assert set(found) == {"b.run"}


def test_super() -> None:
    found = reaching(
        """
        from base import Base
        class Child(Base):
            async def run(self):
                super().run()
            def wait(self):
                super().wait()
            async def other(self):
                self.wait()
            async def old(self):
                super(Child, self).wait()
        """,
        base="import time\nclass Base:\n    def run(self):\n        time.sleep(1)\n    def wait(self):\n        self.run()\n",
    )
    assert len(found) == 3
    assert found["self.wait"][0] == "main.py:Child.wait calls super().wait"


RUN_ELSEWHERE = """
    import asyncio, anyio, concurrent.futures, functools, threading
    import asyncer, time
    from anyio import to_thread
    from asgiref.sync import sync_to_async
    from fastapi import BackgroundTasks
    from fastapi.concurrency import run_in_threadpool
    from starlette.concurrency import run_in_threadpool as pool
    from celery import Celery, shared_task
    from helpers import work
    celery = Celery()
    @celery.task
    def task(): work()
    @shared_task
    def shared(): work()
    @celery.task(bind=True)
    def bound(self): work()
    @sync_to_async
    def wrapped(): work()
    async def f(tasks: BackgroundTasks):
        loop = asyncio.get_running_loop()
        executor = concurrent.futures.ThreadPoolExecutor()
        {line}
    """


@pytest.mark.parametrize(
    "line",
    [
        "await asyncio.to_thread(work)",
        "await asyncio.to_thread(work, 1)",
        "await asyncio.to_thread(lambda: work())",
        "await asyncio.to_thread(functools.partial(work, 1))",
        "await asyncio.gather(asyncio.to_thread(work), asyncio.to_thread(work))",
        "await loop.run_in_executor(None, work)",
        "await loop.run_in_executor(executor, lambda: work(1))",
        "await loop.run_in_executor(None, functools.partial(work, 1))",
        "await asyncio.get_event_loop().run_in_executor(None, work)",
        "await run_in_threadpool(work)",
        "await pool(lambda: time.sleep(1))",
        "await to_thread.run_sync(work)",
        "await anyio.to_thread.run_sync(lambda: work())",
        "await sync_to_async(work)()",
        "await asyncer.asyncify(work)()",
        "await wrapped()",
        "executor.submit(work)",
        "threading.Thread(target=work).start()",
        "tasks.add_task(work, 1)",
        "task.delay()",
        "shared.delay(1)",
        "shared.apply_async()",
        "bound.delay()",
        "task.s().apply_async()",
        "callback = work",
        "callbacks = [work, lambda: work()]",
        "loop.call_soon(work)",
        "def inner(): work()",
        "async def inner(): ...",
    ],
)
def test_what_runs_elsewhere_is_not_followed(line: str) -> None:
    files = {
        "main.py": textwrap.dedent(RUN_ELSEWHERE).replace("{line}", line),
        "helpers.py": "import time\ndef work(*a):\n    time.sleep(1)\n",
    }
    assert chains(files, "main.py") == {}
    assert blocking(files, "main.py") == []


def test_the_task_itself_called_directly() -> None:
    files = {
        "main.py": textwrap.dedent(RUN_ELSEWHERE).replace("{line}", "work()"),
        "helpers.py": "import time\ndef work(*a):\n    time.sleep(1)\n",
    }
    assert set(chains(files, "main.py")) == {"work"}


def test_helpers_that_hand_over_are_not_followed_either() -> None:
    found = reaching(
        """
        from helpers import schedule, submit, defined
        async def f():
            schedule()
            submit()
            defined()
        """,
        helpers="""
        import threading
        from concurrent.futures import ThreadPoolExecutor
        import time
        def work():
            time.sleep(1)
        def schedule():
            threading.Thread(target=lambda: time.sleep(1)).start()
            threading.Thread(target=work).start()
        def submit():
            ThreadPoolExecutor().submit(work)
        def defined():
            def inner():
                time.sleep(1)
            return inner
        """,
    )
    assert found == {}


def test_asynchronous_helpers_are_not_followed() -> None:
    """The coroutine itself is reported where it blocks, once."""
    files = {
        "main.py": "from helpers import load, forgotten\nasync def f():\n    await load()\n    forgotten()\n",
        "helpers.py": "import time\nasync def load():\n    time.sleep(1)\nasync def forgotten():\n    time.sleep(1)\n",
    }
    assert chains(files, "main.py") == {}
    assert blocking(files, "helpers.py") == ["sleep time.sleep"] * 2


def test_generators_block_when_they_run_not_when_they_are_called() -> None:
    found = reaching(
        "from helpers import lines, listed\nasync def f():\n    x = lines()\n    listed()\n",
        helpers="import time\ndef lines():\n    time.sleep(1)\n    yield 1\ndef listed():\n    return list(lines())\n",
    )
    assert "lines" not in found


def test_constructors_and_callables() -> None:
    found = reaching(
        """
        from helpers import Client, Caller, caller
        async def f():
            Client()
            caller()
            Caller()()
        """,
        helpers="""
        import time
        class Base:
            def __init__(self):
                self.connect()
            def connect(self):
                time.sleep(1)
        class Client(Base): ...
        class Caller:
            def __call__(self):
                time.sleep(1)
        caller = Caller()
        """,
    )
    assert set(found) == {"Client", "caller"} | {key for key in found if "Call(" in key}
    assert len(found) == 3


def test_static_and_class_methods() -> None:
    found = reaching(
        """
        from helpers import Tools
        async def f():
            Tools.static()
            Tools.cls()
            Tools().static()
        """,
        helpers="""
        import time
        class Tools:
            @staticmethod
            def static():
                time.sleep(1)
            @classmethod
            def cls(cls):
                cls.static()
        """,
    )
    assert set(found) == {"Tools.static", "Tools.cls"} | {key for key in found if "Attr(" in key}
    assert len(found) == 3


def test_nested_functions_of_a_coroutine() -> None:
    found = reaching(
        """
        import time
        async def f():
            def inner():
                time.sleep(1)
            inner()
        def g():
            async def later():
                helper()
            return later
        def helper():
            time.sleep(1)
        """
    )
    assert set(found) == {"inner", "helper"}


def test_parameters_bound_at_call_sites() -> None:
    files = {
        "main.py": """
            from sqlalchemy.orm import Session
            from sqlalchemy.ext.asyncio import AsyncSession
            from helpers import load, run, apply
            async def sync(db: Session):
                load(db)
                run(db=db)
            async def asynchronous(adb: AsyncSession):
                await load(adb)
                load(adb)
            async def unknown(x):
                load(x)
            """,
        "helpers.py": """
            from models import User
            def load(db):
                return db.query(User).all()
            def run(*, db):
                return load(db)
            def apply(f):
                f()
            """,
        "models.py": MODELS,
    }
    linked = api(files)
    found = {}
    for site, scope, function in sites(linked, "main.py"):
        if function is not None:
            found[function.name, str(site.call.func)] = [s.label for s in linked.chain(site, scope)]
    assert found == {
        ("sync", "load"): ["Query[User].all"],
        ("sync", "run"): ["load", "Query[User].all"],
        ("asynchronous", "load"): [],
        ("unknown", "load"): ["Query[User].all"],
    }


def test_functions_handed_over_and_called() -> None:
    found = reaching(
        "from helpers import apply, wait\nasync def f():\n    apply(wait)\n    apply(print)\n",
        helpers="import time\ndef apply(f):\n    f()\ndef wait():\n    time.sleep(1)\n",
    )
    assert found == {"apply": ["helpers.py:apply calls f", "helpers.py:wait calls time.sleep"]}


_OPTIONAL_FUNCTIONS = """
    import time
    from functools import partial
    from collections.abc import Callable
    from typing import Optional
    def slow(text: str) -> str:
        time.sleep(1)
        return text
    def quick(text: str) -> str:
        return text
    def chosen(text: str, how: Callable[[str], str] | None = None) -> str:
        called = how or slow
        return called(text)
    def optional(text: str, how: Optional[Callable[[str], str]] = None) -> str:
        called = how if how is not None else slow
        return called(text)
    def usual(text: str, how: Callable[[str], str] = slow) -> str:
        return how(text)
    def plain(text, *, how=slow):
        return how(text)
    def given_anew(text: str, how: Callable[[str], str] = slow) -> str:
        how = quick
        return how(text)
    async def f(how: Callable[[str], str], args, kwargs, mystery):
        CALL
    """


@pytest.mark.parametrize(
    "call",
    [
        "chosen('a')",
        "chosen('a', slow)",
        "chosen('a', how=slow)",
        "optional('a')",
        "usual('a')",
        "usual('a', slow)",
        "plain('a')",
        "partial(chosen, how=slow)('a')",
        "partial(usual)('a')",
    ],
)
def test_a_function_that_a_call_passes_or_leaves_to_its_default(call: str) -> None:
    found = reaching(textwrap.dedent(_OPTIONAL_FUNCTIONS).replace("CALL", call))
    assert [steps[-1] for steps in found.values()] == ["main.py:slow calls time.sleep"]


@pytest.mark.parametrize(
    "call",
    [
        "chosen('a', quick)",
        "chosen('a', how)",
        "chosen('a', mystery)",
        "chosen('a', lambda text: text)",
        "chosen('a', **kwargs)",
        "chosen(*args)",
        "optional('a', how=quick)",
        "usual('a', quick)",
        "usual('a', mystery)",
        "usual('a', **kwargs)",
        "plain('a', how=quick)",
        "plain('a', how=mystery)",
        "given_anew('a')",
        "partial(chosen, how=quick)('a')",
        "partial(usual, how=mystery)('a')",
        "(how or slow)",
        "how('a')",
    ],
)
def test_a_function_that_a_call_passes_instead_of_the_default(call: str) -> None:
    assert reaching(textwrap.dedent(_OPTIONAL_FUNCTIONS).replace("CALL", call)) == {}


def test_a_nested_function_sees_what_the_one_around_is_handed() -> None:
    source = """
        import time
        def slow():
            time.sleep(1)
        def quick():
            pass
        def making(work):
            def run():
                work()
            return run
        def hidden(work):
            def run(work):
                work()
            return run
        async def f():
            making(slow)()
        async def g():
            run = making(slow)
            run()
        async def h():
            making(quick)()
        async def i():
            hidden(slow)(quick)
        """
    linked = api({"main.py": textwrap.dedent(source)})
    found = {
        function.name
        for site, scope, function in sites(linked, "main.py")
        if function is not None and function.is_async and linked.chain(site, scope)
    }
    assert found == {"f", "g"}


def test_lambdas_handed_over_and_called() -> None:
    """What calls the lambda at once blocks as if it were called there; what keeps it, or takes arguments for it, does not."""
    found = reaching(
        """
        import time
        from helpers import Guard, guarded, kept, wait, later
        async def f():
            guarded(lambda: wait())
            guarded(lambda: time.sleep(1))
            Guard.run(lambda: wait())
            guard = Guard()
            guard.also(again=lambda: wait())
            guarded(lambda: print())
            kept(lambda: wait())
            await later(lambda: wait())
        """,
        helpers="""
        import time
        def guarded(f):
            try:
                return f()
            except ValueError:
                return None
        def kept(f):
            return lambda: f()
        async def later(f):
            f()
        def wait():
            time.sleep(1)
        class Guard:
            @staticmethod
            def run(f):
                return f()
            def also(self, again):
                return again()
        """,
    )
    slept = "helpers.py:wait calls time.sleep"
    assert found == {
        "guarded": ["helpers.py:guarded calls time.sleep"],
        "Guard.run": ["helpers.py:Guard.run calls wait", slept],
        "guard.also": ["helpers.py:Guard.also calls wait", slept],
    }


def test_decorated_helpers() -> None:
    found = reaching(
        """
        from helpers import once, once_too, cached, retried, kept, unknown
        async def f():
            once()
            once_too()
            cached(1)
            retried()
            kept()
            unknown()
        """,
        helpers="""
        import functools, time
        from tenacity import retry
        from elsewhere import run_somewhere
        def wraps(f):
            @functools.wraps(f)
            def inner(*a):
                return f(*a)
            return inner
        @functools.lru_cache
        def once():
            time.sleep(1)
        @functools.lru_cache(maxsize=None)
        def once_too():
            once()
            time.sleep(1)
        @functools.lru_cache
        def cached(number):
            time.sleep(number)
        @retry(stop=3)
        def retried():
            time.sleep(1)
        @wraps
        def kept():
            time.sleep(1)
        @run_somewhere
        def unknown():
            time.sleep(1)
        """,
    )
    assert {"cached", "retried", "kept"} <= set(found)
    assert not {"once", "once_too"} & set(found)  # what has no parameters runs once in a process


def test_a_project_decorator_that_moves_the_call_to_a_thread() -> None:
    found = reaching(
        "from helpers import work\nasync def f():\n    await work()\n",
        helpers="""
        import asyncio, functools, time
        def threaded(f):
            @functools.wraps(f)
            async def inner(*a, **k):
                return await asyncio.to_thread(f, *a, **k)
            return inner
        @threaded
        def work():
            time.sleep(1)
        """,
    )
    assert found == {}


@pytest.mark.parametrize(
    "helpers",
    [
        "def work():\n    work()\n",
        "def work():\n    other()\ndef other():\n    work()\n",
        "class C:\n    def work(self):\n        self.work()\ndef work():\n    C().work()\n",
        "def work(f=None):\n    work(work)\n    f()\n",
        "def work(x=1):\n    work(lambda: work(x))\n    work([x])\n",
        "from main import f\ndef work():\n    f()\n",
    ],
)
def test_recursion_ends(helpers: str) -> None:
    assert reaching("from helpers import work\nasync def f():\n    work()\n", helpers=helpers) == {}


def test_recursion_beside_something_that_blocks() -> None:
    found = reaching(
        "from helpers import even, odd\nasync def f():\n    even(1)\n    odd(1)\n",
        helpers="import time\ndef even(n):\n    odd(n)\ndef odd(n):\n    even(n)\n    time.sleep(1)\n",
    )
    assert found == {
        "even": ["helpers.py:even calls odd", "helpers.py:odd calls time.sleep"],
        "odd": ["helpers.py:odd calls time.sleep"],
    }


def test_answers_do_not_depend_on_who_asks_first() -> None:
    files = {
        "main.py": "import a, b\nasync def f():\n    a.one()\nasync def g():\n    b.two()\nasync def h():\n    a.three()\n",
        "a.py": "import b\ndef one():\n    b.two()\ndef three():\n    one()\n    b.wait()\n",
        "b.py": "import a, time\ndef two():\n    a.three()\ndef wait():\n    time.sleep(1)\n",
    }
    forward = api(files)
    backward = api(files)
    calls = [
        (site, scope) for site, scope, function in sites(forward, "main.py") if function is not None
    ]
    first = {str(s.call.func): [x.label for x in forward.chain(s, scope)] for s, scope in calls}
    calls = [
        (site, scope) for site, scope, function in sites(backward, "main.py") if function is not None
    ]
    second = {
        str(s.call.func): [x.label for x in backward.chain(s, scope)] for s, scope in reversed(calls)
    }
    assert (
        {k for k, v in first.items() if v}
        == {k for k, v in second.items() if v}
        == {"a.one", "b.two", "a.three"}
    )


def test_deep_chains() -> None:
    """Each step costs patience, so that what is reached in the depths of a program is told only if it is near."""
    deep = "import time\ndef f0():\n    time.sleep(1)\n" + "".join(
        f"def f{i}():\n    f{i - 1}()\n" for i in range(1, 400)
    )
    found = reaching(
        "from helpers import f5, f399\nasync def f():\n    f5()\n    f399()\n", helpers=deep
    )
    assert "f5" in found and "f399" not in found


def test_wide_graphs_end_in_time() -> None:
    """2 ** 40 paths, none of which blocks."""
    wide = "def f0(): ...\n" + "".join(
        f"def f{i}():\n    f{i - 1}()\n    f{i - 1}()\n" for i in range(1, 41)
    )
    assert reaching("from helpers import f40\nasync def f():\n    f40()\n", helpers=wide) == {}


def test_wide_graphs_in_circles_end_in_time() -> None:
    names = range(25)
    every = "\n    ".join(f"f{i}()" for i in names)
    wide = "".join(f"def f{i}():\n    {every}\n" for i in names)
    assert reaching("from helpers import f0\nasync def f():\n    f0()\n", helpers=wide) == {}


def test_the_first_blocking_call_is_told_with_its_place() -> None:
    files = {
        "main.py": "from helpers import load\nasync def f():\n    load()\n",
        "helpers.py": "import time\ndef load():\n    x = [\n        time.sleep(1),\n    ]\n",
    }
    linked = api(files)
    ((site, scope, _),) = list(sites(linked, "main.py"))
    (step,) = linked.chain(site, scope)
    assert (step.path, step.span, step.function, step.label) == (
        "helpers.py",
        (4, 8, 4, 21),
        "load",
        "time.sleep",
    )


UNRESOLVABLE = {
    "an unknown callee": "async def f(x):\n    x()\n",
    "an unknown method": "async def f(x):\n    x.load()\n",
    "a result of something unknown": "from a import b\nasync def f():\n    b().load()\n",
    "a dict of functions": "import time\ndef w():\n    time.sleep(1)\nT = {'a': w, 'b': print}\n"
    "async def f(k):\n    T[k]()\n",
    "getattr": "import time\nclass C:\n    def w(self):\n        time.sleep(1)\nasync def f(k):\n    getattr(C(), k)()\n",
    "a shadowed name": "import time\ndef w():\n    time.sleep(1)\nasync def f(w):\n    w()\n",
    "a synchronous caller": "import time\ndef w():\n    time.sleep(1)\ndef f():\n    w()\n",
    "a method of the same name elsewhere": "import time\nclass C:\n    def load(self):\n        time.sleep(1)\n"
    "async def f(x):\n    x.load()\n",
    "an overwritten method": "import time\nclass C:\n    def load(self):\n        time.sleep(1)\nclass D(C):\n    load = print\n"
    "async def f(d: D):\n    d.load()\n",
}


@pytest.mark.parametrize("source", UNRESOLVABLE.values(), ids=UNRESOLVABLE)
def test_what_cannot_be_resolved(source: str) -> None:
    assert reaching(source) == {}


def test_sessions_and_their_asynchronous_twins() -> None:
    files = {
        "main.py": """
            from deps import Db, Adb
            from models import User
            from sqlalchemy import select
            async def sync(db: Db):
                db.add(User())
                db.commit()
                return db.query(User).all()
            async def twin(db: Adb):
                db.add(User())
                await db.commit()
                return (await db.execute(select(User))).scalars().all()
            """,
        "deps.py": """
            from typing import Annotated
            from fastapi import Depends
            from sqlalchemy.ext.asyncio import AsyncSession
            from sqlalchemy.orm import Session
            Db = Annotated[Session, Depends(lambda: 1)]
            Adb = Annotated[AsyncSession, Depends(lambda: 1)]
            """,
        "models.py": MODELS,
    }
    assert blocking(files, "main.py") == ["db Session.commit", "db Query[User].all"]


def test_lambdas_are_run_by_somebody_else() -> None:
    files = {
        "main.py": """
            import asyncio
            from sqlalchemy.orm import Session
            from models import User
            async def f(db: Session):
                await asyncio.to_thread(lambda: db.query(User).all())
                key = lambda u: db.get(User, u)
                return key
            """,
        "models.py": MODELS,
    }
    assert blocking(files, "main.py") == []
    linked = api(files)
    module = linked.module("main.py")
    assert module is not None
    effects = [
        (site.deferred, effect.data)
        for site, _, effect in linked.sites("main.py", module.facts.functions[0])
    ]
    assert (True, "query") in effects
