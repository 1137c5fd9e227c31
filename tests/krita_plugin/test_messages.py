"""What the docker says belongs to a document, and goes when it is no longer true."""

from krita_plugin.propagate_colors.messages import NOTHING, Message, Messages

TEXT = Message("warning", "13 colored.")


def made():
    shown = []
    messages = Messages(shown.append)
    messages.turn_to("a", 1, ["a", "b"])
    shown.clear()
    return messages, shown


def test_it_stays_while_its_facts_do():
    messages, shown = made()
    messages.say(TEXT, 1)
    messages.check(1)
    assert shown == [TEXT]
    messages.check(2)
    assert shown == [TEXT, NOTHING]
    messages.check(3)
    assert shown == [TEXT, NOTHING]


def test_what_a_job_did_stays_whatever_is_looked_at_after_it():
    messages, shown = made()
    messages.say(TEXT._replace(level="info"), 1)
    messages.check(2)
    assert NOTHING not in shown


def test_what_no_longer_holds_goes_and_does_not_come_again():
    messages, shown = made()
    holds = [True]
    said = TEXT._replace(level="info", holds=lambda: holds[0])
    messages.say(said, 1)
    messages.check(2)
    assert shown == [said]
    holds[0] = False
    messages.check(2)
    assert shown == [said, NOTHING]
    messages.say(said, 3)
    messages.turn_to("b", 3, ["a", "b"])
    messages.turn_to("a", 3, ["a", "b"])
    assert shown[-1] == NOTHING


def test_what_is_said_of_a_closing_stays():
    messages, shown = made()
    messages.say(TEXT, 1)
    messages.turn_to(None, 0, ["b"])
    messages.check(5)
    assert shown == [TEXT]


def test_what_was_said_of_a_closed_document_does_not_stand_over_another():
    messages, shown = made()
    messages.say(TEXT, 1)
    messages.turn_to("b", 7, ["b"])
    assert shown == [TEXT, NOTHING]


def test_another_document_has_its_own():
    messages, shown = made()
    messages.say(TEXT, 1)
    messages.turn_to("b", 7, ["a", "b"])
    assert shown[-1] == NOTHING
    messages.turn_to("a", 1, ["a", "b"])
    assert shown[-1] == TEXT
    messages.turn_to("b", 7, ["a", "b"])
    messages.turn_to("a", 2, ["a", "b"])
    assert shown[-1] == NOTHING


def test_that_of_a_closed_document_is_forgotten():
    messages, shown = made()
    messages.say(TEXT, 1)
    messages.turn_to("b", 7, ["b"])
    messages.turn_to("a", 1, ["a", "b"])
    assert shown[-1] == NOTHING


def test_one_that_was_closed_does_not_come_again():
    messages, shown = made()
    messages.say(TEXT, 1)
    messages.close()
    assert shown[-1] == NOTHING
    messages.turn_to("b", 7, ["a", "b"])
    messages.turn_to("a", 1, ["a", "b"])
    assert TEXT not in shown[1:]
