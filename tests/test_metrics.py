"""Every metric against brute force over its definition, and what it says where there is nothing to measure."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.metrics import METRICS, metric
from engine.metrics.base import Measured, Metric, NotMeasured, Seen, Vectors
from engine.metrics.copies import nearest
from engine.metrics.references import standing
from engine.metrics.style_score import of_held_out

WIDTH = 12


def unit(rng: np.random.Generator, n: int) -> Vectors:
    drawn = rng.normal(size=(n, WIDTH))
    found: Vectors = (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)
    return found


@pytest.fixture
def seen() -> Seen:
    """Eight pictures: four of prompt 0, three of prompt 1, one of prompt 2."""
    rng = np.random.default_rng(1)
    prompts = np.array([0, 0, 0, 0, 1, 1, 1, 2])
    return Seen(
        pictures=unit(rng, 8),
        texts=unit(rng, 3)[prompts],
        asked=unit(rng, 3)[prompts],
        prompts=prompts,
        baseline=unit(rng, 8),
        fillers=unit(rng, 9),
        held_out=unit(rng, 5),
        trained=unit(rng, 6),
    )


def cosine(a: Vectors, b: Vectors) -> float:
    return float(sum(float(x) * float(y) for x, y in zip(a, b, strict=True)))


@pytest.mark.parametrize("name", METRICS)
def test_a_metric_of_the_table_gives_one_number_a_picture_and_says_its_scale(name: str, seen: Seen) -> None:
    found: Metric = metric(name)

    numbers = found.measure(seen)

    assert numbers.shape == (8,)
    assert np.isfinite(numbers[:7]).all()
    assert found.scale
    assert "n p" in (found.measure.__doc__ or ""), "the docstring says what it counts"


@pytest.mark.parametrize("name", METRICS)
def test_the_order_of_the_pictures_changes_nothing_about_their_numbers(name: str, seen: Seen) -> None:
    order = np.random.default_rng(2).permutation(8)
    assert seen.baseline is not None
    shuffled = replace(
        seen,
        pictures=seen.pictures[order],
        texts=seen.texts[order],
        asked=seen.asked[order],
        prompts=seen.prompts[order],
        baseline=seen.baseline[order],
    )

    np.testing.assert_allclose(metric(name).measure(shuffled), metric(name).measure(seen)[order])


def test_the_clip_score_is_the_cosine_with_the_prompt_as_typed(seen: Seen) -> None:
    by_hand = [cosine(picture, text) for picture, text in zip(seen.pictures, seen.texts, strict=True)]

    np.testing.assert_allclose(metric("clip_score").measure(seen), by_hand)


def test_the_score_with_details_is_the_cosine_with_all_that_was_asked(seen: Seen) -> None:
    by_hand = [cosine(picture, text) for picture, text in zip(seen.pictures, seen.asked, strict=True)]

    np.testing.assert_allclose(metric("clip_score_asked").measure(seen), by_hand)


def test_retrieval_equals_counting_every_choice_of_three_fillers(seen: Seen) -> None:
    by_hand = []
    for picture, text in zip(seen.pictures, seen.texts, strict=True):
        own, choices = cosine(picture, text), list(combinations(seen.fillers, 3))
        by_hand.append(sum(all(own > cosine(filler, text) for filler in three) for three in choices) / len(choices))

    np.testing.assert_allclose(metric("retrieval").measure(seen), by_hand)
    assert 0 < np.mean(by_hand) < 1, "the example would not tell right from wrong otherwise"


def test_a_filler_that_scores_the_same_is_not_outranked(seen: Seen) -> None:
    same = replace(seen, fillers=np.repeat(seen.pictures[:1], 3, axis=0))

    assert metric("retrieval").measure(same)[0] == 0


def test_pictures_that_know_nothing_of_their_prompt_are_found_by_chance_once_in_four() -> None:
    rng = np.random.default_rng(3)
    n = 4000
    blind = Seen(unit(rng, n), unit(rng, n), unit(rng, n), np.arange(n), fillers=unit(rng, 3))

    assert metric("retrieval").measure(blind).mean() == pytest.approx(0.25, abs=0.02)


def test_the_style_score_is_the_cosine_to_the_mean_of_the_held_out_pictures_from_that_of_the_fillers(
    seen: Seen,
) -> None:
    def mean(pictures: Vectors) -> list[float]:
        return [sum(float(picture[i]) for picture in pictures) / len(pictures) for i in range(WIDTH)]

    origin = mean(seen.fillers)
    middle = [m - o for m, o in zip(mean(seen.held_out), origin, strict=True)]
    by_hand = []
    for picture in seen.pictures:
        away = [float(x) - o for x, o in zip(picture, origin, strict=True)]
        lengths = sum(x * x for x in away) ** 0.5 * sum(x * x for x in middle) ** 0.5
        by_hand.append(sum(x * m for x, m in zip(away, middle, strict=True)) / lengths)

    np.testing.assert_allclose(metric("style_score").measure(seen), by_hand)


def test_what_all_pictures_have_in_common_is_no_style() -> None:
    """As in CLIP, where all pictures lie in one direction: a style that is a small part of them must be seen."""
    rng = np.random.default_rng(5)
    common, style = 3 * np.eye(1, 32), np.eye(1, 32, 1)
    content = 0.5 * rng.normal(size=(40, 32))

    def unit(pictures: NDArray[np.float64]) -> Vectors:
        return (pictures / np.linalg.norm(pictures, axis=1, keepdims=True)).astype(np.float32)

    plain, styled = unit(common + content[:10]), unit(common + content[:10] + style)
    fillers, real = unit(common + content[10:25]), unit(common + content[25:] + style)

    def score(pictures: Vectors) -> Measured:
        rows = np.arange(len(pictures))
        found = Seen(pictures, pictures, pictures, rows, fillers=fillers, held_out=real)
        return metric("style_score").measure(found)

    assert score(fillers).mean() == pytest.approx(0, abs=0.1)
    assert (score(styled) - score(plain)).min() > 0.2
    assert of_held_out(real, fillers).mean() == pytest.approx(score(styled).mean(), abs=0.15)


def test_a_held_out_picture_is_not_measured_against_itself(seen: Seen) -> None:
    found = of_held_out(seen.held_out, seen.fillers)

    for index, picture in enumerate(seen.held_out):
        others = replace(seen, pictures=picture[None], held_out=np.delete(seen.held_out, index, axis=0))
        assert found[index] == pytest.approx(metric("style_score").measure(others)[0])


def test_preservation_is_one_for_the_same_picture_and_nan_without_a_partner(seen: Seen) -> None:
    partners = seen.pictures.copy()
    partners[3] = np.nan

    found = metric("preservation").measure(replace(seen, baseline=partners))

    np.testing.assert_allclose(np.delete(found, 3), 1.0, atol=1e-6)
    assert np.isnan(found[3])


def test_diversity_is_the_mean_distance_of_all_pairs_of_a_prompt(seen: Seen) -> None:
    found = metric("diversity").measure(seen)

    for prompt in (0, 1):
        ours = seen.pictures[seen.prompts == prompt]
        pairs = [1 - cosine(a, b) for a, b in combinations(ours, 2)]
        assert found[seen.prompts == prompt].mean() == pytest.approx(np.mean(pairs))
    assert np.isnan(found[7]), "one picture alone has no diversity"


def test_the_copy_check_finds_the_training_picture_that_was_copied(seen: Seen) -> None:
    copied = replace(seen, pictures=np.concatenate([seen.trained[4:5], seen.pictures[1:]]))

    which, alike = nearest(copied.pictures, copied.trained)

    by_hand = [[cosine(picture, other) for other in copied.trained] for picture in copied.pictures]
    assert which.tolist() == [row.index(max(row)) for row in by_hand]
    np.testing.assert_allclose(alike, [max(row) for row in by_hand])
    np.testing.assert_array_equal(metric("copies").measure(copied), alike)
    assert (which[0], alike[0]) == (4, pytest.approx(1.0))


@pytest.mark.parametrize(
    ("name", "without", "sentence"),
    [
        ("retrieval", {"fillers": np.zeros((2, WIDTH), np.float32)}, "at least 3 filler pictures, and there are 2"),
        ("style_score", {"held_out": np.zeros((0, WIDTH), np.float32)}, "never saw, and there are none"),
        ("style_score", {"held_out": np.eye(2, WIDTH), "fillers": np.eye(2, WIDTH)}, "point to no style"),
        ("style_score", {"fillers": np.zeros((0, WIDTH), np.float32)}, "ordinary pictures .* there are no fillers"),
        ("preservation", {"baseline": None}, "needs the baseline's pictures"),
        ("copies", {"trained": np.zeros((0, WIDTH), np.float32)}, "was trained on, and there are none"),
    ],
)
def test_a_missing_reference_set_is_a_sentence_and_no_number(
    name: str, without: dict[str, object], sentence: str, seen: Seen
) -> None:
    with pytest.raises(NotMeasured, match=sentence):
        metric(name).measure(replace(seen, **without))  # type: ignore[arg-type]


def test_one_held_out_picture_has_no_style_score_of_its_own() -> None:
    with pytest.raises(NotMeasured, match="at least two of them, and there are 1"):
        of_held_out(np.eye(1, WIDTH, dtype=np.float32), np.eye(2, WIDTH, dtype=np.float32))


def test_a_score_stands_at_its_rank_among_the_reference_prompts() -> None:
    rng = np.random.default_rng(4)
    picture, references, names = unit(rng, 1)[0], unit(rng, 10), [f"prompt {i}" for i in range(10)]
    by_hand = sorted(
        ((cosine(picture, other), name) for other, name in zip(references, names, strict=True)), reverse=True
    )
    text = unit(rng, 1)[0]

    found = standing(picture, text, references, names, most=3)

    assert found.rank == 1 + sum(score >= cosine(picture, text) for score, _ in by_hand)
    assert found.of == 11
    assert [name for name, _ in found.nearest] == [name for _, name in by_hand[:3]]
    assert [score for _, score in found.nearest] == pytest.approx([score for score, _ in by_hand[:3]])


def test_an_equal_reference_ranks_before_the_prompt_and_no_references_make_it_first() -> None:
    picture = np.eye(1, WIDTH, dtype=np.float32)[0]

    assert standing(picture, picture, picture[None], ["the same"]).rank == 2
    assert standing(picture, picture, np.empty((0, WIDTH), np.float32), []).rank == 1
