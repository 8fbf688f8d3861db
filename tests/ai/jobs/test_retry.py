"""Asking again for what did not come."""

import json

import pytest

from src.ai.models import AIProvider, ImageGeneration, ProviderCall
from tests.ai.jobs.books import counters
from tests.factories import GPT_IMAGE_SPEC, make_model, make_provider
from tests.upstream.pictures import draw

REFUSAL = {"error": {"code": "moderation_blocked", "message": "no"}}
REJECTION = {"error": {"code": "invalid_value", "message": "no"}}
EDIT = "/api/ai/admin/images/edit/"
PNG = draw((64, 48), "png")
MASK = draw((64, 48), "png", transparent=True)


@pytest.fixture
def fail(api, upstream):
    """A job that has failed without a charge."""

    def run(**body):
        upstream.play_response(status=400, body=REJECTION)
        job_id = api.submit(**body)
        assert api.wait_for(job_id)["status"] == "failed"
        return job_id

    return run


@pytest.mark.parametrize(("body", "status"), [(REFUSAL, "refused"), (REJECTION, "failed")])
def test_what_brought_nothing_is_asked_for_as_it_was(api, upstream, body, status):
    upstream.play_response(status=400, body=body)
    first = api.submit(n=2, quality="low", title="a title", alt_text="متن", visibility="private", save_to_media=False)
    ended = api.wait_for(first)
    assert (ended["status"], ended["charged"], ended["actions"]) == (status, "no", ["retry"])

    answer = api.act(first, "retry")

    assert (answer.status, answer.code, answer.data["retry_of"]) == (202, "job_accepted", first)
    again = api.wait_for(answer.data["id"])
    assert (again["status"], again["delivered"], again["saved"]) == ("succeeded", 2, False)
    assert [request.json for request in upstream.paid_requests][0] == upstream.paid_requests[1].json
    rows = ImageGeneration.objects.order_by("created_at").values("params_asked", "title", "alt_text", "visibility", "n")
    assert rows[0] == rows[1]
    assert api.job(first) == ended


def test_so_is_a_cancelled_one(api, reserve):
    job_id = reserve()
    api.act(job_id, "cancel")

    again = api.wait_for(api.act(job_id, "retry").data["id"])

    assert (again["status"], again["retry_of"]) == ("succeeded", str(job_id))


def test_where_it_is_unclear_whether_it_was_charged_that_has_to_be_accepted(api, upstream):
    upstream.drop_after_accept()
    first = api.submit()
    assert api.wait_for(first)["actions"] == ["retry", "settle"]

    answer = api.act(first, "retry")
    assert (answer.status, answer.code, answer.body["charged"]) == (409, "charge_unclear", "unknown")
    assert api.act(first, "retry", {"accept_second_charge": "yes"}).status == 400
    assert ImageGeneration.objects.count() == 1

    again = api.wait_for(api.act(first, "retry", {"accept_second_charge": True}).data["id"])
    assert (again["status"], api.job(first)["status"]) == ("succeeded", "unknown")
    assert counters() == {(1, 1, 40_000, 40_000)}


def test_of_a_job_that_brought_some_only_the_others_are_asked_for(api, openai, upstream):
    provider = make_provider("gemini", adapter="gemini", api_base_url=upstream.gemini_url, allow_private_address=True)
    gemini = make_model(provider, "gemini-nano-banana-2.1", image_spec={"max_n": 10})
    for _ in range(2):
        upstream.play_response(status=400, body={"error": {"status": "INVALID_ARGUMENT", "message": "no"}})
    first = api.submit(model_id=gemini.pk, n=3)
    ended = api.wait_for(first)
    assert (ended["delivered"], len(ended["failures"]), ended["actions"]) == (1, 2, ["retry"])

    again = api.wait_for(api.act(first, "retry").data["id"])

    assert (again["requested"], again["delivered"], upstream.paid_calls) == (2, 2, 5)
    assert counters() == {(0, 3, 0, 120_000)}


def test_a_job_that_brought_all_is_not_asked_for_again(api):
    job_id = api.submit()
    api.wait_for(job_id)

    answer = api.act(job_id, "retry")

    assert (answer.status, answer.code) == (409, "job_has_succeeded")


def test_nor_one_that_goes_on(api, upstream):
    with upstream.hold():
        job_id = api.submit()
        upstream.wait_until_in_flight(1)
        answer = api.act(job_id, "retry")

    assert (answer.status, answer.code) == (409, "job_not_ended")
    api.wait_for(job_id)


@pytest.fixture
def edit(api, openai, upstream):
    """A job that edited an upload with a mask, and failed."""
    spec = {**GPT_IMAGE_SPEC, "edit": True, "mask": True, "max_reference_images": 3}
    editor = make_model(openai, "gpt-image-2", capabilities={"image": True, "image_edit": True}, image_spec=spec)
    upstream.play_response(status=400, body=REJECTION)
    fields = {"model_id": str(editor.pk), "prompt": "make it night", "wait": "false"}
    files = [("references", PNG), ("references", draw((32, 32), "jpeg")), ("mask", MASK)]
    answer = post_form(api, fields, files)
    assert answer["code"] == "job_accepted", answer
    assert api.wait_for(answer["data"]["id"])["status"] == "failed"
    return answer["data"]["id"]


def post_form(api, fields, files):
    line = b"--boundary\r\nContent-Disposition: form-data; name="
    parts = [line + f'"{name}"\r\n\r\n{text}\r\n'.encode() for name, text in fields.items()]
    parts += [line + f'"{name}"; filename="a"\r\n\r\n'.encode() + content + b"\r\n" for name, content in files]
    connection = api.begin("GET", "/livez")
    connection.getresponse().read()
    headers = {
        "Authorization": f"Bearer {api.token}",
        "Accept-Language": "en",
        "Content-Type": "multipart/form-data; boundary=boundary",
    }
    connection.request("POST", EDIT, b"".join(parts) + b"--boundary--\r\n", headers)
    answer = json.loads(connection.getresponse().read())
    connection.close()
    return answer


def test_an_edit_starts_from_the_same_pictures(api, edit, upstream):
    again = api.wait_for(api.act(edit, "retry").data["id"])

    assert (again["status"], again["inputs"]) == ("succeeded", api.job(edit)["inputs"])
    first, second = ([part.body for part in request.form if part.filename] for request in upstream.paid_requests)
    assert first == second and len(first) == 3 and first[0] == PNG


def test_an_edit_whose_pictures_are_gone_says_so(api, edit, settings):
    next(settings.INBOX_DIR.rglob("input-1.*")).unlink()

    answer = api.act(edit, "retry")

    assert (answer.status, answer.code, ImageGeneration.objects.count()) == (409, "inputs_gone", 1)


def test_todays_access_holds(api, fail, openai, upstream):
    job_id = fail()
    AIProvider.objects.filter(pk=openai.pk).update(allow_shared_for_normal_admins=False)

    assert api.act(job_id, "retry").code == "model_access_denied"
    AIProvider.objects.filter(pk=openai.pk).update(is_active=False)
    assert api.act(job_id, "retry").code == "model_disabled"
    assert upstream.paid_calls == 1


def test_todays_budget_holds(api, fail, openai, upstream):
    job_id = fail()
    AIProvider.objects.filter(pk=openai.pk).update(monthly_budget_micros=39_999)

    answer = api.act(job_id, "retry")

    assert (answer.status, answer.code, upstream.paid_calls) == (402, "budget_exceeded", 1)


KEY = {"Idempotency_Key": "again-1"}


def test_the_same_retry_with_a_key_is_one_job(api, fail, upstream):
    job_id = fail()

    first, second = (api.act(job_id, "retry", **KEY) for _ in range(2))
    api.wait_for(first.data["id"])
    third = api.act(job_id, "retry", **KEY)

    assert first.data["id"] == second.data["id"] == third.data["id"]
    assert (first.headers["Idempotency-Replayed"], third.headers["Idempotency-Replayed"]) == (None, "true")
    assert (third.status, third.code, upstream.paid_calls) == (200, "job_ended", 2)


def test_it_stays_one_whatever_becomes_of_the_first_job(api, fail, upstream):
    job_id = fail()
    first = api.act(job_id, "retry", **KEY)
    api.wait_for(first.data["id"])
    ProviderCall.objects.filter(generation_id=job_id).update(charged="unknown")
    ImageGeneration.objects.filter(pk=job_id).update(status="unknown", charged="unknown")

    assert api.act(job_id, "retry", **KEY).data["id"] == first.data["id"]


def test_the_key_of_another_request_is_refused(api, fail):
    jobs = [fail(), fail()]
    api.wait_for(api.act(jobs[0], "retry", **KEY).data["id"])

    answers = [api.act(jobs[1], "retry", **KEY), api.generate(headers=KEY)]

    assert [(answer.status, answer.code) for answer in answers] == [(422, "idempotency_mismatch")] * 2


def test_only_its_owner_asks_again(api_of, fail, super_admin, other_manager):
    job_id = fail()

    by_boss = api_of(super_admin).act(job_id, "retry")

    assert (by_boss.status, by_boss.code) == (403, "not_your_job")
    assert api_of(other_manager).act(job_id, "retry").status == 404
