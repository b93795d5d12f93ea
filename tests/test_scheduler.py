"""Which rows are painted together: turns, mixes, cancelled jobs, waves that fail."""

import time
from dataclasses import replace
from statistics import mean

import pytest

from bench import waves_simulated
from bench.trace import read
from engine.pace import Pace
from engine.scheduler import CUT_IN_SHARE, Scheduler
from engine.wave import Mix, Row, Wave

SLOW, QUICK = Mix("v1-4", None, 0.0, 50, 7.5), Mix("turbo", None, 0.0, 4, 0.0)


def rows(job: str, count: int) -> list[Row]:
    return [Row(job, f"A{i + 1}", "a cat", "", i) for i in range(count)]


def jobs(wave: Wave | None) -> str:
    assert wave is not None
    return "".join(row.job for row in wave.rows)


def test_a_wave_holds_the_rows_of_the_lowest_turn_first() -> None:
    line = Scheduler(4)
    line.add("b", 2, SLOW, rows("b", 4))
    line.add("a", 1, SLOW, rows("a", 4))

    assert [jobs(line.next()), jobs(line.next()), line.next()] == ["aaaa", "bbbb", None]


def test_later_jobs_fill_the_places_that_are_left_over() -> None:
    line = Scheduler(4)
    line.add("a", 1, SLOW, rows("a", 3))
    line.add("b", 2, SLOW, rows("b", 2))

    assert [jobs(line.next()), jobs(line.next())] == ["aaab", "b"]


def test_a_job_that_has_begun_gets_larger_waves_where_they_are_allowed() -> None:
    line = Scheduler(4, later=6)
    line.add("b", 2, SLOW, rows("b", 9))
    line.add("a", 1, SLOW, rows("a", 11))

    assert [jobs(line.next()) for _ in range(4)] == ["aaaa", "aaaaaa", "abbbbb", "bbbb"]


def test_a_painter_that_knows_its_size_gets_waves_of_that_size_first_and_later() -> None:
    line = Scheduler(4, later=6)
    line.add("a", 1, SLOW, rows("a", 11))

    assert [jobs(line.next(5)) for _ in range(3)] == ["aaaaa", "aaaaa", "a"]


def test_a_later_wave_that_ran_out_of_memory_is_half_as_large_the_next_time() -> None:
    line = Scheduler(4, later=10)
    line.add("a", 1, SLOW, rows("a", 24))
    assert jobs(line.next()) == "aaaa"

    wave = line.next()
    assert wave
    line.too_large(wave)

    assert [jobs(line.next()) for _ in range(4)] == ["aaaaa"] * 4


def test_rows_of_another_mix_never_share_a_wave() -> None:
    line = Scheduler(8)
    line.add("a", 1, SLOW, rows("a", 2))
    line.add("b", 2, QUICK, rows("b", 2))
    line.add("c", 3, SLOW, rows("c", 2))

    waves = [line.next(), line.next()]

    assert [(jobs(wave), wave.mix) for wave in waves if wave] == [("aacc", SLOW), ("bb", QUICK)]


def test_the_rows_of_a_removed_job_are_forgotten_even_in_a_failed_wave() -> None:
    line = Scheduler(4)
    line.add("a", 1, SLOW, rows("a", 2))
    line.add("b", 2, SLOW, rows("b", 2))
    wave = line.next()
    assert wave
    line.halve(wave)

    line.remove("a")

    assert [jobs(line.next()), line.next()] == ["bb", None]


@pytest.mark.parametrize("first", ["the cancel", "the loss"])
def test_a_painter_lost_by_a_cancelled_order_counts_against_no_later_order_of_that_job(first: str) -> None:
    line = lines(("a", 4))
    cancelled = painting(line)
    if first == "the loss":
        line.lost(cancelled)
        painting(line)
    line.remove("a")
    line.lost(cancelled)
    line.next()

    line.add("a", 2, SLOW, rows("a", 4))
    line.lost(painting(line))

    assert jobs(line.next()) == "aaaa"


def test_a_wave_that_lost_two_painters_comes_back_in_halves_until_a_single_row_is_given_up() -> None:
    line = lines(("a", 3), ("b", 1))
    whole = painting(line)

    assert line.lost(whole)
    again = painting(line)
    assert again.rows == whole.rows
    assert line.lost(again)
    one, other = painting(line), painting(line)
    assert (jobs(one), jobs(other)) == ("aa", "ab")

    assert line.lost(one)
    single = painting(line)
    assert len(single.rows) == 1
    assert not line.lost(single)
    assert [jobs(line.next()), line.next()] == ["a", None]


def test_a_painter_that_takes_fewer_rows_gets_a_smaller_wave_and_one_that_takes_more_no_larger_than_fits() -> None:
    line = lines(("a", 40), most=4)

    assert [len(jobs(line.next(most))) for most in (2, 8, None)] == [2, 8, 4]
    line.too_large(painting(line))
    line.next()
    line.next()
    assert [len(jobs(line.next(most))) for most in (1, 8)] == [1, 2]


def test_a_failed_wave_comes_back_in_halves_before_anything_else() -> None:
    line = Scheduler(4)
    line.add("a", 1, SLOW, rows("a", 4))
    line.add("b", 2, SLOW, rows("b", 1))
    wave = line.next()
    assert wave

    line.halve(wave)

    found = [line.next(), line.next(), line.next()]
    assert [[row.cell for row in wave.rows] for wave in found if wave] == [["A1", "A2"], ["A3", "A4"], ["A1"]]


def test_a_wave_that_did_not_fit_makes_the_waves_of_its_mix_half_as_large() -> None:
    line = Scheduler(8)
    line.add("a", 1, SLOW, rows("a", 16))
    wave = line.next()
    assert wave

    line.too_large(wave)

    assert [len(jobs(line.next())) for _ in range(4)] == [4, 4, 4, 4]
    assert line.room(QUICK) == 8


def test_where_two_rows_or_one_did_not_fit_they_are_painted_one_by_one() -> None:
    line = lines(("a", 4), most=2)

    for _ in range(2):
        line.too_large(painting(line))
        assert line.room(SLOW) == 1

    assert [len(jobs(line.next())) for _ in range(4)] == [1, 1, 1, 1]
    assert line.next() is None


def test_what_is_ahead_of_a_job_counts_its_own_rows_and_those_of_lower_turns() -> None:
    line = Scheduler(4)
    line.add("a", 1, SLOW, rows("a", 3))
    line.add("b", 2, QUICK, rows("b", 2))
    line.add("c", 3, SLOW, rows("c", 9))

    assert line.ahead("b") == [(SLOW, 3), (QUICK, 2)]
    assert line.ahead("nobody") == []


def seconds(mix: Mix, rows: float) -> float:
    """A picture takes a second a step."""
    return mix.steps * rows


def painting(line: Scheduler) -> Wave:
    wave = line.next()
    assert wave
    return wave


def lines(*counts: tuple[str, int], mix: Mix = SLOW, most: int = 4) -> Scheduler:
    """Jobs in turn order with so many rows each; everything is measured."""
    line = Scheduler(most, seconds)
    for turn, (job, count) in enumerate(counts):
        line.add(job, turn, mix, rows(job, count))
    return line


def test_a_short_job_cuts_into_a_long_one() -> None:
    line = lines(("a", 40), ("b", 4))

    cut_in = line.cut_in(painting(line), 0.9)

    assert jobs(cut_in) == "bbbb"
    assert jobs(line.next()) == "aaaa"


def test_all_cut_ins_together_stay_within_the_share_of_the_overtaken_job() -> None:
    line = lines(("a", 40), *((name, 2) for name in "bcdefgh"))
    wave = painting(line)

    taken = [jobs(line.cut_in(wave, 0.9)) for _ in range(2)]

    assert taken == ["bbcc", "ddee"]
    assert line.cut_in(wave, 0.9) is None


def test_a_job_that_waits_behind_is_not_overtaken_beyond_its_own_share_either() -> None:
    longer, shorter = lines(("a", 40), ("b", 12), ("c", 3)), lines(("a", 40), ("b", 12), ("c", 2))

    # A fifth of b's twelve pictures are 2.4.
    assert longer.cut_in(painting(longer), 0.9) is None
    assert jobs(shorter.cut_in(painting(shorter), 0.9)) == "cc"


def test_nobody_cuts_in_where_that_would_lengthen_the_waiting_of_all() -> None:
    line = lines(("a", 20), ("b", 4), most=20)
    wave = painting(line)

    assert line.cut_in(wave, 0.19) is None
    assert jobs(line.cut_in(wave, 0.25)) == "bbbb"


def test_the_waiting_of_each_that_is_overtaken_counts() -> None:
    taken = {}
    for left in (0.15, 0.25):
        line = lines(("a", 10), ("b", 10), ("c", 2), most=20)
        taken[left] = line.cut_in(painting(line), left)

    # Two pictures' time for each of two people is more than the three that are left, and less than five.
    assert taken[0.15] is None
    assert jobs(taken[0.25]) == "cc"


def test_a_job_whose_last_pictures_are_painted_is_not_overtaken_beyond_its_share_either() -> None:
    longer, shorter = lines(("a", 20), ("b", 5), most=20), lines(("a", 20), ("b", 4), most=20)

    assert longer.cut_in(painting(longer), 0.9) is None
    assert jobs(shorter.cut_in(painting(shorter), 0.9)) == "bbbb"


def test_a_job_does_not_cut_into_itself() -> None:
    line = lines(("a", 6))

    assert line.cut_in(painting(line), 0.9) is None


def test_a_job_that_is_not_short_waits_for_its_turn() -> None:
    line = lines(("a", 100), ("b", 5))

    assert line.cut_in(painting(line), 0.9) is None


def test_nobody_cuts_in_before_it_is_known_how_long_that_takes() -> None:
    line = Scheduler(4, lambda mix, rows: None if mix == QUICK else seconds(mix, rows))
    line.add("a", 1, SLOW, rows("a", 40))
    wave = painting(line)
    line.add("b", 2, QUICK, rows("b", 1))

    assert line.cut_in(wave, 0.9) is None


def test_nobody_cuts_in_with_another_model_where_loading_it_and_going_back_takes_too_long() -> None:
    taken = []
    for change in (0.0, 500.0):
        line = Scheduler(4, seconds, lambda here, other, change=change: change if here != other else 0.0)  # type: ignore[misc]
        line.add("a", 1, SLOW, rows("a", 40))
        wave = painting(line)
        line.add("b", 2, QUICK, rows("b", 1))
        taken.append(line.cut_in(wave, 0.9) is not None)

    assert taken == [True, False]


def test_a_change_of_models_costs_what_beginning_both_took_the_last_time() -> None:
    pace, now = Pace(), time.monotonic()
    pace.begin(SLOW, now - 8)
    pace.begin(QUICK, now - 90)
    pace.begin(QUICK, now - 2)

    assert pace.change(SLOW, QUICK) == pytest.approx(10, abs=1)
    assert pace.change(SLOW, replace(SLOW, guidance=3.0)) == 0


def test_a_time_is_foretold_from_the_running_mean_of_that_model_in_that_quality() -> None:
    pace = Pace()
    before = pace.seconds([(SLOW, 2)])
    pace.learn(SLOW, 1.0)
    pace.learn(SLOW, 2.0)

    # A tenth of the newest step, nine tenths of what was known: 1.1 seconds a row and step.
    assert before is None
    assert pace.seconds([(SLOW, 2), (replace(SLOW, steps=10), 1), (QUICK, 0)]) == pytest.approx(1.1 * (100 + 10))
    assert pace.seconds([(SLOW, 2), (QUICK, 1)]) is None
    assert pace.seconds([(replace(SLOW, quality="fast"), 1)]) is None


def test_what_a_step_takes_is_shared_by_its_rows() -> None:
    pace, now = Pace(), time.monotonic()
    clock = pace.begin(QUICK, now)
    clock.last = now - 8

    clock.step(QUICK, 4)

    assert pace.seconds([(QUICK, 1)]) == pytest.approx(2 * QUICK.steps, rel=0.1)
    assert clock.last >= now


def test_short_jobs_of_other_mixes_do_not_share_a_cut_in() -> None:
    line = lines(("a", 40), ("b", 1))
    wave = painting(line)
    line.add("c", 8, QUICK, rows("c", 1))
    line.add("d", 9, SLOW, rows("d", 1))

    assert [jobs(line.cut_in(wave, 0.9)) for _ in range(3)] == ["b", "c", "d"]


def test_a_job_of_a_lower_turn_that_is_short_goes_before_the_rest_of_a_wave_of_later_ones() -> None:
    line = Scheduler(4, seconds)
    line.add("late", 9, SLOW, rows("late", 4))
    wave = painting(line)
    line.add("b", 1, SLOW, rows("b", 2))

    assert jobs(line.cut_in(wave, 0.75)) == "bb"


def test_on_the_recorded_trace_everybody_waits_less_on_average_and_nobody_much_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(waves_simulated, "LEAST_ROWS", 1)
    trace = read()

    found = waves_simulated.run(trace)

    assert mean(found["cut"]) < 0.75 * mean(found["first"])
    for came, cut, shared in zip(trace, found["cut"], found["shared"], strict=True):
        own = came.row_steps * waves_simulated.ROW_STEP
        # A wave that began just before is not broken off.
        wave = waves_simulated.MOST * 50 * waves_simulated.ROW_STEP
        assert cut - shared <= CUT_IN_SHARE * own + wave
