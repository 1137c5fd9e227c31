"""Scenarios for the real Krita and for the mock; see base.py."""

GROUPS = {
    "keys": (
        "makes_keys_at_zero_and_later",
        "a_key_that_is_there_is_left_alone",
        "removes_keys",
        "holds_are_no_keys",
        "a_box_leaves_the_rest_blank",
        "undo_and_redo_around_a_write",
        "undo_brings_back_no_key",
        "two_layers_in_turn",
        "cells_that_the_artist_selected_are_left_alone",
        "a_cell_of_another_layer_was_clicked",
        "clones_are_not_written_twice",
        "layers_of_one_name",
        "names_as_artists_write_them",
        "keys_up_to_the_clip_s_end_and_past_it",
        "a_still_layer_becomes_animated",
    ),
    "guards": (
        "locked_and_hidden_layers",
        "a_locked_or_hidden_group_counts",
        "the_document_is_closed_in_the_middle",
        "the_layer_is_removed_in_the_middle",
        "a_layer_renamed_and_moved_in_the_middle_is_still_the_one",
        "playback_stops_a_job",
        "another_document_in_front",
        "data_that_does_not_fit",
        "a_key_with_pixels_anywhere_beside_the_canvas_is_left_alone",
    ),
    "view": (
        "the_artist_s_view_comes_back",
        "a_view_without_a_selection_comes_back",
        "a_color_layer_lies_below_its_lines",
        "a_color_layer_below_the_lowest_of_a_group",
        "a_color_layer_below_a_group_at_the_bottom",
        "a_group_shows_its_layers",
        "annotations_survive_save_and_reopen",
        "facts_of_a_document",
    ),
    "formats": (
        "rgba_u8",
        "rgba_u16",
        "rgba_floats",
        "graya",
        "graya_floats",
        "cmyka",
        "cmyka_float",
    ),
}

# What the mock cannot show: the plugin as Krita itself loads it.
REAL_ONLY = (
    "plugin:docker_and_actions_are_there",
    "workspaces:the_docker_is_there_in_the_animation_workspace",
    "workspaces:a_hidden_docker_is_offered_once",
)

ALL = tuple(f"{group}:{name}" for group, names in GROUPS.items() for name in names)

# What the plugin's controller does, with an engine in the same process.
CONTROLLER_GROUPS = {
    "moving": (
        "a_shadow_goes_with_the_colors",
        "undo_takes_all_layers_of_a_frame_back",
        "undo_changes_no_layer_where_one_is_locked",
        "it_never_becomes_the_color_layer",
        "an_accepted_empty_one_is_not_sent_again",
        "what_the_artist_painted_there_is_never_written",
        "a_frame_of_it_painted_during_the_run_is_left_alone",
        "accepted_ones_teach",
        "a_painted_frame_without_a_shadow_gets_an_empty_key",
        "what_was_moved_stays_where_colors_are_painted_over_and_that_is_said",
        "what_cannot_be_moved_is_said",
        "choices_survive_save_and_reopen",
        "krita_s_own_undo_is_followed",
        "a_fix_leaves_what_moved_and_its_doubt",
        "pictures_show_what_moved",
    ),
    "runs": (
        "choices_are_proposed",
        "colors_every_key_of_the_lines",
        "what_is_known_is_not_sent_or_written_again",
        "makes_the_color_layer",
        "a_still_color_layer_becomes_animated",
        "the_artist_s_frames_are_never_written",
        "a_frame_painted_during_the_run_is_left_alone",
        "a_frame_changed_after_our_write_is_the_artist_s",
        "a_cleared_frame_is_colored_again",
        "lines_edited_during_the_run_are_told_of",
        "frames_moved_during_the_run_end_it",
        "cancelling_leaves_whole_frames",
        "a_stopped_run_says_what_waits",
        "a_cancel_at_any_step_leaves_whole_frames",
        "a_crash_of_the_engine_costs_nothing",
        "a_second_crash_is_not_restarted",
        "no_engine_is_one_sentence_and_a_button",
        "an_engine_that_does_not_fit_says_so",
        "no_reference_is_one_sentence",
        "a_failed_frame_is_told_of",
        "a_locked_or_hidden_color_layer_is_refused",
        "the_document_is_closed_in_the_middle",
        "the_color_layer_is_deleted_in_the_middle",
        "a_layer_renamed_in_the_middle_is_still_the_one",
        "several_line_layers_are_composed",
        "new_drawings_are_noticed",
        "drawings_after_the_end_are_told_of",
        "a_group_of_lines",
        "undo_and_redo_of_krita_stay_right",
    ),
    "reviews": (
        "accepted_frames_teach_and_are_not_written",
        "a_changed_frame_cannot_be_accepted",
        "a_hold_stands_for_the_frame_that_it_shows",
        "a_drawing_without_colors_stands_for_itself",
        "accept_above_a_confidence",
        "undo_brings_back_the_absence_of_a_key",
        "undo_brings_back_a_blank_key",
        "undo_after_a_second_run_goes_back_to_before_the_first",
        "undo_at_frame_zero",
        "a_changed_frame_is_not_undone",
        "run_on_from_a_corrected_frame",
        "run_on_from_a_frame_as_it_was_colored_is_refused",
        "run_on_from_a_frame_that_was_always_the_artist_s",
        "run_on_from_a_blank_frame_is_refused",
        "a_hint_holds_in_later_runs",
        "a_fix_of_an_accepted_frame_leaves_it_accepted",
        "a_color_is_picked_from_the_color_layer",
        "the_engine_knows_a_frame_before_the_first_dab",
        "the_artist_s_frames_take_no_hints",
        "a_locked_segment_is_sent_with_the_colors_it_has",
        "a_segment_says_where_its_color_came_from",
        "mistakes_are_stepped_through",
        "what_was_put_right_is_stepped_past",
        "what_is_not_doubtful_turns_pale",
        "colors_are_listed_across_frames",
        "colors_to_choose_from_keep_their_places",
        "pictures_show_lines_over_colors",
        "a_picture_that_the_engine_cannot_draw_is_asked_for_once",
        "the_range_limits_what_is_colored",
        "commands_wait_for_the_job_to_end",
        "models_are_listed_and_chosen",
    ),
    "hand": (
        "nothing_moves_while_frames_are_written_and_taken_back",
        "krita_s_undo_takes_back_a_frame_in_one_step",
        "krita_s_undo_of_the_docker_s_undo_brings_the_record_back",
        "krita_s_undo_of_a_second_run_brings_the_first_record_back",
        "accept_is_taken_back",
        "accept_all_asks_where_frames_are_doubtful",
        "a_new_color_layer_is_the_active_one",
        "a_click_recolors_the_segment_at_once",
        "a_fix_is_undone_by_krita_and_kept_by_later_runs",
        "a_fix_starts_the_engine",
        "undo_of_a_fix_brings_the_artist_s_words_back",
        "what_a_fix_of_several_frames_cannot_do_is_told_and_undone",
        "a_fix_that_fails_leaves_no_hint",
        "an_answered_message_does_not_come_again",
        "messages_belong_to_a_document",
        "documents_are_opened_without_a_word_in_the_log",
        "what_is_said_of_a_run_goes_when_it_is_no_longer_so",
        "what_is_said_of_a_fix_goes_with_it",
        "new_paint_is_noticed_within_a_second",
    ),
    "suggests": (
        "frames_are_suggested_before_anything_is_painted",
        "the_message_leads_to_the_first_one",
        "painting_begins_on_a_color_layer_that_is_made",
        "painting_begins_without_touching_what_is_painted",
        "a_suggestion_goes_when_its_frame_is_painted",
        "suggestions_go_when_the_lines_change",
        "suggestions_stay_where_only_the_playhead_moves",
        "after_a_run_the_next_frame_is_named",
        "nothing_to_suggest_is_said",
        "a_suggestion_can_be_cancelled",
        "suggestions_belong_to_a_document",
    ),
    "sheet_pictures": (
        "they_show_frames_now_and_before",
        "a_frame_that_was_blank_is_blank_before",
        "pictures_give_way_to_commands",
    ),
    "notes": (
        "state_survives_save_and_reopen",
        "a_frame_without_an_entry_is_unknown_until_toggled",
        "an_unknown_frame_that_is_painted_on_is_the_artist_s",
        "frames_painted_in_the_session_are_the_artist_s",
        "a_frame_changed_while_nobody_looked_is_the_artist_s",
        "a_damaged_journal_costs_no_pixels",
        "what_was_pruned_cannot_be_undone",
        "every_written_frame_is_noted_at_once",
        "two_documents_keep_their_own_state",
    ),
}

CONTROLLER = tuple(
    f"{group}:{name}" for group, names in CONTROLLER_GROUPS.items() for name in names
)

# The same with the real engine, in the real Krita alone.
WITH_ENGINE = (
    "engine:rgba_u8",
    "engine:rgba_f32_with_a_hint",
    "engine:killed_in_the_middle",
    "engine:a_shadow_layer_goes_along",
    "sample_runs:frames_are_suggested",
    "sample_runs:the_time_left_is_told",
    "sheet_pictures:krita_hardly_waits",
)

# What needs Qt's own events.
WITH_EVENTS = (
    "hand:a_tablet_s_stroke_is_waited_for",
    "moving:a_deleted_one_that_comes_back_is_still_chosen",  # by Krita's own undo
)

# A real pointer's dabs on the canvas, which fix segments.
DABS = (
    "dabs:dabs_fix_segments_however_the_canvas_is_turned",
    "dabs:with_the_switch_off_painting_is_as_before",
    "dabs:quick_dabs_wait_for_each_other",
    # Last: after a pen's events Krita 5.3 paints with no mouse.
    "dabs:a_dab_of_any_size_and_kind_counts",
)

# The artist's own strokes during the plugin's work, sent as events of a real pointer.
STROKES = ("strokes:strokes_stay_where_they_are_drawn",)

# What the docker's own widgets do, in the plugin as Krita loaded it and with the real engine.
DOCKER_GROUPS = {
    "docker_ways": (
        "rgba_u8",
        "rgba_u16",
        "rgba_f16",
        "rgba_f32",
        "graya_u8",
        "graya_u16",
        "graya_f32",
        "cmyka_u8",
        "cmyka_u16",
        "cmyka_f32",
        "lab_is_refused",
        "a_locked_or_hidden_color_layer",
        "no_reference",
        "no_engine",
        "several_line_layers",
        "hints_and_locks",
        "run_on_from_here",
        "a_model_sheet",
    ),
    "moved_formats": (
        "rgba_u8",
        "rgba_u16",
        "rgba_f16",
        "rgba_f32",
        "graya_u16",
        "cmyka_u8",
        "cmyka_u16",
        "cmyka_f32",
    ),
    "clicks": ("the_table_of_clicks",),
    "explains": ("a_color_is_explained",),
    "whole": (
        "the_whole_way",
        "cancelled_in_the_middle",
        "the_engine_is_killed_in_the_middle",
        "the_document_is_closed_in_the_middle",
    ),
}

DOCKER = tuple(f"{group}:{name}" for group, names in DOCKER_GROUPS.items() for name in names)
