"""Commands of this family under `hpowh analyse`."""

from hpowh.analyses.mixed_models.commands.group import register as register
