"""Cancel, retry and forget, as people ask for them."""

from dawbridge.events import JobForgotten


def test_cancelling_what_is_stalled_leaves_it_alone_until_it_changes(desk):
    path = desk.bounce()
    desk.board.settling(path)
    desk.board.stalled(path, "too short")
    desk.board.cancel(1)
    assert desk.board.knows(path)
    desk.board.settled(path, None)
    assert desk.task() is None
    desk.board.settling(path)
    desk.bounce(content=b"the whole")
    desk.board.settled(path, None)
    assert desk.task() is not None


def test_retry_and_forget(desk):
    job_id = desk.done()
    path = desk.root.resolve() / "song.wav"
    desk.board.retry(job_id)
    task = desk.task()
    assert (task.job_id, task.job.content_hash) == (job_id, "")
    desk.finish(task)
    desk.board.forget(job_id)
    assert desk.board.wishes("forget") == [path]
    assert not desk.board.knows(path)
    assert desk.ledger.get(job_id) is None
    assert JobForgotten(job_id) in desk.events
