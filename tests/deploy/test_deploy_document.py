"""The commands of docs/deploy.md run as they stand, and what the document says of the set-up holds on it."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from tests.deploy.balancer import Balancer
from tests.deploy.client import API, EDIT, GENERATE, JOBS, PATIENCE_S, Answer, Client, Event, read_events
from tests.deploy.conftest import PRICE, make_model, needs_machine
from tests.deploy.document import blocks
from tests.deploy.installation import Installation
from tests.deploy.processes import until
from tests.upstream import Upstream
from tests.upstream.pictures import draw

pytestmark = needs_machine

PNG = b"\x89PNG"
EXIT_S = 15.0
"""For a process that has nothing long to finish."""


def order(model: int, **more: object) -> dict[str, object]:
    return {"model_id": model, "prompt": "a red bicycle", **more}


def at_once(*works):
    """What each of them returned, begun at the same moment."""
    gate = threading.Barrier(len(works))

    def run(work):
        gate.wait()
        return work()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


def test_requests_go_to_both_web_processes(client: Client, balancer: Balancer, model: int, upstream: Upstream):
    made = client.post(GENERATE, order(model))
    with upstream.hold():
        accepted = client.post(GENERATE, order(model, wait=False))

    assert made.status == 201, made.body
    assert made.data["cost_micros"] == PRICE
    assert accepted.status == 202
    assert client.wait_for(accepted.data["id"])["status"] == "succeeded"
    assert set(balancer.taken) == set(balancer.ports)
    assert upstream.paid_calls == 2


def test_a_picture_is_read_at_the_process_that_did_not_take_the_order(first: Client, second: Client, model: int):
    made = first.post(GENERATE, order(model))
    picture = second.get(made.data["images"][0]["url"])

    assert (picture.status, picture.content[:4]) == (200, PNG)
    assert len(picture.content) == made.data["images"][0]["bytes"]


def test_an_unsaved_picture_is_read_at_the_other_process(first: Client, second: Client, model: int):
    made = first.post(GENERATE, order(model, save_to_media=False))
    picture = second.get(f"{API}images/generations/{made.data['generation_id']}/results/0/")

    assert made.status == 200
    assert (picture.status, picture.content[:4]) == (200, PNG)


def test_the_picture_of_an_edit_comes_to_the_worker(first: Client, model: int, upstream: Upstream):
    reference = draw((64, 64), "png")
    fields = {"model_id": str(model), "prompt": "the same cat at night"}
    boundary = "part"
    text = "".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    )
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="references"; filename="cat.png"\r\n'
    form = f"{text}{head}Content-Type: image/png\r\n\r\n".encode() + reference + f"\r\n--{boundary}--\r\n".encode()

    made = first.send("POST", EDIT, form, {"Content-Type": f"multipart/form-data; boundary={boundary}"})

    assert made.status == 201, made.body
    assert [part.body for part in upstream.paid_requests[0].form if part.filename] == [reference]


def test_one_key_at_both_processes_at_once_is_paid_once(first: Client, second: Client, model: int, upstream: Upstream):
    def send(at: Client) -> Answer:
        return at.post(GENERATE, order(model), Idempotency_Key="deploy-1")

    answers = at_once(lambda: send(first), lambda: send(second))

    assert [answer.status for answer in answers] == [201, 201]
    assert answers[0].data == answers[1].data
    assert sorted("idempotency-replayed" in answer.headers for answer in answers) == [False, True]
    assert upstream.paid_calls == 1


def test_events_and_previews_are_told_at_the_other_process(
    first: Client, second: Client, model: int, upstream: Upstream
):
    with upstream.hold():
        job = first.post(GENERATE, order(model, wait=False, partial_images=2)).data["id"]
        upstream.wait_until_in_flight(1)
        with second.opened("GET", f"{JOBS}{job}/events/") as stream:
            events = read_events(stream)
            began: Event = next(events)
            upstream._gate.set()
            told = [began, *events]

    previews = [event.data for event in told if event.kind == "preview"]
    pictures = [second.get(preview["url"]) for preview in previews]
    assert (told[0].kind, told[-1].kind) == ("job", "result")
    assert told[-1].data["status"] == "succeeded"
    assert [(picture.status, picture.content[:4]) for picture in pictures] == [(200, PNG)] * 2


def test_a_budget_is_exact_over_both_processes(client: Client, balancer: Balancer, upstream: Upstream):
    passed, sent = 7, 24
    model = make_model(client, upstream, "capped", monthly_budget_micros=passed * PRICE)
    balancer.taken.clear()
    with upstream.hold():
        answers = at_once(*[lambda: client.post(GENERATE, order(model, wait=False))] * sent)

    jobs = [answer.data["id"] for answer in answers if answer.status == 202]
    assert [client.wait_for(job)["cost_micros"] for job in jobs] == [PRICE] * passed
    assert {answer.code for answer in answers if answer.status != 202} == {"budget_exceeded"}
    assert min(balancer.taken.count(port) for port in balancer.ports) >= sent // 2 - 1


def test_jobs_end_though_redis_is_emptied(client: Client, installation: Installation, model: int, upstream: Upstream):
    one, other = installation.workers
    with one.frozen(), other.frozen():
        jobs = [client.post(GENERATE, order(model, wait=False)).data["id"] for _ in range(5)]
        lost = installation.messages_in_queue()
        installation.empty_redis()
    ended = [client.wait_for(job)["status"] for job in jobs]

    assert ended == ["succeeded"] * 5
    assert lost >= 3
    assert upstream.paid_calls == 5


def test_what_a_killed_worker_had_sent_is_unclear_and_not_sent_again(
    client: Client, installation: Installation, model: int, upstream: Upstream
):
    port = int(upstream.url.rpartition(":")[2])
    with upstream.hold():
        jobs = [client.post(GENERATE, order(model, wait=False)).data["id"] for _ in range(6)]
        upstream.wait_until_in_flight(6)
        killed = max(installation.workers, key=lambda worker: worker.connections_to(port))
        sent = killed.connections_to(port)
        killed.kill()
    ended = [client.wait_for(job) for job in jobs]
    killed.start()

    unclear = [job["id"] for job in ended if (job["status"], job["charged"]) == ("unknown", "unknown")]
    assert len(unclear) == sent > 0
    assert [job["status"] for job in ended].count("succeeded") == 6 - sent
    assert upstream.paid_calls == 6
    assert [client.post(f"{JOBS}{job}/release/").code for job in unclear] == ["job_released"] * sent


def test_a_worker_that_is_told_to_stop_ends_its_jobs_first(
    client: Client, installation: Installation, model: int, upstream: Upstream
):
    port = int(upstream.url.rpartition(":")[2])
    with upstream.hold():
        job = client.post(GENERATE, order(model, wait=False)).data["id"]
        upstream.wait_until_in_flight(1)
        stopped = max(installation.workers, key=lambda worker: worker.connections_to(port))
        stopped.terminate()
        until(lambda: "Warm shutdown" in stopped.log, EXIT_S, "the worker is stopping")

    assert client.wait_for(job)["status"] == "succeeded"
    assert stopped.has_ended(EXIT_S)
    assert upstream.paid_calls == 1
    stopped.start()


def test_a_rolling_restart_loses_no_request(
    client: Client, first: Client, balancer: Balancer, installation: Installation, model: int, upstream: Upstream
):
    stopped, port = installation.web[0], installation.web_ports[0]
    with asking_all_the_time(client) as answers, ThreadPoolExecutor(1) as pool:
        with upstream.hold():
            waiting = pool.submit(first.post, GENERATE, order(model))
            upstream.wait_until_in_flight(1)
            balancer.ports.remove(port)
            stopped.terminate()
            assert stopped.has_ended(EXIT_S)
            told = waiting.result()
        at_the_other = client.wait_for(told.data["id"])
        stopped.start()
        installation.wait_until_ready(port)
        balancer.ports.append(port)
        balancer.taken.clear()
        until(lambda: len(set(balancer.taken)) == 2, PATIENCE_S, "both are asked again")

    assert '"unfinished": 0' in stopped.log
    assert told.status == 202
    assert at_the_other["status"] == "succeeded"
    assert {answer.status for answer in answers} == {200}
    assert len(answers) > 20


@contextmanager
def asking_all_the_time(client: Client) -> Iterator[list[Answer]]:
    """The answers to requests of two people who never wait; raises what one of them met."""
    answers: list[Answer] = []
    is_over = threading.Event()

    def keep_asking() -> None:
        while not is_over.wait(0.05):
            answers.append(client.get(JOBS))

    with ThreadPoolExecutor(2) as pool:
        asking = [pool.submit(keep_asking) for _ in range(2)]
        try:
            yield answers
        finally:
            is_over.set()
        for each in asking:
            each.result()


def test_a_web_process_that_stops_unannounced_takes_no_more_connections(
    client: Client, installation: Installation, balancer: Balancer
):
    stopped = installation.web[1]
    stopped.terminate()
    assert stopped.has_ended(EXIT_S)
    balancer.taken.clear()

    answers = [client.get(JOBS).status for _ in range(6)]

    assert answers == [200] * 6
    assert set(balancer.taken) == {installation.web_ports[0]}
    stopped.start()
    installation.wait_until_ready(installation.web_ports[1])


def test_the_bucket_takes_everything(client: Client, installation: Installation, model: int):
    made = client.post(GENERATE, order(model))

    assert made.status == 201
    assert client.get(made.data["images"][0]["url"]).status == 200
    assert installation.left_in_inboxes() == []
    assert list(installation.folder.glob("*/media/**/*.png")) == []


def test_the_other_commands_work_while_everything_runs(installation: Installation):
    printed = [installation.run(commands) for commands in installation.commands_after_set_up()]

    assert "no difference" in printed[-1]
    assert set(installation.ran) >= {block.text for block in blocks("bash")}
    assert sorted(path.name for path in (installation.folder / "backups").iterdir()) == [
        "before-upgrade.tar.gz",
        "negareh.tar.gz",
    ]


def test_no_process_complains_or_tells_a_secret(installation: Installation):
    secrets = (installation.token, "sk-test-good", installation.names["S3_SECRET"] + '"')

    for process in installation.processes:
        log = process.log
        assert "Traceback" not in log and '"level": "error"' not in log and '"level":"error"' not in log
        assert [secret for secret in secrets if secret in log] == []
