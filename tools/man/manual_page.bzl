# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors

"""A manual page of one program, under the names that the programs have where it is installed."""

# The programs are sources here, and no tools, so that they are not built once more for the host.
#
# Version and date come from cli/version.h, so that the pages change when those do.
_COMMAND = """
stated() {{ sed -n "s/.* $$1\\[\\] = .\\([^\\"]*\\).;/\\1/p" $(location //cli:version.h); }}
room=$$(mktemp -d)
trap 'rm -rf "$$room"' EXIT
ln -s "$$PWD/$(location {program})" "$$room/{called}"
sed "s/@CLIENT@/{client}/g; s/@SERVER@/{server}/g" $(location {template}) >"$$room/template"
SOURCE_DATE_EPOCH=$$(date -u -d $$(stated kVersionDate) +%s) LC_ALL=C.UTF-8 help2man --no-info \\
  --manual=udsecho --source="udsecho $$(stated kVersion)" --locale=C.UTF-8 --output=$@ \\
  --section={section} --help-option={help} --include="$$room/template" "$$room/{called}"
"""

def manual_page(name, program, template, client, server, help = "--help"):
    """Makes a manual page from a program's own help and a template for help2man.

    Args:
      name: the page's file, such as udsechod.8; the program is called by this name, without the section.
      program: the label of the program.
      template: the file for help2man --include, with @CLIENT@ and @SERVER@ for the programs' names.
      client: what the client is called.
      server: what the server is called.
      help: the flag that prints everything.
    """
    called, section = name.split(".")
    native.genrule(
        name = name.replace(".", "_") + "_page",
        srcs = [
            program,
            template,
            "//cli:version.h",
        ],
        outs = [name],
        cmd = _COMMAND.format(
            called = called,
            client = client,
            help = help,
            program = program,
            section = section,
            server = server,
            template = template,
        ),
    )
