"""What a token must be allowed for each route: the one place that says it, and the one rule that asks.

``read`` looks; ``download`` also starts, steers and deletes what a person has; ``admin`` also manages the
server and the account: its tokens, password and hub keys. A person who has signed in may do all that is
theirs. A route that is not named here wants ``admin``, and a test wants it named.
"""

from dataferry.accounts.views import SignedIn, TokenScope
from dataferry.core.errors import InsufficientScope

#: Names of routes → the least scope.
NEEDED: dict[str, TokenScope] = {
    **dict.fromkeys(
        (
            *("get_me", "create_socket_ticket"),
            *("list_chats", "get_chat", "list_messages", "resume_stream", "get_chat_sharing"),
            *(
                "search_all",
                "list_datasets",
                "get_dataset",
                "get_receipt",
                "get_check",
                "get_upstream",
                "get_files",
                "get_readme",
            ),
            *(
                "get_preview",
                "get_preview_files",
                "get_preview_images",
                "mark_opened",
                "plan_download",
                "get_manifest",
                "get_verdict",
            ),
            *("list_tables", "prepare_tables", "get_table"),
            *("get_table_rows", "get_table_statistics", "get_table_media", "get_table_pictures"),
            *("get_askable", "ask_table", "query_table", "export_query"),
            *("allow_browser", "get_file", "get_archive", "get_croissant"),
            *("get_repository", "get_snippets"),
            *("list_jobs", "get_job", "list_job_events", "list_job_rates"),
            *("get_job_limit", "get_speed_limits"),
            *("search_models", "compare_datasets"),
            *("get_cleanup", "plan_prune", "get_sharing", "list_history", "export_history"),
            *("list_registered_datasets", "get_registered_dataset", "get_registered_job_params"),
            *("list_plugins", "get_splits"),
            *("list_additions", "get_addition"),
            *("list_uploads", "get_upload", "get_upload_image", "get_upload_file", "get_dicom_tags"),
            *(
                "get_consent",
                "get_upload_retention",
                "export_uploads",
                "list_upload_events",
                "list_events_of_upload",
            ),
            *("get_partial_upload", "export_sequence"),
            *("analyze_upload", "get_upload_analysis", "start_upload_analysis", "list_analysis_models"),
            *("list_samples", "get_sample_thumbnail", "get_sample_image", "get_sample_mask"),
            *("list_samples_of_class", "list_categories", "list_classes", "get_image", "get_image_of_class"),
            *(
                "list_versions",
                "get_version",
                "compare_versions",
                "get_version_pictures",
                "get_version_bundle",
            ),
            # What is not here is downloaded for a token of the scope download only.
            *("get_dataset_statistics", "compute_dataset_statistics"),
            *("get_dataset_health", "compute_dataset_health"),
            *("list_finding", "export_finding"),
            *("list_annotations", "export_annotations", "compare_annotators"),
            *("list_upload_annotations", "export_upload_annotations"),
            *("list_sequences", "get_sequence", "list_frames", "get_kitti_image"),
            *("get_frame_image", "get_frame_points", "get_frame_from_above"),
            # Its tools have scopes of their own (``mcp.inputs``).
            *("speak_mcp", "end_mcp_session"),
            *("list_sources", "get_index", "get_storage", "get_model", "get_job_params"),
            # What is not here is downloaded for a token of the scope download only.
            *("read_mirror", "look_up_in_mirror", "change_mirror"),
        ),
        "read",
    ),
    **dict.fromkeys(
        (
            # A message may start a download.
            *("create_chat", "rename_chat", "delete_chat", "stop_answer"),
            *("share_chat", "unshare_chat", "copy_chat"),
            *("send_message", "regenerate_message"),
            *("download_kaggle", "download_huggingface", "download_dataset", "download_multiple"),
            "clear_history",
            *("begin_addition", "announce_files", "receive_files", "finish_addition", "remove_addition"),
            "make_xray_dataset",
            *("upload_files", "upload_batch", "upload_sequence", "begin_upload", "continue_upload"),
            "upload_and_analyze",
            *(
                "delete_upload",
                "deidentify_upload",
                "mask_upload",
                "give_consent",
                "revoke_consent",
                "erase_uploads",
            ),
            *("create_annotation", "change_annotation", "delete_annotation"),
            *("create_upload_annotation", "change_upload_annotation", "delete_upload_annotation"),
            *("pin_dataset", "unpin_dataset", "prune", "share_dataset", "unshare_dataset"),
            *(
                "update_dataset",
                "delete_dataset_data",
                "delete_multiple",
                "verify_dataset",
                "repair_dataset",
                "keep_revision",
                "record_version",
                "restore_version",
            ),
            *("create_job", "dismiss_jobs", "cancel_job", "pause_job", "resume_job", "retry_job"),
            *("prioritize_job", "limit_job"),
        ),
        "download",
    ),
    **dict.fromkeys(
        (
            *("change_password", "list_tokens", "create_token", "revoke_token"),
            *("keep_credential", "forget_credential"),
            *("save_model", "remove_model", "test_model", "list_models"),
            *("set_speed_limits", "reset_speed_limits"),
            *("build_index", "remove_index", "import_bundle", "download_analysis_model"),
            *("get_my_data", "export_my_data", "erase_me", "erase_account"),
        ),
        "admin",
    ),
}
#: Those that want no token.
OPEN = frozenset(
    {
        "open_socket",
        "register",
        "sign_in",
        "refresh_session",
        "sign_out",
        "check_alive",
        "check_ready",
        "get_app",
        # Its id is known to those alone who began it, and it says no more than when it ended.
        "get_erasure",
    }
)


def scope_of(route: str) -> TokenScope:
    """The least scope for the route of that name."""
    return NEEDED.get(route, "admin")


def check_scope(route: str, signed_in: SignedIn) -> None:
    """Errors: ``InsufficientScope`` for a token that may not use the route of that name."""
    needed = scope_of(route)
    if signed_in.may(needed):
        return
    if needed == "admin" and not signed_in.user.admin:
        raise InsufficientScope(
            "This needs you to sign in, or an admin's token of the scope admin.",
            next_step="Do it on the page under Settings.",
        )
    raise InsufficientScope(
        f"This needs a token of the scope {needed}; yours has {signed_in.scope}.",
        next_step=f"Make one of the scope {needed} under Settings, Tokens.",
    )
