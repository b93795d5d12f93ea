"""Sentences of the bot that depend on numbers."""

import pytest

from bot import texts


@pytest.mark.parametrize(
    ("blocks", "withheld", "words"),
    [
        (1, 1, ("2 by 2 pictures in one block of four; one picture in it is", "1 picture is withheld")),
        (4, 2, ("8 by 8 pictures in 16 blocks of four; one picture in each block is", "2 pictures are withheld")),
    ],
)
def test_a_screen_reader_is_told_the_size_of_a_sheet_in_proper_words(
    blocks: int, withheld: int, words: tuple[str, str]
) -> None:
    found = texts.sheet_alt("a cat", blocks, None, withheld)

    assert all(each in found for each in words)
