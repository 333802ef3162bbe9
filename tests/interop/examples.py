# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors
"""The clients of examples/, built and run by the commands of their READMEs.

A README's `sh` block has a command a line. Those that name ADDRESS run the client, and a comment after
one says which of several; the others build it. A client prints "ok NAME" or "failed NAME: WHY" for each
of FEATURES.
"""

import re
from concurrent.futures import ThreadPoolExecutor

from programs import fetch, missing, run
from server import ROOT

ADDRESS = "unix:///tmp/sock1"
FEATURES = (
    "echo", "expand", "collect", "chat", "metadata", "fault", "deadline", "health", "whoami",
)

# Folder -> the programs that its commands need, and of one of them the version: the command that
# tells it, the file that says which is the least, and where in that file.
NEEDS = {
    "cpp": (("cmake", "make", "c++", "protoc", "grpc_cpp_plugin"), None),
    "go": (("go", "protoc"), ("go env GOVERSION", "go.mod", r"^go ([\d.]+)")),
    "java": (
        ("mvn", "javac"),
        ("javac -version", "pom.xml", r"<maven.compiler.release>([\d.]+)<"),
    ),
    "node": (("node", "npm"), ("node --version", "package.json", r'"node": ">=([\d.]+)"')),
    "python": (("python3",), None),
    "ruby": (("ruby", "grpc_tools_ruby_protoc"), None),
    "rust": (("cargo", "protoc"), ("rustc --version", "Cargo.toml", r'rust-version = "([\d.]+)"')),
}


def _numbers(version):
    return [int(number) for number in version.split(".")]


def lacking(folder, language=None):
    """What this machine lacks to build an example, or another folder of that language, or None."""
    programs, version = NEEDS[language or folder.name]
    if program := missing(*programs):
        return f"there is no {program} on the PATH"
    if version:
        command, file, pattern = version
        least = re.search(pattern, (folder / file).read_text(), re.MULTILINE)[1]
        _, output = run(command, cwd=folder)
        actual = re.search(r"\d+(\.\d+)*", output)
        if not actual or _numbers(actual[0]) < _numbers(least):
            return f"{command} says {output.strip()}, and {file} wants {least}"
    return None


class Client:
    """One way to run one example."""

    def __init__(self, folder, line):
        command, _, label = line.partition("  # ")
        self.name = f"{folder.name} {label}".strip()
        self.language = folder.name
        self.folder = folder
        self._command = command

    def run(self, address=ADDRESS, **options):
        """Its exit code, what it says of each feature, the :authority that it sent, and its output."""
        command = self._command.replace(ADDRESS, address)
        code, output = run(command, cwd=self.folder, **options)
        output = re.sub(r"\x1b\[[\d;]*m", "", output)  # Maven's colours
        features = dict.fromkeys(re.findall(r"^ok (\w+)$", output, re.MULTILINE))
        features.update(re.findall(r"^failed (\w+): (.*)$", output, re.MULTILINE))
        authority = re.search(r"^# authority: (.*)$", output, re.MULTILINE)
        return code, features, authority and authority[1], output


def commands(folder):
    """The lines of the README's sh blocks."""
    blocks = re.findall(r"^```sh\n(.*?)^```$", (folder / "README.md").read_text(), re.M | re.S)
    return [line for block in blocks for line in block.splitlines() if line]


def build(folder):
    """Why it could not be built, or None."""
    for line in commands(folder):
        if ADDRESS not in line and (why := fetch(line, cwd=folder)):
            return why
    return None


def build_all(report):
    """Builds the examples, two at a time. The clients that can be run."""
    clients = []

    def prepare(folder):
        if why := lacking(folder):
            report.skip(folder.name, why)
            return []
        why = build(folder)
        report.check(folder.name, "build", why)
        if why:
            return []
        return [Client(folder, line) for line in commands(folder) if ADDRESS in line]

    with ThreadPoolExecutor(2) as pool:
        for built in pool.map(prepare, [ROOT / "examples" / name for name in NEEDS]):
            clients += built
    return clients


def check_features(report, client, address):
    """Every feature of one client. The :authority that it sent."""
    code, features, authority, output = client.run(address)
    for feature in FEATURES:
        why = features.get(feature, output or "it printed nothing") if (
            feature not in features or features[feature]
        ) else None
        report.check(client.name, feature, why)
    passed = len(features) == len(FEATURES) and not any(features.values())
    report.check(
        client.name, "exit code",
        None if (code == 0) == passed else f"exit code {code}\n{output}",
    )
    return authority
