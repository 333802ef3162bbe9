# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors

"""The service half of a .proto file in C++, as @com_github_grpc_grpc//bazel offers it upstream.

    cc_grpc_library(
        name = "echo_cc_grpc",
        srcs = [":echo_proto"],     # one proto_library
        deps = [":echo_cc_proto"],  # the messages: its cc_proto_library
    )
"""

load("@rules_cc//cc:defs.bzl", "cc_library")
load("@rules_proto//proto:defs.bzl", "ProtoInfo")

def _import_path(proto, root):
    return proto.path[len(root) + 1:] if root not in ("", ".") else proto.path

def _codegen_impl(ctx):
    info = ctx.attr.proto[ProtoInfo]
    paths = [_import_path(proto, info.proto_source_root) for proto in info.direct_sources]
    stems = ["{}/{}".format(ctx.label.name, path[:-len(".proto")]) for path in paths]
    headers = [ctx.actions.declare_file(stem + ".grpc.pb.h") for stem in stems]
    sources = [ctx.actions.declare_file(stem + ".grpc.pb.cc") for stem in stems]

    label = ctx.label
    parts = [ctx.bin_dir.path, label.workspace_root, label.package, label.name]
    folder = "/".join([part for part in parts if part])

    arguments = ctx.actions.args()
    arguments.add(ctx.executable._plugin, format = "--plugin=protoc-gen-grpc=%s")
    arguments.add("--grpc_out=" + folder)
    arguments.add_joined("--descriptor_set_in", info.transitive_descriptor_sets, join_with = ":")
    arguments.add_all(paths)
    ctx.actions.run(
        executable = ctx.executable._protoc,
        arguments = [arguments],
        inputs = info.transitive_descriptor_sets,
        outputs = headers + sources,
        tools = [ctx.executable._plugin],
        mnemonic = "GrpcCodegen",
    )
    return [
        DefaultInfo(files = depset(headers + sources)),
        OutputGroupInfo(headers = depset(headers), sources = depset(sources)),
    ]

_codegen = rule(
    implementation = _codegen_impl,
    attrs = {
        "proto": attr.label(mandatory = True, providers = [ProtoInfo]),
        "_plugin": attr.label(
            cfg = "exec",
            default = "//:grpc_cpp_plugin",
            executable = True,
        ),
        "_protoc": attr.label(
            cfg = "exec",
            default = "@com_google_protobuf//:protoc",
            executable = True,
        ),
    },
)

def cc_grpc_library(name, srcs, deps, **kwargs):
    """Generates and compiles the service code of one proto_library.

    Args:
      name: of the library.
      srcs: one proto_library.
      deps: its cc_proto_library.
      **kwargs: handed on to cc_library, for instance visibility.
    """
    codegen = name + "_codegen"
    _codegen(name = codegen, proto = srcs[0])
    for group in ["headers", "sources"]:
        native.filegroup(name = codegen + "_" + group, srcs = [codegen], output_group = group)
    cc_library(
        name = name,
        srcs = [codegen + "_sources"],
        hdrs = [codegen + "_headers"],
        includes = [codegen],
        deps = deps + [Label("//:grpc++_unsecure")],
        **kwargs
    )
