# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors
"""Whether a call that the front gives up may have happened, and what its client is told."""

import json

from front import ADDRESS
from host import PORT, until
from hosts import CLIENTS
from raw import Connection


def _ended(host):
    """The codes of the calls of Echo that the server has ended."""
    lines = (json.loads(line)["fields"] for line in host.access_log.read_text().splitlines(keepends=True) if line.endswith("\n"))
    return [line["code"] for line in lines if line["method"].endswith("/Echo")]


def outcome_of_a_call_on_a_lost_host(site):
    """The server's code for the call, and what its client has got instead."""
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
