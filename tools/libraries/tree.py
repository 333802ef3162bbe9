# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors
"""The files that tools/install installs, from what //tools/libraries describes (installed_libraries.bzl)."""

import os
import pathlib
import re
import struct

HERE = pathlib.Path(__file__).resolve().parent


def version(root):
    """The project's, which is stated in one place."""
    text = (root / "cli/version.h").read_text(encoding="utf-8")
    return re.search(r'kVersion\[\] = "([0-9.]+)"', text).group(1)


def fill(template, **values):
    """The text of a template with @NAME@ replaced."""
    text = (HERE / template).read_text(encoding="utf-8")
    for name, value in values.items():
        text = text.replace(f"@{name.upper()}@", value)
    left = re.search("@[A-Z]+@", text)
    if left:
        raise ValueError(f"{template}: nothing was given for {left.group()}")
    return text


def with_included(headers, sources, generated):
    """The headers, and those that they include, directly or not: path under include/udsecho -> file.

    What is found neither among the sources nor among the generated is somebody else's, and installed already.
    """
    found, queue = {}, list(headers)
    while queue:
        header = queue.pop()
        if header in found:
            continue
        found[header] = generated.get(header, sources / header)
        for included in re.findall(r'^#include "(.*)"$', found[header].read_text(encoding="utf-8"), re.MULTILINE):
            if included in generated or (sources / included).is_file():
                queue.append(included)
    return found


def cmake_lists(component):
    """What the templates know of one component."""
    name = component["name"]
    return "".join(
        f"set({variable} {value})\n"
        for variable, value in (
            (f"_udsecho_{name}_requires", " ".join(component["requires"])),
            (f"_udsecho_{name}_modules", " ".join(component["modules"])),
            (f"_udsecho_{name}_packages", " ".join(component["packages"])),
            (f"_udsecho_{name}_static", f'"{component["static"]}"'),
        )
    )


def pkg_config_file(component, libdir, number):
    """The .pc file of one component."""
    ours = [f"udsecho-{name} = {number}" for name in component["requires"]]
    return fill(
        "udsecho.pc.in",
        name=component["name"],
        description=component["description"],
        libdir=libdir,
        requires=", ".join(ours + component["modules"]),
        up=os.path.relpath("/", f"/{libdir}/pkgconfig"),
        version=number,
    )


def files(components, root, execution_root, libdir):
    """Path under the prefix -> a file to copy (pathlib.Path), or its text (str)."""
    number = version(root)
    tree = {}
    for component in components:
        name = component["name"]
        tree[f"{libdir}/libudsecho-{name}.a"] = execution_root / component["archive"]
        tree[f"{libdir}/pkgconfig/udsecho-{name}.pc"] = pkg_config_file(component, libdir, number)
        generated = {header: execution_root / path for header, path in component["generated"].items()}
        for header, file in with_included(component["headers"], root, generated).items():
            tree[f"include/udsecho/{header}"] = file
    cmake = f"{libdir}/cmake/udsecho"
    tree[f"{cmake}/udsechoConfig.cmake"] = fill(
        "udsechoConfig.cmake.in",
        components=" ".join(component["name"] for component in components),
        default=" ".join(component["name"] for component in components if not component["optional"]),
        descriptions="".join(map(cmake_lists, components)),
        libdir=libdir,
        up=os.path.relpath("/", f"/{cmake}"),
    )
    series = number.split(".")[:2] if number.startswith("0.") else number.split(".")[:1]
    pointer = struct.calcsize("P")
    tree[f"{cmake}/udsechoConfigVersion.cmake"] = fill(
        "udsechoConfigVersion.cmake.in",
        bits=str(8 * pointer),
        pointer=str(pointer),
        series="\\\\.".join(series),
        version=number,
    )
    return tree
