# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors

"""A Bazel repository made of what the system's packages installed.

Nothing is downloaded. Libraries are found with pkg-config and stand under the labels
that their upstream projects use, so that BUILD files read as they would anywhere:

    system_repository(
        name = "com_github_gabime_spdlog",
        modules = {"spdlog": "spdlog"},  # @com_github_gabime_spdlog//:spdlog
        package = "libspdlog-dev",
        version = "1.10",
    )
"""

# What this repository is called, here or in a workspace that uses it.
_UDSECHO = "@" + (Label("//tools/workspace:system_repository.bzl").workspace_name or "udsecho")

_SHARED_LIBRARIES = _UDSECHO + "//tools/workspace:shared_libraries"

def _missing(ctx, what):
    fail("@{}: {}. The Debian package {} has it: run udsecho's tools/setup, then build again.".format(
        ctx.name,
        what,
        ctx.attr.package,
    ))

def _pkg_config(ctx, module, arguments):
    program = ctx.which("pkg-config")
    if not program:
        fail("@{}: there is no pkg-config on the PATH. Run udsecho's tools/setup, then build again.".format(
            ctx.name,
        ))
    result = ctx.execute([program] + arguments + [module])
    if result.return_code != 0:
        _missing(ctx, "pkg-config finds no " + module)
    return [flag for flag in result.stdout.strip().split(" ") if flag]

def _keep_last(flags):
    """Drops repeated flags, keeping the order that a static library needs of its own."""
    kept = []
    for flag in reversed(flags):
        if flag not in kept:
            kept.insert(0, flag)
    return kept

def _as_needed(libraries):
    """For modules that name dozens of others, of which a program needs few.

    Not for the rest: a test of another workspace links cc_libraries as shared ones, and the linker (gold) would
    drop what only these need.
    """
    return ["-Wl,--push-state,--as-needed"] + libraries + ["-Wl,--pop-state"]

def _archives(libraries, prefixes):
    """The same, but what begins with one of the prefixes becomes a part of the program."""
    archives = []
    others = []
    for flag in libraries:
        name = flag[len("-l"):]
        if [prefix for prefix in prefixes if name.startswith(prefix)]:
            archives.append("-l:lib{}.a".format(name))
        else:
            others.append(flag)
    return ["-Wl,--start-group"] + archives + ["-Wl,--end-group"] + _as_needed(others)

def _split(label):
    """\"absl/strings:cord\" -> (\"absl/strings\", \"cord\"), \"absl/strings\" -> (…, \"strings\")."""
    if ":" in label:
        return label.split(":")
    if "/" in label:
        return label, label.split("/")[-1]
    return "", label

def _cc_library(ctx, package, name, module):
    version = _pkg_config(ctx, module, ["--modversion"])[0]
    if ctx.execute(["pkg-config", "--atleast-version=" + ctx.attr.version, module]).return_code:
        _missing(ctx, "{} {} is older than {}".format(module, version, ctx.attr.version))

    # The compiler looks into its own folders anyway (pkg-config leaves them out); any other is
    # linked into the repository, where Bazel sees it and passes it on as a system folder.
    includes = []
    for flag in _pkg_config(ctx, module, ["--cflags-only-I"]):
        includes.append("include_{}_{}".format(name, len(includes)))
        ctx.symlink(flag[len("-I"):], (package + "/" if package else "") + includes[-1])

    flags = _pkg_config(ctx, module, ["--cflags-only-other"])
    libraries = [f for f in _pkg_config(ctx, module, ["--libs"]) if not f.startswith("-Wl,")]
    libraries += ["-l" + name for name in ctx.attr.unnamed.get(module, [])]
    libraries = _keep_last(libraries)
    linkopts = repr(libraries)
    if libraries and ctx.attr.archives:
        linkopts = "select({{\"{}\": {}, \"//conditions:default\": {}}})".format(
            _SHARED_LIBRARIES,
            repr(_as_needed(libraries)),
            repr(_archives(libraries, ctx.attr.archives)),
        )
    return """
cc_library(
    name = "{name}",
    hdrs = glob([{hdrs}]),
    defines = {defines},
    includes = {includes},
    linkopts = {linkopts},
    tags = {tags},
    visibility = ["//visibility:public"],
)
""".format(
        name = name,
        hdrs = ", ".join(["\"{}/**\"".format(folder) for folder in includes]),
        defines = repr([f[len("-D"):] for f in flags if f.startswith("-D")]),
        includes = repr(includes),
        linkopts = linkopts,
        # For installed_libraries (//tools/libraries).
        tags = repr(["pkg-config=" + module, "debian=" + ctx.attr.package.split(" ")[0]]),
    )

def _system_repository_impl(ctx):
    root = "".join([ctx.read(file) for file in ctx.attr.build_files])
    builds = {"": root.replace("@udsecho//", _UDSECHO + "//")}
    for label, module in ctx.attr.modules.items():
        package, name = _split(label)
        builds[package] = builds.get(package, "") + _cc_library(ctx, package, name, module)
    for path, target in ctx.attr.links.items():
        if not ctx.path(target).exists:
            _missing(ctx, "there is no " + target)
        ctx.symlink(target, path)
    for source, path in ctx.attr.files.items():
        ctx.symlink(source, path)
        package = path.rpartition("/")[0]
        builds[package] = builds.get(package, "")
    for package, content in builds.items():
        ctx.file(package + "/BUILD.bazel" if package else "BUILD.bazel", content)

system_repository = repository_rule(
    implementation = _system_repository_impl,
    attrs = {
        "archives": attr.string_list(
            doc = "Libraries whose names begin so are linked as archives (see BUILD.bazel).",
        ),
        "build_files": attr.label_list(
            doc = "They make the BUILD file of the root package, before the modules.",
        ),
        "files": attr.label_keyed_string_dict(doc = "Our file -> its path in the repository."),
        "links": attr.string_dict(doc = "Path in the repository -> an installed file or folder."),
        "modules": attr.string_dict(doc = "Label in the repository -> pkg-config module."),
        "package": attr.string(doc = "The Debian package that has all this.", mandatory = True),
        "unnamed": attr.string_list_dict(
            doc = "pkg-config module -> libraries that its archive needs and it does not name.",
        ),
        "version": attr.string(doc = "The oldest version of the modules that will do."),
    },
    configure = True,
    local = True,
)
