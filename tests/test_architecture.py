"""Who may import whom, what needs no torch, that maps name every module and the README every setting."""

import ast
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import bot
import engine
from bot.settings import Settings as BotSettings
from engine.settings import Settings

ROOT = Path(__file__).parent.parent
CONTRACT = "engine.contract"


SETTINGS = sorted({*Settings.model_fields, *BotSettings.model_fields})


def imports(file: Path) -> set[str]:
    """Every module that a file names in an import, also inside functions."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def modules(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


@pytest.mark.parametrize("file", modules("engine"), ids=str)
def test_the_engine_imports_neither_bot_nor_adapters(file: Path) -> None:
    assert not {name for name in imports(file) if name.split(".")[0] in {"bot", "adapters"}}


@pytest.mark.parametrize("file", modules("engine/contract"), ids=str)
def test_the_contract_imports_nothing_else_of_the_engine(file: Path) -> None:
    ours = {name for name in imports(file) if name.split(".")[0] == "engine"}

    assert all(name.startswith(CONTRACT) or name == "engine" for name in ours)


@pytest.mark.parametrize("file", modules("bot"), ids=str)
def test_the_bot_imports_of_the_engine_only_the_contract_and_only_its_main_imports_adapters(file: Path) -> None:
    names = imports(file)

    assert all(name.startswith(CONTRACT) for name in names if name.split(".")[0] == "engine")
    if file.name != "__main__.py":
        assert not {name for name in names if name.split(".")[0] == "adapters"}


ALLOWED = {"bot.chat", "bot.command", "bot.errors", "bot.settings"}


@pytest.mark.parametrize("file", modules("adapters"), ids=str)
def test_adapters_import_only_the_port(file: Path) -> None:
    ours = {name for name in imports(file) if name.split(".")[0] in {"bot", "engine"}}

    assert all(any(name == allowed or name.startswith(f"{allowed}.") for allowed in ALLOWED) for name in ours), ours


@pytest.mark.parametrize("package", [bot, engine], ids=lambda package: package.__name__)
def test_the_map_of_a_package_names_each_of_its_modules_once(package: ModuleType) -> None:
    folder = ROOT / package.__name__
    there = [file.stem for file in folder.glob("[!_]*.py")]
    there += [f"{init.parent.name}/" for init in folder.glob("*/__init__.py")]
    named = re.findall(r"^    (\S.*?)  ", package.__doc__ or "", re.MULTILINE)

    assert sorted(name for line in named for name in line.split(", ")) == sorted(there)


def test_the_scheduler_and_the_contract_load_without_torch() -> None:
    code = (
        "import sys; sys.modules['torch'] = None; "
        "import engine.scheduler, engine.engine, engine.server, engine.contract.client, engine.command_line"
    )

    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


@pytest.mark.parametrize("name", SETTINGS)
def test_the_readme_lists_every_setting(name: str) -> None:
    assert f"`{name.upper()}`" in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", SETTINGS)
def test_the_example_environment_names_every_setting(name: str) -> None:
    assert f"{name.upper()}=" in (ROOT / ".env.example").read_text(encoding="utf-8")
