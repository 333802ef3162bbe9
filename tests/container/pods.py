# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors
"""What a pod's containers do: who reaches the socket, what the probes say, how the server ends, what memory it takes."""

import contextlib
import json
import os
import re
import signal
import subprocess
import tempfile
import threading
import time

from engine import PATIENCE
from manifest import Pod
from server import ROOT  # tests/interop's

SOCKET = "/run/udsecho/sock"
CLIENT = "/usr/bin/udsecho"
PROBES = ("startupProbe", "readinessProbe", "livenessProbe")
SHARED = "--allow_shared_directory"
# The client's exit codes: client/exit_code.h.
SERVING, LOCAL_IO, NO_CONNECTION, TIMED_OUT = 0, 1, 3, 68
IN_USE = 3  # the server's, for an address that cannot be had
KILLED = 128 + 9


def check(report, row, name, test):
    """One check: `test` gives why it failed, or None."""
    try:
        report.check(row, name, test())
    except (RuntimeError, OSError, ValueError, KeyError) as error:
        report.check(row, name, f"{type(error).__name__}: {error}")


def expect(code, done, text=""):
    """Why a command did not end so, or None."""
    ended, output, _ = done
    if ended == code and text in output:
        return None
    return f"exit code {ended} instead of {code}, or no {text!r} in\n{output}"


def eventually(condition, what):
    deadline = time.monotonic() + PATIENCE
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise RuntimeError(f"not within {PATIENCE} s: {what}")
        time.sleep(0.02)
    return value


def seconds(arguments, flag):
    """The value of `flag`, such as --grace=8s; 0 without."""
    return sum(int(argument[len(flag) + 1:-1]) for argument in arguments if re.fullmatch(flag + r"=\d+s", argument))


class Scene:
    """A pod's volume, and its server's container on it while the block lasts."""

    def __init__(self, engine, pod, mode=0o2777, without=(), more=()):
        self.engine, self.pod, self._mode = engine, pod, mode
        self._command = [*pod.command("udsecho", without), *more]

    def __enter__(self):
        self.volume = tempfile.mkdtemp(prefix="volume.", dir=self.engine.folder)
        os.chown(self.volume, 0, self.pod.group() if self._mode & 0o2000 else 0)
        os.chmod(self.volume, self._mode)
        self.engine.start("server", self.pod.flags("udsecho", self.volume) + self._command)
        return self

    def __exit__(self, *_):
        self.engine.remove("server")

    def probe(self, kind):
        return self.engine.exec("server", self.pod.probe("udsecho", kind))

    def started(self):
        """As the kubelet waits: a startup probe after the other."""
        eventually(lambda: self.probe("startupProbe")[0] == SERVING, "the startup probe succeeds")
        return self

    def app(self, *arguments, program=CLIENT):
        """Runs the client, or another program, in a container such as the app's, to its end."""
        flags = self.pod.flags("app", self.volume)
        return self.engine.run([*flags, f"--entrypoint={program}", self.pod.container("app")["image"], *arguments])

    def talk(self):
        """The client in a container such as the app's, on one Chat call that lasts as long as the block."""
        flags = self.pod.flags("app", self.volume)
        return self.engine.talk([*flags, f"--entrypoint={CLIENT}", self.pod.container("app")["image"], SOCKET])

    def in_flight(self):
        """How many calls are, and that which asks for it is one of them."""
        code, output, _ = self.engine.exec("server", [CLIENT, SOCKET, "--stats", "--json", "--timeout=30s"])
        if code:
            raise RuntimeError(f"--stats: exit code {code}\n{output}")
        return json.loads(output)["calls_in_flight"]

    def one_more_call(self, begin):
        """What `begin` gives, once the call that it begins is in flight."""
        before = self.in_flight()
        begun = begin()
        eventually(lambda: self.in_flight() > before, "the call is in flight")
        return begun


def _check_confined(report, row, scene):
    status = scene.engine.status("server")

    def facts():
        uid = str(scene.pod.uid("udsecho"))
        wanted = {"Uid": "\t".join([uid] * 4), "CapPrm": "0" * 16, "CapBnd": "0" * 16, "NoNewPrivs": "1", "Seccomp": "2"}
        wrong = {name: status[name].strip() for name, value in wanted.items() if status[name].strip() != value}
        return wrong or None

    check(report, row, "no root, no capability, no new privileges, seccomp", facts)
    check(report, row, "its root directory is read-only", lambda: expect(
        LOCAL_IO, scene.engine.exec("server", [CLIENT, SOCKET, "x", "--payload=x", "--output=/x"]), "Read-only"))


def _check_app(report, row, scene):
    check(report, row, "the app, of another uid, is answered", lambda: expect(
        SERVING, scene.app(SOCKET, "hello"), "hello"))
    check(report, row, "the app cannot write the volume", lambda: expect(
        LOCAL_IO, scene.app(SOCKET, "x", "--payload=x", "--output=/run/udsecho/x"), "Read-only"))
    check(report, row, "the app cannot serve in the server's place", lambda: expect(
        IN_USE, scene.app("/run/udsecho/other", SHARED, program="/usr/bin/udsechod")))


def _check_probes(report, row, scene):
    for kind in PROBES:
        check(report, row, f"{kind}: serving", lambda kind=kind: expect(SERVING, scene.probe(kind)))
    scene.engine.signal("server", "STOP")

    check(report, row, "livenessProbe: a server that hangs", lambda: expect(
        TIMED_OUT, scene.probe("livenessProbe")))
    scene.engine.signal("server", "CONT")
    check(report, row, "livenessProbe: it goes on", lambda: expect(SERVING, scene.probe("livenessProbe")))


def _check_drain(report, row, scene):
    watched = []
    watcher = threading.Thread(target=lambda: watched.append(
        scene.engine.exec("server", [CLIENT, SOCKET, "--health", "--watch"])))
    scene.one_more_call(watcher.start)
    with contextlib.ExitStack() as stack:
        app = scene.one_more_call(lambda: stack.enter_context(scene.talk()))
        app.send("before")
        scene.engine.signal("server", "TERM")
        check(report, row, "readinessProbe: a drain", lambda: expect(
            NO_CONNECTION, eventually(lambda: (done := scene.probe("readinessProbe"))[0] and done, "it drains")))
        app.send("after")
    check(report, row, "SIGTERM: the call in flight goes on to its end", lambda: expect(
        SERVING, (app.exit_code, app.output, 0), "before\nafter\n"))
    code = scene.engine.wait("server")
    watcher.join()
    check(report, row, "SIGTERM: who watches health is told", lambda: (
        None if "NOT_SERVING" in watched[0][1] else watched[0]))
    check(report, row, "SIGTERM: exit code 0", lambda: None if code == 0 else scene.engine.log("server"))
    check(report, row, "no socket is left", lambda: os.listdir(scene.volume) or None)


def _check_kill(report, row, scene):
    """The container's second life on the same volume, as after a failed liveness probe."""
    scene.engine.signal("server", "KILL")
    code = scene.engine.wait("server")
    check(report, row, "SIGKILL: exit code", lambda: None if code == KILLED else f"{code}")
    check(report, row, "the app is told that no server is there", lambda: expect(
        NO_CONNECTION, scene.app(SOCKET, "--health")))
    scene.engine.again("server")
    scene.started()
    check(report, row, "restarted: it reclaims the socket", lambda: expect(SERVING, scene.app(SOCKET, "hello"), "hello"))


def _check_memory(report, row, scene):
    limit = scene.pod.memory("udsecho")

    def told():
        half = f"--max_memory is {limit // 2 >> 20}MiB"
        return None if half in scene.engine.log("server") else f"no {half!r} in\n{scene.engine.log('server')}"

    # From outside, as root: the app's own limit would not hold so many messages. More than the limit is in flight.
    command = [ROOT / "bazel-bin/client/client", f"{scene.volume}/sock", "--bench", "--size=3MiB", "--duration=10m",
               "--warmup=0s", "-c", str(2 * limit // (3 << 20)), "--json"]

    def alive():
        state = scene.engine.state("server")
        if not state["Running"] or state["OOMKilled"]:
            return f"the kernel ended it: {state}"
        return None if "RESOURCE_EXHAUSTED" in output else output

    check(report, row, "the server takes half of the limit for --max_memory", told)
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as flood:
        try:
            eventually(lambda: scene.in_flight() > 1, "the flood is in flight")
            # With more time than the manifest's probes have, for a busy machine.
            check(report, row, "twice the limit in flight: another uid's probe is answered", lambda: expect(
                SERVING, scene.engine.exec("server", [CLIENT, SOCKET, "--health", "--timeout=30s"])))
        finally:
            flood.send_signal(signal.SIGINT)  # it tells how far it came
            output, _ = flood.communicate(timeout=PATIENCE)
    check(report, row, "twice the limit in flight: some calls are refused, the container lives", alive)
    check(report, row, "and it serves", lambda: expect(SERVING, scene.probe("livenessProbe")))


def _check_stop(report, row, scene):
    """As the kubelet stops a container: its preStop hook, then SIGTERM."""
    done = []
    begin = time.monotonic()
    stopping = threading.Thread(target=lambda: done.append(scene.engine.exec("server", scene.pod.hook("udsecho"))))
    scene.one_more_call(stopping.start)
    check(report, row, "preStop: the app is served meanwhile", lambda: expect(SERVING, scene.app(SOCKET, "hello"), "hello"))
    stopping.join()
    check(report, row, "preStop: exit code 0", lambda: expect(SERVING, done[0]))
    scene.engine.signal("server", "TERM")
    code = scene.engine.wait("server")
    took = time.monotonic() - begin
    check(report, row, "then SIGTERM: exit code 0", lambda: None if code == 0 else scene.engine.log("server"))
    check(report, row, "all of it within terminationGracePeriodSeconds", lambda: (
        None if took < scene.pod.grace() else f"{took} s"))


def _check_times(report, row, pod):
    """The server's grace and the hook's time fit into the pod's, and a probe's own time into the kubelet's."""

    def fits():
        grace = seconds(pod.container("udsecho")["args"], "--grace")
        needed = grace + seconds(pod.hook("udsecho"), "--delay") + 2
        return None if needed < pod.grace() else f"{needed} s are needed, of {pod.grace()}"

    def patient():
        probes = [pod.container("udsecho")[kind] for kind in PROBES]
        return [probe for probe in probes
                if not 0 < seconds(probe["exec"]["command"], "--timeout") < probe["timeoutSeconds"]] or None

    check(report, row, "terminationGracePeriodSeconds is long enough", fits)
    check(report, row, "timeoutSeconds of the probes are long enough", patient)


def _check_modes(report, engine, pod):
    row = "volume"
    for mode in (0o777, 0o2775):
        with Scene(engine, pod, mode) as scene:
            check(report, row, f"mode {mode:04o}: the app is answered", lambda scene=scene: expect(
                SERVING, scene.started().app(SOCKET, "hello"), "hello"))
    with Scene(engine, pod, 0o1777, without=[SHARED]) as scene:
        check(report, row, f"mode 1777: served without {SHARED}", lambda: expect(
            SERVING, scene.started().app(SOCKET, "hello"), "hello"))
    with Scene(engine, pod, 0o777, without=[SHARED]):
        check(report, row, f"mode 0777: refused without {SHARED}, which the log names", lambda: expect(
            IN_USE, (engine.wait("server"), engine.log("server"), 0), SHARED))


def check_all(report, engine, folder):
    sidecar, two = Pod(folder / "sidecar.yaml"), Pod(folder / "two-containers.yaml")
    _check_times(report, "sidecar", sidecar)
    _check_times(report, "two containers", two)
    _check_modes(report, engine, sidecar)
    with Scene(engine, sidecar) as scene:
        check(report, "sidecar", "startupProbe", lambda: scene.started() and None)
        _check_confined(report, "sidecar", scene)
        _check_app(report, "sidecar", scene)
        _check_probes(report, "sidecar", scene)
        _check_kill(report, "sidecar", scene)
        _check_memory(report, "sidecar", scene)
        check(report, "image", "HEALTHCHECK", lambda: None if engine.health("server") == 0 else "it fails")
    # A grace that no busy machine uses up: whether the manifest's fits is arithmetic.
    with Scene(engine, sidecar, more=["--grace=60s"]) as scene:
        scene.started()
        _check_drain(report, "sidecar", scene)
    with Scene(engine, two) as scene:
        check(report, "two containers", "startupProbe", lambda: scene.started() and None)
        _check_stop(report, "two containers", scene)
