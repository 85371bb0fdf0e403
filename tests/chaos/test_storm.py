"""The short form of the storm; `python -m tests.chaos.storm --drops 1000` is the long one."""

from __future__ import annotations

import pytest

from tests.chaos.storm import Storm

DROPS = 40


@pytest.mark.timeout(300)
def test_nothing_is_lost_and_nothing_is_paid_twice_unseen(tmp_path):
    """Every drop has its own answer or its filter's verdict; what may have been paid twice is counted, and little more;
    jobs, costs and ledger tell the same sum.
    """
    report = Storm(drops=DROPS, seed=3, folder=tmp_path).run(timeout_s=240)

    assert report.wrong == []
    assert report.done + report.filtered == DROPS
    assert report.open_jobs == 0
    assert report.counts_are_close, report
    assert report.sums_agree, report
    assert report.holds
    assert report.workers_killed > 0
    assert report.deliveries > DROPS
