# SPDX-License-Identifier: GPL-3.0-or-later
"""The row on virt-sparsify --in-place, which boots Linux in a virtual machine and trims there. Where
it cannot be run, the row says why."""
import os
import shutil
import subprocess

from lab import GIB, on_medium, sh
from rows_image import EXT4

# The kernel of tests/lib/boot.sh: its file and its modules on two lines, or why there is none.
FIND_KERNEL = """
. "$top_srcdir/tests/lib/img.sh"
. "$top_srcdir/tests/lib/boot.sh"
need_boot
echo "$boot_kernel"
echo "$boot_cache/lib/modules/$boot_release"
"""


def find_kernel():
    """The lines of FIND_KERNEL, and why there is no kernel."""
    run = subprocess.run(["sh", "-c", FIND_KERNEL], stdout=subprocess.PIPE, text=True)
    lines = run.stdout.split("\n")
    return (lines[-3:-1], None) if run.returncode == 0 else ([], lines[-2])


def why_not():
    if not shutil.which("virt-sparsify"):
        return "virt-sparsify is not installed"
    if not os.path.isdir("/lib/modules"):
        return "supermin wants a folder /lib/modules"
    return None


def rows(lab):
    what = "1 GiB, 80 % free, all stale: reclaim / `virt-sparsify --in-place` (its machine by TCG)"
    reason = why_not()
    if not reason:
        kernel, reason = find_kernel()
    if reason:
        lab.line(what, "skipped: " + reason)
        return
    env = os.environ | {
        "LIBGUESTFS_BACKEND": "direct", "LIBGUESTFS_BACKEND_SETTINGS": "force_tcg",
        "LIBGUESTFS_CACHEDIR": lab.dir, "TMPDIR": lab.dir,
        "SUPERMIN_KERNEL": kernel[0], "SUPERMIN_MODULES": kernel[1],
    }

    def sparsify():
        sh("virt-sparsify", "--in-place", "--format", "raw", lab.work, env=env)
        on_medium(lab.work)

    image = lab.old("ext4.img", GIB, EXT4, "ext4")
    lab.copy(image, lab.work)
    sparsify()  # builds the machine, once for all
    t = lab.race({"achica": lambda: lab.zero("punch", lab.work), "sparsify": sparsify}, image,
                 slow=["sparsify"])
    lab.tell(what, t["achica"], t["sparsify"])
    for name in (image, lab.work):
        os.unlink(name)
