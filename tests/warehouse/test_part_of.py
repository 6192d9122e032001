"""Which part of a shared piece of work a process has."""

from __future__ import annotations

import pytest

from hpowh.warehouse.errors import UsageError
from hpowh.warehouse.packets.parts import Part, part_of

SLURM = {
    "SLURM_ARRAY_TASK_ID": "12",
    "SLURM_ARRAY_TASK_MIN": "4",
    "SLURM_ARRAY_TASK_MAX": "20",
    "SLURM_ARRAY_TASK_STEP": "4",
}


@pytest.mark.parametrize(
    ("text", "environment", "part"),
    [
        ("3/40", {}, Part(3, 40)),
        (" 1 / 1 ", {}, Part(1, 1)),
        ("auto", SLURM, Part(3, 5)),
        ("auto", {"SLURM_ARRAY_TASK_ID": "0", "SLURM_ARRAY_TASK_MIN": "0", "SLURM_ARRAY_TASK_MAX": "7"}, Part(1, 8)),
        ("auto", {"SGE_TASK_ID": "9", "SGE_TASK_FIRST": "1", "SGE_TASK_LAST": "9"}, Part(9, 9)),
        ("auto", {"SGE_TASK_ID": "undefined", "LSB_JOBINDEX": "2", "LSB_JOBINDEX_END": "6"}, Part(2, 6)),
        ("auto/6", {"PBS_ARRAY_INDEX": "6"}, Part(6, 6)),
        ("auto/4", {"PBS_ARRAYID": "1"}, Part(1, 4)),
    ],
)
def test_parts_are_read_as_a_person_or_a_scheduler_names_them(text, environment, part):
    assert part_of(text, environment) == part


@pytest.mark.parametrize(
    ("text", "environment", "said"),
    [
        ("0/4", {}, "no part 0 of 4"),
        ("5/4", {}, "no part 5 of 4"),
        ("half", {}, "is no part"),
        ("-1/4", {}, "is no part"),
        ("2/", {}, "is no part"),
        ("auto", {}, "there are none here"),
        ("auto", {"LSB_JOBINDEX": "0", "LSB_JOBINDEX_END": "0"}, "there are none here"),
        ("auto", {"PBS_ARRAY_INDEX": "3"}, "not of how many"),
        ("auto/x", {"PBS_ARRAY_INDEX": "3"}, "is no part"),
        ("auto/2", {"PBS_ARRAY_INDEX": "3"}, "no part 3 of 2"),
        ("auto", SLURM | {"SLURM_ARRAY_TASK_ID": "13"}, "task 13 is none of 4, 8"),
    ],
)
def test_what_is_no_part_is_refused_in_words(text, environment, said):
    with pytest.raises(UsageError, match=said):
        part_of(text, environment)


def test_units_are_dealt_out_in_turn_each_to_one_part():
    dealt = [[number for number in range(1, 6) if Part(number, 5).has(unit)] for unit in range(12)]
    assert dealt == [[unit % 5 + 1] for unit in range(12)]
