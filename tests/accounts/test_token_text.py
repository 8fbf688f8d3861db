import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.accounts.services import find_api_token
from src.accounts.token_text import ALPHABET, PREFIX, _checksum, hash_of, is_well_formed, new_token_text

LENGTH = 40
tokens = st.builds(new_token_text)
other_texts = st.one_of(st.text(), st.text(alphabet=ALPHABET + "_", min_size=30, max_size=50), st.just(PREFIX * 10))


def test_a_token_has_the_prefix_and_36_letters_and_digits():
    text = new_token_text()

    assert text.startswith("ngr_")
    assert len(text) == LENGTH
    assert set(text[4:]) <= set(string.ascii_letters + string.digits)
    assert is_well_formed(text)


def test_no_two_tokens_are_alike():
    assert len({new_token_text() for _ in range(1000)}) == 1000


@given(tokens, st.integers(0, LENGTH - 1), st.one_of(st.sampled_from(ALPHABET), st.characters()))
def test_any_one_changed_character_is_noticed(text, position, char):
    changed = text[:position] + char + text[position + 1 :]

    assert is_well_formed(changed) == (changed == text)


@given(tokens, st.integers(0, LENGTH - 1), st.sampled_from(ALPHABET))
def test_a_lost_added_or_swapped_character_is_noticed(text, position, char):
    swapped = text[:position] + text[position : position + 2][::-1] + text[position + 2 :]

    assert not is_well_formed(text[:position] + text[position + 1 :])
    assert not is_well_formed(text[:position] + char + text[position:])
    assert is_well_formed(swapped) == (swapped == text)


@pytest.mark.parametrize("char", ["-", "_", " ", "é", "گ", "٣"])
def test_a_right_checksum_does_not_excuse_other_characters(char):
    body = char * 30

    assert not is_well_formed(f"{PREFIX}{body}{_checksum(body)}")
    assert is_well_formed(f"{PREFIX}{'a' * 30}{_checksum('a' * 30)}")


@given(other_texts)
def test_any_other_text_is_refused_without_an_error(text):
    assert not is_well_formed(text)


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["", "ngr_", "ngr_" + "0" * 36, "Bearer x", "ngr_" + "é" * 36])
def test_an_ill_formed_token_costs_no_query(django_assert_num_queries, text):
    with django_assert_num_queries(0):
        assert find_api_token(text) is None


@pytest.mark.django_db
def test_a_mistyped_token_costs_no_query(django_assert_num_queries):
    text = new_token_text()

    with django_assert_num_queries(0):
        for position in range(LENGTH):
            mistyped = text[:position] + ("a" if text[position] != "a" else "b") + text[position + 1 :]
            assert find_api_token(mistyped) is None


@pytest.mark.django_db
def test_an_invented_token_with_a_right_checksum_costs_one(django_assert_num_queries):
    with django_assert_num_queries(1):
        assert find_api_token(new_token_text()) is None


def test_the_hash_is_sha256():
    assert hash_of("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
