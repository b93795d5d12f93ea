"""The console's screen and folder: what is printed and kept, what is still awaited, and what can be pressed."""

import asyncio
import hashlib
import json
import re
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn
from rich.text import Text

from bot.chat import Form, Message, Picture

MARKED = re.compile(r"`([^`\n]+)`|(?<![\w*])\*(\S(?:[^*\n]*\S)?)\*(?![\w*])")
BAR = re.compile("[▰▱]+ *")
# A terminal obeys them: what others wrote could clear the screen or fill the clipboard.
CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")
# A command may answer in several messages; the last one was the last if none follows for so long.
SETTLED_S = 0.3


class Desk:
    """`choices`: number → press, of the last message that had buttons. `form`: the one that is being filled in."""

    def __init__(self, folder: Path, console: Console) -> None:
        self.choices: dict[str, str] = {}
        self.form: Form | None = None
        self._folder, self._console = folder, console
        self._values: dict[str, str] = {}
        self._awaited_talks: set[str] = set()
        self._bar_ids: dict[str, TaskID] = {}
        self._changed = asyncio.Event()
        columns = (TextColumn("{task.description}"), BarColumn())
        self._bars = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)

    def write(self, text: str) -> None:
        self._console.print(_rich(text))

    async def show(self, message: Message) -> list[Path]:
        """Print a message; its pictures and files are saved first. Where they are."""
        paths = [await asyncio.to_thread(self._save, picture) for picture in (*message.pictures, *message.files)]
        self.write(message.text)
        for path in paths:
            self._console.print(Text(str(path), style="cyan"))
        self._offer(message)
        self._changed.set()
        return paths

    async def once(self, key: str, message: Message) -> str:
        """Show a message under a key, for ever once; its id."""
        mark = self._mark(key)
        if not mark.exists():
            paths = [str(path) for path in await self.show(message)]
            mark.parent.mkdir(parents=True, exist_ok=True)
            mark.write_text(json.dumps(paths))
        return mark.stem

    async def find(self, key: str) -> str | None:
        mark = self._mark(key)
        return mark.stem if mark.exists() else None

    def take_back(self, message: str) -> None:
        """Remove a message's files and say so; the words stay on the screen."""
        mark = self._folder / "posted" / f"{message}.json"
        paths = json.loads(mark.read_text()) if mark.exists() else []
        for path in paths:
            Path(path).unlink(missing_ok=True)
            self.write(f"Removed {path}")
        if paths:
            mark.write_text("[]")

    def expect(self, talk: str) -> None:
        """Something was asked and is to be answered before the end."""
        self._awaited_talks.add(talk)

    def settle(self, talk: str) -> None:
        """It was answered, unless its job goes on."""
        if talk not in self._bar_ids:
            self._awaited_talks.discard(talk)
        self._changed.set()

    def follow(self, talk: str, message: Message) -> bool:
        """Move the job's bar; whether the job goes on. It does while it can be cancelled."""
        goes_on = any(button.press.startswith("cancel:") for button in message.buttons)
        if goes_on:
            self._awaited_talks.add(talk)
            line = " ".join(_rich(BAR.sub("", message.text)).plain.split("\n")[-1:])
            if talk not in self._bar_ids:
                self._bars.start()
                self._bar_ids[talk] = self._bars.add_task("", total=1.0)
            self._bars.update(self._bar_ids[talk], completed=message.progress or 0.0, description=line)
        elif talk in self._bar_ids:
            self._bars.remove_task(self._bar_ids.pop(talk))
        if not self._bar_ids:
            self._bars.stop()
        if not goes_on:
            self.settle(talk)
        return goes_on

    async def wait_for_answers(self) -> None:
        """Wait until everything that was asked is answered."""
        while True:
            self._changed.clear()
            try:
                async with asyncio.timeout(SETTLED_S):
                    await self._changed.wait()
            except TimeoutError:
                if not self._awaited_talks:
                    return

    def rest(self) -> None:
        self._bars.stop()

    def ask(self, form: Form) -> None:
        self.form, self._values = form, {}
        self.write(f"*{form.title}*. An empty line keeps what is in brackets.")
        self._ask_next()

    def fill(self, line: str) -> tuple[str, dict[str, str]] | None:
        """Take a line as the answer to the field that was asked for; press and values once the form is full."""
        assert self.form  # noqa: S101 - asked only while there is a form
        field = self.form.fields[len(self._values)]
        if line or field.value or not field.required:
            self._values[field.name] = line or field.value
        if len(self._values) < len(self.form.fields):
            self._ask_next()
            return None
        press, self.form = self.form.press, None
        return press, self._values

    def _ask_next(self) -> None:
        assert self.form  # noqa: S101 - as above
        field = self.form.fields[len(self._values)]
        self._console.print(Text(CONTROLS.sub("", f"{field.label} [{field.value}]")))

    def _offer(self, message: Message) -> None:
        if message.buttons:
            self.choices = {str(number): button.press for number, button in enumerate(message.buttons, start=1)}
            labels = (f"{number} {button.label}" for number, button in enumerate(message.buttons, start=1))
            self._console.print(Text(CONTROLS.sub("", " · ".join(labels)), style="dim"))

    def _save(self, picture: Picture) -> Path:
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / (re.sub(r"[^\w.-]", "_", picture.name).lstrip(".") or "file")
        part = path.with_name(f"{path.name}.part")
        part.write_bytes(picture.data)
        return part.replace(path)

    def _mark(self, key: str) -> Path:
        return self._folder / "posted" / f"{hashlib.sha256(key.encode()).hexdigest()[:20]}.json"


def _rich(text: str) -> Text:
    """*bold* and `code` in colours, no control characters but newlines; everything else as it is."""
    text = CONTROLS.sub("", text)
    rich, end = Text(), 0
    for match in MARKED.finditer(text):
        code, bold = match.groups()
        rich.append(text[end : match.start()]).append(code or bold, style="cyan" if code else "bold")
        end = match.end()
    return rich.append(text[end:])
