"""Which precision a device multiplies fast."""

import torch


def has_bfloat16(device: torch.device) -> bool:
    """Return whether the device multiplies bfloat16 in hardware; elsewhere it is slower than float32."""
    if device.type != "cpu":
        return device.type == "cuda" and torch.cuda.is_bf16_supported()
    capabilities: dict[str, object] = getattr(torch.cpu, "get_capabilities", dict)()  # since torch 2.10
    return bool(capabilities.get("amx_bf16") or capabilities.get("avx512_bf16"))
