"""Put the panels of a picture together: outlines, names of patches, titles, legend."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np
import PIL.Image
from PIL import ImageDraw, ImageFilter, ImageFont

from sasnet_core.results.colours import scale_colour

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL.Image import Image

    #: A drawn panel, its mask (see `outlined`), its title, and the ranks of its patches.
    Panel = tuple[Image, np.ndarray, str, Sequence[int]]

#: Codes of a mask: 1 to 3 are patches, and this is added where a residue touches.
TOUCHING = 4
#: Red, green, blue of outlines.
PATCH_COLOUR, TOUCHING_COLOUR = (20, 20, 24), (0, 84, 214)
#: Pixels: width of outlines (that of what touches shows on both sides of that of a patch), and how
#: far corners are rounded; parts narrower than about twice `SPECK` have no outline.
PATCH_LINE, TOUCHING_LINE, ROUNDING, SPECK = 3, 6, 2.0, 3.5
#: Pixels of the smallest part that is outlined, and of the smallest that is numbered; how far
#: inside numbers stand.
LEAST_PART, LEAST_NUMBERED, INSIDE = 60, 240, 15
#: Pixels: space around panels, and sizes of letters.
GAP, TEXT, SMALL_TEXT, NUMBERS = 14, 18, 16, 26
#: Panels of this height and more have large titles.
LARGE = 500
SCALE_WIDTH, SCALE_HEIGHT = 400, 16


@dataclass(frozen=True)
class Legend:
    """What the colours and outlines mean.

    Attributes
    ----------
    top : float
        Probability at which the colour scale ends.
    highest : float
        The highest probability.
    threshold : float
        Probability from which residues are called likely.
    known : bool
        Whether residues that touch are outlined.
    """

    top: float
    highest: float
    threshold: float
    known: bool


def compose(panels: Sequence[Panel], legend: Legend | None = None) -> Image:
    """Put panels in rows of equal height over their titles, and the legend below.

    Parameters
    ----------
    panels : sequence of Panel
        Those of one height follow one another.
    legend : Legend or None
        What the colours mean.

    Returns
    -------
    Image
        The picture.
    """
    heights = list(dict.fromkeys(panel[0].height for panel in panels))
    rows = [_row([panel for panel in panels if panel[0].height == height]) for height in heights]
    if legend is not None:
        rows.append(_legend(legend))
    picture = PIL.Image.new(
        "RGB", (max(row.width for row in rows), sum(row.height for row in rows)), "white"
    )
    below = 0
    for row in rows:
        picture.paste(row, ((picture.width - row.width) // 2, below))
        below += row.height
    return picture


def _row(panels: Sequence[Panel]) -> Image:
    """Put panels of one height side by side over their titles."""
    drawn = [outlined(image, mask, patches) for image, mask, _, patches in panels]
    height = drawn[0].height
    size = TEXT if height >= LARGE else SMALL_TEXT
    lines = max(title.count("\n") + 1 for *_, title, _ in panels)
    width = sum(image.width for image in drawn) + GAP * (len(drawn) + 1)
    row = PIL.Image.new("RGB", (width, height + round(1.4 * size * lines) + 2 * GAP), "white")
    pen = ImageDraw.Draw(row)
    left = GAP
    for image, (*_, title, _) in zip(drawn, panels, strict=True):
        row.paste(image, (left, GAP))
        font = _fitting(pen, title, size, image.width)
        middle = left + image.width / 2, GAP + height + 4
        pen.multiline_text(middle, title, "black", font, anchor="ma", align="center")
        left += image.width + GAP
    return row


def _fitting(pen: ImageDraw.ImageDraw, text: str, size: int, width: int) -> ImageFont.FreeTypeFont:
    """Return the font of a size, or smaller where the text would be wider than there is room."""
    font = _font(size)
    needed = pen.multiline_textbbox((0, 0), text, font)[2]
    return font if needed <= width else _font(max(8, int(size * width / needed)))


def _font(size: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(size=size)
    assert isinstance(font, ImageFont.FreeTypeFont)  # Pillow is built with FreeType
    return font


def outlined(image: Image, mask: np.ndarray, patches: Sequence[int]) -> Image:
    """Draw the outlines of patches and of what touches, and number the patches.

    Parameters
    ----------
    image : Image
        The panel.
    mask : ndarray, shape (height, width), int
        Rank of the patch that a pixel shows, 0 for none, plus `TOUCHING`; or empty.
    patches : sequence of int
        Ranks of the patches to draw.

    Returns
    -------
    Image
        A new one.
    """
    drawn = image.copy()
    if not mask.size:
        return drawn
    _draw_line(drawn, mask >= TOUCHING, TOUCHING_COLOUR, TOUCHING_LINE)
    for rank in patches:
        _draw_line(drawn, mask % TOUCHING == rank, PATCH_COLOUR, PATCH_LINE)
    pen, font = ImageDraw.Draw(drawn), _font(round(NUMBERS * (drawn.height / LARGE) ** 0.5))
    for rank in patches:
        region = mask % TOUCHING == rank
        if region.sum() >= LEAST_NUMBERED:
            pen.text(
                _inside(region), str(rank), "black", font, "mm", stroke_width=4, stroke_fill="white"
            )
    return drawn


def _inside(region: np.ndarray) -> tuple[int, int]:
    """Return column and row of a point well inside a region, near its middle where possible."""
    area = PIL.Image.fromarray(np.uint8(255) * region)
    depth = np.asarray(area.filter(ImageFilter.GaussianBlur(INSIDE))).astype(int) * region
    rows, columns = np.nonzero(region)
    middle = rows.mean(), columns.mean()
    rows, columns = np.nonzero(depth >= 0.9 * depth.max())
    nearest = np.hypot(rows - middle[0], columns - middle[1]).argmin()
    return int(columns[nearest]), int(rows[nearest])


def _draw_line(image: Image, region: np.ndarray, colour: tuple[int, int, int], width: int) -> None:
    """Draw the edge of a region of the image."""
    if region.sum() < LEAST_PART:
        return
    area = PIL.Image.fromarray(np.uint8(255) * region)
    whole = area.filter(ImageFilter.GaussianBlur(SPECK)).point(lambda value: 255 * (value > 127))
    edge = whole.filter(ImageFilter.GaussianBlur(ROUNDING)).point(_line(width))
    image.paste(colour, (0, 0), edge)


@cache
def _line(width: int) -> list[int]:
    """Return how much of a line, 0 to 255, lies where a blurred region has each value.

    At a straight edge the blurred value is the normal distribution of the distance from it.
    """
    normal = NormalDist(sigma=ROUNDING)
    distances = [abs(normal.inv_cdf((value + 0.5) / 256)) for value in range(256)]
    return [round(255 * min(1.0, max(0.0, width / 2 - far + 0.5))) for far in distances]


def _legend(legend: Legend) -> Image:
    """Draw the colour scale with its range, and what the outlines are."""
    place = PIL.Image.new("RGB", (SCALE_WIDTH + 660, 84), "white")
    pen, font = ImageDraw.Draw(place), _font(TEXT)
    left, upper = 30, 26
    title = f"probability of being in the interface (highest here: {legend.highest:.2f})"
    pen.text((left, 0), title, "black", font)
    for step in range(SCALE_WIDTH):
        colour = scale_colour(step / SCALE_WIDTH)
        pen.line([(left + step, upper), (left + step, upper + SCALE_HEIGHT)], fill=colour)
    for value, words in (
        (0.0, "0"),
        (legend.threshold, f"likely from {legend.threshold:.2f}"),
        (legend.top, f"{legend.top:g}"),
    ):
        if value <= legend.top:
            x = left + SCALE_WIDTH * value / legend.top
            pen.line([(x, upper), (x, upper + SCALE_HEIGHT + 5)], fill="black", width=2)
            pen.text((x, upper + SCALE_HEIGHT + 8), words, "black", font, anchor="ma")
    lines = [(PATCH_COLOUR, 3, "outline and number: a patch")]
    if legend.known:
        lines.append(
            (TOUCHING_COLOUR, 5, "outline: touches the other partner in the known complex")
        )
    for k, (line_colour, width, words) in enumerate(lines):
        y = 14 + 30 * k
        start = left + SCALE_WIDTH + 90
        pen.line([(start, y), (start + 40, y)], fill=line_colour, width=width)
        pen.text((start + 52, y), words, "black", font, anchor="lm")
    return place
