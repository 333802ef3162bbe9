# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors

"""What the packages of uds/, http2/, rpc/ and systemd/ have in common, so that other workspaces can use them."""

# Our .bazelrc has this for all. Another workspace's has not: there a cc_test would link each library as a shared one, and
# these would lack the symbols of Debian's archives.
LIBRARY_FEATURES = ["-supports_dynamic_linker"]

def public_elsewhere(groups):
    """The visibility of what other workspaces may use.

    Args:
      groups: the labels that may use it in this workspace.

    Returns:
      groups; but in a workspace that has udsecho as an external repository, public.
    """
    return groups if native.repository_name() == "@" else ["//visibility:public"]
