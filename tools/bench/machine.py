# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors
"""What the numbers were measured on and with: the machine and the versions, each as its tool tells it."""

import os
import platform
import re
import subprocess

from servers import PEERS, ROOT

# What to run, in which folder, and the version in what it prints.
_TOOLS = {
    "udsecho and gRPC C++": ("bazel-bin/client/client --version", ROOT, r"\S.*"),
    "GCC": ("c++ -dumpfullversion", ROOT, r"\S+"),
    "h2load": ("h2load --version", ROOT, r"[\d.]+\S*$"),
    "Go": ("go env GOVERSION", ROOT, r"[\d.]+"),
    "grpc-go": ("go list -m -f '{{.Version}}' google.golang.org/grpc", PEERS / "go", r"[\d.]+"),
    "Rust": ("rustc --version", ROOT, r"[\d.]+"),
    "tonic": ("grep -A1 '^name = \"tonic\"$' $(find . -name Cargo.lock)", PEERS / "tonic1",
              r'version = "([\d.]+)"'),
    "Java": ("java -version 2>&1", ROOT, r'"([^"]+)"'),
    "grpc-java": ("cat pom.xml", PEERS / "java", r"<grpc.version>([^<]+)<"),
    "Node": ("node --version", ROOT, r"[\d.]+"),
    "grpc-js": ("cat package.json", PEERS / "node", r'grpc-js":\s*"([^"]+)"'),
    "Python": ("python3 --version", ROOT, r"[\d.]+"),
    "grpcio": ("cat requirements.txt", PEERS / "python", r"grpcio==(\S+)"),
    "nginx": ("PATH=$PATH:/usr/sbin nginx -v 2>&1", ROOT, r"nginx/([\d.]+)"),
}


def _version(command, folder, pattern):
    if not folder.is_dir():
        return None
    output = subprocess.run(
        ["bash", "-c", command], cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True, check=False,
    ).stdout
    found = re.search(pattern, output, re.M)
    return found and found[found.re.groups]


def versions():
    """Tool -> version, of those that are there."""
    found = {name: _version(*how) for name, how in _TOOLS.items()}
    return {name: version for name, version in found.items() if version}


def describe():
    with open("/proc/cpuinfo", encoding="utf-8") as info:
        model = re.search(r"^model name\s*: (.*)$", info.read(), re.M)
    with open("/proc/meminfo", encoding="utf-8") as info:
        memory = int(re.search(r"^MemTotal: +(\d+)", info.read(), re.M)[1]) * 1024
    return {
        "processor": model[1] if model else platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(memory / 1e9),
        "kernel": platform.release(),
        "load_before": round(os.getloadavg()[0], 2),
    }
