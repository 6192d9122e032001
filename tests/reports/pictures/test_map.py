"""The pictures of a landscape: labelled axes, the key to the stacking, marks, paths, trials, pixels, networks."""

from __future__ import annotations

import base64
import random
import re
import struct
import zlib
from xml.etree import ElementTree

import numpy as np
import pytest

from hpowh.analyses.landscapes.grid.space import Axis, Space
from hpowh.analyses.landscapes.grid.surface import Surface
from hpowh.reports.pictures.drawing import short_label
from hpowh.reports.pictures.lon_layout import force_layout
from hpowh.reports.pictures.map_axes import level_labels, strips
from hpowh.reports.pictures.map_svg import MARKED_GLOBAL, RunPath, draw_map
from hpowh.reports.pictures.png import png_bytes
from hpowh.reports.pictures.stacking import colours, shades, stack_axes
from hpowh.reports.pictures.trials_svg import GOLD, GREY, Panel, draw_trials

HOSTILE = "</text><script>alert(1)</script>\u202e\x00&"


def decoded(data: bytes) -> np.ndarray:
    """A PNG's pixels, read by a second hand."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    chunks, at = {}, 8
    while at < len(data):
        size = struct.unpack(">I", data[at : at + 4])[0]
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + size]
        assert struct.unpack(">I", data[at + 8 + size : at + 12 + size])[0] == zlib.crc32(kind + body)
        chunks[kind] = body
        at += 12 + size
    width, height, _, colour = struct.unpack(">IIBB", chunks[b"IHDR"][:10])
    raw = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), dtype=np.uint8).reshape(height, -1)
    assert not raw[:, 0].any()
    if colour == 6:
        return raw[:, 1:].reshape(height, width, 4)
    palette = np.column_stack(
        (np.frombuffer(chunks[b"PLTE"], np.uint8).reshape(-1, 3), np.frombuffer(chunks[b"tRNS"], np.uint8))
    )
    return palette[raw[:, 1:]]


@pytest.mark.parametrize(("most", "kind"), [(255, 6), (3, 3)])
def test_pictures_of_many_and_of_few_colours_decode(most: int, kind: int):
    pixels = np.random.default_rng(0).integers(0, most, (20, 30, 4)).astype(np.uint8)
    data = png_bytes(pixels)
    assert data[25] == kind
    assert np.array_equal(decoded(data), pixels)


def surface_of(shape: tuple[int, ...] = (6, 4, 5, 3), seed: int = 0) -> Surface:
    return Surface.from_grid(np.random.default_rng(seed).random(shape), [True, False, True, False][: len(shape)])


def texts(svg: str) -> list[str]:
    root = ElementTree.fromstring(svg)
    return ["".join(node.itertext()) for node in root.iter() if node.tag.endswith("}text")]


def test_every_level_of_a_readable_axis_is_labelled_at_its_place():
    surface = surface_of((4, 3))
    svg = draw_map(surface, title="t", importance=[2, 1], labels={0: ["a", "b", "c", "d"], 1: ["p", "q", "r"]})
    root = ElementTree.fromstring(svg)
    at = {
        "".join(node.itertext()): (float(node.get("x", 0)), float(node.get("y", 0)))
        for node in root.iter()
        if node.tag.endswith("}text")
    }
    across = [at[name][0] for name in "abcd"]
    assert np.diff(across) == pytest.approx(860 / 4, abs=0.2)
    assert len({at[name][1] for name in "abcd"}) == 1
    down = [at[name][1] for name in "pqr"]
    assert down == sorted(down) and np.ptp(np.diff(down)) < 0.3
    assert at["p"][0] < at["a"][0]
    assert {"x0", "x1"} <= set(at)


def test_the_pixels_are_the_landscape():
    surface = surface_of()
    stack = stack_axes(surface.space, [4, 3, 2, 1])
    svg = draw_map(surface, title="t", importance=[4, 3, 2, 1])
    (data,) = re.findall(r"data:image/png;base64,([A-Za-z0-9+/=]+)", svg)
    assert np.array_equal(decoded(base64.b64decode(data)), colours(shades(surface, stack)))


def test_labels_repeat_within_each_outer_level_and_fine_axes_go_to_the_key():
    shape = (10, 10, 10, 3)
    surface = surface_of(shape)
    labels = {0: [f"1e-{i}" for i in range(10)], 2: [str(2**i) for i in range(10)], 3: ["u", "v", "w"]}
    svg = draw_map(surface, title="t", importance=[9, 8, 7, 6], labels=labels)
    found = texts(svg)
    assert found.count("1e-3") == 1  # the outermost, once
    assert any("The block with the best configuration" in one for one in found)
    assert any(one.startswith("across: x0 (10)") for one in found)
    magnified = [one for one in found if ", innermost, " in one]
    labelled_in_key = [one for one in found if one in {"u", "v", "w"} or one == "512"]
    assert magnified or labelled_in_key


def test_a_map_whose_axes_all_have_labels_needs_no_magnified_block():
    assert "The block with" not in draw_map(surface_of((3, 3)), title="t")


def test_strips_end_where_a_level_is_too_thin_for_a_label():
    space = Space.of((5, 4, 30))
    found, rest = strips(space, (0, 1, 2), {}, 860, is_across=True)
    assert [strip.name for strip in found] == ["x0", "x1"] and rest == [2]
    assert found[1].repeats == 5 and found[1].extent == pytest.approx(43)


def test_long_numbers_are_rounded_unless_that_makes_them_equal():
    space = Space((Axis("lr", 2, True, 0),))
    assert level_labels(space, 0, {0: ["0.00046415888", "7.742637e-08"]}) == ("0.000464", "7.74e-08")
    assert level_labels(space, 0, {0: ["0.12345678", "0.12345679"]}) == ("0.12345678", "0.12345679")
    assert level_labels(space, 0, {}) == ("0", "1")
    assert short_label("a" * 30, 11) == "aaaaa\u2026aaaaa"


def test_marks_tell_global_from_local_optima_and_say_when_there_are_too_many():
    surface = surface_of()
    order = surface.ranks[surface.order].tolist()
    svg = draw_map(surface, title="t", optima=order[:6])
    assert svg.count(", global optimum</title>") == 1
    assert svg.count(", local optimum</title>") == 5
    assert "one of the 5 best other local optima" in texts(svg)
    flat = Surface.from_grid(np.ones((15, 15)))
    many = draw_map(flat, title="t", optima=flat.ranks.tolist())
    assert many.count(", global optimum</title>") == MARKED_GLOBAL
    assert f"global optimum, {MARKED_GLOBAL} of 225 drawn" in texts(many)


def test_paths_are_numbered_in_the_picture_and_in_the_legend():
    surface = surface_of()
    paths = [RunPath("tpe, seed 3", (0, 5, 5, 77), "#123456"), RunPath("random", (9,)), RunPath("none", ())]
    svg = draw_map(surface, title="t", paths=paths)
    assert svg.count('stroke="#123456"') == 2  # two moves: repetitions are none
    found = texts(svg)
    assert "incumbent of tpe, seed 3" in found and "incumbent of random" in found and "incumbent of none" not in found
    assert found.count("1") >= 2 and found.count("2") >= 2


def test_hostile_names_stay_text_and_the_document_stays_xml():
    space = Space((Axis(HOSTILE, 4, True, 0), Axis(HOSTILE * 9, 3, False, 1)))
    surface = Surface.make(space, np.arange(12), np.random.default_rng(0).random(12))
    labels = {0: [f"{HOSTILE}{i}" for i in range(4)]}
    svg = draw_map(surface, title=HOSTILE, labels=labels, optima=[1, 2], paths=[RunPath(HOSTILE, (1, 2))])
    panel = Panel(HOSTILE, HOSTILE, np.array([3]), np.array([1]))
    drawn = draw_trials(surface, stack_axes(space), np.ones(12, dtype=bool), [panel], title=HOSTILE)
    for one in (svg, drawn):
        ElementTree.fromstring(one)
        assert "<script" not in one and "\u202e" not in one and "\x00" not in one


@pytest.mark.parametrize("shape", [(1,), (7,), (1, 1), (2, 1, 3), (300,), (12, 12, 12)])
def test_degenerate_and_fine_spaces_are_drawn(shape: tuple[int, ...]):
    surface = Surface.from_grid(np.random.default_rng(0).random(shape))
    ElementTree.fromstring(draw_map(surface, title="t", optima=[0]))


def test_dots_lie_where_the_trials_fell_larger_where_more_did():
    surface = surface_of((10, 5))
    stack = stack_axes(surface.space)
    panel = Panel("tpe", "c", np.array([0, 49, 7]), np.array([1, 9, 2]), "#123456")
    inside = np.zeros(50, dtype=bool)
    inside[7] = True
    svg = draw_trials(surface, stack, inside, [panel], title="t")
    dots = re.findall(r'<path d="([^"]+)" stroke="#123456" stroke-width="([\d.]+)"', svg)
    assert [float(width) for _, width in dots] == [4.0, 6.0, 9.0]
    places = [tuple(float(one) for one in re.findall(r"[\d.]+", way)[:2]) for way, _ in dots]
    cell, tall = 470 / 10, min(330, 470 * 5 / 10) / 5
    for rank, place in zip((0, 7, 49), places, strict=True):
        column, row = (int(one[0]) for one in stack.place(np.array([rank])))
        assert place == pytest.approx((12 + (column + 0.5) * cell, 12 + 46 + (row + 0.5) * tall), abs=0.1)
    (data,) = re.findall(r"data:image/png;base64,([A-Za-z0-9+/=]+)", svg)
    pixels = decoded(base64.b64decode(data))[..., :3].astype(int)
    golden = pixels[..., 0] - pixels[..., 2] > 40
    column, row = stack.place(np.array([7]))
    assert golden.sum() == 1 and golden[row[0], column[0]]
    assert GOLD != GREY


def test_a_network_is_laid_out_the_same_and_joined_nodes_are_near():
    edges = [(i, (i + 1) % 6) for i in range(6)] + [(6 + i, 6 + (i + 1) % 6) for i in range(6)] + [(0, 6)]
    random.seed(99)
    before = random.random()
    first = force_layout(12, edges, [1.0] * 13)
    random.seed(99)
    assert random.random() == before
    assert first == force_layout(12, edges, [1.0] * 13)
    place = np.array(first)
    assert np.abs(place).max() == pytest.approx(1.0)
    within = np.mean([np.linalg.norm(place[a] - place[b]) for a, b in edges[:12]])
    across = np.mean([np.linalg.norm(place[a] - place[b]) for a in range(1, 6) for b in range(7, 12)])
    assert within < 0.6 * across
    assert force_layout(1, [], []) == [(0.0, 0.0)] and force_layout(0, [], []) == []


def test_names_beside_the_plane_keep_clear_of_wide_labels():
    """A level's label ends 5 pixels left of its line; the name of the hyperparameter outside it begins left of it."""
    surface = Surface.from_grid(np.random.default_rng(0).random((3, 3, 3)), [False] * 3)
    wide = dict.fromkeys(range(3), ("mmmmmm", "medium", "wwwwww"))
    svg = ElementTree.fromstring(draw_map(surface, title="t", labels=wide))
    named = [node for node in svg.iter() if node.tag.endswith("text") and "rotate" in node.get("transform", "")]
    names = [node for node in named if node.get("font-weight")]
    labels = [node for node in svg.iter() if node.get("text-anchor") == "end" and node.text == "mmmmmm"]
    assert names and labels
    for label in labels:
        begin = float(label.get("x", "0")) - 6 * 11 * 0.974  # an m of DejaVu Sans is 0.974 of the size wide
        near = max(float(one.get("x", "0")) for one in names if float(one.get("x", "0")) < float(label.get("x", "0")))
        assert near < begin
