import base64
import json

import pytest
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from src.accounts.models import User
from src.core.errors import InvalidFields
from src.core.pagination import KeysetPagination

pytestmark = pytest.mark.django_db


class ByName(KeysetPagination):
    ordering = ("first_name", "id")


class ByBothNames(KeysetPagination):
    ordering = ("first_name", "last_name", "id")


class NewestFirst(KeysetPagination):
    ordering = ("-date_joined", "-id")


def make_people(*first_names: str) -> list[int]:
    start = User.objects.count()
    people = [User(username=f"{start + i}", first_name=name) for i, name in enumerate(first_names)]
    return [person.pk for person in User.objects.bulk_create(people)]


def page(pagination: type[KeysetPagination], url: str = "/people/", **query: str) -> dict:
    """One page as the API answers it: results (ids), next, previous."""
    paginator = pagination()
    request = Request(APIRequestFactory().get(url, query))
    rows = paginator.paginate_queryset(User.objects.all(), request)
    return paginator.get_paginated_response([row.pk for row in rows]).data["data"]


def walk(pagination: type[KeysetPagination], first: dict, link: str, *, meanwhile=lambda: None) -> list[list[int]]:
    """The pages from `first` on, along `next` or `previous`; `meanwhile` is called before each further one."""
    pages = [first]
    while pages[-1][link]:
        assert len(pages) < 100, "the links go round in circles"
        meanwhile()
        pages.append(page(pagination, pages[-1][link]))
    return [each["results"] for each in pages]


def cursor_of(content: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode()


def test_pages_forward_give_each_row_once_though_many_share_the_first_column():
    ids = make_people(*"bababbabba")
    pages = walk(ByName, page(ByName, page_size="3"), "next")

    assert [len(rows) for rows in pages] == [3, 3, 3, 1]
    assert [pk for rows in pages for pk in rows] == list(
        User.objects.order_by("first_name", "id").values_list("pk", flat=True)
    )
    assert {pk for rows in pages for pk in rows} == set(ids)


def test_pages_back_are_the_pages_forward():
    make_people(*"bababbabba")
    forward = walk(ByName, page(ByName, page_size="2"), "next")
    last = page(ByName, page_size="2", cursor="")
    while last["next"]:
        last = page(ByName, last["next"])

    assert walk(ByName, last, "previous") == forward[::-1]


def test_three_columns_page_as_two_do():
    ids = make_people(*"abab" * 3)
    for pk in ids:
        User.objects.filter(pk=pk).update(last_name="xyz"[pk % 3])

    pages = walk(ByBothNames, page(ByBothNames, page_size="2"), "next")

    assert [pk for rows in pages for pk in rows] == list(
        User.objects.order_by("first_name", "last_name", "id").values_list("pk", flat=True)
    )


def test_the_first_page_reached_by_going_back_leads_on_again():
    ids = make_people(*["same"] * 5)
    second = page(ByName, page(ByName, page_size="2")["next"])

    first = page(ByName, second["previous"])

    assert (first["results"], first["previous"]) == (ids[:2], None)
    assert page(ByName, first["next"])["results"] == ids[2:4]


def test_rows_added_while_paging_move_no_other_row():
    ids = make_people(*["same"] * 10)
    pages = walk(ByName, page(ByName, page_size="3"), "next", meanwhile=lambda: make_people("aaa", "same"))

    seen = [pk for rows in pages for pk in rows]
    assert len(seen) == len(set(seen))
    assert set(ids) <= set(seen)


def test_rows_removed_while_paging_hide_no_other_row():
    ids = make_people(*["same"] * 9)
    first = page(ByName, page_size="3")
    User.objects.filter(pk__in=first["results"]).delete()

    assert walk(ByName, page(ByName, first["next"]), "next") == [ids[3:6], ids[6:]]


def test_moments_page_newest_first():
    ids = make_people(*"abcdefg")
    User.objects.update(date_joined=User.objects.get(pk=ids[0]).date_joined)

    pages = walk(NewestFirst, page(NewestFirst, page_size="2"), "next", meanwhile=lambda: make_people("new"))

    assert [pk for rows in pages for pk in rows] == ids[::-1]


def test_the_only_page_links_nowhere():
    make_people("a", "b")

    found = page(ByName)

    assert (found["next"], found["previous"]) == (None, None)


def test_no_rows_are_an_empty_page():
    assert page(ByName) == {"results": [], "next": None, "previous": None}


def test_links_keep_the_other_parameters():
    make_people("a", "b", "c")

    link = page(ByName, page_size="1", search="نام")["next"]

    assert link.startswith("http://testserver/people/?page_size=1&search=%D9%86%D8%A7%D9%85&cursor=")
    assert page(ByName, link)["next"].count("cursor=") == 1


def test_a_page_costs_one_query(django_assert_num_queries):
    make_people(*"abc")
    link = page(ByName, page_size="1")["next"]

    with django_assert_num_queries(1):
        page(ByName, link)


def test_a_page_has_50_rows_and_at_most_200():
    make_people(*["a"] * 201)

    assert len(page(ByName)["results"]) == 50
    assert len(page(ByName, page_size="200")["results"]) == 200


@pytest.mark.parametrize(
    ("size", "code"),
    [
        ("201", "too_large"),
        ("9" * 5000, "too_large"),
        ("0", "too_small"),
        ("-1", "not_integer"),
        ("1.5", "not_integer"),
        ("ten", "not_integer"),
        ("٣", "not_integer"),
        ("", "not_integer"),
    ],
)
def test_a_bad_page_size_is_400_with_the_field(size, code):
    with pytest.raises(InvalidFields) as caught:
        page(ByName, page_size=size)

    assert [error.code for error in caught.value.fields["page_size"]] == [code]


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "!!!!",
        "کلید",
        cursor_of(5),
        cursor_of([]),
        cursor_of({"n": 1}),
        cursor_of(["n"]),
        cursor_of(["n", "a"]),
        cursor_of(["n", "a", 1, 2]),
        cursor_of(["x", "a", 1]),
        cursor_of([["n"], "a", 1]),
        cursor_of(["n", "a", 1.5]),
        cursor_of(["n", "a", True]),
        cursor_of(["n", "a", None]),
        cursor_of(["n", ["a"], 1]),
        cursor_of(["n", "a", "no number"]),
        cursor_of(["n", "a\0", 1]),
        cursor_of(["n", "\ud800", 1]),
        base64.urlsafe_b64encode(b"[" * 100_000).decode(),
    ],
)
def test_a_bad_cursor_is_400_with_the_field(cursor):
    with pytest.raises(InvalidFields) as caught:
        page(ByName, cursor=cursor)

    assert [error.code for error in caught.value.fields["cursor"]] == ["invalid"]


@pytest.mark.parametrize("moment", ["yesterday", "2026-13-01 00:00:00+00:00", 5])
def test_a_cursor_with_no_moment_where_one_belongs_is_400(moment):
    with pytest.raises(InvalidFields):
        page(NewestFirst, cursor=cursor_of(["n", moment, 1]))


def test_a_number_that_no_column_holds_is_just_beyond_all_rows():
    make_people("a")

    assert page(ByName, cursor=cursor_of(["n", "a", 10**30]))["results"] == []
