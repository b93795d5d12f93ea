"""The first jobs of a fresh engine are planned in several threads at once."""

import subprocess
import sys

TWO_AT_ONCE = """
import threading
from engine import embedded, models
begin, cut = threading.Barrier(4), []

def count():
    begin.wait()
    cut.append(models.tokens_cut(embedded.PIPELINE / "tokenizer", "a cat"))

threads = [threading.Thread(target=count) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(cut)
"""


def test_the_tokenizer_can_be_asked_for_by_several_threads_at_once_in_a_fresh_process() -> None:
    done = subprocess.run([sys.executable, "-c", TWO_AT_ONCE], capture_output=True, text=True, check=False)

    assert done.stdout == "[0, 0, 0, 0]\n", done.stderr
