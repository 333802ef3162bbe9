# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors
"""Makes Debian's packages of what Bazel has built, by debhelper: the action of //tools/package.

    build.py OUTPUT NAME=FILE...     in the execution root

OUTPUT is a folder. The names are those of packages.bzl. debian/ has what debhelper reads; what is made here is the
rest: a changelog of one entry, the units from examples/systemd, completions by the programs themselves, the
libraries by the files of tools/install, and which archives the programs contain.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, "tools/libraries")

import tree  # noqa: E402  # pylint: disable=wrong-import-position

# Debian's, of one version: for changes of the packages alone.
REVISION = 1
COMPLETIONS = (
    ("bash", "bash-completion/completions/{}"),
    ("zsh", "zsh/vendor-completions/_{}"),
    ("fish", "fish/vendor_completions.d/{}.fish"),
)
# Of these Debian packages the programs contain archives, or parts of headers.
STATIC = {
    "udsechod": "libabsl-dev libcli11-dev libnghttp2-dev libprotobuf-dev nlohmann-json3-dev",
    "udsecho": "libabsl-dev libboost-dev libc-ares-dev libcli11-dev libgrpc-dev libnghttp2-dev libprotobuf-dev"
    " libre2-dev nlohmann-json3-dev",
}
# Archives of C++ go with one version of these headers (docs/stability.md), whatever Debian's revision of it.
ONE_VERSION = ("libabsl-dev", "libprotobuf-dev")
# The units of examples/systemd, as they are to be in a package: what is there, and what instead.
SERVICE = (
    (r"^(# Started by the first connection to udsecho\.socket), which see\.$", r"\1."),
    (r"^(Description=.*)$", r"\1\nDocumentation=man:udsechod(8)"),
    (
        r"^# Without ADDRESS: (?:.*\n)+?ExecStart=.*$",
        "# Without ADDRESS: it serves the socket that it is handed.\n"
        "ExecStart=/usr/sbin/udsechod --flagfile=/etc/udsecho/udsechod.flags",
    ),
    (
        r"^# A user of its own that exists while it runs(?:.*\n)+?User=.*$",
        "# The user of sysusers.d/udsechod.conf, which can write to its logs alone.\n"
        "User=udsecho\nReadWritePaths=-/var/log/udsecho",
    ),
)
SOCKET = (
    (r"^# Install both files(?:.*\n)+?\n", "\n"),
    (r"^(Description=.*)$", r"\1\nDocumentation=man:udsechod(8)"),
)


def die(why):
    """Ends with a message that Bazel shows."""
    sys.exit(f"tools/package: {why}")


def run(*command, **options):
    """What a command prints; its failure ends this too."""
    options.setdefault("stdout", subprocess.PIPE)
    result = subprocess.run(command, check=False, text=True, **options)
    if result.returncode:
        die(f"{command[0]} failed with exit code {result.returncode}\n{result.stdout or ''}")
    return result.stdout


def write(path, text):
    """A file, and the folders that it is in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def copy(source, path, mode=0o644):
    """Likewise."""
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, path)
    path.chmod(mode)


def adapted(file, changes):
    """The text of a unit with changes, each of which has to find its place."""
    text = pathlib.Path(file).read_text(encoding="utf-8")
    for what, instead in changes:
        text, count = re.subn(what, instead, text, count=1, flags=re.MULTILINE)
        if not count:
            die(f"{file} has no line any more like {what}: change tools/package/build.py with it")
    return text


def changelog(number, date):
    """Debian's, with one entry: the version and its day are stated in cli/version.h."""
    day = run("date", "--utc", "--rfc-email", f"--date={date}").strip()
    return (
        f"udsecho ({number}-{REVISION}) bookworm; urgency=medium\n\n"
        f"  * Version {number}: changelog.gz has what changed.\n\n"
        f" -- The udsecho Authors <udsecho@example.org>  {day}\n"
    )


def programs(room, files):
    """The programs under their own names, with manual pages and completions."""
    installed = room / "built"
    for name, folder, section in (("udsechod", "sbin", 8), ("udsecho", "bin", 1)):
        program = installed / "usr" / folder / name
        copy(files[name], program, 0o755)
        copy(files[f"{name}.{section}"], installed / f"usr/share/man/man{section}/{name}.{section}")
        for shell, path in COMPLETIONS:
            script = run(str(program), f"--completion={shell}")
            write(installed / "usr/share" / path.format(name), script)


def dependency(package):
    """A package that the libraries need, with its version where that matters."""
    if package not in ONE_VERSION:
        return package
    number = run("dpkg-query", "-W", "-f=${source:Upstream-Version}", package)
    return f"{package} (>= {number}), {package} (<< {number}.0~)"


def libraries(room, files):
    """What tools/install installs, and the fields that name the packages it needs."""
    multiarch = run("dpkg-architecture", "-qDEB_HOST_MULTIARCH").strip()
    components = json.loads(pathlib.Path(files["libraries"]).read_text(encoding="utf-8"))
    root = pathlib.Path(".")
    for path, content in tree.files(components, root, root, f"lib/{multiarch}").items():
        target = room / "built/usr" / path
        if isinstance(content, str):
            write(target, content)
        else:
            copy(content, target)
    needed = {name for one in components if not one["optional"] for name in one["packages"]} | {"pkg-config"}
    optional = {name for one in components for name in one["packages"]} - needed
    return (
        f"libudsecho:Depends={', '.join(map(dependency, sorted(needed)))}\n"
        f"libudsecho:Suggests={', '.join(sorted(optional))}\n"
    )


def built_using(packages):
    """The versions of archives that a program contains: an update of theirs takes a new build."""
    form = "${source:Package} (= ${source:Version})\n"
    return ", ".join(sorted(set(run("dpkg-query", "-W", f"-f={form}", *packages.split()).splitlines())))


def lay_out(room, files):
    """A source package, as debhelper wants it."""
    shutil.copytree("tools/package/debian", room / "debian", copy_function=shutil.copyfile)
    (room / "debian/rules").chmod(0o755)
    number = tree.version(pathlib.Path("."))
    text = pathlib.Path("cli/version.h").read_text(encoding="utf-8")
    date = re.search(r'kVersionDate\[\] = "([0-9-]+)"', text).group(1)
    write(room / "debian/changelog", changelog(number, date))
    write(room / "debian/udsechod.udsecho.service", adapted("examples/systemd/udsecho.service", SERVICE))
    write(room / "debian/udsechod.udsecho.socket", adapted("examples/systemd/udsecho.socket", SOCKET))
    copy("tools/package/udsechod.flags", room / "built/etc/udsecho/udsechod.flags")
    copy("CHANGELOG.md", room / "CHANGELOG.md")
    programs(room, files)
    write(room / "substvars/libudsecho-dev", libraries(room, files))
    for package, contained in STATIC.items():
        write(room / f"substvars/{package}", f"static:Built-Using={built_using(contained)}\n")
    return run("date", "--utc", "+%s", f"--date={date}").strip()


def main():
    output = pathlib.Path(sys.argv[1])
    files = dict(argument.split("=", 1) for argument in sys.argv[2:])
    if not shutil.which("dh"):
        die("there is no debhelper: tools/setup --dev installs it, or apt-get install debhelper")
    with tempfile.TemporaryDirectory() as folder:
        room = pathlib.Path(folder) / "udsecho"
        room.mkdir()
        os.umask(0o022)
        epoch = lay_out(room, files)
        environment = {
            **os.environ,
            "DEB_RULES_REQUIRES_ROOT": "no",
            "HOME": folder,
            "LC_ALL": "C.UTF-8",
            "SOURCE_DATE_EPOCH": epoch,
        }
        run("debian/rules", "binary", cwd=room, env=environment, stderr=subprocess.STDOUT)
        for package in sorted(pathlib.Path(folder).glob("*.deb")):
            shutil.copyfile(package, output / package.name)


if __name__ == "__main__":
    main()
