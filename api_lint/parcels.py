"""Parcels: what is in functions, packed until somebody looks into one, and closed again where room is short.

All that the files of a large project define fits into memory, and most of it is asked for. What is in the bodies of their
functions would take three times as much, and is needed for one file at a time and for the few functions that it calls.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import count
from typing import Any, NamedTuple

from api_lint.facts import Body, Function, Layout

# How many facts, about, are unpacked together.
_PARCEL = 100


class Parcel:
    """Bodies of functions that stand next to each other, or a layout, packed until somebody looks into one of them.

    Parameters: `store`, of all parcels of the file; `number`, which of them it is.
    """

    __slots__ = ("_content", "number", "store")

    def __init__(self, store: Store, number: int) -> None:
        self.store = store
        self.number = number
        self._content: Sequence[Body | Layout] | None = None

    def __reduce__(self) -> tuple[type[Parcel], tuple[Store, int]]:
        return Parcel, (self.store, self.number)

    def __getitem__(self, position: int) -> Any:
        if self._content is None:
            self._content, size = self.store.load(self.number)
            self.store.room.take(self, size)
        return self._content[position]

    def may_hold(self, names: Sequence[str]) -> bool:
        """Whether any of the names may occur in it."""
        return self._content is not None or self.store.holds(self.number, names)

    def close(self) -> None:
        """Let go of what was unpacked."""
        if self._content is not None:
            self._content = None
            self.store.room.leave(self)


class Store:
    """What unpacks the parcels of one file, and how much may be unpacked at one time.

    `load` gives a parcel's content by its number, and the size of that in bytes, packed; `holds` tells by the number
    whether any of some names may occur in it. Whoever makes a store sets all.
    """

    __slots__ = ("holds", "load", "room")

    def __init__(self) -> None:
        self.holds: Callable[[int, Sequence[str]], bool]
        self.load: Callable[[int], tuple[Sequence[Body | Layout], int]]
        self.room: Room

    def __reduce__(self) -> tuple[type[Store], tuple[()]]:
        return Store, ()


class Room:
    """For what is taken out of parcels: at most so many bytes at one time, as they were packed."""

    __slots__ = ("_open", "_size", "most")

    def __init__(self, most: int) -> None:
        self.most = most
        self._open: dict[Parcel, int] = {}
        self._size = 0

    def take(self, parcel: Parcel, size: int) -> None:
        """A parcel is opened."""
        self._open[parcel] = size
        self._size += size

    def leave(self, parcel: Parcel) -> None:
        """A parcel is closed."""
        self._size -= self._open.pop(parcel)

    @property
    def is_full(self) -> bool:
        """Whether some should be closed."""
        return self._size > self.most

    def clear(self) -> None:
        """Close all."""
        for parcel in [*self._open]:
            parcel.close()


class InParcel(NamedTuple):
    """Which of the things in a parcel it is."""

    parcel: Parcel
    position: int


def places(store: Store, sizes: Iterable[int]) -> list[InParcel]:
    """Where the things in a store's parcels are, one after another.

    Parameters: `sizes`, how many things each parcel holds.
    """
    parcels = (Parcel(store, number) for number in count())
    return [InParcel(each, position) for each, size in zip(parcels, sizes) for position in range(size)]


def parcelled(functions: Iterable[Function]) -> list[list[Body]]:
    """The bodies of functions, those together that make a parcel: of so many facts that unpacking them pays."""
    parcels: list[list[Body]] = []
    size = _PARCEL
    for function in functions:
        if size >= _PARCEL:
            parcels.append([])
            size = 0
        parcels[-1].append(function.body)
        size += 1 + len(function.calls) + len(function.assigns)
    return parcels
