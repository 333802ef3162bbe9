# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors
"""Runs programs: to the end, with a time limit, and again if what they fetch did not come."""

import contextlib
import os
import shutil
import signal
import subprocess
import time

from server import ROOT

# Where tools/setup --dev puts what it builds.
DATA = os.environ.get("XDG_DATA_HOME") or os.path.expanduser("~/.local/share")
os.environ["PATH"] += os.pathsep + os.path.join(DATA, "udsecho/bin")
os.environ["GOTOOLCHAIN"] = "local"  # the Go at hand, never one that Go would fetch

# What is built for the checks alone.
CACHE = ROOT / ".cache/interop"


def run(command, seconds=120, **options):
    """Runs a command (a list, or a line for bash). Its exit code, None when it took too long, and all
    that it printed."""
    if isinstance(command, str):
        command = ["bash", "-c", command]
    # A session of its own, so that what it started ends with it.
    process = subprocess.Popen(
        list(map(str, command)), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, errors="replace", start_new_session=True, **options,
    )
    try:
        output, _ = process.communicate(timeout=seconds)
        return process.returncode, output
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, _ = process.communicate()
        return None, f"{output}\n(still running after {seconds} s)"


def fetch(command, seconds=600, tries=3, **options):
    """Runs a command that fetches packages: registries time out. Why it failed, or None."""
    for attempt in range(tries):
        code, output = run(command, seconds, **options)
        if code == 0:
            return None
        if attempt + 1 < tries:
            time.sleep(5)
    return f"{command}: exit code {code} at the last of {tries} tries\n{output}"


def missing(*programs):
    """The first of the programs that is not there, or None."""
    return next((program for program in programs if not shutil.which(program)), None)


def outcome(command, expect_code=0, expect_text=(), **options):
    """Runs a command; why it did not do what was expected, or None."""
    code, output = run(command, **options)
    absent = [text for text in expect_text if text not in output]
    if code == expect_code and not absent:
        return None
    return f"exit code {code} instead of {expect_code}, missing {absent}\n{output}"


def end_all(processes, patience):
    """Asks processes that run until they are told to end, and waits. What was not as it should be, a text each."""
    faults = []
    for process in processes:
        if process.poll() is not None:
            faults.append(f"{process.args} ended by itself with exit code {process.returncode}")
        process.terminate()
    for process in processes:
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            faults.append(f"{process.args} did not end")
            process.send_signal(signal.SIGQUIT)  # at which Python's and Go's tell where they are
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(5)
            process.kill()
            process.wait()
    return faults
