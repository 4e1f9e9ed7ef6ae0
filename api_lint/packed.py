"""Facts on their way from the worker that made them: packed, and unpacked where somebody asks for them.

Far more facts are passed around than any process needs at one time. So they travel in parts: what a file defines, and apart
from it what is in the bodies of its functions, which stays packed until somebody looks into one of them. Only what this
program's own forked workers have sent is unpacked here; what is kept on disk is JSON (`encoded`).
"""

from __future__ import annotations

import copyreg
import io
import pickle
import zlib
from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any

from api_lint import facts
from api_lint.facts import Body, Layout, ModuleFacts, Unknown
from api_lint.parcels import InParcel, Room, Store, parcelled, places

Packed = tuple[bytes, tuple[bytes, ...]]

_Reducer = Callable[[Any], Any]
_Reduced = tuple[Callable[..., Any], tuple[Any, ...]]

_new = tuple.__new__


def _plainly(fact: tuple[Any, ...]) -> _Reduced:
    """How to make a named tuple again without its own constructor, which is written in Python."""
    return _new, (fact.__class__, tuple(fact))


# Of the unknown expression there is only one, which it sees to itself.
_TUPLES = tuple(
    kind
    for kind in (*vars(facts).values(), InParcel)
    if isinstance(kind, type) and issubclass(kind, tuple) and kind is not Unknown
)
_REDUCED: dict[type, _Reducer] = {**copyreg.dispatch_table, **dict.fromkeys(_TUPLES, _plainly)}


def pack(module: ModuleFacts) -> Packed:
    """A file's facts as bytes.

    Returns: what it defines, and its parcels.
    Raises: RecursionError for expressions that are nested too deeply.
    """
    store = Store()
    parcels: list[Sequence[Body | Layout]] = [[module.layout], *parcelled(module.functions)]
    place = dict(zip(map(id, chain.from_iterable(parcels)), places(store, map(len, parcels))))
    own = module.body.inner  # everybody who opens a module looks at what it binds

    def apart(part: Body | Layout) -> _Reduced:
        return _plainly(part if part is own else place[id(part)])

    outer = _dumped((store, module), {**_REDUCED, Body: apart, Layout: apart})
    return outer, tuple([_dumped(parcel, _REDUCED) for parcel in parcels])


def unpack(packed: Packed, room: Room) -> ModuleFacts:
    """The facts that `pack` made bytes of in this run.

    Parameters: `room`, for what is in its functions once somebody looks into them.
    """
    outer, parcels = packed
    store: Store
    module: ModuleFacts
    store, module = _loaded(outer)
    store.load = lambda number: (_loaded(parcels[number]), len(parcels[number]))
    store.holds = lambda number, names: _holds(parcels[number], names)
    store.room = room
    return module


def _dumped(value: object, reduced: dict[type, _Reducer]) -> bytes:
    buffer = io.BytesIO()
    pickler = pickle.Pickler(buffer, pickle.HIGHEST_PROTOCOL)
    pickler.dispatch_table = reduced
    pickler.dump(value)
    return zlib.compress(buffer.getvalue(), 1)


def _loaded(data: bytes) -> Any:
    return pickle.loads(zlib.decompress(data))


def _holds(data: bytes, names: Sequence[str]) -> bool:
    pickled = zlib.decompress(data)
    return any(name.encode("utf-8", "surrogatepass") in pickled for name in names)
