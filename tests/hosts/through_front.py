# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors
"""What the front and a host's proxy together do to a call."""

import base64
import json
import subprocess

from front import ADDRESS
from host import PORT, until
from hosts import CLIENTS
from load import CLIENT
from raw import Connection


def _ended(host):
    """The codes of the calls of Echo that the server has ended."""
    lines = (json.loads(line)["fields"] for line in host.access_log.read_text().splitlines(keepends=True) if line.endswith("\n"))
    return [line["code"] for line in lines if line["method"].endswith("/Echo")]


def addresses(site):
    """The caller's address that each host's server sees, of a caller that claims another one."""
    seen = {}
    while len(seen) < len(site.hosts):
        answer = json.loads(subprocess.run(
            site.network.within(CLIENTS, [CLIENT, f"{ADDRESS}:{PORT}", "--whoami", "--json", "-H",
                                          "x-client-address: 203.0.113.7"]),
            check=True, capture_output=True, text=True).stdout)
        values = [base64.b64decode(entry["value"]).decode() for entry in answer["metadata"]
                  if entry["key"] == "x-client-address"]
        seen[answer["server_pid"]] = " ".join(values)
    return seen.values()


def outcome_of_a_call_on_a_lost_host(site):
    """Whether a call that the front gives up may have happened. The server's code for it, and what its client has got."""
    lost, *others = site.hosts
    for host in others:
        site.front.set_state(host.name, "drain")
    connection = Connection(CLIENTS, ADDRESS, PORT)
    connection.begin_call()  # the front has a connection to the host then
    connection.await_call()
    before = len(_ended(lost))
    connection.begin_call(delay=1)
    connection.ping(1)
    until("the call arriving", lambda: site.front.statistics(lost.name)["scur"] != "0")
    site.network.cut(lost.name)
    outcome = connection.await_call()
    connection.close()
    until("the server ending the call", lambda: len(_ended(lost)) > before)
    site.network.mend(lost.name)
    for host in others:
        site.front.set_state(host.name, "ready")
    site.await_up()
    return f"{_ended(lost)[-1]} for the server, {outcome} for the client"
