"""engine.log is turned over at a size; any other place that standard error goes to is left alone."""

import subprocess
import sys
from pathlib import Path

import pytest

SPEAKING = """
import sys
from pathlib import Path
from engine.log_file import rotate
for number in range(6):
    print(f"line {number}", "x" * 90, file=sys.stderr)
    rotate(Path(sys.argv[1]), 250)
print("the end")
"""


@pytest.mark.parametrize("mode", ["ab", "wb"])
def test_a_full_log_gets_another_name_and_all_that_follows_goes_into_a_new_one(tmp_path: Path, mode: str) -> None:
    file = tmp_path / "engine.log"
    with file.open(mode) as out:
        subprocess.run([sys.executable, "-c", SPEAKING, str(file)], stdout=out, stderr=out, check=True)

    before, now = file.with_name("engine.log.1").read_text(), file.read_text()
    assert [line.split()[1] for line in before.splitlines()] == ["3", "4", "5"]
    assert now == "the end\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["engine.log", "engine.log.1"]


def test_a_log_that_goes_elsewhere_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "engine.log"
    file.write_text("somebody else's" * 100)

    said = subprocess.run([sys.executable, "-c", SPEAKING, str(file)], capture_output=True, check=True, text=True)

    assert "line 5" in said.stderr
    assert file.read_text() == "somebody else's" * 100
    assert list(tmp_path.iterdir()) == [file]
