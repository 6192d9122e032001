"""Add this family's commands to the group `analyse`."""

from __future__ import annotations

import typer

from hpowh.analyses.mixed_models.commands.models import lmem, lrt
from hpowh.analyses.mixed_models.commands.studies import anomalies, anytime, calibrate, ladder, power, presets


def register(group: typer.Typer) -> None:
    """Add this family's commands to the group `analyse`."""
    group.command(
        epilog='Example: hpowh analyse lmem "normalized_regret ~ algorithm*prior + (1|benchmark) + '
        '(1|benchmark:algorithm)" --budget final --emm algorithm --by prior'
    )(lmem)
    group.command(epilog="Example: hpowh analyse presets --experiment demo --response normalized_regret")(presets)
    group.command(epilog="Example: hpowh analyse ladder --experiment demo --budget final")(ladder)
    group.command(epilog="Example: hpowh analyse anomalies --pair HB,PB --factor prior --levels good,bad")(anomalies)
    group.command(epilog="Example: hpowh analyse anytime --experiment demo --response log_regret")(anytime)
    group.command(epilog="Example: hpowh analyse calibrate --budget final --shuffles 1000")(calibrate)
    group.command(epilog="Example: hpowh analyse power --benchmarks 5,10,20 --seeds 10,30 --difference 0.02")(power)
    group.command(
        epilog='Example: hpowh analyse lrt "regret ~ algorithm + (1|benchmark)" '
        '"regret ~ algorithm + (1|benchmark) + (1|seed)" --bootstrap 1000'
    )(lrt)
