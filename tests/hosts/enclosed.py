# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors
"""The part of tests/hosts/run that runs in namespaces of its own."""

import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "interop"))

import sweep  # noqa: E402  (it needs that path)
import through_front  # noqa: E402
import troubles  # noqa: E402
import under_load  # noqa: E402
from front import ADDRESS  # noqa: E402
from host import Host  # noqa: E402
from hosts import CLIENTS, CLIENTS_ADDRESS, Site, address, folder  # noqa: E402
from network import Network  # noqa: E402
from programs import CACHE  # noqa: E402  (in tests/interop, as those that follow)
from proxies import CADDY, ENVOY, FRONT, HAPROXY, NGINX, PROXIES  # noqa: E402
from proxy_checks import check_proxy  # noqa: E402
from report import Report  # noqa: E402
from server import ROOT  # noqa: E402

# What examples/proxies/README.md says of HAProxy as the front.
TOLD = "OK for the server, REFUSED_STREAM for the client"

# Each trouble to one of the hosts, by its number.
SHORT = [(trouble, number % 3) for number, trouble in enumerate(troubles.TROUBLES)]
THOROUGH = [(trouble, number) for _ in range(2) for trouble in troubles.TROUBLES for number in range(3)]


def commands():
    python = ROOT / "examples/python"
    yield [python / ".venv/bin/python", pathlib.Path(__file__).with_name("caller.py")], {"PYTHONPATH": str(python)}
    if (caller := CACHE / "hosts_caller").exists():
        yield [caller], {}


def check_proxies(report):
    with Network() as network, folder() as path:
        network.add(CLIENTS, CLIENTS_ADDRESS)
        for number, proxy in enumerate(PROXIES):
            if why := proxy.lacking():
                report.skip(proxy.name, why)
            else:
                check_proxy(report, network, Host(network, proxy.name.lower(), address(number), proxy, path))


def lap(what, since):
    print(f"# {what}: {time.monotonic() - since:.0f} s", flush=True)


def check_load(report, proxies, plan, hold):
    """Troubles by the configurations as they are."""
    name = " ".join(proxy.name for proxy in proxies)
    if why := next(filter(None, (proxy.lacking() for proxy in (*proxies, FRONT))), None):
        report.skip(f"load over {name}", why)
        return
    with Network() as network, folder() as path:
        site = Site(network, path, proxies)
        site.start()
        # envoy.yaml always says who has connected.
        wanted = sorted(ADDRESS if proxy is ENVOY else CLIENTS_ADDRESS for proxy in proxies)
        seen = sorted(through_front.addresses(site))
        report.check(f"load over {name}", "servers see the caller's address", None if seen == wanted else f"{seen}")
        told = through_front.outcome_of_a_call_on_a_lost_host(site)
        report.check(f"load over {name}", "a call on a lost host may have happened, and its client is told to send it again",
                     None if told == TOLD else f"{told} instead of {TOLD}")
        phases, answers = under_load.run(site, list(commands()), plan, hold)
        site.stop()
    under_load.check(report, f"load over {name}", phases, answers)
    report.check(f"load over {name}", "servers and clients end as they should", "\n".join(site.faults) or None)
    print(f"\n{under_load.table(phases, answers)}\n", flush=True)


def main():
    thorough = "--thorough" in sys.argv[1:]
    report = Report()
    since = time.monotonic()
    check_proxies(report)
    lap("proxies", since)
    since = time.monotonic()
    check_load(report, (NGINX, HAPROXY, CADDY), THOROUGH if thorough else SHORT, 2)
    lap("load", since)
    if thorough:
        check_load(report, (NGINX, HAPROXY, ENVOY), THOROUGH, 2)
        sweep.run(list(commands()))
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
