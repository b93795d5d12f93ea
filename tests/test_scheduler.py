"""Which rows are painted together: turns, mixes, cancelled jobs, waves that fail."""

from engine.scheduler import Scheduler
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


def test_what_is_ahead_of_a_job_counts_its_own_rows_and_those_of_lower_turns() -> None:
    line = Scheduler(4)
    line.add("a", 1, SLOW, rows("a", 3))
    line.add("b", 2, QUICK, rows("b", 2))
    line.add("c", 3, SLOW, rows("c", 9))

    assert line.ahead("b") == [(SLOW, 3), (QUICK, 2)]
    assert line.ahead("nobody") == []
