"""What work on a GPU of one's own costs: a model of eight parameters.

The work is stated by what it takes on a reference machine, one A100 with PyTorch in fp16 and no
batching, and everything else scales that:

    seconds = duration · (1/4 + 3/4 · complexity) · batch^0.85 · quantization · framework
              ÷ (tier · gpus^0.9)
    cost    = seconds · gpus · price of the tier for a second · (0.6 if spot else 1)

`duration` is in seconds of the reference machine for the most complex work of its kind, and
`complexity` from 0 to 1 says how much of that this work is: a quarter is spent whatever is asked
for, on loading, text and saving. A batch is cheaper by the item than single work, and several GPUs
lose a tenth of what they add, in the exponent. What such work has really cost is the same product
with the seconds that were measured; quotes are corrected by what that says of the estimates.

Where the figures are from, all read on 2026-11-24:

- prices of a GPU for an hour: A100 and H100, RunPod's price page (1.79 and 3.99 dollars, secure
  cloud); T4, Google's list price (0.35)
- spot: 0.60 of the price, as Google asks for an H100 (6.57 against 10.98 dollars)
- TensorRT: 30 % less time for SDXL on an A100 (Baseten's measurement); TensorRT-LLM is taken to do
  the same for the language models that it is made for
- tiers: NVIDIA's data sheets for dense fp16 (65, 312 and 989 TFLOPS), of which half of what is
  above the A100 is taken to arrive, because memory does not grow with it
- quantization: fp32 twice fp16 as its data sheets have it; int8 and int4, three quarters and six
  tenths, assumed: kernels and the parts that stay in fp16 eat the rest
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from callsheet.kernel.errors import FieldError, InvalidInputError
from callsheet.kernel.money import Money

_LEAST: Final = 0.25
_BATCH: Final = 0.85
_GPUS: Final = 0.9
_SPOT: Final = 0.6
_MOST_BATCH: Final = 256
_MOST_GPUS: Final = 64
_MOST_SECONDS: Final = 86_400.0


class Quantization(StrEnum):
    """In what numbers a model computes."""

    INT4 = "int4"
    INT8 = "int8"
    FP16 = "fp16"
    FP32 = "fp32"


class GpuTier(StrEnum):
    """On what it runs."""

    T4 = "T4"
    A100 = "A100"
    H100 = "H100"


class Framework(StrEnum):
    """What runs it."""

    PYTORCH = "pytorch"
    TENSORRT = "tensorrt"
    TRTLLM = "trtllm"


SPEED: Final = {GpuTier.T4: 65 / 312, GpuTier.A100: 1.0, GpuTier.H100: 1 + (989 / 312 - 1) / 2}
USD_PER_HOUR: Final = {GpuTier.T4: 0.35, GpuTier.A100: 1.79, GpuTier.H100: 3.99}
TIME_IN: Final = {
    Quantization.INT4: 0.6,
    Quantization.INT8: 0.75,
    Quantization.FP16: 1.0,
    Quantization.FP32: 2.0,
}
TIME_WITH: Final = {Framework.PYTORCH: 1.0, Framework.TENSORRT: 0.7, Framework.TRTLLM: 0.7}


@dataclass(frozen=True, slots=True)
class GpuWork:
    """Work on a GPU, by the eight parameters; see the formula above. Raises InvalidInputError."""

    complexity: float
    duration_s: float
    quantization: Quantization = Quantization.FP16
    tier: GpuTier = GpuTier.A100
    batch_size: int = 1
    gpus: int = 1
    framework: Framework = Framework.PYTORCH
    spot: bool = False

    def __post_init__(self) -> None:
        bounds = (
            ("complexity", self.complexity, 0.0, 1.0),
            ("duration_s", self.duration_s, 0.0, _MOST_SECONDS),
            ("batch_size", self.batch_size, 1, _MOST_BATCH),
            ("gpus", self.gpus, 1, _MOST_GPUS),
        )
        for name, value, least, most in bounds:
            if not least <= value <= most:
                said = f"must be from {least:g} to {most:g}"
                raise InvalidInputError(
                    f"{name}: {said}, not {value!r}", [FieldError(name, said, repr(value))]
                )

    @property
    def seconds(self) -> float:
        """How long it takes, in seconds."""
        work = self.duration_s * (_LEAST + (1 - _LEAST) * self.complexity)
        machine = SPEED[self.tier] * self.gpus**_GPUS
        numbers = TIME_IN[self.quantization] * TIME_WITH[self.framework]
        return float(work * self.batch_size**_BATCH * numbers / machine)

    @property
    def usd_per_hour(self) -> float:
        """What all of its machine costs for an hour, in dollars."""
        return USD_PER_HOUR[self.tier] * self.gpus * (_SPOT if self.spot else 1.0)

    def cost(self) -> Money:
        """Price the whole batch."""
        return Money.per_hour(self.seconds, self.usd_per_hour)

    def cost_of_one(self) -> Money:
        """Price one item of the batch, rounded up to a micro-dollar."""
        return Money(-(-self.cost().micros // self.batch_size))
