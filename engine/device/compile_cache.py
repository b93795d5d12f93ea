"""Where compiled code is kept from start to start. It is code, so only files that this machine wrote are ever used."""

import hashlib
import logging
import os
import platform
import shutil
import stat
from pathlib import Path

log = logging.getLogger(__name__)

# The first that is there names the machine; in containers it is often the last, which changes when the host starts.
MACHINES = ("/etc/machine-id", "/var/lib/dbus/machine-id", "/proc/sys/kernel/random/boot_id")
VARIABLES = {"TORCHINDUCTOR_CACHE_DIR": "inductor", "TRITON_CACHE_DIR": "triton"}


def keep_compiled(root: Path, what: str) -> Path:
    """Let PyTorch keep compiled code in a folder under `root` that belongs to this machine, user and `what` (device and
    versions). A folder that others may write to, or that came from elsewhere, is thrown away unread."""
    folder = root / hashlib.sha256(f"{_machine()}|{os.getuid()}|{what}".encode()).hexdigest()[:16]
    if folder.is_symlink() or (folder.exists() and not _ours(folder)):
        log.warning("%s can be written by others; what is in it is not used", folder)
        folder.unlink() if folder.is_symlink() or folder.is_file() else shutil.rmtree(folder)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for variable, name in VARIABLES.items():
        os.environ[variable] = str(folder / name)
    return folder


def _ours(folder: Path) -> bool:
    status = folder.stat()
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid() and not status.st_mode & 0o077


def _machine() -> str:
    """A name of this machine that a copied data folder does not bring along."""
    for path in MACHINES:
        try:
            machine_id = Path(path).read_text().strip()
        except OSError:
            continue
        if machine_id:
            return machine_id
    return platform.node()
