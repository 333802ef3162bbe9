# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors
"""A clean Debian 12, made once and kept, and what is done in it."""

import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

from packed import FOLDER, ROOT
from report import outcome

HERE = pathlib.Path(__file__).resolve().parent
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "udsecho"
# Beside what every Debian has. Another list is another base.
INCLUDED = "logrotate,passwd,systemd"
SUITE = "bookworm"
INSTALL = "apt-get install --yes --no-install-recommends"
CANNOT = 77


def _missing():
    """Why this machine cannot, or nothing."""
    if os.geteuid():
        return "this needs root"
    for program, package in (("mmdebstrap", "mmdebstrap"), ("unshare", "util-linux"), ("dpkg-deb", "dpkg")):
        if not shutil.which(program):
            return f"there is no {program} (Debian's package {package}): tools/setup --dev installs it"
    if outcome(["unshare", "--mount", "true"], 20):
        return "there are no mount namespaces here"
    return ""


def _field(package, name):
    command = ["dpkg-deb", "--field", str(package), name]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def _base(packages):
    """The base system as a tar file, with what these packages depend on beside it, and what is wrong."""
    needed = "\n".join([SUITE, INCLUDED, *(_field(package, "Depends") for package in packages)])
    path = CACHE / f"package-base-{hashlib.sha256(needed.encode()).hexdigest()[:16]}.tar"
    if path.exists():
        return path, ""
    CACHE.mkdir(parents=True, exist_ok=True)
    for old in CACHE.glob("package-base-*.tar"):
        old.unlink()
    print(f"# making {path}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for package in packages:
            shutil.copyfile(package, f"{folder}/{package.name}")
        unfinished = path.with_suffix(f".{os.getpid()}")
        archives = '"$1/var/cache/apt/archives"'
        command = [
            "mmdebstrap",
            "--mode=root",
            "--format=tar",
            "--variant=minbase",
            f"--include={INCLUDED}",
            "--skip=cleanup/apt",  # the lists, and the packages that ours depend on
            f"--customize-hook=rm -f {archives}/*.deb",
            f'--customize-hook=cp -r {folder} "$1/var/tmp/ours"',
            f'--customize-hook=chroot "$1" sh -c "{INSTALL} --download-only /var/tmp/ours/*.deb"',
            '--customize-hook=rm -r "$1/var/tmp/ours"',
            SUITE,
            str(unfinished),
        ]
        why = outcome(command, seconds=1800)
        if why:
            unfinished.unlink(missing_ok=True)
        else:
            unfinished.replace(path)
    return path, why


def _with_version(package, version, target):
    """The same package with a higher version."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["dpkg-deb", "-R", str(package), folder], check=True)
        control = pathlib.Path(folder) / "DEBIAN/control"
        text = re.sub(r"^Version: .*$", f"Version: {version}", control.read_text(encoding="utf-8"), flags=re.MULTILINE)
        control.write_text(text, encoding="utf-8")
        command = ["dpkg-deb", "--root-owner-group", "-Znone", "-b", folder, str(target)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def check_life(report, packages, again):
    """From the installation to the purge: inside. `again`: how often to upgrade more."""
    what = "the packages on a clean system"
    why = _missing()
    if why:
        report.skip(what, why)
        return
    ours = [packages[name] for name in ("udsechod", "udsecho")]
    base, why = _base(ours)
    report.check("a base system", why)
    if why:
        return
    with tempfile.TemporaryDirectory() as files:
        for version in ("now", "next"):
            (pathlib.Path(files) / version).mkdir()
        for name in ("udsechod", "udsecho"):
            shutil.copyfile(packages[name], f"{files}/now/{name}.deb")
            _with_version(packages[name], "99.0-1", f"{files}/next/{name}.deb")
        shutil.copyfile(HERE / "inside", f"{files}/inside")
        (pathlib.Path(files) / "again").write_text(str(again), encoding="utf-8")
        source = pathlib.Path(files) / "source"
        for name in ("docs", FOLDER):
            (source / name).mkdir(parents=True)
        for page in ("operating.md", "packages.md"):
            shutil.copyfile(ROOT / "docs" / page, source / "docs" / page)
        for package in ours:
            shutil.copyfile(package, source / FOLDER / package.name)
        os.chmod(files, 0o755)
        command = ["unshare", "--mount", "sh", str(HERE / "within"), str(base), files]
        with subprocess.Popen(
            command, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
        ) as run:
            last = ""
            for line in run.stdout:
                report.take(line.rstrip("\n"))
                last = line.strip()
        if run.returncode == CANNOT:
            report.skip(what, last)
        else:
            why = "" if run.returncode in (0, 1) else f"exit code {run.returncode}"
            report.check(f"{what}: all steps were done", why)


def check_program(report, packages):
    """In a Debian 12 with libudsecho-dev and what it depends on, installed by apt, and no more: examples/greeter."""
    why = _missing()
    if why:
        report.skip("a program in a clean system", why)
        return
    with tempfile.TemporaryDirectory() as folder:
        built = shutil.ignore_patterns("build", "bazel-*")
        shutil.copytree(ROOT / "examples/greeter", f"{folder}/greeter", ignore=built)
        shutil.copyfile(packages["libudsecho-dev"], f"{folder}/dev.deb")
        steps = (
            f"{INSTALL} /var/tmp/ours/dev.deb cmake g++ make protobuf-compiler"
            " && cmake -S /var/tmp/ours/greeter -B /var/tmp/build && cmake --build /var/tmp/build"
        )
        command = [
            "mmdebstrap",
            "--mode=root",
            "--format=null",
            "--variant=minbase",
            f'--customize-hook=cp -r {folder} "$1/var/tmp/ours"',
            f'--customize-hook=chroot "$1" sh -ec "{steps}"',
            SUITE,
            "/dev/null",
        ]
        report.check("a program is built in a clean system with libudsecho-dev", outcome(command, seconds=3600))
