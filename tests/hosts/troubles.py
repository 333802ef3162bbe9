# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors
"""What befalls a host under load. Each is a generator: what is before `yield` brings the trouble, what is after it ends it.

    for trouble in TROUBLES: ...
"""

import contextlib


def calm(site, host):
    """nothing happens"""
    yield


def announced(site, host):
    """the front drains the host, and then the server is stopped by SIGTERM"""
    site.front.set_state(host.name, "drain")
    site.front.await_idle(host.name)
    site.expect_stopped(host)
    yield
    # A check that fails when the host is ready again would end the calls there.
    site.front.await_status(host.name, "DOWN")
    host.start_server()
    site.front.await_status(host.name, "DRAIN")  # and healthy
    site.front.set_state(host.name, "ready")


def stopped(site, host):
    """the server is stopped by SIGTERM, and the front is not told before"""
    site.expect_stopped(host)
    yield
    host.start_server()


def server_killed(site, host):
    """SIGKILL for the server alone"""
    host.kill_server()
    yield
    host.start_server()


def proxy_drained(site, host):
    """the proxy is told to end once its calls have, and the front is not told before"""
    host.stop_proxy()
    yield
    host.start_proxy()


def host_killed(site, host):
    """SIGKILL for server and proxy: the kernel ends their connections"""
    host.kill()
    yield
    host.start()


def host_lost(site, host):
    """the network is cut, and then both are killed: nobody is told"""
    site.network.cut(host.name)
    host.kill()
    yield
    host.start()
    site.network.mend(host.name)


def cut_off(site, host):
    """the network is cut for a while, and both live on"""
    site.network.cut(host.name)
    yield
    site.network.mend(host.name)


TROUBLES = (calm, announced, stopped, server_killed, proxy_drained, host_killed, host_lost, cut_off)


@contextlib.contextmanager
def during(trouble, site, host):
    steps = trouble(site, host)
    next(steps)
    yield
    next(steps, None)
