"""Known faults of integrations of this kind, and the tests that show it cannot happen here."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parent

COMPLAINTS: dict[str, tuple[str, ...]] = {
    "a row whose update time lies just under the saved cursor, or that commits late, is lost": (
        "bridge/test_push.py::test_a_row_that_commits_late_under_the_cursor_is_caught",
        "crm/test_contract.py::test_changes_are_read_from_before_the_cursor_on",
        "bridge/test_push_model.py::test_whatever_happened_on_the_way_siro_ends_as_the_crm_is",
    ),
    "rows that share one update time are cut off in the middle": (
        "crm/test_contract.py::test_rows_that_share_one_time_are_neither_lost_nor_doubled",
        "crm/test_contract.py::test_a_reading_goes_on_while_the_table_changes_and_loses_no_row",
    ),
    "a cursor on the start time loses what is processed late": (
        "bridge/test_pull.py::test_nothing_is_written_before_its_time",
        "bridge/test_pull.py::test_a_recording_that_processes_for_ever_is_named",
        "crm/test_reading.py::test_a_time_of_a_far_day_does_not_hide_what_comes_after",
    ),
    "deletes, archives and merges of the CRM never arrive": (
        "bridge/test_push_deletions.py::test_a_row_gone_from_a_table_is_deleted_and_comes_back",
        "bridge/test_push_deletions.py::test_a_record_that_siro_may_have_got_unseen_is_deleted_with_its_row",
        "bridge/test_push.py::test_a_rep_who_was_taken_off_goes_once_more_with_deleted_at",
        "bridge/test_push_accounts.py::test_customers_are_created_once_changed_and_deleted",
        "bridge/test_push_model.py::test_whatever_happened_on_the_way_siro_ends_as_the_crm_is",
    ),
    "a partial scan deletes good records": (
        "bridge/test_push_deletions.py::test_a_reading_that_breaks_off_deletes_nothing",
        "bridge/test_push_deletions.py::test_a_row_that_only_left_the_query_stays",
        "bridge/test_push_deletions.py::test_what_drifts_out_of_a_window_stays",
        "bridge/test_push_deletions.py::test_too_many_deletions_wait_for_a_person_who_agrees_to_just_so_many",
        "crm/test_files.py::test_a_half_written_file_is_named_and_the_table_stays_as_it_was",
        "crm/test_rest.py::test_an_api_that_fails_half_way_changes_nothing",
    ),
    "an empty source deletes everything": (
        "bridge/test_push_deletions.py::test_an_empty_source_deletes_nothing",
        "bridge/test_push_deletions.py::test_all_of_a_stream_does_not_go_without_a_person",
        "crm/test_files.py::test_a_file_that_is_gone_stops_the_reading_and_is_no_empty_table",
    ),
    "what a person typed is overwritten": (
        "bridge/test_pull.py::test_a_field_that_a_person_changed_is_left_alone",
        "bridge/test_three_way_merge.py::test_no_writing_policy_but_overwrite_ever_writes_over_what_is_not_ours",
        "bridge/test_three_way_merge.py::test_a_persons_value_after_the_kill_is_a_persons",
        "crm/test_writing.py::test_of_two_writers_at_once_one_finds_the_field_changed",
    ),
    "a null of a partial payload wipes a good value": (
        "bridge/test_pull.py::test_a_null_in_a_list_takes_nothing_away",
        "bridge/test_pure.py::test_a_null_never_replaces_what_is_held",
        "mapping/test_records.py::test_a_deal_becomes_an_opportunity_and_what_siro_cannot_clear_is_left_out",
    ),
    "notes are doubled by a retry": (
        "crm/test_writing.py::test_a_note_is_added_once_and_found_by_its_key",
        "crm/test_writing.py::test_processes_that_add_the_same_note_at_once_add_one",
        "bridge/test_kills.py::test_a_pull_killed_at_any_moment_is_ended_by_the_next",
    ),
    "a CRM with stricter transactions gets a note twice, or a person's value is called an error": (
        "crm/test_isolation.py::test_a_note_that_waited_for_the_same_note_is_not_doubled",
        "crm/test_isolation.py::test_a_write_that_waited_for_a_person_finds_the_persons_value",
    ),
    "a webhook out of order puts an old state over a newer one": (
        "bridge/test_pull.py::test_an_answer_that_was_asked_for_earlier_never_replaces_a_later_one",
        "bridge/test_pull.py::test_recordings_of_one_deal_end_in_the_same_crm_in_any_order",
    ),
    "a failed record is dropped": (
        "bridge/test_push.py::test_what_siro_did_not_take_for_a_fault_of_its_own_is_sent_by_the_next_push",
        "bridge/test_push_batches.py::test_a_record_that_an_answer_leaves_out_is_sent_by_itself",
        "bridge/test_plan.py::test_the_quarantine_is_listed_shown_dropped_and_tried_again",
    ),
    "a failed record stops all the others": (
        "bridge/test_push.py::test_a_refused_record_does_not_stop_the_others_and_is_named",
        "bridge/test_push_batches.py::test_one_bad_record_is_found_and_the_others_go",
        "bridge/test_push_batches.py::test_ten_bad_records_in_a_batch_are_found_each",
        "bridge/test_pull.py::test_a_crm_that_refuses_one_field_takes_the_others_and_is_asked_again",
    ),
    "a run says that it succeeded while every row failed, and shows no reason": (
        "bridge/test_cli.py::test_what_is_not_settled_ends_with_status_one_and_its_reason",
        "bridge/test_push.py::test_a_row_that_cannot_be_mapped_is_named_and_fixed_by_the_map",
    ),
    "local midnight and the edges of daylight saving shift appointments by hours": (
        "mapping/test_daylight.py::test_the_page_decides_both_sundays_of_three_zones",
        "mapping/test_daylight.py::test_a_day_begins_at_its_own_midnight",
        "bridge/test_push_batches.py::test_an_appointment_of_a_sunday_when_clocks_change_arrives_at_its_decided_time",
    ),
    "a token ends in the middle of a long run": (
        "siro/test_lists_under_faults.py::test_a_token_that_expires_during_a_list_is_replaced",
        "siro/test_faults.py::test_a_token_is_replaced_before_it_expires",
        "crm/test_rest.py::test_a_token_that_expires_between_pages_and_pages_that_shift_lose_and_double_nothing",
    ),
    "a choice, a length or a lock of the CRM ends in a crash": (
        "bridge/test_pull.py::test_a_crm_that_refuses_one_field_takes_the_others_and_is_asked_again",
        "crm/test_writing.py::test_what_does_not_fit_is_refused_by_the_columns_name",
        "crm/test_writing.py::test_a_lock_that_somebody_holds_is_a_passing_trouble",
        "crm/test_writing.py::test_a_rule_of_the_crm_is_a_refusal_without_the_value",
    ),
    "a schedule stops and nobody notices": (
        "bridge/test_daemon.py::test_a_failed_cycle_does_not_stop_the_next",
        "bridge/test_daemon.py::test_schedules_come_again_and_once_for_two_daemons",
        "test_jobs.py::test_the_job_of_a_killed_worker_is_run_by_another",
        "test_jobs.py::test_a_worker_outlives_the_loss_of_its_connections",
    ),
    "a write is reported that never happened: an error under 200, a trigger, a view, a lost key": (
        "bridge/test_pull_read_back.py::test_a_field_whose_old_value_a_trigger_keeps_is_refused_and_written_once_it_may_be",
        "bridge/test_pull_read_back.py::test_an_update_that_a_view_ignores_is_refused",
        "bridge/test_pull_read_back.py::test_an_error_behind_status_200_is_a_refusal_in_the_apis_words",
        "bridge/test_pull_read_back.py::test_a_kept_value_is_a_refusal_and_a_changed_or_rounded_one_is_not",
        "bridge/test_pull_read_back.py::test_a_note_whose_key_field_the_api_ignores_is_refused_and_never_doubled",
        "bridge/test_push_batches.py::test_an_answer_that_names_another_record_confirms_nothing",
    ),
    "blanks around a key, or a whole number with a fraction, make two customers of one": (
        "crm/test_ids.py::test_a_value_has_one_id",
        "crm/test_ids.py::test_two_keys_that_are_one_id_are_an_error_that_names_both",
        "crm/test_exports.py::test_whole_numbers_lose_their_fraction_where_the_whole_column_reads_so",
        "bridge/test_push_ids.py::test_records_pushed_under_padded_keys_stay_what_they_are",
        "bridge/test_checks_loop.py::test_references_that_point_at_no_record_are_counted",
    ),
    "a CRM's no counts as yes, and every appointment is deleted": (
        "mapping/test_flags.py::test_a_no_is_false_on_the_left_of_and_under_not_and_in_a_filter",
        "mapping/test_flags.py::test_a_deletion_that_is_neither_flag_nor_time_is_a_named_problem",
        "bridge/test_push_deletions.py::test_a_first_push_asks_before_too_many_records_go_in_as_deleted",
    ),
    "cues and speakers of a transcript are lost, merged or invented": (
        "insight/test_transcript_corpus.py::test_each_file_is_read_as_the_file_beside_it_says",
        "insight/test_transcript_corpus.py::test_the_corpus_is_large_enough_and_whole",
        "insight/test_transcript_corpus.py::test_no_word_is_lost_and_no_speaker_gets_the_words_of_another",
    ),
    "a value that a driver cannot read ends the whole run": (
        "crm/test_hostile_values.py::test_one_hostile_value_stops_no_other_row",
        "bridge/test_push_values.py::test_a_table_full_of_hostile_values_sends_every_good_row_and_names_each_bad_one",
        "crm/test_rest_values.py::test_broken_values_are_problems_of_their_rows_and_the_others_land",
    ),
    "one number far ahead, or the greatest of two counters, hides all later changes": (
        "crm/test_cursors.py::test_one_value_far_ahead_hides_no_later_change",
        "crm/test_cursors.py::test_a_counter_far_ahead_hides_no_later_change",
        "crm/test_mixed_cursors.py::test_a_change_in_any_form_is_read_whatever_form_most_rows_have",
        "crm/test_mixed_cursors.py::test_the_greatest_of_two_counters_hides_no_change",
    ),
    "two fields land in one column and the last one wins": (
        "crm/test_rest_values.py::test_fields_that_would_be_one_column_are_an_error_that_names_both",
        "crm/test_exports.py::test_fields_that_meet_in_one_column_are_refused",
    ),
    "an export with a preamble, a footer or an empty date is refused, or half read": (
        "crm/test_exports.py::test_certain_leftovers_are_skipped_and_reported_once",
        "crm/test_exports.py::test_a_footer_that_is_one_for_certain_is_skipped_and_reported",
        "crm/test_exports.py::test_what_is_uncertain_is_refused_with_its_line",
        "crm/test_exports.py::test_a_date_that_systems_write_for_none_is_read_as_none_and_reported_once",
    ),
    "two integrations of one organization double or claim each other's records": (
        "bridge/test_pull.py::test_a_link_of_another_connection_is_never_acted_upon",
        "bridge/test_push_native.py::test_a_push_beside_an_active_native_integration_sends_nothing",
    ),
    "an evening visit gets the next day": (
        "bridge/test_pull_zones.py::test_a_day_is_counted_in_the_local_zone",
        "bridge/test_pull_zones.py::test_status_and_explain_show_times_where_the_visit_was",
    ),
    "a changed address empties fields that were certain": (
        "workspace/test_certain_links.py::test_weaker_evidence_leaves_a_certain_link_alone",
        "bridge/test_removed_links.py::test_nothing_is_emptied_and_a_person_is_asked",
    ),
    "a green check is followed by a push that Siro refuses whole": (
        "bridge/test_checks_loop.py::test_a_crm_id_where_siro_takes_its_own_is_bad",
        "bridge/test_checks_loop.py::test_customers_without_a_place_are_bad",
        "bridge/test_plan.py::test_one_reason_of_many_refusals_is_printed_once_with_their_number",
    ),
    "a misspelled extraction is waited for without a word": (
        "bridge/test_pull_loops.py::test_a_name_that_no_recording_has_is_listed_with_the_nearest",
        "bridge/test_checks_loop.py::test_extraction_names_are_listed_with_those_that_never_came",
    ),
    "a CRM's note table needs ids and constants that nobody gives": (
        "bridge/test_pull_rows.py::test_a_note_and_a_missing_extension_row_get_all_that_the_crm_needs",
        "crm/test_description.py::test_a_table_says_what_a_new_row_needs",
        "bridge/test_pull_rows.py::test_a_row_that_the_crm_does_not_take_is_a_refusal_in_the_crms_words",
        "bridge/test_pull_rows.py::test_check_says_whether_key_title_and_summary_have_their_column",
    ),
    "one extraction cannot fill two columns": (
        "bridge/test_several_columns.py::test_each_column_of_a_list_has_its_own_type_and_policy",
        "bridge/test_several_columns.py::test_every_record_of_a_list_names_the_extraction_as_the_file_does",
        "bridge/test_several_columns.py::test_an_undo_of_one_column_leaves_the_others",
    ),
    "a status is never green": (
        "bridge/test_completeness.py::test_only_what_a_person_can_act_on_is_late",
        "bridge/test_pull_zones.py::test_reps_who_do_not_use_siro_are_named_by_a_column_of_the_crm",
    ),
    "a list ends after its first page": (
        "siro/test_list_ends.py::test_1581_reps_come_although_siro_answers_bare_arrays_of_1000",
        "siro/test_list_ends.py::test_all_users_come_although_the_operation_declares_no_cursor",
    ),
    "a client claims more operations than it has": (
        "siro/test_contract.py::test_the_client_has_every_operation_but_those_it_names_as_left_out",
        "siro/test_contract.py::test_the_pages_claim_what_the_client_has",
        "siro/test_contract.py::test_each_method_sends_and_reads_as_the_contract_says",
    ),
    "a cursor of another list reads as an empty list": (
        "workspace/test_cursors.py::test_a_cursor_leads_through_its_own_list_and_through_no_other",
        "workspace/test_every_operation.py::test_a_method_that_is_not_there_is_a_405_that_names_those_that_are",
    ),
    "a summary is buried under its details, or a secret is printed": (
        "bridge/test_plan.py::test_a_long_plan_begins_with_its_summary_and_a_file_takes_all_of_it",
        "test_init_secrets.py::test_no_planted_secret_is_shown_or_written",
    ),
    "tests depend on the machine's speed": ("test_waiting.py::test_no_test_holds_a_stopwatch_to_the_machine",),
    "a silent CRM stops push and pull for ever, and the status is green": (
        "crm/test_timeouts.py::test_a_server_that_goes_silent_ends_every_wait",
        "crm/test_timeouts.py::test_a_table_that_somebody_locks_ends_every_wait",
        "bridge/test_completeness.py::test_a_schedule_that_has_not_run_for_three_periods_is_a_problem",
        "bridge/test_daemon.py::test_a_job_that_does_not_end_cannot_keep_the_daemon_from_stopping",
    ),
    "one locked row or one poisoned recording stops the others": (
        "bridge/test_pull_loops.py::test_a_locked_row_is_named_and_waits_while_the_others_are_written",
        "bridge/test_pull_loops.py::test_a_poisoned_recording_does_not_stop_the_others",
        "bridge/test_daemon.py::test_an_id_that_no_database_can_hold_is_refused_for_good",
    ),
    "a start before Siro or the CRM answers ends the daemon": (
        "bridge/test_daemon.py::test_a_start_waits_for_siro_and_the_crm_and_says_so",
        "bridge/test_daemon.py::test_a_start_with_a_wrong_token_is_an_error_however_late_siro_answers",
    ),
    "a broken source keeps the status green": (
        "bridge/test_completeness.py::test_a_stream_that_a_guard_stops_in_each_run_is_late",
        "bridge/test_completeness.py::test_a_file_that_is_not_read_is_named_by_the_status",
    ),
    "the embedded server stays down": ("bridge/test_daemon.py::test_a_stopped_database_of_our_own_is_started_again",),
    "a ledger from a backup doubles what it wrote": (
        "bridge/test_restored_pull.py::test_appended_lines_and_notes_are_not_doubled_by_a_ledger_from_a_backup",
        "bridge/test_reconcile.py::test_what_a_restored_ledger_does_not_know_is_found_and_sent_again",
        "db/test_backup.py::test_a_restore_brings_back_the_moment_of_the_backup",
    ),
    "an erasure beside a pull leaves words behind": (
        "bridge/test_pull_loops.py::test_forgetting_waits_for_a_pull_of_the_same_record",
    ),
    "a closed stream, a full disk or an odd path is a crash": (
        "test_odd_terminals.py::test_a_closed_stream_is_no_crash",
        "test_odd_terminals.py::test_a_full_output_is_an_error_without_a_traceback",
        "test_odd_terminals.py::test_a_home_with_an_odd_name_works",
        "test_odd_terminals.py::test_a_question_without_a_terminal_is_an_error_that_names_it",
    ),
    "a refusal by the whole CRM makes each record wait for hours": (
        "bridge/test_pull_loops.py::test_a_refusal_by_the_whole_crm_is_tried_as_one_and_all_go_on_when_it_is_over",
    ),
    "a burst of webhooks takes the connections of push and pull": (
        "bridge/test_daemon.py::test_a_burst_takes_no_connection_of_push_and_pull",
        "bridge/test_daemon.py::test_a_burst_of_webhooks_loses_none",
    ),
    "a count has another process's calls, or a partial undo names nobody": (
        "bridge/test_push_values.py::test_a_push_counts_its_own_calls_alone",
        "bridge/test_history.py::test_a_record_that_cannot_be_reached_is_named_and_the_others_are_undone",
    ),
}


@cache
def _tests_of(file: str) -> frozenset[str]:
    body = ast.parse((TESTS / file).read_text(encoding="utf-8")).body
    return frozenset(node.name for node in body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


@pytest.mark.parametrize("complaint", COMPLAINTS)
def test_each_complaint_has_tests_that_show_it_cannot_happen(complaint: str) -> None:
    places = [place.split("::") for place in COMPLAINTS[complaint]]
    assert not [f"{file}::{name}" for file, name in places if name not in _tests_of(file)]
