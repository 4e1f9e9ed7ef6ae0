"""Synchronous SDKs of services: AWS, Google Cloud, Azure, payments, mail, messaging, containers, vector stores.

https://boto3.amazonaws.com/v1/documentation/api/latest/; https://cloud.google.com/python/docs/reference;
https://learn.microsoft.com/python/api/overview/azure/storage-blob-readme; https://docs.stripe.com/api?lang=python;
https://www.twilio.com/docs/libraries/python; https://github.com/sendgrid/sendgrid-python;
https://docs.python.org/3/library/smtplib.html, …/imaplib.html, …/poplib.html, …/ftplib.html; https://docs.paramiko.org/;
https://github.com/kubernetes-client/python; https://docker-py.readthedocs.io/; https://docs.slack.dev/tools/python-slack-sdk/;
https://firebase.google.com/docs/reference/admin/python; https://pika.readthedocs.io/;
https://kafka-python.readthedocs.io/; https://docs.confluent.io/kafka-clients/python/; https://hvac.readthedocs.io/;
https://min.io/docs/minio/linux/developers/python/API.html; https://ldap3.readthedocs.io/;
https://docs.gspread.org/; https://python-keycloak.readthedocs.io/; https://cloudinary.com/documentation/django_image_and_video_upload;
https://developers.mailerlite.com/docs/; https://razorpay.com/docs/payments/server-integration/python/; https://resend.com/docs/send-with-python;
https://github.com/googleapis/google-api-python-client; https://github.com/ollama/ollama-python; https://yagmail.readthedocs.io/;
https://docs.pinecone.io/reference/python-sdk; https://docs.trychroma.com/; https://docs.weaviate.io/weaviate/client-libraries/python; https://python-client.qdrant.tech/

Making a client, a reference or a request object sends nothing; it has no effect.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from api_lint.libraries import Known, KnownClass, Library


def _each(names: str, known: Known) -> dict[str, Known]:
    return dict.fromkeys(names.split(), known)


_NOTHING = Known()
_CALL = Known(blocks="client")
_READ = Known(blocks="client", data="query")
_WRITE = Known(blocks="client", data="write")


def _client(calls: str, more: dict[str, Known] | None = None, **attributes: str) -> KnownClass:
    """A client whose `calls` go over the network."""
    return KnownClass(
        role="client", methods={**_each(calls, _CALL), **(more or {})}, attributes=attributes
    )


_BOTO = Known("botocore.client.BaseClient")
_BOTO_RESOURCE = Known("boto3.resources.base.ServiceResource")
_RESOURCE_CALLS = (
    "copy copy_from create create_bucket create_queue create_table create_tags delete delete_item delete_message "
    "delete_messages delete_objects download_file download_fileobj get get_item get_queue_by_name head_object load "
    "put put_item put_object query receive_messages reload reboot scan send_message send_messages start stop terminate "
    "publish update update_item upload_file upload_fileobj wait_until_exists wait_until_not_exists wait_until_running "
    "wait_until_stopped"
)

_BLOB = (
    "compose copy_blob create delete delete_blob delete_blobs download_as_bytes download_as_string download_as_text "
    "download_to_file download_to_filename exists make_public patch reload rename_blob rewrite update upload_from_file "
    "upload_from_filename upload_from_string"
)

_AZURE_BLOB = (
    "abort_copy create_container delete_blob delete_blobs delete_container download_blob exists get_account_information "
    "get_blob_properties get_container_properties set_blob_metadata start_copy_from_url upload_blob"
)

_STRIPE_NAMES = (
    "Account AccountLink ApplicationFee Balance BalanceTransaction BankAccount Card Charge Coupon CreditNote Customer "
    "CustomerBalanceTransaction Dispute EphemeralKey Event File FileLink Invoice InvoiceItem Mandate Payout "
    "PaymentIntent PaymentLink PaymentMethod Plan Price Product PromotionCode Quote Refund SetupIntent Source "
    "Subscription SubscriptionItem SubscriptionSchedule TaxRate Token Topup Transfer UsageRecord WebhookEndpoint"
)
_STRIPE = KnownClass(
    methods=_each(
        "capture cancel confirm delete pay refresh save void_invoice finalize_invoice send_invoice",
        _CALL,
    ),
    statics={
        **_each(
            "attach cancel capture close confirm create create_preview create_usage_record delete detach "
            "finalize_invoice list list_payment_methods modify pay retrieve search send_invoice upcoming void_invoice",
            _CALL,
        ),
        **_each("construct_from", _NOTHING),
    },
)
_STRIPE_SESSION = KnownClass(statics=_each("create expire list list_line_items modify retrieve", _CALL))

_SMTP = _client("auth connect ehlo helo login noop quit send_message sendmail starttls verify")
_IMAP = _client(
    "append copy create expunge fetch list login logout search select starttls status store uid"
)
_FTP = _client(
    "connect cwd delete dir login mkd mlsd nlst quit rename retrbinary retrlines rmd size storbinary storlines"
)

_KUBERNETES = KnownClass(role="client", methods={"*": _CALL}, attributes={"api_client": ""})

_SLACK = (
    "api_call api_test auth_test chat_delete chat_postEphemeral chat_postMessage chat_scheduleMessage chat_update "
    "conversations_create conversations_history conversations_info conversations_invite conversations_join "
    "conversations_list conversations_members conversations_open conversations_replies files_info files_list "
    "files_upload files_upload_v2 pins_add reactions_add team_info users_info users_list users_lookupByEmail views_open "
    "views_publish views_update"
)

_QDRANT = (
    "add collection_exists count create_collection create_payload_index delete delete_collection get_collection "
    "get_collections query query_batch query_batch_points query_points recommend recreate_collection retrieve scroll "
    "search search_batch set_payload update_collection upload_collection upload_points upsert"
)
_CHROMA_COLLECTION = "add count delete get modify peek query update upsert"

_GSPREAD = (
    "acell add_worksheet append_row append_rows batch_clear batch_format batch_get batch_update cell clear col_values copy "
    "create del_spreadsheet del_worksheet delete_columns delete_rows duplicate find findall format get get_all_records "
    "get_all_values get_values insert_row insert_rows list_spreadsheet_files openall range resize row_values share sort "
    "update update_acell update_cell update_cells update_title values_append values_clear values_get values_update"
)
_SHEET = Known("gspread.Spreadsheet", blocks="client")
_WORKSHEET = Known("gspread.Worksheet", blocks="client")

_KEYCLOAK = _client(
    "certs create_user delete_user device exchange_token get_groups get_policies get_permissions get_realm_role "
    "get_realm_roles get_user get_user_groups get_user_id get_users group_user_add group_user_remove has_uma_access "
    "introspect logout public_key refresh_token send_update_account send_verify_email set_user_password token "
    "uma_permissions update_user user_logout userinfo well_known"
)

_MAILERLITE = {
    "automations": "automations.Automations",
    "batches": "batch.Batches",
    "campaigns": "campaigns.Campaigns",
    "fields": "fields.Fields",
    "forms": "forms.Forms",
    "groups": "groups.Groups",
    "segments": "segments.Segments",
    "subscribers": "subscribers.Subscribers",
    "timezones": "timezones.Timezones",
    "webhooks": "webhooks.Webhooks",
}

_GOOGLE_API = "googleapiclient.discovery.Resource"

_CLASSES = {
    # AWS
    "botocore.client.BaseClient": KnownClass(
        role="client",
        methods={
            "*": _CALL,
            # signed or prepared here, sent by others or later
            **_each("can_paginate close generate_presigned_post generate_presigned_url", _NOTHING),
            "get_paginator": Known("botocore.paginate.Paginator"),
            "get_waiter": Known("botocore.waiter.Waiter"),
        },
        attributes={
            "exceptions": "botocore.errorfactory.BaseClientExceptions",
            "meta": "botocore.client.ClientMeta",
        },
    ),
    "botocore.errorfactory.BaseClientExceptions": KnownClass(),
    "botocore.client.ClientMeta": KnownClass(),
    "botocore.paginate.Paginator": KnownClass(
        methods={"paginate": Known("botocore.paginate.PageIterator")}
    ),
    "botocore.paginate.PageIterator": KnownClass(
        methods={"build_full_result": _CALL, "search": _NOTHING}, iterates="dict", iterating=_CALL
    ),
    "botocore.waiter.Waiter": KnownClass(methods={"wait": _CALL}),
    "boto3.session.Session": KnownClass(
        methods={"client": _BOTO, "resource": _BOTO_RESOURCE, "get_credentials": _NOTHING}
    ),
    "boto3.resources.base.ServiceResource": KnownClass(
        role="client",
        methods={
            **_each(_RESOURCE_CALLS, _CALL),
            **_each("get_item query scan", _READ),
            **_each("delete_item put_item update_item", _WRITE),
            **_each("Bucket Object ObjectSummary Queue Table Topic Instance", Known("$self")),
        },
        attributes={"meta": "boto3.resources.base.ResourceMeta"},
    ),
    "boto3.resources.base.ResourceMeta": KnownClass(attributes={"client": "botocore.client.BaseClient"}),
    # Google Cloud
    "google.cloud.storage.Client": _client(
        "create_bucket download_blob_to_file get_bucket list_blobs list_buckets lookup_bucket",
        {
            "bucket": Known("google.cloud.storage.Bucket"),
            "get_bucket": Known("google.cloud.storage.Bucket", blocks="client"),
        },
    ),
    "google.cloud.storage.Bucket": _client(
        _BLOB,
        {
            "blob": Known("google.cloud.storage.Blob"),
            "get_blob": Known("google.cloud.storage.Blob", blocks="client"),
            "list_blobs": Known("list[google.cloud.storage.Blob]", blocks="client"),
            "generate_signed_url": _NOTHING,
        },
    ),
    "google.cloud.storage.Blob": _client(_BLOB, {"generate_signed_url": _NOTHING}),
    "google.cloud.bigquery.Client": _client(
        "create_dataset create_table delete_dataset delete_table get_dataset get_job get_table insert_rows "
        "insert_rows_json list_datasets list_rows list_tables load_table_from_dataframe load_table_from_file "
        "load_table_from_json load_table_from_uri query query_and_wait update_table"
    ),
    "google.cloud.secretmanager.SecretManagerServiceClient": _client(
        "access_secret_version add_secret_version create_secret delete_secret get_secret list_secrets"
    ),
    "google.cloud.firestore.Client": _client(
        "get_all",
        {
            "collection": Known("google.cloud.firestore.CollectionReference"),
            "document": Known("google.cloud.firestore.DocumentReference"),
        },
    ),
    "google.cloud.firestore.CollectionReference": _client(
        "list_documents",
        {
            "add": _WRITE,
            **_each("get stream", _READ),
            "document": Known("google.cloud.firestore.DocumentReference"),
            **_each("limit offset order_by select start_after where", Known("$self")),
        },
        parent="google.cloud.firestore.DocumentReference",
    ),
    "google.cloud.firestore.DocumentReference": _client(
        "collections",
        {
            "get": _READ,
            **_each("create delete set update", _WRITE),
            "collection": Known("google.cloud.firestore.CollectionReference"),
        },
    ),
    # Azure
    "azure.storage.blob.BlobServiceClient": _client(
        f"{_AZURE_BLOB} list_containers",
        {
            "get_blob_client": Known("azure.storage.blob.BlobClient"),
            "get_container_client": Known("azure.storage.blob.ContainerClient"),
        },
    ),
    "azure.storage.blob.ContainerClient": _client(
        _AZURE_BLOB, {"get_blob_client": Known("azure.storage.blob.BlobClient")}
    ),
    "azure.storage.blob.BlobClient": _client(_AZURE_BLOB),
    "azure.keyvault.secrets.SecretClient": _client("begin_delete_secret get_secret set_secret"),
    # payments, messages
    **dict.fromkeys((f"stripe.{name}" for name in _STRIPE_NAMES.split()), _STRIPE),
    "stripe.checkout.Session": _STRIPE_SESSION,
    "stripe.billing_portal.Session": _STRIPE_SESSION,
    "twilio.rest.Client": KnownClass(
        role="client",
        attributes=dict.fromkeys(
            ("messages", "calls", "conversations", "verify"), "twilio.base.version.Version"
        ),
    ),
    "twilio.base.version.Version": KnownClass(
        methods={
            **_each("create delete fetch list stream update", _CALL),
            **_each("__call__ services v2", Known("$self")),
        },
        attributes={"*": "twilio.base.version.Version"},
    ),
    "sendgrid.SendGridAPIClient": _client("send"),
    "mailerlite.Client": KnownClass(
        role="client",
        attributes={name: f"mailerlite.sdk.{cls}" for name, cls in _MAILERLITE.items()},
    ),
    **{f"mailerlite.sdk.{cls}": KnownClass(methods={"*": _CALL}) for cls in _MAILERLITE.values()},
    "smtplib.SMTP": replace(_SMTP, makes_with_arguments=_CALL),
    "smtplib.SMTP_SSL": KnownClass(bases=("smtplib.SMTP",), role="client"),
    "imaplib.IMAP4": _IMAP,
    "imaplib.IMAP4_SSL": KnownClass(bases=("imaplib.IMAP4",), role="client"),
    "poplib.POP3": _client("dele list pass_ quit retr stat user"),
    "poplib.POP3_SSL": KnownClass(bases=("poplib.POP3",), role="client"),
    "ftplib.FTP": _FTP,
    "ftplib.FTP_TLS": KnownClass(bases=("ftplib.FTP",), role="client"),
    "paramiko.SSHClient": _client(
        "connect exec_command invoke_shell",
        {
            "open_sftp": Known("paramiko.SFTPClient", blocks="client"),
            **_each("close set_missing_host_key_policy", _NOTHING),
        },
    ),
    "paramiko.SFTPClient": _client(
        "chmod get getfo listdir listdir_attr mkdir open put putfo remove rename rmdir stat unlink"
    ),
    "slack_sdk.WebClient": _client(_SLACK),
    "slack_sdk.webhook.WebhookClient": _client("send send_dict"),
    "slack_sdk.web.async_client.AsyncWebClient": KnownClass(role="client"),
    # containers
    **dict.fromkeys(
        (
            f"kubernetes.client.{name}"
            for name in (
                "AppsV1Api",
                "AutoscalingV1Api",
                "BatchV1Api",
                "CoreV1Api",
                "CustomObjectsApi",
                "NetworkingV1Api",
                "RbacAuthorizationV1Api",
            )
        ),
        _KUBERNETES,
    ),
    "docker.DockerClient": _client(
        "df events info login ping version",
        {"close": _NOTHING},
        **dict.fromkeys(
            ("containers", "images", "networks", "volumes"), "docker.models.resource.Collection"
        ),
    ),
    "docker.models.resource.Collection": _client(
        "build create get list load prune pull push remove run search"
    ),
    # queues
    "pika.BlockingConnection": KnownClass(
        role="client",
        methods={
            "channel": Known("pika.adapters.blocking_connection.BlockingChannel", blocks="client"),
            "close": _NOTHING,
            "process_data_events": _CALL,
        },
        makes=_CALL,
    ),
    "pika.adapters.blocking_connection.BlockingChannel": _client(
        "basic_ack basic_get basic_publish exchange_declare queue_bind queue_declare queue_delete start_consuming"
    ),
    "kafka.KafkaProducer": KnownClass(
        role="client",
        methods={"flush": _CALL, "send": Known("kafka.producer.future.FutureRecordMetadata")},
    ),
    "kafka.producer.future.FutureRecordMetadata": KnownClass(methods={"get": _CALL}),
    "kafka.KafkaConsumer": KnownClass(
        role="client", methods=_each("commit poll", _CALL), iterating=_CALL
    ),
    "confluent_kafka.Producer": KnownClass(role="client", methods={"flush": _CALL, "produce": _NOTHING}),
    "confluent_kafka.Consumer": _client("commit consume"),
    "celery.result.AsyncResult": KnownClass(
        methods={"get": _CALL, **_each("failed ready revoke successful", _NOTHING)},
        attributes={"id": "str", "task_id": "str"},
    ),
    # Google's discovered APIs: `service.events().list(…).execute()`
    _GOOGLE_API: KnownClass(
        role="client", methods={"execute": _CALL, "close": _NOTHING, "*": Known("$self")}
    ),
    # spreadsheets, identities
    "gspread.Client": _client(
        _GSPREAD, {**_each("open open_by_key open_by_url", _SHEET), "create": _SHEET, "copy": _SHEET}
    ),
    "gspread.Spreadsheet": _client(
        _GSPREAD,
        {
            **_each(
                "add_worksheet duplicate_sheet get_worksheet get_worksheet_by_id worksheet", _WORKSHEET
            ),
            "worksheets": Known("list[gspread.Worksheet]", blocks="client"),
        },
        sheet1="gspread.Worksheet",
    ),
    "gspread.Worksheet": _client(_GSPREAD),
    "keycloak.KeycloakOpenID": _KEYCLOAK,
    "keycloak.KeycloakAdmin": _KEYCLOAK,
    "razorpay.Client": KnownClass(
        role="client", attributes={"utility": "", "*": "razorpay.resources.base.Resource"}
    ),
    "razorpay.resources.base.Resource": KnownClass(role="client", methods={"*": _CALL}),
    "ollama.Client": _client("chat create delete embed embeddings generate list pull push show"),
    "ollama.AsyncClient": KnownClass(role="client"),
    "yagmail.SMTP": _client("send"),
    # stores, directories
    "minio.Minio": _client(
        "bucket_exists copy_object fget_object fput_object get_object list_buckets make_bucket put_object remove_bucket "
        "remove_object stat_object"
    ),
    "hvac.Client": _client(
        "is_authenticated list read write",
        secrets="hvac.api.VaultApiCategory",
        auth="hvac.api.VaultApiCategory",
    ),
    "hvac.api.VaultApiCategory": KnownClass(
        methods={"__call__": _CALL}, attributes={"*": "hvac.api.VaultApiCategory"}
    ),
    "ldap3.Connection": _client("add bind compare delete extend modify modify_dn search unbind"),
    # vector stores
    "qdrant_client.QdrantClient": _client(_QDRANT),
    "qdrant_client.AsyncQdrantClient": KnownClass(role="client"),
    "pinecone.Pinecone": _client(
        "create_index delete_index describe_index has_index list_indexes",
        {"Index": Known("pinecone.Index")},
    ),
    "pinecone.Index": _client(
        "delete describe_index_stats fetch query search update upsert upsert_records"
    ),
    "weaviate.WeaviateClient": _client(
        "batch connect is_ready", {"close": _NOTHING}, collections="weaviate.collections.Collections"
    ),
    "weaviate.collections.Collections": _client(
        "create create_from_config delete delete_all exists export_config list_all",
        {
            "get": Known("weaviate.collections.Collection"),
            "use": Known("weaviate.collections.Collection"),
        },
    ),
    "weaviate.collections.Collection": KnownClass(
        role="client",
        attributes=dict.fromkeys(
            ("aggregate", "config", "data", "generate", "query", "tenants"),
            "weaviate.collections.Namespace",
        ),
    ),
    "weaviate.collections.Namespace": KnownClass(role="client", methods={"*": _CALL}),
    "chromadb.api.ClientAPI": _client(
        "delete_collection heartbeat list_collections reset",
        {
            **_each(
                "create_collection get_collection get_or_create_collection",
                Known("chromadb.Collection", blocks="client"),
            ),
        },
    ),
    "chromadb.Collection": _client(_CHROMA_COLLECTION),
}

_CHROMA = Known("chromadb.api.ClientAPI")

_FUNCTIONS = {
    "boto3.client": _BOTO,
    "boto3.resource": _BOTO_RESOURCE,
    **{
        f"google.oauth2.id_token.{name}": _CALL
        for name in ("fetch_id_token", "verify_firebase_token", "verify_oauth2_token", "verify_token")
    },
    **_each("gspread.authorize gspread.oauth gspread.service_account", Known("gspread.Client")),
    **_each(
        "gspread.api_key gspread.oauth_from_dict gspread.service_account_from_dict",
        Known("gspread.Client"),
    ),
    "googleapiclient.discovery.build": Known(_GOOGLE_API),
    **{
        f"cloudinary.uploader.{name}": _CALL
        for name in ("destroy", "explicit", "rename", "upload", "upload_large")
    },
    **{
        f"cloudinary.api.{name}": _CALL for name in ("delete_resources", "ping", "resource", "resources")
    },
    **_each("resend.Emails.send resend.Batch.send", _CALL),
    # a server of models, mostly one's own
    **{
        f"ollama.{name}": _CALL
        for name in (
            "chat",
            "create",
            "delete",
            "embed",
            "embeddings",
            "generate",
            "list",
            "pull",
            "push",
            "show",
        )
    },
    "docker.from_env": Known("docker.DockerClient"),
    "firebase_admin.firestore.client": Known("google.cloud.firestore.Client"),
    "firebase_admin.storage.bucket": Known("google.cloud.storage.Bucket"),
    **{
        f"firebase_admin.auth.{name}": _CALL
        for name in (
            "create_user",
            "delete_user",
            "generate_email_verification_link",
            "generate_password_reset_link",
            "get_user",
            "get_user_by_email",
            "list_users",
            "revoke_refresh_tokens",
            "set_custom_user_claims",
            "update_user",
        )
    },
    **{
        f"firebase_admin.messaging.{name}": _CALL
        for name in (
            "send",
            "send_each",
            "send_each_for_multicast",
            "send_multicast",
            "subscribe_to_topic",
        )
    },
    **_each(
        "weaviate.connect_to_custom weaviate.connect_to_local weaviate.connect_to_wcs "
        "weaviate.connect_to_weaviate_cloud",
        Known("weaviate.WeaviateClient", blocks="client"),
    ),
    "chromadb.HttpClient": _CHROMA,
    "chromadb.PersistentClient": _CHROMA,
    "stripe.Webhook.construct_event": _NOTHING,
}

# What boto3's stub packages call clients, by the package's last word.
# https://youtype.github.io/boto3_stubs_docs/
_BOTO_STUBS = {
    "athena": "Athena", "bedrock_agent_runtime": "AgentsforBedrockRuntime", "bedrock_runtime": "BedrockRuntime",
    "cloudfront": "CloudFront", "cloudwatch": "CloudWatch", "cognito_idp": "CognitoIdentityProvider",
    "comprehend": "Comprehend", "dynamodb": "DynamoDB", "ec2": "EC2", "ecs": "ECS", "events": "EventBridge",
    "firehose": "Firehose", "iam": "IAM", "kinesis": "Kinesis", "kms": "KMS", "lambda": "Lambda",
    "logs": "CloudWatchLogs", "polly": "Polly", "rds": "RDS", "rekognition": "Rekognition", "route53": "Route53", "s3": "S3",
    "sagemaker_runtime": "SageMakerRuntime", "secretsmanager": "SecretsManager", "ses": "SES", "sesv2": "SESV2",
    "sns": "SNS", "sqs": "SQS", "ssm": "SSM", "stepfunctions": "SFN", "sts": "STS", "textract": "Textract",
    "transcribe": "TranscribeService",
}  # fmt: skip


def _of_boto_stubs(package: str) -> Iterator[tuple[str, str]]:
    for word, service in _BOTO_STUBS.items():
        for module in (f"{package}_{word}", f"{package}_{word}.client"):
            yield f"{module}.{service}Client", "botocore.client.BaseClient"
        for module in (f"{package}_{word}", f"{package}_{word}.service_resource"):
            yield f"{module}.{service}ServiceResource", "boto3.resources.base.ServiceResource"


_ALIASES = {
    **dict(_of_boto_stubs("mypy_boto3")),
    **dict(_of_boto_stubs("types_boto3")),
    "boto3.Session": "boto3.session.Session",
    "google.cloud.storage.client.Client": "google.cloud.storage.Client",
    "google.cloud.storage.bucket.Bucket": "google.cloud.storage.Bucket",
    "google.cloud.storage.blob.Blob": "google.cloud.storage.Blob",
    "google.cloud.bigquery.client.Client": "google.cloud.bigquery.Client",
    "google.cloud.secretmanager_v1.SecretManagerServiceClient": "google.cloud.secretmanager.SecretManagerServiceClient",
    "google.cloud.firestore_v1.*": "google.cloud.firestore",
    "sendgrid.sendgrid.SendGridAPIClient": "sendgrid.SendGridAPIClient",
    "paramiko.client.SSHClient": "paramiko.SSHClient",
    "paramiko.sftp_client.SFTPClient": "paramiko.SFTPClient",
    "slack_sdk.web.WebClient": "slack_sdk.WebClient",
    "slack_sdk.web.client.WebClient": "slack_sdk.WebClient",
    "slack_sdk.WebhookClient": "slack_sdk.webhook.WebhookClient",
    "docker.client.DockerClient": "docker.DockerClient",
    "docker.client.from_env": "docker.from_env",
    "gspread.client.Client": "gspread.Client",
    "gspread.models.Client": "gspread.Client",
    "gspread.spreadsheet.Spreadsheet": "gspread.Spreadsheet",
    "gspread.worksheet.Worksheet": "gspread.Worksheet",
    "keycloak.keycloak_openid.KeycloakOpenID": "keycloak.KeycloakOpenID",
    "keycloak.keycloak_admin.KeycloakAdmin": "keycloak.KeycloakAdmin",
    "pika.adapters.blocking_connection.BlockingConnection": "pika.BlockingConnection",
    "minio.api.Minio": "minio.Minio",
    "qdrant_client.qdrant_client.QdrantClient": "qdrant_client.QdrantClient",
    "chromadb.api.models.Collection.Collection": "chromadb.Collection",
    "chromadb.ClientAPI": "chromadb.api.ClientAPI",
}

LIBRARY = Library(functions=_FUNCTIONS, classes=_CLASSES, aliases=_ALIASES)
