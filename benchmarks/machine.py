"""What the machine is that measures."""

import platform
import subprocess
import sys
from pathlib import Path

# As /proc/cpuinfo names them; on ARM "bf16".
BFLOAT16_FLAGS = {"avx512_bf16", "amx_bf16", "bf16", "svebf16"}


def processor() -> str:
    """Find the processor's name, as far as the system tells it."""
    for line in cpuinfo():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return sysctl("machdep.cpu.brand_string") or platform.processor() or platform.machine()


def bfloat16() -> str:
    """Say whether the processor has bfloat16 instructions, in words."""
    flags = {flag for line in cpuinfo() if line.lower().startswith(("flags", "features")) for flag in line.split()}
    apple = sysctl("hw.optional.arm.FEAT_BF16")
    if not flags and not apple:
        return "whether it has bfloat16 instructions is unknown"
    return "with bfloat16 instructions" if flags & BFLOAT16_FLAGS or apple == "1" else "without bfloat16 instructions"


def cpuinfo() -> list[str]:
    """Read the lines that Linux has on its processor; none elsewhere."""
    path = Path("/proc/cpuinfo")
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def sysctl(name: str) -> str:
    """Read what macOS says of the name; nothing elsewhere."""
    if sys.platform != "darwin":
        return ""
    return subprocess.run(["sysctl", "-n", name], capture_output=True, text=True, check=False).stdout.strip()
