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


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.2, "1 s"),
        (89.4, "89 s"),
        (90, "2 min"),
        (119 * 60, "119 min"),
        (119.6 * 60, "2 h"),
        (149 * 60, "2 h"),
        (25 * 3600, "25 h"),
    ],
)
def test_a_time_is_told_as_one_says_it(seconds: float, said: str) -> None:
    assert texts.duration(seconds) == said


def test_every_place_in_the_line_has_its_ordinal() -> None:
    places = (2, 3, 4, 10, 11, 12, 13, 21, 22, 23, 101, 111, 112, 113, 122)

    said = [texts.waiting(place, 40, "everybody in turn").split(",")[0] for place in places]

    ordinals = "2nd 3rd 4th 10th 11th 12th 13th 21st 22nd 23rd 101st 111th 112th 113th 122nd"
    assert said == [f"You are {each}" for each in ordinals.split()]
    assert texts.waiting(1, None, "") == "You are next."


@pytest.mark.parametrize(
    ("phase", "done", "total", "eta", "said"),
    [
        ("painting", 16.9, 64, 40, "▰▰▰▱▱▱▱▱▱▱▱▱ Painting: 16 of 64 pictures, about 40 s left."),
        ("fetching", 1e6, 2e6, None, "▰▰▰▰▰▰▱▱▱▱▱▱ Downloading (first time only): 1 of 2 MB."),
        ("fetching", 3e6, 2e6, None, "▰▰▰▰▰▰▰▰▰▰▰▰ Downloading (first time only): 3 of 2 MB."),
        ("loading", 0, 0, None, "▱▱▱▱▱▱▱▱▱▱▱▱ Loading the model: 0 of 0 pictures."),
    ],
)
def test_a_bar_shows_the_share_that_is_done(phase: str, done: float, total: int, eta: float | None, said: str) -> None:
    assert texts.progress(phase, done, total, eta) == said
