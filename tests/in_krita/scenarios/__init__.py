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
        "layers_of_one_name",
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

ALL = tuple(f"{group}:{name}" for group, names in GROUPS.items() for name in names)
