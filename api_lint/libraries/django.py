"""Django's ORM, auth and transactions, and the serializers of Django REST framework.

https://docs.djangoproject.com/en/5.2/ref/models/querysets/, …/ref/models/instances/, …/topics/db/transactions/,
…/topics/db/sql/, …/topics/auth/default/, …/topics/async/; https://www.django-rest-framework.org/api-guide/serializers/

A queryset does nothing until it is evaluated. `get_object_or_404` and serializers block but are no data access of the
handler's own (the catalogue's API101). Form and cache methods have no effect here: often they do no I/O.
"""

from __future__ import annotations

from api_lint.libraries import Known, KnownClass, Library


def _each(names: str, known: Known) -> dict[str, Known]:
    return dict.fromkeys(names.split(), known)


_NOTHING = Known()
_QUERYSET = "django.db.models.QuerySet[$item]"
_BUILD = Known(_QUERYSET, data="query")
_ONE = Known("$item", blocks="db", data="query")
_MAKE = Known("$item", blocks="db", data="write")
_VALUES = Known("django.db.models.QuerySet", data="query")
_COUNT = Known("int", blocks="db", data="query")
_BOOL = Known("bool", blocks="db", data="query")
_DICT = Known("dict", blocks="db", data="query")
_CHANGE = Known("none", blocks="db", data="write")

_QUERIES = {
    **_each(
        "alias all annotate complex_filter defer difference distinct exclude extra filter intersection only "
        "order_by prefetch_related reverse select_for_update select_related union using",
        _BUILD,
    ),
    "none": Known(_QUERYSET),  # holds nothing, and never asks the database
    **_each("dates datetimes raw values_list", _VALUES),
    "values": Known("django.db.models.QuerySet[dict]", data="query"),
    # evaluated
    **_each("earliest first get last latest", _ONE),
    "count": _COUNT,
    **_each("contains exists", _BOOL),
    "aggregate": _DICT,
    "in_bulk": Known("dict[$item]", blocks="db", data="query"),
    "iterator": Known("list[$item]", blocks="db", data="query"),
    "explain": Known("str", blocks="db", data="query"),
    # written
    "create": _MAKE,
    "get_or_create": Known("tuple[$item, bool]", blocks="db", data="write"),
    "update_or_create": Known("tuple[$item, bool]", blocks="db", data="write"),
    "bulk_create": Known("list[$item]", blocks="db", data="write"),
    **_each("bulk_update update", Known("int", blocks="db", data="write")),
    # asynchronous
    **_each("aearliest afirst aget alast alatest", Known("await $item", data="query")),
    "acount": Known("await int", data="query"),
    **_each("acontains aexists", Known("await bool", data="query")),
    "aaggregate": Known("await dict", data="query"),
    "ain_bulk": Known("await dict[$item]", data="query"),
    "aiterator": Known("list[$item]", data="query"),
    "aexplain": Known("await str", data="query"),
    "acreate": Known("await $item", data="write"),
    **_each("aget_or_create aupdate_or_create", Known("await tuple[$item, bool]", data="write")),
    "abulk_create": Known("await list[$item]", data="write"),
    **_each("abulk_update aupdate", Known("await int", data="write")),
}

_QUERYSET_ONLY = {
    "delete": Known("tuple[int, dict]", blocks="db", data="write"),
    "adelete": Known("await tuple[int, dict]", data="write"),
}

_EVALUATING = Known(blocks="db", data="query")

_MODEL_METHODS = {
    **_each("delete save save_base", _CHANGE),
    "refresh_from_db": Known("none", blocks="db", data="query"),
    **_each("adelete asave", Known("await none", data="write")),
    "arefresh_from_db": Known("await none", data="query"),
    **_each("clean clean_fields full_clean validate_constraints validate_unique", _NOTHING),
}
_MODEL_CLASS = {
    **dict.fromkeys(
        ("objects", "_default_manager", "_base_manager"), "django.db.models.Manager[$class]"
    ),
    "DoesNotExist": "type[django.core.exceptions.ObjectDoesNotExist]",
    "MultipleObjectsReturned": "type[django.core.exceptions.MultipleObjectsReturned]",
}
_USER_CLASS = {**_MODEL_CLASS, "objects": "django.contrib.auth.models.UserManager[$class]"}
_USER_METHODS = {
    **_each("check_password has_module_perms has_perm has_perms has_usable_password", Known("bool")),
    **_each("set_password set_unusable_password", Known("none")),
    **_each("get_username get_full_name get_short_name", Known("str")),
}

_MODEL = "django.db.models.Model"
_SUBMODEL = KnownClass(bases=(_MODEL,), role="model")

_SERIALIZER_METHODS = {
    "is_valid": Known("bool"),
    **_each("create save update", _NOTHING),
    "to_representation": Known("dict"),
}
_SERIALIZER_ATTRIBUTES = {**dict.fromkeys(("data", "validated_data", "errors"), "dict")}

_CLASSES = {
    _MODEL: KnownClass(role="model", methods=_MODEL_METHODS, class_attributes=_MODEL_CLASS),
    "django.db.models.QuerySet": KnownClass(
        role="query",
        methods={**_QUERIES, **_QUERYSET_ONLY},
        statics={"as_manager": Known("$class")},
        iterates="$item",
        iterating=_EVALUATING,
    ),
    "django.db.models.Manager": KnownClass(
        role="query",
        methods={**_QUERIES, "get_queryset": _BUILD, "db_manager": Known("$self")},
        statics={"from_queryset": Known("type[$0]")},
    ),
    # ours: the managers that Django makes for a row, of the rows that belong to it
    "django.db.models.RelatedManager": KnownClass(
        bases=("django.db.models.Manager",),
        role="query",
        methods={
            **_each("add clear remove set", _CHANGE),
            **_each("aadd aclear aremove aset", Known("await none", data="write")),
        },
    ),
    "django.core.exceptions.ObjectDoesNotExist": KnownClass(role="exception"),
    "django.core.exceptions.MultipleObjectsReturned": KnownClass(role="exception"),
    "django.core.exceptions.ValidationError": KnownClass(role="exception"),
    "django.core.exceptions.PermissionDenied": KnownClass(role="exception"),
    "django.db.transaction.Atomic": KnownClass(),
    "django.db.backends.base.base.BaseDatabaseWrapper": KnownClass(
        role="client",
        methods={
            "cursor": Known("django.db.backends.utils.CursorWrapper"),
            "commit": _CHANGE,
            "rollback": Known("none", blocks="db"),
            "close": _NOTHING,
        },
    ),
    "django.db.backends.utils.CursorWrapper": KnownClass(
        role="client",
        methods={
            **_each("callproc execute executemany", Known(blocks="db", data="query")),
            **_each("close fetchall fetchmany fetchone", _NOTHING),
        },
    ),
    # auth and other contributed models
    "django.contrib.auth.models.UserManager": KnownClass(
        bases=("django.db.models.Manager",),
        role="query",
        methods={
            **_each("create_superuser create_user", _MAKE),
            **_each("acreate_superuser acreate_user", Known("await $item", data="write")),
            "get_by_natural_key": _ONE,
            "make_random_password": Known("str"),
        },
    ),
    "django.contrib.auth.models.AbstractBaseUser": KnownClass(
        bases=(_MODEL,),
        role="model",
        methods=_USER_METHODS,
        attributes={"is_authenticated": "bool", "is_anonymous": "bool", "is_active": "bool"},
        class_attributes=_MODEL_CLASS,
    ),
    "django.contrib.auth.models.AbstractUser": KnownClass(
        bases=("django.contrib.auth.models.AbstractBaseUser",),
        role="model",
        attributes={
            **dict.fromkeys(("username", "email", "first_name", "last_name", "password"), "str"),
            **dict.fromkeys(("is_staff", "is_superuser"), "bool"),
        },
        class_attributes=_USER_CLASS,
    ),
    "django.contrib.auth.models.User": KnownClass(
        bases=("django.contrib.auth.models.AbstractUser",), role="model", class_attributes=_USER_CLASS
    ),
    "django.contrib.auth.models.BaseUserManager": KnownClass(
        bases=("django.db.models.Manager",),
        role="query",
        methods={"get_by_natural_key": _ONE, "make_random_password": Known("str")},
        statics={"normalize_email": Known("str")},
    ),
    "django.contrib.auth.models.PermissionsMixin": _SUBMODEL,
    "django.contrib.auth.models.Group": _SUBMODEL,
    "django.contrib.auth.models.Permission": _SUBMODEL,
    "django.contrib.auth.models.AnonymousUser": KnownClass(
        attributes={"is_authenticated": "bool", "is_anonymous": "bool"}
    ),
    "django.contrib.contenttypes.models.ContentType": KnownClass(
        bases=(_MODEL,),
        role="model",
        methods={"model_class": Known(f"type[{_MODEL}]")},
    ),
    "django.contrib.sessions.models.Session": _SUBMODEL,
    "django.contrib.sites.models.Site": _SUBMODEL,
    "rest_framework.authtoken.models.Token": _SUBMODEL,
    # widely used abstract models
    "django_extensions.db.models.TimeStampedModel": _SUBMODEL,
    "model_utils.models.TimeStampedModel": _SUBMODEL,
    "model_utils.models.UUIDModel": _SUBMODEL,
    "mptt.models.MPTTModel": _SUBMODEL,
    "polymorphic.models.PolymorphicModel": _SUBMODEL,
    "safedelete.models.SafeDeleteModel": _SUBMODEL,
    "solo.models.SingletonModel": _SUBMODEL,
    # forms
    "django.forms.Form": KnownClass(
        methods={"is_valid": Known("bool")}, attributes={"cleaned_data": "dict", "errors": "dict"}
    ),
    "django.forms.ModelForm": KnownClass(bases=("django.forms.Form",), methods={"save": _NOTHING}),
    # Django REST framework
    "rest_framework.serializers.BaseSerializer": KnownClass(
        role="serializer", methods=_SERIALIZER_METHODS, attributes=_SERIALIZER_ATTRIBUTES
    ),
    "rest_framework.serializers.Serializer": KnownClass(
        bases=("rest_framework.serializers.BaseSerializer",), role="serializer"
    ),
    "rest_framework.serializers.ListSerializer": KnownClass(
        bases=("rest_framework.serializers.BaseSerializer",), role="serializer"
    ),
    "rest_framework.serializers.ModelSerializer": KnownClass(
        bases=("rest_framework.serializers.Serializer",),
        role="serializer",
        methods={"save": Known(blocks="db")},
    ),
    "rest_framework.serializers.HyperlinkedModelSerializer": KnownClass(
        bases=("rest_framework.serializers.ModelSerializer",), role="serializer"
    ),
}

_FUNCTIONS = {
    "django.shortcuts.get_object_or_404": Known("$0", blocks="db"),
    "django.shortcuts.get_list_or_404": Known("list[$0]", blocks="db"),
    "django.shortcuts.aget_object_or_404": Known("await $0"),
    "django.shortcuts.aget_list_or_404": Known("await list[$0]"),
    "django.forms.models.model_to_dict": Known("dict"),
    "django.contrib.auth.get_user_model": Known("type[django.contrib.auth.models.User]"),
    "django.contrib.auth.authenticate": Known("django.contrib.auth.models.User", blocks="db"),
    "django.contrib.auth.aauthenticate": Known("await django.contrib.auth.models.User"),
    **_each("django.contrib.auth.login django.contrib.auth.logout", Known("none", blocks="db")),
    **_each("django.contrib.auth.alogin django.contrib.auth.alogout", Known("await none")),
    "django.db.transaction.atomic": Known("django.db.transaction.Atomic"),
    "django.db.transaction.on_commit": Known(runs=("0", "func")),
    "channels.db.database_sync_to_async": Known(runs=("0",)),
}

_OBJECTS = {"django.db.connection": "django.db.backends.base.base.BaseDatabaseWrapper"}

_ALIASES = {
    "django.db.models.base.*": "django.db.models",
    "django.db.models.manager.*": "django.db.models",
    "django.db.models.query.*": "django.db.models",
    "django.db.models.manager.BaseManager": "django.db.models.Manager",
    "django.contrib.gis.db.models.*": "django.db.models",
    "django.contrib.auth.base_user.*": "django.contrib.auth.models",
    "django.forms.model_to_dict": "django.forms.models.model_to_dict",
    "django.forms.models.ModelForm": "django.forms.ModelForm",
    "django.forms.forms.Form": "django.forms.Form",
    "rest_framework.generics.get_object_or_404": "django.shortcuts.get_object_or_404",
}

LIBRARY = Library(functions=_FUNCTIONS, classes=_CLASSES, objects=_OBJECTS, aliases=_ALIASES)
