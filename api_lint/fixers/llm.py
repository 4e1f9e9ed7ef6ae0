"""The edits that put litellm in the place of a provider's SDK: at the client, at its calls, and where answers are read.

A client is followed by name through its file. Where anything of it is not known to mean the same in litellm (an
argument, a method, a use of the answer, another file), there are no edits but a reason.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from api_lint.fixers.llm_answers import Answers
from api_lint.fixers.llm_calls import Requests
from api_lint.fixers.llm_client import Clients, module_calls, module_settings
from api_lint.fixers.llm_file import File, Job, SdkUse, Unmapped
from api_lint.fixers.llm_handed import handed
from api_lint.fixers.llm_params import shortened
from api_lint.libraries.litellm import sdk_of
from api_lint.rule import Edit, Rewrite

if TYPE_CHECKING:
    from api_lint.visit import Place

__all__ = ["SdkUse", "to_litellm"]


def to_litellm(uses: Sequence[SdkUse], at: Place) -> list[tuple[Edit, ...] | str]:
    """How the clients of a file are replaced by litellm.

    Parameters: `uses`, the constructions of clients, or the first call of a module that is a client; `at`, the place of
    `visit_module`.
    Returns: for each of them the edits, or the reason why there are none.
    """
    file: File | None = None
    found: list[Job | str] = []
    for use in uses:
        try:
            sdk = sdk_of(use.sdk, use.callee, use.makes_client)
            if sdk is None:
                raise Unmapped(f"how litellm does what {use.label} does is not known")
            file = file or File(at)
            made = file.syntax.call_at(use.span)
            if made is None or (
                use.makes_client and file.dotted(made.func).partition(".")[0] != use.sdk
            ):
                raise Unmapped(f"{use.label} is not imported from {use.sdk} in this file")
            if use.makes_client or file.dotted(made.func):
                found.append(_done(Job(file, use, sdk, made)))
            else:
                found.append(_done(*handed(file, use, made)))
        except Unmapped as reason:
            found.append(str(reason))
    kept = {use.sdk for use, job in zip(uses, found) if isinstance(job, str)}
    return [job if isinstance(job, str) else _edits(job, kept) for job in found]


def _done(job: Job, holders: Sequence[ast.expr] = ()) -> Job:
    """The job with its edits, but for those of exceptions; `holders` are the client where another file makes it."""
    requests, answers = Requests(job), Answers(job)
    if job.use.makes_client:
        clients = Clients(job)
        is_async = job.sdk.clients[job.use.callee]
        for call, request in clients.calls(holders):
            requests.rewrite(call, request, is_async)
        clients.check()
    else:
        for call, request, is_async in module_calls(job):
            requests.rewrite(call, request, is_async)
        module_settings(job, requests.is_default)
    for call, request in job.answers:
        answers.rewrite(call, request)
    shortened(job)
    job.edits += job.removals()
    return job


def _edits(job: Job, kept: set[str]) -> tuple[Edit, ...] | str:
    """A client's edits with those of the exceptions; `kept` are the SDKs of which other clients stay."""
    try:
        edits = (*job.edits, *Answers(job).exceptions(job.use.sdk in kept))
    except Unmapped as reason:
        return str(reason)
    spans = sorted(edit.span for edit in edits if isinstance(edit, Rewrite))
    if any(one[2:] > two[:2] or one == two for one, two in pairwise(spans)):
        return "its calls stand within each other"
    return edits
