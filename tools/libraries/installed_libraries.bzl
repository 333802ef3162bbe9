# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors

"""What tools/install installs, read from the libraries' own targets.

    installed_libraries(
        name = "libraries",
        components = {"//uds": "uds", "//http2": "http2"},  # the lower ones first
        descriptions = {"uds": "Unix sockets", "http2": "HTTP/2 connections"},
    )

Makes an archive for each component, with all objects that its target needs and that no component before
it has, and NAME.json: a list, with for each component

    name, description  as above
    archive   the archive's path in the execution root
    headers   the headers that its targets offer, by their paths in the source tree
    generated headers that protoc writes for them: as they are included -> path in the execution root
    modules   pkg-config's modules that it needs
    optional  whether find_package() leaves it out unless it is named
    packages  the Debian packages that have these
    requires  the components before it that it needs
    static    the linker's options for the modules where they are archives

The output group "headers" has all headers of this repository that these include, directly or not; "description" has
NAME.json alone.
"""

load("@bazel_tools//tools/cpp:toolchain_utils.bzl", "find_cpp_toolchain")

_OfferedInfo = provider(
    doc = "What a target and those beneath it offer and need, as depsets.",
    fields = ["headers", "labels", "modules", "packages"],
)

def _tagged(ctx, prefix):
    tags = getattr(ctx.rule.attr, "tags", [])
    return [tag[len(prefix):] for tag in tags if tag.startswith(prefix)]

def _offered_impl(target, ctx):
    # Only libraries of our own have headers to install: Debian installs its own.
    headers = []
    if ctx.rule.kind == "cc_library" and not target.label.workspace_name:
        headers = [file.path for file in ctx.rule.files.hdrs]
    beneath = [dep[_OfferedInfo] for dep in getattr(ctx.rule.attr, "deps", []) if _OfferedInfo in dep]
    return [_OfferedInfo(
        headers = depset(headers, transitive = [dep.headers for dep in beneath]),
        labels = depset([str(target.label)], transitive = [dep.labels for dep in beneath]),
        modules = depset(_tagged(ctx, "pkg-config="), transitive = [dep.modules for dep in beneath]),
        packages = depset(_tagged(ctx, "debian="), transitive = [dep.packages for dep in beneath]),
    )]

_offered = aspect(implementation = _offered_impl, attr_aspects = ["deps"])

def _generated(ctx, target):
    headers = {}
    for file in target[CcInfo].compilation_context.headers.to_list():
        if not file.is_source:
            # BIN/rpc/wire/x.pb.h, or BIN/external/REPOSITORY/grpc/health/v1/x.pb.h
            name = file.path[len(ctx.bin_dir.path) + 1:]
            root = file.owner.workspace_root
            headers[name[len(root) + 1:] if root else name] = file
    return headers

def _own_headers(target):
    headers = target[CcInfo].compilation_context.headers.to_list()
    return [file for file in headers if file.is_source and not file.owner.workspace_name]

def _archives(target):
    files = []
    for linked in target[CcInfo].linking_context.linker_inputs.to_list():
        for library in linked.libraries:
            if library.static_library:
                files.append(library.static_library)
            else:
                fail("{} is no static library".format(linked.owner))
    return files

def _linked_archives(target):
    """All that Bazel would link a program with, besides what is ours, as one option."""
    flags = []
    for linked in target[CcInfo].linking_context.linker_inputs.to_list():
        flags += [flag for flag in linked.user_link_flags if flag.startswith("-l")]
    flags = depset(flags).to_list()
    return ",".join(["-Wl,--start-group"] + flags + ["--end-group"])

def _join(ctx, name, archives):
    """One archive of several, by a script for ar."""
    output = ctx.actions.declare_file("libudsecho-{}.a".format(name))
    script = ctx.actions.declare_file("libudsecho-{}.mri".format(name))
    ctx.actions.write(script, "\n".join(
        ["create " + output.path] +
        ["addlib " + archive.path for archive in archives] +
        ["save", "end", ""],
    ))
    toolchain = find_cpp_toolchain(ctx)
    ctx.actions.run_shell(
        command = "{} -M < {}".format(toolchain.ar_executable, script.path),
        inputs = depset(archives + [script], transitive = [toolchain.all_files]),
        mnemonic = "JoinArchives",
        outputs = [output],
    )
    return output

def _installed_libraries_impl(ctx):
    components = []
    outputs = []
    taken = {"archives": [], "headers": [], "targets": {}}
    for target, name in ctx.attr.components.items():
        offered = target[_OfferedInfo]
        archives = [file for file in _archives(target) if file not in taken["archives"]]
        headers = [path for path in offered.headers.to_list() if path not in taken["headers"]]
        generated = _generated(ctx, target)
        labels = offered.labels.to_list()
        output = _join(ctx, name, archives)
        components.append(struct(
            name = name,
            description = ctx.attr.descriptions[name],
            archive = output.path,
            headers = sorted(headers),
            generated = {name: file.path for name, file in generated.items()},
            modules = sorted(offered.modules.to_list()),
            optional = name in ctx.attr.optional,
            packages = sorted(offered.packages.to_list()),
            requires = [other for label, other in taken["targets"].items() if label in labels],
            static = _linked_archives(target),
        ))
        outputs += [output] + generated.values()
        taken["archives"] += archives
        taken["headers"] += headers
        taken["targets"][str(target.label)] = name
    description = ctx.actions.declare_file(ctx.label.name + ".json")
    ctx.actions.write(description, json.encode_indent(components) + "\n")
    return [
        DefaultInfo(files = depset(outputs + [description])),
        OutputGroupInfo(
            description = depset([description]),
            headers = depset([file for target in ctx.attr.components for file in _own_headers(target)]),
        ),
    ]

installed_libraries = rule(
    implementation = _installed_libraries_impl,
    attrs = {
        "components": attr.label_keyed_string_dict(
            aspects = [_offered],
            doc = "Target -> the component's name. Lower ones come first.",
            mandatory = True,
            providers = [CcInfo],
        ),
        "descriptions": attr.string_dict(
            doc = "A component's name -> what it is, in a few words.",
            mandatory = True,
        ),
        "optional": attr.string_list(
            doc = "Names of components that need libraries which the others do not need.",
        ),
        "_cc_toolchain": attr.label(default = "@bazel_tools//tools/cpp:current_cc_toolchain"),
    },
    toolchains = ["@bazel_tools//tools/cpp:toolchain_type"],
)
