"""Files, processes, sleep, and the calls that run a function somewhere else.

https://docs.python.org/3/library/ (functions, io, pathlib, shutil, subprocess, os, socket, asyncio, concurrent.futures,
threading, multiprocessing); https://anyio.readthedocs.io/en/stable/api.html; https://trio.readthedocs.io/;
https://github.com/Tinche/aiofiles; https://www.starlette.io/threadpool/; https://apscheduler.readthedocs.io/en/3.x/;
https://docs.celeryq.dev/en/stable/reference/celery.app.task.html

Calls that only touch a directory entry (`os.stat`, `os.remove`, `Path.exists`) are quick and have no effect here.
"""

from __future__ import annotations

from api_lint.libraries import Known, KnownClass, Library


def _each(names: str, known: Known) -> dict[str, Known]:
    return dict.fromkeys(names.split(), known)


_NOTHING = Known()
_IO = Known(blocks="io")
_TEXT = Known("str", blocks="io")
_INT = Known("int", blocks="io")
_PIPE = Known("io.IOBase", blocks="io")
_FILE = Known("io.IOBase", blocks="file")
_FILE_TEXT = Known("str", blocks="file")
_FILE_BYTES = Known("bytes", blocks="file")
_FILE_SIZE = Known("int", blocks="file")
_NONE = Known("none", blocks="io")
_AWAIT_NONE = Known("await none")

_RUN_0 = Known(runs=("0",))
_THREAD_0 = Known("await $call", runs=("0",))
_RUN_1 = Known(runs=("1",))

# A read of an open file: the `open` itself is what is reported.
_FILE_METHODS = {
    **dict.fromkeys(("read", "readline", "readlines"), _NOTHING),
    "write": Known("int"),
    **dict.fromkeys(("writelines", "flush", "close"), Known("none")),
    **dict.fromkeys(("seek", "tell", "truncate", "fileno"), Known("int")),
}

# One that is handed over was opened elsewhere: its reads are what blocks here. `typing.TextIO` may be in memory.
_HANDED_FILE = {
    **_FILE_METHODS,
    **_each("read readline readlines", Known(blocks="file")),
    "write": _FILE_SIZE,
    "writelines": Known("none", blocks="file"),
}

_PATH = Known("pathlib.Path")
_BOOL = Known("bool")
_PURE_PATH = {
    **_each(
        "absolute expanduser joinpath relative_to resolve with_name with_stem with_suffix",
        _PATH,
    ),
    **dict.fromkeys(("as_posix", "as_uri"), Known("str")),
    **dict.fromkeys(("is_absolute", "is_relative_to", "match"), _BOOL),
}
_PATH_METHODS = {
    **_PURE_PATH,
    **dict.fromkeys(("exists", "is_dir", "is_file", "is_symlink"), _BOOL),
    **dict.fromkeys(("rename", "replace"), _PATH),
    **dict.fromkeys(("glob", "iterdir", "rglob"), Known("list[pathlib.Path]")),
    **dict.fromkeys(("chmod", "mkdir", "rmdir", "touch", "unlink"), Known("none")),
    "stat": _NOTHING,
    "open": _FILE,
    "read_text": _FILE_TEXT,
    "read_bytes": _FILE_BYTES,
    "write_text": _FILE_SIZE,
    "write_bytes": _FILE_SIZE,
}
_PATH_ATTRIBUTES = {
    **dict.fromkeys(("name", "stem", "suffix", "anchor", "drive", "root"), "str"),
    "suffixes": "list[str]",
    "parent": "pathlib.Path",
    "parents": "list[pathlib.Path]",
}

_ASYNC_FILE = {
    **dict.fromkeys(("read", "readline", "readlines"), _NOTHING),
    **dict.fromkeys(("seek", "tell", "truncate", "write"), Known("await int")),
    **dict.fromkeys(("flush", "writelines"), _AWAIT_NONE),
}

_PROCESS = {
    "wait": _INT,
    "communicate": _IO,
    "poll": Known("int"),
    **dict.fromkeys(("kill", "terminate", "send_signal"), Known("none")),
}

# `Thread(target=f)`: the group comes before it.
_TARGET = Known(runs=("target", "1"))

_EXECUTOR = {
    "submit": Known("concurrent.futures.Future", runs=("0",)),
    "map": _RUN_0,
    "shutdown": _NOTHING,
}

_TASK = {
    # runs in a worker; only the message is sent
    **dict.fromkeys(("delay", "apply_async"), Known("celery.result.AsyncResult")),
    **dict.fromkeys(("s", "si", "signature", "subtask"), Known("celery.canvas.Signature")),
    "retry": _NOTHING,
    "update_state": _NOTHING,
}

_SCHEDULER = {
    **dict.fromkeys(("add_job", "modify_job"), Known(runs=("0", "func"))),
    **_each("start shutdown remove_job pause resume get_jobs", _NOTHING),
}

_LOCK = {"acquire": Known("await bool"), "release": Known("none"), "locked": _BOOL}

_CLASSES = {
    # files
    "io.IOBase": KnownClass(methods=_FILE_METHODS, iterates="str"),
    "io.TextIOWrapper": KnownClass(methods=_HANDED_FILE, iterates="str"),
    "io.BytesIO": KnownClass(
        methods={"read": Known("bytes"), "getvalue": Known("bytes"), "write": Known("int")}
    ),
    "io.StringIO": KnownClass(
        methods={"read": Known("str"), "getvalue": Known("str"), "write": Known("int")}
    ),
    "pathlib.PurePath": KnownClass(methods=_PURE_PATH, attributes=_PATH_ATTRIBUTES),
    "pathlib.Path": KnownClass(
        bases=("pathlib.PurePath",),
        methods=_PATH_METHODS,
        attributes=_PATH_ATTRIBUTES,
        statics={"cwd": _PATH, "home": _PATH},
    ),
    # an archive is as often in memory as on disk: only what surely touches the disk blocks
    "zipfile.ZipFile": KnownClass(
        methods={
            **dict.fromkeys(("extract", "extractall", "write"), _IO),
            **_each("close getinfo infolist namelist open read writestr", _NOTHING),
        },
    ),
    "tarfile.TarFile": KnownClass(
        methods={
            **dict.fromkeys(("add", "extract", "extractall"), _IO),
            **_each("addfile close extractfile getmember getmembers getnames", _NOTHING),
        },
        statics={"open": Known("tarfile.TarFile")},
    ),
    # processes
    "subprocess.Popen": KnownClass(
        methods=_PROCESS,
        attributes={"returncode": "int", "pid": "int"},
        makes=_IO,
    ),
    "subprocess.CompletedProcess": KnownClass(
        methods={"check_returncode": Known("none")},
        attributes={"returncode": "int"},
    ),
    # elsewhere
    "asyncio.AbstractEventLoop": KnownClass(
        methods={
            "run_in_executor": _RUN_1,
            "create_task": Known("asyncio.Task"),
            "create_future": Known("asyncio.Future"),
            "time": Known("float"),
            **dict.fromkeys(("call_soon", "call_later", "call_at", "call_soon_threadsafe"), _NOTHING),
            **dict.fromkeys(("run_until_complete", "run_forever", "stop", "close"), _NOTHING),
        },
    ),
    "asyncio.Task": KnownClass(methods={"cancel": _BOOL, "done": _BOOL, "result": _NOTHING}),
    "asyncio.Future": KnownClass(methods={"cancel": _BOOL, "done": _BOOL, "result": _NOTHING}),
    "asyncio.TaskGroup": KnownClass(methods={"create_task": Known("asyncio.Task")}),
    "asyncio.Lock": KnownClass(methods=_LOCK),
    "asyncio.Semaphore": KnownClass(methods=_LOCK),
    "asyncio.BoundedSemaphore": KnownClass(methods=_LOCK),
    "asyncio.Event": KnownClass(
        methods={"wait": Known("await bool"), "set": Known("none"), "is_set": _BOOL}
    ),
    "asyncio.Queue": KnownClass(
        methods={
            "get": Known("await $item"),
            "get_nowait": Known("$item"),
            **dict.fromkeys(("put", "join"), _AWAIT_NONE),
            **dict.fromkeys(("put_nowait", "task_done"), Known("none")),
            "qsize": Known("int"),
            **dict.fromkeys(("empty", "full"), _BOOL),
        },
    ),
    "asyncio.subprocess.Process": KnownClass(
        methods={
            "communicate": Known("await tuple[bytes, bytes]"),
            "wait": Known("await int"),
            **dict.fromkeys(("kill", "terminate", "send_signal"), Known("none")),
        },
        attributes={"returncode": "int", "pid": "int"},
    ),
    "concurrent.futures.Executor": KnownClass(methods=_EXECUTOR),
    "concurrent.futures.ThreadPoolExecutor": KnownClass(bases=("concurrent.futures.Executor",)),
    "concurrent.futures.ProcessPoolExecutor": KnownClass(bases=("concurrent.futures.Executor",)),
    "concurrent.futures.Future": KnownClass(
        methods={"cancel": _BOOL, "done": _BOOL, "result": _NOTHING, "add_done_callback": _RUN_0},
    ),
    "threading.Thread": KnownClass(
        methods={"start": Known("none"), "join": Known("none"), "is_alive": _BOOL},
        makes=_TARGET,
    ),
    "threading.Timer": KnownClass(bases=("threading.Thread",), makes=Known(runs=("1", "function"))),
    "multiprocessing.Process": KnownClass(
        methods={"start": Known("none"), "join": Known("none"), "is_alive": _BOOL},
        makes=_TARGET,
    ),
    "multiprocessing.pool.Pool": KnownClass(
        methods=_each(
            "apply apply_async imap imap_unordered map map_async starmap starmap_async",
            _RUN_0,
        ),
    ),
    "starlette.background.BackgroundTask": KnownClass(makes=_RUN_0),
    "anyio.Path": KnownClass(
        methods={
            **dict.fromkeys(("exists", "is_dir", "is_file"), Known("await bool")),
            **dict.fromkeys(("mkdir", "rmdir", "touch", "unlink"), _AWAIT_NONE),
            "open": Known("await anyio.AsyncFile"),
            "read_text": Known("await str"),
            "read_bytes": Known("await bytes"),
            "write_text": Known("await int"),
            "write_bytes": Known("await int"),
        },
    ),
    "anyio.AsyncFile": KnownClass(methods={**_ASYNC_FILE, "aclose": _AWAIT_NONE}, iterates="str"),
    "aiofiles.threadpool.text.AsyncTextIOWrapper": KnownClass(
        methods={**_ASYNC_FILE, "close": _AWAIT_NONE}, iterates="str"
    ),
    "celery.Celery": KnownClass(
        methods={
            "send_task": Known("celery.result.AsyncResult"),
            "signature": Known("celery.canvas.Signature"),
        },
    ),
    "celery.Task": KnownClass(methods=_TASK, statics=_TASK),
    "celery.canvas.Signature": KnownClass(methods={k: _TASK[k] for k in ("delay", "apply_async")}),
    "apscheduler.schedulers.base.BaseScheduler": KnownClass(methods=_SCHEDULER),
    **{
        f"apscheduler.schedulers.{module}.{name}": KnownClass(
            bases=("apscheduler.schedulers.base.BaseScheduler",)
        )
        for module, name in (
            ("asyncio", "AsyncIOScheduler"),
            ("background", "BackgroundScheduler"),
            ("blocking", "BlockingScheduler"),
        )
    },
}

_LOOP = Known("asyncio.AbstractEventLoop")
_AIOFILE = Known("await aiofiles.threadpool.text.AsyncTextIOWrapper")
_CHILD = Known("await asyncio.subprocess.Process")

_FUNCTIONS = {
    "time.sleep": Known("none", blocks="sleep"),
    # files
    "builtins.open": _FILE,
    "builtins.input": _TEXT,
    "io.open": _FILE,
    "io.open_code": _FILE,
    "os.fdopen": _FILE,
    "os.open": Known("int", blocks="file"),
    "codecs.open": _FILE,
    **{f"{module}.open": _FILE for module in ("bz2", "gzip", "lzma")},
    "tarfile.open": Known("tarfile.TarFile"),
    # processes
    "os.system": _INT,
    "os.popen": _PIPE,
    **{f"os.{name}": _IO for name in ("wait", "wait3", "wait4", "waitid", "waitpid")},
    **{
        f"os.{name}": _INT
        for name in (
            *(f"spawn{how}" for how in ("l", "le", "lp", "lpe", "v", "ve", "vp", "vpe")),
            "posix_spawn",
            "posix_spawnp",
        )
    },
    "subprocess.run": Known("subprocess.CompletedProcess", blocks="io"),
    "subprocess.call": _INT,
    "subprocess.check_call": _INT,
    "subprocess.check_output": _IO,
    "subprocess.getoutput": _TEXT,
    "subprocess.getstatusoutput": Known("tuple[int, str]", blocks="io"),
    # trees
    **{
        f"shutil.{name}": _IO
        for name in (
            "copy",
            "copy2",
            "copyfile",
            "copyfileobj",
            "copytree",
            "make_archive",
            "move",
            "rmtree",
            "unpack_archive",
        )
    },
    # sockets
    "socket.create_connection": _IO,
    "socket.getaddrinfo": _IO,
    "socket.gethostbyname": _TEXT,
    # elsewhere
    "asyncio.to_thread": _THREAD_0,
    "anyio.to_thread.run_sync": _THREAD_0,
    "anyio.to_process.run_sync": _THREAD_0,
    "trio.to_thread.run_sync": _THREAD_0,
    "starlette.concurrency.run_in_threadpool": _THREAD_0,
    "asgiref.sync.sync_to_async": _RUN_0,
    "asyncio.sleep": _AWAIT_NONE,
    "anyio.sleep": _AWAIT_NONE,
    "trio.sleep": _AWAIT_NONE,
    "asyncio.wait_for": Known("$0"),
    "asyncio.shield": Known("$0"),
    "asyncio.create_task": Known("asyncio.Task"),
    "asyncio.ensure_future": Known("asyncio.Task"),
    "asyncio.gather": _NOTHING,
    "asyncio.wait": _NOTHING,
    "asyncio.as_completed": _NOTHING,
    "asyncio.run": _NOTHING,
    "asyncio.current_task": Known("asyncio.Task"),
    "asyncio.get_event_loop": _LOOP,
    "asyncio.get_running_loop": _LOOP,
    "asyncio.new_event_loop": _LOOP,
    "asyncio.create_subprocess_exec": _CHILD,
    "asyncio.create_subprocess_shell": _CHILD,
    "multiprocessing.Pool": Known("multiprocessing.pool.Pool"),
    "anyio.open_file": Known("await anyio.AsyncFile"),
    "aiofiles.open": _AIOFILE,
    **{
        f"aiofiles.os.{name}": _AWAIT_NONE
        for name in ("makedirs", "mkdir", "remove", "rename", "rmdir", "unlink")
    },
}

_ALIASES = {
    "concurrent.futures.thread.ThreadPoolExecutor": "concurrent.futures.ThreadPoolExecutor",
    "concurrent.futures.process.ProcessPoolExecutor": "concurrent.futures.ProcessPoolExecutor",
    "concurrent.futures._base.Executor": "concurrent.futures.Executor",
    "asyncio.events.AbstractEventLoop": "asyncio.AbstractEventLoop",
    "asyncio.BaseEventLoop": "asyncio.AbstractEventLoop",
    "asyncio.tasks.Task": "asyncio.Task",
    "asyncio.queues.Queue": "asyncio.Queue",
    "asyncio.locks.Lock": "asyncio.Lock",
    "asyncio.locks.Semaphore": "asyncio.Semaphore",
    "multiprocessing.context.Process": "multiprocessing.Process",
    "multiprocessing.process.BaseProcess": "multiprocessing.Process",
    "typing.TextIO": "io.IOBase",
    "typing.BinaryIO": "io.IOBase",
    "typing.IO": "io.IOBase",
    "io.BufferedReader": "io.TextIOWrapper",
    "io.BufferedWriter": "io.TextIOWrapper",
    "io.BufferedRandom": "io.TextIOWrapper",
    "pathlib.PosixPath": "pathlib.Path",
    "pathlib.WindowsPath": "pathlib.Path",
    "fastapi.concurrency.run_in_threadpool": "starlette.concurrency.run_in_threadpool",
    "fastapi.background.BackgroundTask": "starlette.background.BackgroundTask",
    "celery.app.task.Task": "celery.Task",
    "celery.app.base.Celery": "celery.Celery",
    "celery.app.Celery": "celery.Celery",
}

LIBRARY = Library(functions=_FUNCTIONS, classes=_CLASSES, aliases=_ALIASES)
