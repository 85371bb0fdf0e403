"""The ledger over a real table: exact under many workers, nothing settled twice, lost calls counted."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from azure.data.tables import TableClient

from shared.adapters.storage.ledger import Ledger
from shared.core.places import LEDGER
from shared.pipeline.ports import Allowance, Grant

DAY = date(2026, 11, 21)
HUNDRED = Allowance(scope="all", limit=100)


@pytest.fixture
def ledger(storage):
    with TableClient.from_connection_string(storage, LEDGER) as table:
        yield Ledger(table)


def numbers(ledger, allowance=HUNDRED, day=DAY):
    totals = ledger.totals(day, allowance)
    return totals.spent, totals.reserved


def test_reserve_then_settle(ledger):
    """What was reserved becomes what it cost, and the rest is free again."""
    granted = ledger.reserve(DAY, HUNDRED, "a", 60)
    while_open = numbers(ledger)
    settled = ledger.settle(DAY, "all", "a", 25)

    assert (granted, while_open, settled, numbers(ledger)) == (Grant.GRANTED, (0, 60), True, (25, 0))


def test_what_does_not_fit_is_refused(ledger):
    """And leaves no trace."""
    ledger.reserve(DAY, HUNDRED, "a", 60)

    assert ledger.reserve(DAY, HUNDRED, "b", 41) is Grant.REFUSED
    assert ledger.reserve(DAY, HUNDRED, "c", 40) is Grant.GRANTED
    assert numbers(ledger) == (0, 100)


def test_nothing_is_settled_twice(ledger):
    """A settlement that comes again changes nothing."""
    ledger.reserve(DAY, HUNDRED, "a", 60)

    assert [ledger.settle(DAY, "all", "a", 25) for _ in range(3)] == [True, False, False]
    assert ledger.settle(DAY, "all", "never reserved", 25) is False
    assert numbers(ledger) == (25, 0)


def test_a_reservation_found_open_was_perhaps_paid(ledger):
    """Its worker died in the call: it counts in full, is counted as lost, and the new attempt reserves anew."""
    ledger.reserve(DAY, HUNDRED, "a", 30)
    ledger.begin(DAY, "all", "a")

    assert ledger.reserve(DAY, HUNDRED, "a", 20) is Grant.AGAIN
    assert (numbers(ledger), ledger.lost_calls(DAY, "all")) == ((30, 20), 1)
    assert ledger.settle(DAY, "all", "a", 5)
    assert numbers(ledger) == (35, 0)


def test_a_call_that_never_began_was_not_paid(ledger):
    """Its worker died between the reservation and the call: whoever finds it gives the money back."""
    ledger.reserve(DAY, HUNDRED, "a", 30)
    again = ledger.reserve(DAY, HUNDRED, "a", 20)
    while_open = numbers(ledger)
    ledger.settle(DAY, "all", "a", None)

    assert (again, while_open) == (Grant.GRANTED, (0, 20))
    assert (numbers(ledger), ledger.lost_calls(DAY, "all")) == ((0, 0), 0)


def test_which_calls_are_open_and_which_have_begun(ledger):
    """A job's own, and its steps'; what is settled is neither."""
    for call_id in ("a", "a-part-001", "a-part-002", "b"):
        ledger.reserve(DAY, HUNDRED, call_id, 10)
    ledger.begin(DAY, "all", "a-part-001")
    ledger.settle(DAY, "all", "a-part-002", 1)

    assert list(ledger.open_calls(DAY, "all", "a")) == ["a", "a-part-001"]
    assert list(ledger.open_calls(DAY, "all", "a", begun=True)) == ["a-part-001"]


def test_an_unknown_outcome_counts_in_full(ledger):
    """A broken connection may have been billed."""
    ledger.reserve(DAY, HUNDRED, "a", 30)
    ledger.begin(DAY, "all", "a")
    ledger.settle(DAY, "all", "a", None)
    again = ledger.reserve(DAY, HUNDRED, "a", 30)

    assert (again, numbers(ledger), ledger.lost_calls(DAY, "all")) == (Grant.GRANTED, (30, 30), 1)


def test_days_and_scopes_are_apart(ledger):
    """Each budget has its own money, and a folder's name may hold anything."""
    odd = Allowance(scope="folder a/b#c?'", limit=10)
    ledger.reserve(DAY, odd, "a", 10)

    assert numbers(ledger, odd) == (0, 10)
    assert numbers(ledger) == (0, 0)
    assert numbers(ledger, odd, date(2026, 11, 22)) == (0, 0)


def test_a_raised_limit_helps_at_once(ledger):
    """The limit is an argument, not a row."""
    ledger.reserve(DAY, HUNDRED, "a", 100)

    assert ledger.reserve(DAY, Allowance(scope="all", limit=101), "b", 1) is Grant.GRANTED
    assert ledger.reserve(DAY, Allowance(scope="all", limit=None), "c", 10**12) is Grant.GRANTED


def test_fifty_workers_never_pass_the_limit(ledger):
    """120 calls of 7 into a budget of 500: as many as fit are granted, none more, none fewer."""
    budget = Allowance(scope="all", limit=500)
    with ThreadPoolExecutor(50) as workers:
        grants = list(workers.map(lambda call: ledger.reserve(DAY, budget, f"call-{call}", 7), range(120)))

    granted = [call for call, grant in enumerate(grants) if grant is Grant.GRANTED]
    assert len(granted) == 500 // 7
    assert numbers(ledger) == (0, 7 * (500 // 7))
    with ThreadPoolExecutor(50) as workers:
        assert all(workers.map(lambda call: ledger.settle(DAY, "all", f"call-{call}", 3), granted))
    assert numbers(ledger) == (3 * (500 // 7), 0)


def test_a_note_is_taken_once(ledger):
    """Of many workers that reach a threshold, one raises the alert."""
    with ThreadPoolExecutor(10) as workers:
        firsts = list(workers.map(lambda _: ledger.note_once(DAY, "all", "alert-50"), range(10)))

    assert firsts.count(True) == 1


def test_lines_keep_their_order(ledger):
    """Whoever came first is first, in each budget's own line."""
    for place in ("0003-c", "0001-a", "0002-b"):
        ledger.park("all", place, place[-1], 10)
    ledger.park("folder /x", "0001-z", "z", 10)
    ledger.unpark("all", parked(ledger)[1])

    assert [place.job_id for place in parked(ledger)] == ["a", "c"]
    assert [place.job_id for place in parked(ledger, most=1)] == ["a"]
    assert list(ledger.lines()) == ["all", "folder /x"]


def parked(ledger, *, limit=None, most=10):
    return ledger.parked("all", limit=limit, most=most)


def test_whoever_entered_again_keeps_the_place(ledger):
    """An older look at the line cannot clear it; clearing twice is harmless."""
    ledger.park("all", "0001-a", "a", 10)
    (seen,) = parked(ledger)
    ledger.park("all", "0001-a", "a", 10)
    ledger.unpark("all", seen)
    (kept,) = parked(ledger)
    ledger.unpark("all", kept)
    ledger.unpark("all", kept)

    assert (kept.job_id, parked(ledger)) == ("a", [])


def test_a_line_without_those_who_can_never_fit(ledger):
    """Amounts are compared as numbers, however many digits they have."""
    for key, amount in (("0001", 9), ("0002", 10**12), ("0003", 100), ("0004", 101)):
        ledger.park("all", key, key, amount)

    assert [place.key for place in parked(ledger, limit=100)] == ["0001", "0003"]
    assert [place.amount for place in parked(ledger)] == [9, 10**12, 100, 101]
