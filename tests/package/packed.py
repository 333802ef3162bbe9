# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors
"""The packages themselves: built, and looked at."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from report import outcome

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = "bazel-bin/tools/package/deb"


def _bazel(*command):
    return subprocess.run(["bazel", *command], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def build(report):
    """The packages by their names, or nothing."""
    if not shutil.which("dh"):
        report.skip("package", "there is no debhelper: tools/setup --dev installs it")
        return {}
    why = outcome(["bazel", "build", "--noshow_progress", "//tools/package", "//client"], seconds=3600, cwd=ROOT)
    report.check("bazel build //tools/package", why)
    return {} if why else {file.name.split("_")[0]: file for file in sorted((ROOT / FOLDER).glob("*.deb"))}


def check_lintian(report, packages):
    """Errors and warnings fail; overrides are in tools/package/debian, with their reasons."""
    if not shutil.which("lintian"):
        report.skip("lintian", "it is not installed: tools/setup --dev installs it")
        return
    command = ["lintian", "--allow-root", "--fail-on=error,warning", *map(str, packages.values())]
    report.check("lintian has no errors and no warnings", outcome(command, seconds=600))


def check_reproducible(report, packages):
    """The same files packed again, elsewhere, at another time, with other habits, are the same bytes."""
    execution_root = _bazel("info", "execution_root")
    binaries = pathlib.Path(_bazel("info", "bazel-bin"))
    named = {
        "libraries": "tools/libraries/libraries.json",
        "udsecho": "client/client",
        "udsecho.1": "tools/man/udsecho.1",
        "udsechod": "server/server",
        "udsechod.8": "tools/man/udsechod.8",
    }
    with tempfile.TemporaryDirectory() as folder:
        command = ["sh", "-c", 'umask 077; exec "$@"', "sh", sys.executable, "tools/package/build.py", folder]
        command += [f"{name}={binaries / path}" for name, path in named.items()]
        environment = {**os.environ, "TZ": "Asia/Kolkata", "LANG": "de_DE.UTF-8", "USER": "other", "TMPDIR": folder}
        why = outcome(command, seconds=600, cwd=execution_root, env=environment)
        if not why:
            for package in packages.values():
                if package.read_bytes() != (pathlib.Path(folder) / package.name).read_bytes():
                    why += f"{package.name} differs\n"
    report.check("packed again, the packages are the same bytes", why)


def check_libraries(report, packages):
    """libudsecho-dev has what tools/install installs, which tests/libraries uses."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["dpkg-deb", "-x", str(packages["libudsecho-dev"]), f"{folder}/root"], check=True)
        installed = f"{folder}/installed"
        command = ["dpkg-architecture", "-qDEB_HOST_MULTIARCH"]
        multiarch = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
        libdir = f"lib/{multiarch}"
        environment = {**os.environ, "DESTDIR": installed}
        command = [str(ROOT / "tools/install"), "--prefix=/usr", f"--libdir={libdir}"]
        why = outcome(command, seconds=3600, env=environment)
        if not why:
            command = ["diff", "-r", "-q", "--exclude=share", "--exclude=*.a", f"{installed}/usr", f"{folder}/root/usr"]
            why = outcome(command, seconds=60)
        report.check("libudsecho-dev has the files of tools/install", why)
