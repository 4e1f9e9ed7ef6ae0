"""More synchronous SDKs of services: search, speech, translation, bots, sign-in, payments, music.

https://google-auth-oauthlib.readthedocs.io/; https://requests-oauthlib.readthedocs.io/; https://learn.microsoft.com/python/api/msal/;
https://docs.tavily.com/sdk/python/reference; https://serpapi.com/integrations/python; https://github.com/deedy5/ddgs;
https://wikipedia.readthedocs.io/; https://wikipedia-api.readthedocs.io/; https://ranaroussi.github.io/yfinance/;
https://gtts.readthedocs.io/; https://www.assemblyai.com/docs/; https://replicate.com/docs/; https://github.com/DeepLcom/deepl-python;
https://deep-translator.readthedocs.io/; https://geopy.readthedocs.io/; https://github.com/jdepoix/youtube-transcript-api;
https://github.com/yt-dlp/yt-dlp; https://pytba.readthedocs.io/; https://docs.tweepy.org/; https://spotipy.readthedocs.io/;
https://pygithub.readthedocs.io/; https://jira.readthedocs.io/; https://github.com/pusher/pusher-http-python;
https://github.com/plaid/plaid-python; https://github.com/paypal/PayPal-Python-SDK; https://github.com/getbrevo/brevo-python;
https://github.com/thisbejim/Pyrebase; https://milvus.io/api-reference/pymilvus/; https://github.com/meilisearch/meilisearch-python
"""

from __future__ import annotations

from api_lint.libraries import Known, KnownClass, Library


def _each(names: str, known: Known) -> dict[str, Known]:
    return dict.fromkeys(names.split(), known)


_CALL = Known(blocks="client")
_READ = Known(blocks="client", data="query")
_WRITE = Known(blocks="client", data="write")
_TOKEN = Known("dict", blocks="http")


def _client(calls: str) -> KnownClass:
    """A client whose `calls` go over the network."""
    return KnownClass(role="client", methods=_each(calls, _CALL))


_FLOW = "google_auth_oauthlib.flow.Flow"
_OAUTH = KnownClass(
    bases=("requests.Session",),
    role="client",
    methods=_each("fetch_access_token fetch_request_token fetch_token refresh_token", _TOKEN),
)
_MSAL = _client(
    "acquire_token_by_auth_code_flow acquire_token_by_authorization_code acquire_token_by_device_flow "
    "acquire_token_by_refresh_token acquire_token_by_username_password acquire_token_for_client "
    "acquire_token_interactive acquire_token_on_behalf_of"
)
_MILVUS_READS = "describe_collection get get_collection_stats has_collection hybrid_search list_collections query search"
_MILVUS_WRITES = "create_collection create_index delete drop drop_collection flush insert load load_collection release upsert"
_MILVUS = KnownClass(role="client", methods=_each(_MILVUS_READS, _READ) | _each(_MILVUS_WRITES, _WRITE))
_BREVO = _client("send_transac_email send_transac_sms")
_TRANSLATOR = _client("translate translate_batch translate_file")
_GEOCODER = _client("geocode reverse")

_CLASSES = {
    _FLOW: KnownClass(
        role="client",
        methods={"fetch_token": _CALL, "authorized_session": Known("requests.Session")},
        statics=_each("from_client_config from_client_secrets_file", Known("$class")),
    ),
    "google_auth_oauthlib.flow.InstalledAppFlow": KnownClass(
        bases=(_FLOW,), role="client", methods=_each("run_console run_local_server", _CALL)
    ),
    "requests_oauthlib.OAuth1Session": _OAUTH,
    "requests_oauthlib.OAuth2Session": _OAUTH,
    "msal.ConfidentialClientApplication": _MSAL,
    "msal.PublicClientApplication": _MSAL,
    "tavily.TavilyClient": _client("crawl extract get_search_context map qna_search research search"),
    "serpapi.GoogleSearch": _client("get_dict get_dictionary get_html get_json get_raw_json"),
    "ddgs.DDGS": _client("answers chat images news text videos"),
    "wikipediaapi.Wikipedia": KnownClass(methods={"page": Known("wikipediaapi.WikipediaPage")}),
    "wikipediaapi.WikipediaPage": _client("exists"),
    "yfinance.Ticker": _client("history option_chain"),
    "gtts.gTTS": _client("save stream write_to_fp"),
    "assemblyai.Transcriber": _client("transcribe transcribe_group"),
    "replicate.Client": _client("run"),
    "deepl.Translator": _client(
        "get_usage translate_document translate_document_from_filepath translate_text "
        "translate_text_with_glossary"
    ),
    **{
        f"deep_translator.{name}": _TRANSLATOR
        for name in ("DeeplTranslator", "GoogleTranslator", "MicrosoftTranslator", "MyMemoryTranslator")
    },
    **{
        f"geopy.geocoders.{name}": _GEOCODER
        for name in ("ArcGIS", "Bing", "GoogleV3", "MapBox", "Nominatim", "OpenCage", "Photon")
    },
    "youtube_transcript_api.YouTubeTranscriptApi": KnownClass(
        role="client",
        methods=_each("fetch list", _CALL),
        statics=_each("get_transcript get_transcripts list_transcripts", _CALL),
    ),
    "yt_dlp.YoutubeDL": _client("download extract_info urlopen"),
    "telebot.TeleBot": _client(
        "answer_callback_query ban_chat_member copy_message delete_message delete_webhook download_file "
        "edit_message_caption edit_message_media edit_message_reply_markup edit_message_text forward_message "
        "get_chat get_chat_member get_file get_me infinity_polling leave_chat polling remove_webhook reply_to "
        "send_audio send_chat_action send_contact send_document send_invoice send_location send_media_group "
        "send_message send_photo send_poll send_sticker send_video send_voice set_webhook"
    ),
    "tweepy.Client": _client(
        "create_tweet delete_tweet follow_user get_liked_tweets get_me get_tweet get_tweets get_user "
        "get_users get_users_followers get_users_following get_users_mentions get_users_tweets like "
        "retweet search_all_tweets search_recent_tweets unfollow_user"
    ),
    "tweepy.API": _client(
        "get_status get_user home_timeline media_upload search_tweets send_direct_message update_status "
        "user_timeline verify_credentials"
    ),
    "spotipy.Spotify": _client(
        "album album_tracks albums artist artist_albums artist_top_tracks artists audio_features "
        "current_user current_user_playlists current_user_saved_tracks current_user_top_artists "
        "current_user_top_tracks me playlist playlist_add_items playlist_items playlist_tracks "
        "recommendations search start_playback track tracks user_playlist_create user_playlists"
    ),
    "github.Github": _client(
        "get_gist get_organization get_rate_limit get_repo search_code search_commits search_issues "
        "search_repositories search_topics search_users"
    ),
    "jira.JIRA": _client(
        "add_attachment add_comment add_watcher add_worklog assign_issue boards comments create_issue "
        "create_issue_link create_issues create_project issue myself project projects search_issues "
        "search_users sprints transition_issue transitions"
    ),
    "pusher.Pusher": _client(
        "channel_info channels_info send_to_user terminate_user_connections trigger trigger_batch users_info"
    ),
    "plaid.api.plaid_api.PlaidApi": KnownClass(role="client", methods={"*": _CALL}),
    "paypalrestsdk.Payment": KnownClass(
        role="client", methods=_each("create execute", _CALL), statics=_each("all find", _CALL)
    ),
    "sib_api_v3_sdk.TransactionalEmailsApi": _BREVO,
    "brevo_python.TransactionalEmailsApi": _BREVO,
    "pyrebase.pyrebase.Firebase": KnownClass(
        methods={
            "auth": Known("pyrebase.pyrebase.Auth"),
            "database": Known("pyrebase.pyrebase.Database"),
            "storage": Known("pyrebase.pyrebase.Storage"),
        }
    ),
    "pyrebase.pyrebase.Auth": _client(
        "create_user_with_email_and_password get_account_info refresh send_email_verification "
        "send_password_reset_email sign_in_with_custom_token sign_in_with_email_and_password "
        "verify_password_reset_code"
    ),
    "pyrebase.pyrebase.Database": KnownClass(
        role="client",
        methods={
            **_each("child end_at equal_to limit_to_first order_by_child start_at", Known("$self")),
            "get": _READ,
            **_each("push remove set update", _WRITE),
        },
    ),
    "pyrebase.pyrebase.Storage": KnownClass(
        role="client",
        methods={"child": Known("$self"), **_each("delete download put", _CALL)},
    ),
    "pymilvus.MilvusClient": _MILVUS,
    "pymilvus.Collection": _MILVUS,
    "meilisearch.Client": KnownClass(
        role="client",
        methods={
            "index": Known("meilisearch.index.Index"),
            **_each("create_index delete_index get_index get_indexes health multi_search", _CALL),
        },
    ),
    "meilisearch.index.Index": KnownClass(
        role="client",
        methods={
            **_each("get_document get_documents search", _READ),
            **_each(
                "add_documents delete_all_documents delete_document delete_documents update_documents",
                _WRITE,
            ),
        },
    ),
}

_FUNCTIONS = {
    **_each("serpapi.search yfinance.download replicate.run replicate.predictions.create", _CALL),
    **_each("wikipedia.page wikipedia.search wikipedia.summary", _CALL),
    "pyrebase.initialize_app": Known("pyrebase.pyrebase.Firebase"),
    **_each("pymilvus.connections.connect pymilvus.utility.has_collection", _CALL),
}

_ALIASES = {
    "google_auth_oauthlib.Flow": _FLOW,
    "google_auth_oauthlib.InstalledAppFlow": "google_auth_oauthlib.flow.InstalledAppFlow",
    "google.auth.transport.requests.AuthorizedSession": "requests.Session",
    "serpapi.google_search.GoogleSearch": "serpapi.GoogleSearch",
    "duckduckgo_search.DDGS": "ddgs.DDGS",
    "deepl.DeepLClient": "deepl.Translator",
    "pyrebase4.initialize_app": "pyrebase.initialize_app",
    "sib_api_v3_sdk.api.transactional_emails_api.TransactionalEmailsApi": "sib_api_v3_sdk.TransactionalEmailsApi",
    "pusher.pusher.Pusher": "pusher.Pusher",
    "replicate.client.Client": "replicate.Client",
}

LIBRARY = Library(functions=_FUNCTIONS, classes=_CLASSES, aliases=_ALIASES)
