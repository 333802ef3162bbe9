# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors
"""Keys and certificates for a run of the test: a proxy's, a client's, and one of a client that another authority signed."""

import subprocess

NAME = "echo.example"
SUBJECT = "/O=Example/CN=reports"  # the client's


def _openssl(folder, *words):
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)


def _authority(folder, name):
    _openssl(folder, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
             "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.pem")


def _signed(folder, name, authority, subject, *extensions):
    _openssl(folder, "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", subject,
             "-keyout", f"{name}.key", "-out", f"{name}.csr")
    (folder / f"{name}.ext").write_text("\n".join(extensions))
    _openssl(folder, "x509", "-req", "-in", f"{name}.csr", "-CA", f"{authority}.pem", "-CAkey", f"{authority}.key",
             "-CAcreateserial", "-days", "2", "-extfile", f"{name}.ext", "-out", f"{name}.pem")


def make(folder):
    """The files that the configurations name, and client.*, stranger.*"""
    _authority(folder, "clients-ca")
    _authority(folder, "strangers-ca")
    _signed(folder, "server", "clients-ca", f"/CN={NAME}", f"subjectAltName=DNS:{NAME}")
    _signed(folder, "client", "clients-ca", SUBJECT, "extendedKeyUsage=clientAuth")
    _signed(folder, "stranger", "strangers-ca", SUBJECT, "extendedKeyUsage=clientAuth")
    (folder / "server-and-key.pem").write_text((folder / "server.pem").read_text() + (folder / "server.key").read_text())
    for file in folder.iterdir():
        file.chmod(0o644)  # the test's users are several, and nothing here is worth a secret
