# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors
"""tools/install: what it installs, refuses and removes, and programs that CMake and make build with it."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import greeter

INSTALL = greeter.ROOT / "tools/install"

# pkg-config finds nothing, as on a machine without the libraries that ours need.
NO_MODULES = os.environ | {"PKG_CONFIG_LIBDIR": "/nonexistent"}


def install(*arguments, **environment):
    """Runs tools/install."""
    return greeter.run(INSTALL, *arguments, env=os.environ | environment)


def tree(folder):
    """The files in a folder, by their paths in it."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()}


class Installed(greeter.GreeterTest):
    """An installed tree, which the tests of a class share."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.prefix = pathlib.Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.prefix)
        result = install(f"--prefix={cls.prefix}")
        if result.returncode:
            raise RuntimeError(result.stdout)

    def configure(self, *arguments, **kwargs):
        """Runs CMake on the example."""
        return greeter.run(
            "cmake", "-S", self.home, "-B", self.home / "build", f"-DCMAKE_PREFIX_PATH={self.prefix}", *arguments, **kwargs
        )


class DaemonTest(Installed):
    source = "examples/tokens"

    @unittest.skipUnless(shutil.which("cmake"), "there is no cmake")
    def test_cmake_builds_a_daemon_and_its_tests(self):
        configured = self.configure("-DCMAKE_CXX_FLAGS=-O0 -Wall -Wextra -Werror")
        self.assertEqual(configured.returncode, 0, configured.stdout)
        self.succeed("cmake", "--build", self.home / "build")
        self.succeed("ctest", "--output-on-failure", cwd=self.home / "build")


class RelayTest(Installed):
    source = "tests/libraries/relay"

    def setUp(self):
        super().setUp()
        shutil.copy(greeter.ROOT / "examples/greeter/greeter.proto", self.home)

    def assert_relays(self, program):
        """Runs it with another greeter, which it asks."""
        other = self.folder / "o"
        with subprocess.Popen([greeter.bazel_bin() / "examples/greeter/greeter", other]) as server:
            try:
                self.assert_answers(other)
                self.assert_greets(program, other)
            finally:
                server.kill()

    @unittest.skipUnless(shutil.which("cmake"), "there is no cmake")
    def test_cmake_and_pkg_config_build_a_service_that_calls_another(self):
        program = self.home / "build/relay"
        configured = self.configure("-DCMAKE_CXX_FLAGS=-O0 -Wall -Wextra -Werror")
        self.assertEqual(configured.returncode, 0, configured.stdout)
        self.succeed("cmake", "--build", self.home / "build")
        self.assert_relays(program)
        self.assertIn("libgrpc++.so", self.succeed("ldd", program))

        # The same objects, linked by what pkg-config says.
        environment = os.environ | {"PKG_CONFIG_PATH": f"{self.prefix}/lib/pkgconfig"}
        options = self.succeed("pkg-config", "--libs", "udsecho-rpc_outgoing", env=environment).split()
        objects = (self.home / "build/CMakeFiles/relay.dir").rglob("*.o")
        self.succeed("g++", *objects, *options, "-o", self.home / "relay")
        self.assert_relays(self.home / "relay")
        self.assertNotIn("grpc", self.succeed("pkg-config", "--libs", "udsecho-rpc", env=environment))

        configured = self.configure("-Dudsecho_USE_STATIC_LIBS=ON")
        self.assertEqual(configured.returncode, 0, configured.stdout)
        self.succeed("cmake", "--build", self.home / "build")
        self.assert_relays(program)
        self.assertNotRegex(self.succeed("ldd", program), "libgrpc|libprotobuf|libabsl")

    @unittest.skipUnless(shutil.which("cmake"), "there is no cmake")
    def test_only_what_calls_out_needs_grpc(self):
        modules = self.folder / "modules"
        modules.mkdir()
        for folder in self.succeed("pkg-config", "--variable=pc_path", "pkg-config").strip().split(":"):
            for file in pathlib.Path(folder).glob("*.pc"):
                if not file.name.startswith("grpc"):
                    (modules / file.name).symlink_to(file)
        environment = os.environ | {"PKG_CONFIG_LIBDIR": str(modules)}
        configured = self.configure(env=environment)
        self.assertNotEqual(configured.returncode, 0)
        self.assertIn("libgrpc++-dev", configured.stdout)
        self.copy_in("examples/greeter")
        configured = self.configure(env=environment)
        self.assertEqual(configured.returncode, 0, configured.stdout)


class InstalledTest(Installed):
    @unittest.skipUnless(shutil.which("cmake"), "there is no cmake")
    def test_cmake_builds_a_service(self):
        configured = self.configure("-DCMAKE_CXX_FLAGS=-Wall -Wextra -Werror")
        self.assertEqual(configured.returncode, 0, configured.stdout)
        self.succeed("cmake", "--build", self.home / "build")
        self.assert_greets(self.home / "build/greeter")
        # The same objects with abseil, protobuf and nghttp2 as archives.
        libraries = self.succeed("ldd", self.home / "build/greeter")
        self.assertIn("libprotobuf.so", libraries)
        self.assertNotIn("libgrpc", libraries)
        configured = self.configure("-Dudsecho_USE_STATIC_LIBS=ON")
        self.assertEqual(configured.returncode, 0, configured.stdout)
        self.succeed("cmake", "--build", self.home / "build")
        self.assert_greets(self.home / "build/greeter")
        # libsystemd is for programs that link udsecho::systemd.
        self.assertNotRegex(self.succeed("ldd", self.home / "build/greeter"), "libprotobuf|libabsl|libnghttp2|libsystemd")

    @unittest.skipUnless(shutil.which("make"), "there is no make")
    def test_pkg_config_builds_a_service(self):
        environment = os.environ | {"PKG_CONFIG_PATH": f"{self.prefix}/lib/pkgconfig"}
        self.succeed("make", "-C", self.home, "CXXFLAGS=-O0", env=environment)
        self.assert_greets(self.home / "build/greeter")

    @unittest.skipUnless(shutil.which("cmake"), "there is no cmake")
    def test_cmake_says_what_is_missing(self):
        configured = self.configure(env=NO_MODULES)
        self.assertNotEqual(configured.returncode, 0)
        self.assertRegex(configured.stdout, r"apt-get\s+install\s+libabsl-dev")

    @unittest.skipUnless(shutil.which("cmake"), "there is no cmake")
    def test_cmake_says_that_protoc_is_missing(self):
        # CMake finds no program, but is told where those are that it needs itself.
        programs = {"CMAKE_CXX_COMPILER": "g++", "CMAKE_MAKE_PROGRAM": "make", "PKG_CONFIG_EXECUTABLE": "pkg-config"}
        configured = self.configure(
            "-DCMAKE_FIND_USE_CMAKE_SYSTEM_PATH=OFF",
            "-DCMAKE_FIND_USE_SYSTEM_ENVIRONMENT_PATH=OFF",
            *(f"-D{variable}={shutil.which(program)}" for variable, program in programs.items()),
        )
        self.assertNotEqual(configured.returncode, 0)
        self.assertRegex(configured.stdout, r"(?s)no\s+protoc.*apt-get\s+install\s+protobuf-compiler")

    @unittest.skipUnless(shutil.which("cmake"), "there is no cmake")
    def test_cmake_wants_a_version_and_components_that_are_there(self):
        for wanted, answer in (
            ("99.0 REQUIRED", "99.0"),
            ("REQUIRED COMPONENTS soap", "no component soap"),
            ("REQUIRED COMPONENTS uds", None),
        ):
            with self.subTest(wanted):
                shutil.rmtree(self.home / "build", ignore_errors=True)
                (self.home / "CMakeLists.txt").write_text(
                    "cmake_minimum_required(VERSION 3.18)\nproject(x NONE)\n"
                    f"find_package(udsecho {wanted})\n"
                    "if(NOT TARGET udsecho::uds OR TARGET udsecho::rpc)\n  message(FATAL_ERROR targets)\nendif()\n",
                    encoding="utf-8",
                )
                configured = self.configure()
                if answer:
                    self.assertNotEqual(configured.returncode, 0)
                    self.assertIn(answer, " ".join(configured.stdout.split()))
                else:
                    self.assertEqual(configured.returncode, 0, configured.stdout)

    def test_every_header_compiles_with_what_is_installed(self):
        include = self.prefix / "include/udsecho"
        source = self.folder / "all.cc"
        source.write_text("".join(f'#include "{header}"\n' for header in sorted(tree(include))), encoding="utf-8")
        # Not in this tree's folder, where the compiler would find what is not installed.
        self.succeed("g++", "-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", f"-I{include}", source, cwd="/")

    def test_nothing_is_installed_but_headers_archives_and_what_finds_them(self):
        for path in tree(self.prefix):
            self.assertRegex(
                path,
                r"^(include/udsecho/(uds|http2|rpc|systemd|grpc)/.*\.h|lib/libudsecho-\w+\.a|lib/pkgconfig/udsecho-\w+\.pc|"
                r"lib/cmake/udsecho/(udsechoConfig(Version)?\.cmake|installed_files\.txt))$",
            )
            self.assertEqual((self.prefix / path).stat().st_mode & 0o777, 0o644, path)


class InstallTest(unittest.TestCase):
    def setUp(self):
        super().setUp()
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)

    def refuse(self, code, pattern, *arguments, **environment):
        """Runs tools/install, which has to end with that code and one line that matches."""
        result = install(*arguments, **environment)
        self.assertEqual(result.returncode, code, result.stdout)
        self.assertRegex(result.stdout, rf"^tools/install: [^\n]*{pattern}[^\n]*\n$")

    def test_uninstall_removes_what_was_installed_and_nothing_else(self):
        prefix = self.folder / "prefix"
        self.assertEqual(install(f"--prefix={prefix}", "--libdir=lib/x").returncode, 0)
        (prefix / "include/own.h").touch()
        # What an older version had, and this one has not.
        manifest = prefix / "lib/x/cmake/udsecho/installed_files.txt"
        old = "include/udsecho/old/old.h"
        (prefix / old).parent.mkdir()
        (prefix / old).touch()
        manifest.write_text(f"{old}\n{manifest.read_text(encoding='utf-8')}", encoding="utf-8")
        self.assertEqual(install(f"--prefix={prefix}", "--libdir=lib/x").returncode, 0)
        self.assertFalse((prefix / old).parent.exists())
        self.assertTrue((prefix / "lib/x/libudsecho-rpc.a").exists())

        self.assertEqual(install(f"--prefix={prefix}", "--libdir=lib/x", "--uninstall").returncode, 0)
        self.assertEqual(tree(prefix), {"include/own.h"})
        self.refuse(1, "nothing was removed", f"--prefix={prefix}", "--libdir=lib/x", "--uninstall")

    def test_a_list_that_leaves_the_prefix_removes_nothing(self):
        manifest = self.folder / "prefix/lib/cmake/udsecho/installed_files.txt"
        manifest.parent.mkdir(parents=True)
        (self.folder / "other").touch()
        for line in ("../other", f"{self.folder}/other"):
            manifest.write_text(f"{line}\n", encoding="utf-8")
            self.refuse(1, "nothing was removed", f"--prefix={self.folder}/prefix", "--uninstall")
            self.assertTrue((self.folder / "other").exists())

    def test_packagers_get_a_tree_that_knows_nothing_of_their_folder(self):
        stage = self.folder / "stage"
        result = install("--prefix=/usr", "--libdir=lib/x86_64-linux-gnu", DESTDIR=str(stage))
        self.assertEqual(result.returncode, 0, result.stdout)
        files = tree(stage / "usr")
        self.assertIn("lib/x86_64-linux-gnu/pkgconfig/udsecho-rpc.pc", files)
        self.assertIn("include/udsecho/rpc/server.h", files)
        for name in files:
            self.assertNotIn(str(stage).encode(), (stage / "usr" / name).read_bytes())
            self.assertNotIn(str(greeter.ROOT).encode(), (stage / "usr" / name).read_bytes())
            self.assertNotIn("installed_files", name)

    def test_bad_usage_gets_a_sentence(self):
        self.refuse(2, "relative", "--prefix=here")
        self.refuse(2, "relative", DESTDIR="here")
        self.refuse(2, "not a folder under the prefix", "--libdir=../lib")
        self.refuse(2, "not a folder under the prefix", "--libdir=/lib")
        self.refuse(2, "--where", "--where=/usr")
        self.assertEqual(install("--help").returncode, 0)

    def test_a_prefix_that_cannot_be_written_gets_a_sentence(self):
        (self.folder / "file").touch()
        self.refuse(1, "is not a folder", f"--prefix={self.folder}/file/prefix")
        # Not even root can.
        self.refuse(1, "cannot be written", "--prefix=/proc/prefix")

    def test_a_program_that_is_missing_gets_a_sentence(self):
        for name in ("bazel", "g++", "pkg-config", "python3"):
            (self.folder / name).symlink_to(shutil.which(name))
        self.refuse(1, "no protoc: tools/setup", f"--prefix={self.folder}/prefix", PATH=f"{self.folder}")
        self.assertFalse((self.folder / "prefix").exists())
