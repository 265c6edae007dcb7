"""Two kinds of plots as SVG: bars with their spread, and lines over logarithmic axes.

Written by hand in a hundred lines: matplotlib would bring numpy and 60 MB of packages for two pictures, pygal a script in each
picture. No title and no sentence is in them, so one picture serves both languages; colours stay readable on white and on black."""

import html
import math

_FONT = 'font-family="sans-serif" font-size="13"'
_COLOURS = ("#4c6ef5", "#e8590c", "#2b8a3e", "#ae3ec9", "#0c8599", "#c92a2a", "#868e96", "#f08c00")
_GREY = "#868e96"


def _text(x, y, text, anchor="start", colour=_GREY):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}" {_FONT}>{html.escape(text)}</text>'


def _line(x1, y1, x2, y2, colour=_GREY, width=1.0):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" stroke-width="{width:g}"/>'


def _picture(width, height, parts):
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img">'
    return "\n".join([head, *parts, "</svg>", ""])


def bars(rows, show):
    """`rows`: (label, median, low, high, is it ours?); `show(value)`: its text. One bar a row, from 0."""
    left, wide, step, right = 190, 380, 26, 150
    most = max((high for _, _, _, high, _ in rows), default=0) or 1.0
    parts = []
    for number, (label, middle, low, high, ours) in enumerate(rows):
        y, scale = 8 + number * step, wide / most
        colour = _COLOURS[1] if ours else _COLOURS[0]
        parts.append(_text(left - 8, y + 14, label, "end"))
        parts.append(f'<rect x="{left}" y="{y}" width="{max(middle * scale, 1):.1f}" height="18" fill="{colour}" opacity="0.75"/>')
        if high > low:
            parts.append(_line(left + low * scale, y + 9, left + high * scale, y + 9, _GREY, 2))
        parts.append(_text(left + high * scale + 8, y + 14, show(middle)))
    return _picture(left + wide + right, 16 + len(rows) * step, parts)


def _ticks(low, high):
    """Powers of ten, with 2 and 5 where there are few."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    fine = [m * 10.0 ** p for p in powers for m in (1, 2, 5)]
    found = [t for t in fine if low * 0.999 <= t <= high * 1.001]
    return [t for t in found if math.log10(t) % 1 == 0] if len(found) > 8 else found


def lines(series, x_label, y_label):
    """`series`: {label: [(x, y)]}, all above 0. Both axes are logarithmic: a straight line is a power, its slope the exponent."""
    points = [p for several in series.values() for p in several]
    if not points:
        return _picture(200, 30, [])
    left, top, wide, high, right = 70, 16, 400, 240, 150
    x0, x1 = _range([x for x, _ in points])
    y0, y1 = _range([y for _, y in points])
    place_x = lambda x: left + wide * math.log(x / x0) / math.log(x1 / x0)
    place_y = lambda y: top + high - high * math.log(y / y0) / math.log(y1 / y0)
    parts = [_line(left, top, left, top + high), _line(left, top + high, left + wide, top + high)]
    for tick in sorted({x for x, _ in points}):
        parts += [_line(place_x(tick), top + high, place_x(tick), top + high + 5), _text(place_x(tick), top + high + 20, f"{tick:g}", "middle")]
    for tick in _ticks(y0, y1):
        parts += [_line(left - 5, place_y(tick), left, place_y(tick)), _text(left - 9, place_y(tick) + 4, f"{tick:g}", "end")]
    parts += [_text(left + wide, top + high + 38, x_label, "end"), _text(left + 6, top + 2, y_label)]
    for number, (label, several) in enumerate(series.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        path = " ".join(f"{place_x(x):.1f},{place_y(y):.1f}" for x, y in sorted(several))
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{place_x(x):.1f}" cy="{place_y(y):.1f}" r="3.5" fill="{colour}"/>' for x, y in several]
        y = top + 12 + number * 20
        parts += [_line(left + wide + 20, y - 4, left + wide + 40, y - 4, colour, 3), _text(left + wide + 46, y, label)]
    return _picture(left + wide + right, top + high + 50, parts)


def _range(values):
    low, high = min(values), max(values)
    return (low * 0.8, high * 1.25)
