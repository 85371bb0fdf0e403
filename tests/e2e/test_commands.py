"""`./visiondrop drop` and `results` against the running app."""

from __future__ import annotations

import json

import pytest

from local.__main__ import main
from tests.e2e.conftest import wait_until
from tests.pipeline.world import picture


@pytest.fixture
def run(app, capsys, monkeypatch):
    """A command's exit code, output and complaints."""
    monkeypatch.setenv("VISIONDROP_URL", app.url)

    def call(*arguments):
        code = main(list(arguments))
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


@pytest.fixture
def files(tmp_path):
    paths = [tmp_path / "one two.jpg", tmp_path / "ü.png"]
    paths[0].write_bytes(picture(colour="azure"))
    paths[1].write_bytes(picture("PNG", colour="coral"))
    return [str(path) for path in paths]


def test_drop_prints_the_answers(run, files):
    """A table with state, tokens, cost and a link for each file; 0, since all were answered."""
    code, out, err = run("drop", *files, "--folder", "cli", "--detail", "low")
    lines = out.splitlines()

    assert (code, err, len(lines)) == (0, "", 3)
    assert all("done" in line and "$0.0" in line and "/api/gallery?job=" in line for line in lines[1:])


def test_drop_tells_of_each_file(run, files, tmp_path):
    """One refused file stops no other, but the exit code says so."""
    (tmp_path / "notes.txt").write_text("words")
    (tmp_path / "cut.jpg").write_bytes(picture()[:200])
    names = [files[0], str(tmp_path / "notes.txt"), str(tmp_path / "cut.jpg")]
    code, out, _ = run("drop", *names, "--folder", "cli2", "--json")
    documents = json.loads(out)

    assert code == 1
    assert [one["state"] for one in documents] == ["done", "failed", "failed"]
    assert [one["error"] and one["error"]["code"] for one in documents] == [None, "refused", "corrupt"]


def test_options_go_before_their_pictures(run, files, tmp_path):
    """Right ones hold for the pictures beside them; wrong ones keep those back."""
    options = tmp_path / "_vision.toml"
    options.write_text('detail = "low"')
    right = run("drop", files[0], str(options), "--folder", "cli6", "--json")
    options.write_text('detial = "low"')
    wrong = run("drop", files[0], str(options), "--folder", "cli7", "--json")

    assert (right[0], wrong[0]) == (0, 1)
    assert [one["state"] for one in json.loads(right[1])] == ["stored", "done"]
    assert json.loads(right[1])[1]["options"]["detail"] == "low"
    assert "not sent" in json.loads(wrong[1])[1]["error"]["message"]


def test_drop_waits_no_longer_than_told(run, files):
    """Then the line says so, with the link to look at later."""
    code, out, _ = run("drop", files[0], "--folder", "cli5", "--timeout", "0", "--prompt", "Never asked before?")

    assert (code, "no answer in time" in out, "/api/gallery?job=" in out) == (1, True, True)


def test_results_in_full_and_as_a_list(run, files):
    """One answer with its cost, or the newest in a table."""
    run("drop", files[0], "--folder", "cli3")
    one = run("results", "cli3/one two.jpg")
    all_of_them = run("results", "--prefix", "cli3/")
    as_json = run("results", "cli3/one two.jpg", "--json")

    assert one[0] == all_of_them[0] == as_json[0] == 0
    assert "cost    $0.0" in one[1]
    assert "cli3/one two.jpg" in all_of_them[1].splitlines()[1]
    assert json.loads(as_json[1])["state"] == "done"


def test_uploading_only(run, files):
    """It returns at once; the answer is asked for later."""
    code, out, _ = run("drop", files[1], "--folder", "cli4", "--no-wait")

    assert (code, "uploaded" in out) == (0, True)
    assert run("results", "cli4/ü.png", "--wait", "30")[0] == 0


FAULTS = [
    (("results", "cli/never.jpg"), 1, "no upload named"),
    (("results", "--state", "finished"), 1, "Give one or more of pending"),
    (("results", "--wait", "61"), 2, "--wait"),
    (("results", "--url", "ftp://x"), 1, "is not an http(s) address"),
    (("results", "--url", "http://example.com", "--key", "k"), 1, "https only"),
    (("results", "--url", "http://127.0.0.1:9"), 1, "does not answer"),
    (("drop", "nowhere.jpg"), 2, "no such file"),
    (("drop", "tests"), 2, "for a folder give its files"),
    (("drop", "README.md", "./README.md"), 2, "both be named README.md"),
]


@pytest.mark.parametrize(("arguments", "code", "complaint"), FAULTS)
def test_faults_are_told(run, arguments, code, complaint):
    """On standard error, with what to do."""
    found, out, err = run(*arguments)

    assert (found, out) == (code, "")
    assert complaint in err


def test_retry_runs_failed_jobs_again(run, app):
    """A job that failed for a passing reason is asked again, and its answer is a job of its own."""
    failed = app.result("faults/retried.jpg")
    code, out, _ = run("retry", "faults/retried.jpg", "--json")
    (again,) = json.loads(out)
    answer = wait_until(lambda: ended(app, again["new_job_id"]))

    assert (failed["state"], failed["error"]["code"], code) == ("failed", "refusal", 0)
    assert (again["job_id"], answer["state"]) == (failed["job_id"], "done")


def test_retry_finds_what_failed_for_a_reason(run, app):
    """All failed jobs with a code; those that cannot be run again say why, and the exit code tells."""
    app.drop("retry/cut.jpg", picture()[:150])
    failed = app.result("retry/cut.jpg")
    code, out, _ = run("retry", "--failed", "--code", "corrupt", "--json")
    outcome = next(outcome for outcome in json.loads(out) if outcome["job_id"] == failed["job_id"])

    assert (code, outcome["new_job_id"]) == (1, None)
    assert outcome["error"]


def test_retry_takes_the_options_that_a_folder_has_by_now(run, app):
    """A drop that failed for its folder's options need not be dropped again once they are mended."""
    app.drop("mended/_vision.toml", b'detail = "lo')
    app.drop("mended/a.jpg", picture(colour="plum"))
    failed = app.result("mended/a.jpg")
    app.drop("mended/_vision.toml", b'detail = "low"')
    code, out, _ = run("retry", "mended/a.jpg", "--json")
    (again,) = json.loads(out)
    answer = wait_until(lambda: ended(app, again["new_job_id"]))

    assert (failed["error"]["code"], code) == ("options_invalid", 0)
    assert (answer["state"], answer["options"]["detail"]) == ("done", "low")


def test_retry_leaves_answers_alone(run, app):
    """What did not fail is not paid for again."""
    app.drop("retry/fine.jpg", picture(colour="peru"))
    app.result("retry/fine.jpg")
    code, out, _ = run("retry", "retry/fine.jpg")

    assert (code, "is done, not failed" in out) == (1, True)


def ended(app, job_id):
    answer = app.get(f"/api/jobs/{job_id}")
    return answer.body if answer.status == 200 else None


def test_retry_says_what_it_needs(run):
    """Without a job there is nothing to run again."""
    code, _, err = run("retry")

    assert (code, "name jobs or uploads" in err) == (2, True)
