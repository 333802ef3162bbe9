# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors
"""What each setting of the front is worth: the same troubles without it, or with another value.

Nothing is checked here: the tables are for examples/proxies/README.md.
"""

import re

import under_load
from hosts import Site, folder
from network import Network
from proxies import CADDY, HAPROXY, NGINX
from troubles import announced, cut_off, host_killed, host_lost, server_killed, stopped

KINDS = (announced, stopped, server_killed, host_killed, host_lost, cut_off)
PLAN = [(trouble, number) for trouble in KINDS for number in range(3)]

# What it is, and what is replaced in front.cfg by what.
SETTINGS = {
    "as it is": (),
    "retry-on with empty-response, 502 and 503 too": (("retry-on conn-failure", "retry-on conn-failure empty-response 502 503"),),
    "no retry at the front": (("retries 3", "retries 0"),),
    "no sudden-death": ((" fastinter .* sudden-death", " fall 2 rise 2"),),
    "no shutdown-sessions": ((" on-marked-down shutdown-sessions", ""),),
    "no shutdown-sessions, but TCP_USER_TIMEOUT of 2 s": ((" on-marked-down shutdown-sessions", " tcp-ut 2s"),),
    "checks each 2 s": (("inter 500ms", "inter 2s"),),
}


def run(commands):
    for name, changes in SETTINGS.items():

        def change(text, changes=changes):
            for pattern, replacement in changes:
                text, count = re.subn(pattern, replacement, text)
                assert count, pattern
            return text

        with Network() as network, folder() as path:
            site = Site(network, path, (NGINX, HAPROXY, CADDY), change)
            site.start()
            phases, answers = under_load.run(site, commands, PLAN, 3)
            site.stop()
        print(f"\n# {name}\n{under_load.table(phases, answers)}")
        kept = filter(under_load.has_policy, answers.of(0, float("inf")))
        print(*under_load.statuses(kept), sep="\n", flush=True)
