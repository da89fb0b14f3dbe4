# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines over two logarithmic axes as a small SVG, readable on a light and on a dark page."""
import math

WIDTH, HEIGHT = 640, 340
LEFT, RIGHT, TOP, BOTTOM = 84, 146, 20, 50

STYLE = """
text { font: 13px sans-serif; fill: #333 }
.grid { stroke: #ccc; stroke-width: 1 }
.line { fill: none; stroke-width: 2 }
.c0 { stroke: #0b62c4; fill: #0b62c4 } .c1 { stroke: #b4540a; fill: #b4540a }
.c2 { stroke: #6a737d; fill: #6a737d } .guess { stroke-dasharray: 5 4 }
text.c0, text.c1, text.c2 { stroke: none }
@media (prefers-color-scheme: dark) {
text { fill: #ddd } .grid { stroke: #444 }
.c0 { stroke: #6cb2ff; fill: #6cb2ff } .c1 { stroke: #ffab5e; fill: #ffab5e }
.c2 { stroke: #a5b0bb; fill: #a5b0bb }
}"""


class Scale:
    """Values between first and last to pixels between those of the same names."""

    def __init__(self, first, last, first_px, last_px):
        self.log = math.log10(first), math.log10(last)
        self.px = first_px, last_px

    def __call__(self, value):
        part = (math.log10(value) - self.log[0]) / (self.log[1] - self.log[0])
        return round(self.px[0] + part * (self.px[1] - self.px[0]), 1)


def line(name, points, number, guess, x, y):
    at = [(x(px), y(py)) for px, py in points]
    path = " ".join(f"{px},{py}" for px, py in at)
    kind = f"c{number}" + (" guess" if guess else "")
    dots = "" if guess else "".join(
        f'<circle class="c{number}" cx="{px}" cy="{py}" r="3"/>' for px, py in at)
    return (f'<polyline class="line {kind}" style="fill:none" points="{path}"/>{dots}'
            f'<text class="c{number}" x="{at[-1][0] + 8}" y="{at[-1][1] + 4}">{name}</text>')


def plot(path, title, ticks, steps, lines):
    """ticks: [(x, words)], steps: [(y, words)] with the range as first and last; lines: [(name,
    [(x, y)], whether it is no measurement]."""
    x = Scale(ticks[0][0], ticks[-1][0], LEFT, WIDTH - RIGHT)
    y = Scale(steps[0][0], steps[-1][0], HEIGHT - BOTTOM, TOP)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
             f'role="img"><title>{title}</title><style>{STYLE}</style>']
    for value, words in steps:
        parts.append(f'<path class="grid" d="M{LEFT} {y(value)}H{WIDTH - RIGHT}"/>'
                     f'<text x="{LEFT - 8}" y="{y(value) + 4}" text-anchor="end">{words}</text>')
    for value, words in ticks:
        parts.append(f'<path class="grid" d="M{x(value)} {TOP}V{HEIGHT - BOTTOM}"/>'
                     f'<text x="{x(value)}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">'
                     f'{words}</text>')
    parts.append(f'<text x="{LEFT}" y="{HEIGHT - 8}">{title}</text>')
    parts += [line(name, points, number, guess, x, y)
              for number, (name, points, guess) in enumerate(lines)]
    with open(path, "w") as f:
        f.write("\n".join(parts) + "\n</svg>\n")
