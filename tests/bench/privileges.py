"""Who can run the tests that make namespaces."""
import os
import subprocess

import pytest


def _kernel_makes_namespaces():
    """False as well where the kernel does not answer within half a minute: somebody holds RTNL for good."""
    if os.geteuid() != 0:
        return False
    null = subprocess.DEVNULL
    process = subprocess.Popen(["unshare", "--net", "true"], stdin=null, stdout=null, stderr=null)
    try:
        return process.wait(timeout=30) == 0
    except subprocess.TimeoutExpired:
        process.kill()
        return False


needs_namespaces = pytest.mark.skipif(not _kernel_makes_namespaces(), reason="needs root, and a kernel that answers")
