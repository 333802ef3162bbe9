# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors

"""Debian's packages of the programs and the libraries: a folder with *.deb, whose names have the version."""

def _debian_packages_impl(ctx):
    libraries = ctx.attr.libraries
    output = ctx.actions.declare_directory(ctx.attr.folder)
    named = {
        "libraries": libraries[OutputGroupInfo].description.to_list()[0],
        "udsecho": ctx.executable.client,
        "udsecho.1": ctx.file.client_page,
        "udsechod": ctx.executable.server,
        "udsechod.8": ctx.file.server_page,
    }
    ctx.actions.run_shell(
        command = "python3 tools/package/build.py \"$@\"",
        arguments = [output.path] + ["{}={}".format(name, file.path) for name, file in named.items()],
        inputs = depset(
            ctx.files.srcs + named.values(),
            transitive = [
                libraries[DefaultInfo].files,
                libraries[OutputGroupInfo].headers,
            ],
        ),
        mnemonic = "DebianPackages",
        outputs = [output],
        progress_message = "Packing %s" % ctx.label,
        use_default_shell_env = True,
    )
    return [DefaultInfo(files = depset([output]))]

debian_packages = rule(
    implementation = _debian_packages_impl,
    attrs = {
        "client": attr.label(cfg = "target", executable = True, mandatory = True),
        "client_page": attr.label(allow_single_file = True, mandatory = True),
        "folder": attr.string(doc = "Where the packages are put.", mandatory = True),
        "libraries": attr.label(doc = "installed_libraries().", mandatory = True),
        "server": attr.label(cfg = "target", executable = True, mandatory = True),
        "server_page": attr.label(allow_single_file = True, mandatory = True),
        "srcs": attr.label_list(allow_files = True, doc = "All that build.py reads besides."),
    },
)
