"""What happens around a thermal rig, whatever it is commanded: the weather of the room, drawn before anything is run.

Every process starts long before sample 0, so that nothing is at its beginning there.
"""

import math
from dataclasses import dataclass, fields

import torch
from torch import Generator, Tensor

ROOM = ("ambient", "supply", "humidity", "vibration", "smoke", "since_door", "door_events")
BEFORE = 128  # samples before the first
DAY = 360  # samples, of the slow waves of temperature and humidity
SMOKE_STARTS, SMOKE_LASTS, SMOKE_NOISE = 0.001, 24, 0.25  # per sample; samples
DOOR_OPENS, DOOR_CLOSES = 1 / 200, 1 / 10  # per sample
LOST = 0.1  # share of samples that do not arrive
NOISE = 0.043  # K, of a temperature reading
LONGEST_SINCE = 600.0  # s
COUNTED = 16  # samples over which door events are counted
# Of ambient temperature (K), supply, vibration, smoke: x ← keep · x + push · noise; of smoke, + push while it burns.
KEEP, PUSH = (0.98, 0.95, 0.9, 0.8), (0.1, 0.02, 0.3, 0.35)


@dataclass(frozen=True)
class Conditions:
    """All that happens to N rigs at the samples 0 to T and that no command changes; an index picks rigs.

    Arguments:
        start: temperature of heaters and sensors at sample 0, ``(N, heaters)`` in °C.
        ambient, supply, burning, door: the truth, ``(N, T + 1)``: °C, relative deviation of the supply voltage, and
            whether something burns and the door is open, 0 or 1.
        room: what the instruments of the room say, ``(N, T + 1, 7)``, columns as in ``ROOM``.
        noise: of the temperature readings, ``(N, T + 1, heaters)`` in K.
        lost: 1 where a sample does not arrive, ``(N, T + 1)``; what was read before it is held.
    """

    start: Tensor
    ambient: Tensor
    supply: Tensor
    burning: Tensor
    door: Tensor
    room: Tensor
    noise: Tensor
    lost: Tensor

    def __len__(self) -> int:
        return len(self.start)

    def __getitem__(self, index) -> "Conditions":
        return Conditions(*(getattr(self, field.name)[index] for field in fields(self)))


def draw_conditions(n: int, steps: int, heaters: int, generator: Generator) -> Conditions:
    """Conditions of ``n`` rigs with so many heaters, at the samples 0 to ``steps``."""
    total = BEFORE + steps + 1

    def uniform(*size: int) -> Tensor:
        return torch.rand(n, *size, generator=generator)

    def normal(*size: int) -> Tensor:
        return torch.randn(n, *size, generator=generator)

    begun = (uniform(total) < SMOKE_STARTS).float()
    burning = begun.cumsum(1) - torch.nn.functional.pad(begun.cumsum(1), (SMOKE_LASTS, 0))[:, :total]
    burning = burning.clamp(max=1)
    opened, closes, door = uniform(total) < DOOR_OPENS, uniform(total) < DOOR_CLOSES, [torch.zeros(n, dtype=torch.bool)]
    drive, x, slow = normal(total, 4), torch.zeros(n, 4), []
    drive[..., 3] = burning
    since, waited = torch.full((n,), LONGEST_SINCE), []
    for t in range(total):
        door.append(opened[:, t] | (door[-1] & ~closes[:, t]))
        since = torch.where(opened[:, t], 0.0, (since + 10).clamp(max=LONGEST_SINCE))
        x = torch.tensor(KEEP) * x + torch.tensor(PUSH) * drive[:, t]
        slow.append(x)
        waited.append(since)
    events = opened.float().cumsum(1)
    events = events - torch.nn.functional.pad(events, (COUNTED, 0))[:, :total]
    wandering, supply, vibration, smoke = torch.stack(slow, 1)[:, BEFORE:].unbind(2)

    wave = 2 * math.pi * (torch.arange(steps + 1) / DAY + uniform(1))
    ambient = 21 + 5 * wave.sin() + wandering
    humidity = 50 + 10 * (2 * math.pi * (torch.arange(steps + 1) / DAY + uniform(1))).cos() + 0.5 * normal(steps + 1)
    smoke = smoke + SMOKE_NOISE * normal(steps + 1)
    counted = (torch.stack(waited, 1)[:, BEFORE:], events[:, BEFORE:])
    lost = (uniform(steps + 1) < LOST).float()
    lost[:, 0] = 0
    return Conditions(
        start=ambient[:, :1] + 40 * uniform(heaters),
        ambient=ambient,
        supply=supply,
        burning=burning[:, BEFORE:],
        door=torch.stack(door[1:], 1)[:, BEFORE:].float(),
        room=torch.stack([ambient, supply, humidity, vibration, smoke, *counted], 2),
        noise=NOISE * normal(steps + 1, heaters),
        lost=lost,
    )
