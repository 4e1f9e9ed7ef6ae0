"""api-lint knows what an API code base is, and tells what is wrong with it.

This module is the whole plugin API, by name. Nothing is imported before it is asked for, so that the command starts
fast: `from api_lint import Rule` imports what a rule needs, and `import api_lint` imports nothing.
"""

__version__ = "0.1.0"

# Type checkers know the name, and to import `typing` takes longer than all the rest of a warm run.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from api_lint.addressed import *  # noqa: F403
    from api_lint.api import *  # noqa: F403
    from api_lint.facts import *  # noqa: F403
    from api_lint.fixers.data_access import *  # noqa: F403
    from api_lint.fixers.edits import *  # noqa: F403
    from api_lint.fixers.environ import *  # noqa: F403
    from api_lint.fixers.llm import *  # noqa: F403
    from api_lint.fixers.moves import *  # noqa: F403
    from api_lint.fixers.narrow import *  # noqa: F403
    from api_lint.fixers.responses import *  # noqa: F403
    from api_lint.infer import *  # noqa: F403
    from api_lint.literals import *  # noqa: F403
    from api_lint.rule import *  # noqa: F403
    from api_lint.shapes import Range as Range
    from api_lint.visit import *  # noqa: F403

_PUBLIC = {
    "fixers.edits": "answered_by_def await_instead definition held no_await run_in_thread without_async",
    "fixers.environ": "Setting env_names env_prefix env_row free_name has_comment setting settings_class text_at upper_snake",
    "fixers.llm": "SdkUse to_litellm",
    "fixers.data_access": "move_data_access",
    "fixers.moves": (
        "callee_words has_holes host_name is_generic is_storable moved no_move put quote_of source_of split_address title_of"
    ),
    "addressed": "called_addresses calls_address calls_returned holds_name",
    "api": "Api Module",
    "facts": (
        "NO_EFFECT NO_VALUE UNKNOWN Assign Attr Await Call CallSite Choice Class ClassRef Comp Const Decorator "
        "Dependency Effect Expr Failure Field Format Function FunctionRef Handler Import Item Lambda Literal Map "
        "ModuleFacts Of Param Raise Return Route Seq Span Star Step Text Unknown Unpack Value root_of"
    ),
    "literals": "mask_address name_in_class names_service text_of traits",
    "fixers.narrow": "narrowed",
    "rule": (
        "SAFE UNSAFE AddCode AddField AddLine Diagnostic Finding Fix NeedImport NoOptions Related Replace Rewrite Rule RuleError TextEdit TextFix"
    ),
    "infer": "Scope",
    "shapes": "Range",
    "fixers.responses": "declare_response dump_with_schema handler_at",
    "visit": "Place",
}
_HOME = {name: module for module, names in _PUBLIC.items() for name in names.split()}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> object:
    module = _HOME.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"{__name__}.{module}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME])
