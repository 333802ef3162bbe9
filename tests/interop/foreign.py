# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors
"""Our client against servers that are not ours: foreign/things.proto on grpc-go and on grpcio, with reflection
(v1 and v1alpha; v1alpha alone) and without, on a Unix socket and on a port."""

import json
import pathlib
import shutil
import subprocess
import tempfile

from examples import lacking
from programs import CACHE, fetch, missing, run
from server import PATIENCE, ROOT

FOLDER = ROOT / "tests/interop/foreign"
CLIENT = ROOT / "bazel-bin/client/client"
PROTOS = ("things.proto", "common.proto", "legacy.proto")
COLUMNS = ("build", "list", "describe", "unary", "server stream", "client stream", "both", "details", "proto2",
           "names", "port", "no reflection")
GO, PYTHON = SERVERS = ("grpc-go's server", "grpcio's server")
ROWS = (*SERVERS, *(f"{row}, --protoset" for row in SERVERS))

# As our client writes it.
THING = {
    "name": "n\u00e4", "big": "-9007199254740993", "bigger": "18446744073709551615", "real": 0.5,
    "data": "AAH/", "maybe": 0, "color": "COLOR_BLUE", "colors": ["COLOR_RED", "COLOR_UNSPECIFIED"],
    "numbers": [1, -2], "counts": {"a": "1"}, "parts": {"-1": {"name": "p"}},
    "part": {"parts": [{"name": "q"}]},
    "any": {"@type": "type.googleapis.com/foreign.common.Place", "city": "Ulm"},
    "at": "2026-01-31T12:00:00.500Z", "took": "1.500s", "settings": {"a": [1, None, "x"]}, "value": None,
    "mask": "a.b,cD", "wrapped": "7", "children": [{"name": "c"}], "placeOfOrigin": {"city": "Bonn"},
    "isSet": True,
}


class Server:
    """A program that prints "serving PORT..." and ends with its standard input."""

    def __init__(self, command, **options):
        self._command = command
        self._options = options

    def __enter__(self):
        self._folder = pathlib.Path(tempfile.mkdtemp(prefix="udsecho."))
        self.path = self._folder / "s"
        self._process = subprocess.Popen(
            [*map(str, self._command), f"unix:{self.path}", "127.0.0.1:0"], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, **self._options,
        )
        self.port = self._process.stdout.readline().split()[-1]
        return self

    def __exit__(self, *_):
        self._process.stdin.close()
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self._folder)


def _objects(*arguments):
    """What the client printed, an object a line, or its whole output if that is something else."""
    code, output = run([CLIENT, *arguments])
    try:
        return code, [json.loads(line) for line in output.splitlines()]
    except ValueError:
        return code, output


def _difference(actual, *expected):
    return None if actual == (0, list(expected)) else f"exit code {actual[0]}: {actual[1]}"


def _says(arguments, code, *texts):
    actual, output = run([CLIENT, *arguments])
    absent = [text for text in texts if text not in output]
    return f"exit code {actual}, missing {absent}\n{output}" if actual != code or absent else None


def _check_calls(report, row, server, *flags):
    def call(method, *data, address=server.path):
        return _objects(address, f"--call={method}", *flags, *map(json.dumps, data))

    a, b = {"name": "a"}, {"name": "b"}
    report.check(row, "unary", _difference(call("Things/Get", THING), THING))
    report.check(row, "server stream", _difference(call("Repeat", {"children": [a, THING]}), a, THING))
    report.check(row, "client stream", _difference(
        call("Things/Collect", a, THING), {"name": "all", "children": [a, THING]}))
    report.check(row, "both", _difference(call("Talk", a, THING, b), a, THING, b))
    report.check(row, "port", _difference(
        call("foreign.v1.Things/Get", THING, address=f"127.0.0.1:{server.port}"), THING))
    report.check(row, "details", _says(
        [server.path, "--call=Fail", *flags, '{"name": "gone"}'], 69,
        'detail: {"@type":"type.googleapis.com/foreign.v1.Thing","name":"gone"}', "NOT_FOUND: gone"))
    why = _says([server.path, "--call=Legacies/Get", *flags, '{"name": "x"}'], 0, '"name":"x"', "not shown",
                "group entry", "extension foreign.legacy.nickname")
    why = why or _says([server.path, "--call=Legacies/Get", *flags, "{}"], 2, "name")
    report.check(row, "proto2", why)
    report.check(row, "names", _says(
        [server.path, "--call=Get", *flags], 2, "foreign.v1.Legacies/Get or foreign.v1.Things/Get"))
    report.check(row, "describe", _says(
        [server.path, "--describe=Things/Get", *flags], 0, "optional int32 maybe = 6;",
        "map<string, int64> counts = 10;", '"at": "1970-01-01T00:00:00Z"', '"isSet": false'))


def _check_server(report, row, command, protoset, **options):
    with Server(command, **options) as server:
        report.check(row, "list", _says(
            [server.path, "--list"], 0, "foreign.v1.Things\n",
            "  Talk(stream foreign.v1.Thing) returns (stream foreign.v1.Thing)\n"))
        _check_calls(report, row, server)
    with Server([*command, "--no_reflection"], **options) as server:
        report.check(row, "no reflection", _says(
            [server.path, "--call=Things/Get"], 76, "--protoset=FILE"))
        with_set = f"{row}, --protoset"
        _check_calls(report, with_set, server, f"--protoset={protoset}")


def _check_go(report, made, protoset):
    row, source = GO, made / "go"
    if why := lacking(FOLDER / "go", "go"):
        report.skip(row, why)
        return
    source.mkdir(parents=True, exist_ok=True)
    for file in ("main.go", "go.mod", "go.sum"):
        shutil.copy(FOLDER / "go" / file, source)
    why = fetch(f"""set -e
        protoc -I{FOLDER} --plugin="$(go tool -n protoc-gen-go)" --go_out=. --go_opt=module=foreign \\
          --plugin="$(go tool -n protoc-gen-go-grpc)" --go-grpc_out=. --go-grpc_opt=module=foreign {' '.join(PROTOS)}
        go build -o server .""", cwd=source)
    report.check(row, "build", why)
    if not why:
        _check_server(report, row, [source / "server"], protoset)


def _check_python(report, made, protoset):
    row, modules = PYTHON, made / "python"
    if program := missing("python3"):
        report.skip(row, f"there is no {program} on the PATH")
        return
    why = fetch(f"""set -e
        python3 -m venv {modules}
        {modules}/bin/pip install -q -r {FOLDER}/requirements.txt
        {modules}/bin/python -m grpc_tools.protoc -I{FOLDER} --python_out={modules} --grpc_python_out={modules} {' '.join(PROTOS)}""")
    report.check(row, "build", why)
    if not why:
        command = [modules / "bin/python", FOLDER / "server.py"]
        _check_server(report, row, command, protoset, cwd=modules, env={"PYTHONPATH": str(modules)})


def check_foreign(report):
    made = CACHE / "foreign"
    made.mkdir(parents=True, exist_ok=True)
    protoset = made / "things.protoset"
    code, output = run(["protoc", f"-I{FOLDER}", f"--descriptor_set_out={protoset}", "--include_imports", *PROTOS])
    if code != 0:
        report.check("foreign", "build", output)
        return
    _check_go(report, made, protoset)
    _check_python(report, made, protoset)
