"""What integrations of this kind are known to get wrong, and the tests that show it cannot happen here."""

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
}


@cache
def _tests_of(file: str) -> frozenset[str]:
    body = ast.parse((TESTS / file).read_text(encoding="utf-8")).body
    return frozenset(node.name for node in body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


@pytest.mark.parametrize("complaint", COMPLAINTS)
def test_each_complaint_has_tests_that_show_it_cannot_happen(complaint: str) -> None:
    places = [place.split("::") for place in COMPLAINTS[complaint]]
    assert not [f"{file}::{name}" for file, name in places if name not in _tests_of(file)]
