# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors
"""A manifest of examples/kubernetes, and what the kubelet makes of it as podman's flags.

    pod = Pod(ROOT / "examples/kubernetes/sidecar.yaml")
    engine.start("server", pod.flags("udsecho", volume) + pod.command("udsecho"))
    pod.probe("udsecho", "readinessProbe")     # the command
"""

import re

import yaml

_UNITS = {"": 1, "Ki": 1 << 10, "Mi": 1 << 20, "Gi": 1 << 30}


def quantity(text):
    """128Mi, in bytes."""
    number, unit = re.fullmatch(r"(\d+)(\w*)", str(text)).groups()
    return int(number) * _UNITS[unit]


class Pod:
    def __init__(self, path):
        with open(path, encoding="utf-8") as text:
            document = yaml.safe_load(text)
        self.spec = document["spec"]["template"]["spec"] if document["kind"] == "Deployment" else document["spec"]
        self._containers = {
            container["name"]: container
            for container in self.spec.get("initContainers", []) + self.spec["containers"]
        }

    def container(self, name):
        return self._containers[name]

    def group(self):
        return self.spec["securityContext"]["fsGroup"]

    def uid(self, name):
        return self.container(name)["securityContext"]["runAsUser"]

    def grace(self):
        return self.spec["terminationGracePeriodSeconds"]

    def probe(self, name, kind):
        return self.container(name)[kind]["exec"]["command"]

    def hook(self, name):
        """The command of its preStop hook; empty without."""
        hook = self.container(name).get("lifecycle", {}).get("preStop", {})
        return hook.get("exec", {}).get("command", [])

    def memory(self, name):
        return quantity(self.container(name)["resources"]["limits"]["memory"])

    def flags(self, name, volume):
        """What confines a container, and its part of the pod's volume, which is at `volume` on this machine."""
        container, pod = self.container(name), self.spec["securityContext"]
        context = container["securityContext"]
        (mount,) = container["volumeMounts"]
        wanted = (pod["runAsNonRoot"], context["allowPrivilegeEscalation"], context["readOnlyRootFilesystem"])
        if wanted != (True, False, True) or pod["seccompProfile"]["type"] != "RuntimeDefault":
            raise RuntimeError(f"{name} is not confined as flags() does it")
        return [
            f"--user={context['runAsUser']}:{context['runAsGroup']}", f"--group-add={self.group()}",
            "--read-only", "--read-only-tmpfs=false", "--security-opt=no-new-privileges", "--network=none",
            *(f"--cap-drop={capability}" for capability in context["capabilities"]["drop"]),
            f"--memory={self.memory(name)}",
            f"--volume={volume}:{mount['mountPath']}:{'ro' if mount.get('readOnly') else 'rw'}",
        ]

    def command(self, name, without=()):
        """The image, and what to run in it: the last of podman's arguments."""
        container = self.container(name)
        arguments = [argument for argument in container.get("args", []) if argument not in without]
        if "command" not in container:
            return [container["image"], *arguments]
        program, *rest = container["command"]
        return [f"--entrypoint={program}", container["image"], *rest, *arguments]
