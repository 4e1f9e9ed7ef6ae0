"""Schemas and settings: pydantic (1 and 2), pydantic-settings, marshmallow and its Flask and SQLAlchemy companions,
msgspec, fastapi-pagination.

https://docs.pydantic.dev/latest/api/base_model/, …/1.10/usage/models/; https://docs.pydantic.dev/latest/api/pydantic_settings/;
https://marshmallow.readthedocs.io/en/stable/api_reference.html; https://flask-marshmallow.readthedocs.io/;
https://marshmallow-sqlalchemy.readthedocs.io/; https://jcristharif.com/msgspec/structs.html;
https://uriyyo-fastapi-pagination.netlify.app/

`pydantic.v1` keeps its own names: what is deprecated in pydantic 2 is not deprecated there.
"""

from __future__ import annotations

from api_lint.libraries import Known, KnownClass, Library


def _each(names: str, known: Known) -> dict[str, Known]:
    return dict.fromkeys(names.split(), known)


_NOTHING = Known()
_DICT = Known("dict")
_STR = Known("str")

_BASE_MODEL = KnownClass(
    role="schema",
    methods={
        **_each("dict model_dump", _DICT),
        **_each("json model_dump_json", _STR),
        **_each("copy model_copy", Known("$self")),
    },
    attributes={"model_fields_set": "list[str]", "model_extra": "dict"},
    statics={
        **_each(
            "construct from_orm model_construct model_validate model_validate_json model_validate_strings parse_file "
            "parse_obj parse_raw validate",
            Known("$class"),
        ),
        **_each("model_json_schema schema", _DICT),
        "schema_json": _STR,
        **_each("model_rebuild update_forward_refs", _NOTHING),
    },
    class_attributes={"model_fields": "dict", "model_computed_fields": "dict", "model_config": "dict"},
)
_SCHEMA = ("pydantic.BaseModel",)
_SETTINGS = KnownClass(bases=_SCHEMA, role="settings")

_MARSHMALLOW = KnownClass(
    role="schema",
    methods={
        # a list of them with `many=True`
        **_each("dump load loads", _NOTHING),
        "dumps": _STR,
        "validate": _DICT,
    },
)
_MARSHMALLOW_SUB = KnownClass(bases=("marshmallow.Schema",), role="schema")
_FLASK_MARSHMALLOW = KnownClass(
    bases=("marshmallow.Schema",), role="schema", methods={"jsonify": Known("flask.Response")}
)

_PAGE = KnownClass(
    bases=_SCHEMA,
    role="schema",
    attributes={"items": "list[$item]", "total": "int", "page": "int", "size": "int", "pages": "int"},
    statics={"create": Known("$class")},
)

_CLASSES = {
    "pydantic.BaseModel": _BASE_MODEL,
    "pydantic.v1.BaseModel": _BASE_MODEL,
    "pydantic.RootModel": KnownClass(bases=_SCHEMA, role="schema", attributes={"root": "$item"}),
    "pydantic.generics.GenericModel": KnownClass(bases=_SCHEMA, role="schema"),
    "pydantic.TypeAdapter": KnownClass(
        methods={
            **_each("validate_json validate_python validate_strings", Known("$item")),
            "dump_json": Known("bytes"),
            "dump_python": _NOTHING,
            "json_schema": _DICT,
        },
        makes=Known("pydantic.TypeAdapter[$0]"),
    ),
    "pydantic.ValidationError": KnownClass(
        role="exception", methods={"errors": Known("list[dict]"), "json": _STR}
    ),
    "pydantic.BaseSettings": _SETTINGS,
    "pydantic.v1.BaseSettings": KnownClass(bases=("pydantic.v1.BaseModel",), role="settings"),
    "pydantic_settings.BaseSettings": _SETTINGS,
    "marshmallow.Schema": _MARSHMALLOW,
    "marshmallow.ValidationError": KnownClass(role="exception", attributes={"messages": "dict"}),
    "marshmallow_sqlalchemy.SQLAlchemySchema": _MARSHMALLOW_SUB,
    "marshmallow_sqlalchemy.SQLAlchemyAutoSchema": _MARSHMALLOW_SUB,
    "flask_marshmallow.Schema": _FLASK_MARSHMALLOW,
    "flask_marshmallow.sqla.SQLAlchemySchema": _FLASK_MARSHMALLOW,
    "flask_marshmallow.sqla.SQLAlchemyAutoSchema": _FLASK_MARSHMALLOW,
    "flask_marshmallow.Marshmallow": KnownClass(
        attributes={
            "Schema": "type[flask_marshmallow.Schema]",
            "SQLAlchemySchema": "type[flask_marshmallow.sqla.SQLAlchemySchema]",
            "SQLAlchemyAutoSchema": "type[flask_marshmallow.sqla.SQLAlchemyAutoSchema]",
            "ModelSchema": "type[flask_marshmallow.sqla.SQLAlchemyAutoSchema]",
        },
    ),
    "msgspec.Struct": KnownClass(role="schema"),
    "fastapi_pagination.Page": _PAGE,
    "fastapi_pagination.LimitOffsetPage": _PAGE,
    "fastapi_pagination.cursor.CursorPage": _PAGE,
}

_FUNCTIONS = {
    "pydantic.parse_obj_as": Known("$0"),
    "pydantic.tools.parse_obj_as": Known("$0"),
    "pydantic.create_model": Known("type[pydantic.BaseModel]"),
    "msgspec.to_builtins": _NOTHING,
    "msgspec.structs.asdict": _DICT,
    "fastapi_pagination.paginate": Known("fastapi_pagination.Page"),
    # one function for both kinds of session: nothing tells that it blocks
    "fastapi_pagination.ext.sqlalchemy.paginate": Known(data="query"),
    "fastapi_pagination.ext.sqlmodel.paginate": Known(data="query"),
    "fastapi_pagination.ext.sqlalchemy.apaginate": Known("await fastapi_pagination.Page", data="query"),
    "fastapi_pagination.ext.sqlmodel.apaginate": Known("await fastapi_pagination.Page", data="query"),
}

_ALIASES = {
    "pydantic.main.BaseModel": "pydantic.BaseModel",
    "pydantic.root_model.RootModel": "pydantic.RootModel",
    "pydantic.type_adapter.TypeAdapter": "pydantic.TypeAdapter",
    "pydantic.env_settings.BaseSettings": "pydantic.BaseSettings",
    "pydantic.deprecated.tools.parse_obj_as": "pydantic.parse_obj_as",
    "pydantic_core.ValidationError": "pydantic.ValidationError",
    "pydantic.error_wrappers.ValidationError": "pydantic.ValidationError",
    "pydantic_settings.main.BaseSettings": "pydantic_settings.BaseSettings",
    "marshmallow.schema.Schema": "marshmallow.Schema",
    "marshmallow.exceptions.ValidationError": "marshmallow.ValidationError",
    "marshmallow_sqlalchemy.ModelSchema": "marshmallow_sqlalchemy.SQLAlchemyAutoSchema",
    "marshmallow_sqlalchemy.schema.*": "marshmallow_sqlalchemy",
    "apiflask.Schema": "marshmallow.Schema",
    "apiflask.schemas.Schema": "marshmallow.Schema",
    "fastapi_pagination.default.Page": "fastapi_pagination.Page",
    "fastapi_pagination.limit_offset.LimitOffsetPage": "fastapi_pagination.LimitOffsetPage",
}

LIBRARY = Library(functions=_FUNCTIONS, classes=_CLASSES, aliases=_ALIASES)
