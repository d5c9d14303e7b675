"""Records a command in a terminal as an SVG that plays: a tool of the author, not of the user.

    pip install pyte==0.8.2   # into a scratch environment
    python data/make_terminal.py data/figures/demo.svg --speed 24 -- npx -y deno task demo

The command runs in a terminal of 100 x 24. Each line of the screen is drawn once for each text that it shows, and is seen
while it shows that, by CSS alone: the file runs no script, plays in an image of a page, and stands still at its end where
the reader wants no motion.
"""

import argparse
import html
import os
import pty
import select
import struct
import sys
import time

import fcntl
import pyte
import termios

COLUMNS, ROWS = 100, 24
SAMPLE = 0.25  # seconds between two looks at the screen, as it is played
HOLD = 6  # seconds at the end
CHARACTER, LINE, MARGIN = 8.0, 18, 14
BACKGROUND, TEXT, DIM = "#10151f", "#e6e9ef", "#8b95a7"


def record(command: list[str], speed: float) -> tuple[list[tuple[float, list[str]]], float]:
    """The screens that differ from those before, with their times as they are played, and the time of the end."""
    screen = pyte.Screen(COLUMNS, ROWS)
    stream = pyte.ByteStream(screen)
    child, terminal = pty.fork()
    if child == 0:
        os.environ.update({"TERM": "xterm-256color", "COLUMNS": str(COLUMNS), "LINES": str(ROWS)})
        os.execvp(command[0], command)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    screens, started, looked = [], time.monotonic(), -1.0
    while True:
        ready, _, _ = select.select([terminal], [], [], 0.05)
        try:
            data = os.read(terminal, 65536) if ready else None
        except OSError:  # the command has ended
            data = b""
        if data:
            stream.feed(data)
        now = (time.monotonic() - started) / speed
        if data == b"" or now - looked >= SAMPLE:
            looked = now
            lines = [line.rstrip().replace(os.getcwd() + "/", "") for line in screen.display]
            if not screens or screens[-1][1] != lines:
                screens.append((now, lines))
        if data == b"":
            _, status = os.waitpid(child, 0)
            if status != 0:
                sys.exit(f"the command ended with {os.waitstatus_to_exitcode(status)}")
            return screens, now


def spans(screens: list[tuple[float, list[str]]], end: float) -> list[tuple[int, str, float, float]]:
    """Each text of each line, from when to when it is seen."""
    found = []
    for row in range(ROWS):
        text, since = "", 0.0
        for at, lines in [*screens, (end, [""] * ROWS)]:
            if lines[row] != text or at == end:
                if text:
                    found.append((row, text, since, at))
                text, since = lines[row], at
    return found


def draw(screens: list[tuple[float, list[str]]], ended: float, command: str, speed: float) -> str:
    """The SVG."""
    end = ended + HOLD
    width, height = COLUMNS * CHARACTER + 2 * MARGIN, (ROWS + 1) * LINE + 2 * MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" role="img" '
        f'font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="13">',
        f"<title>A terminal that runs {html.escape(command)}, {speed:g} times as fast</title>",
        "<style>text{white-space:pre;fill:%s}.c{fill:%s}.s{visibility:hidden}" % (TEXT, DIM),
    ]
    timed = spans(screens, end)
    for at, (_, _, since, until) in enumerate(timed):
        first, last = 100 * since / end, 100 * until / end
        still = ",100%{visibility:visible}" if until >= end else "{visibility:visible}"
        frames = f"{first:.3f}%{still}" + ("" if until >= end else f"{last:.3f}%{{visibility:hidden}}")
        parts.append(f"@keyframes k{at}{{{frames}}}#t{at}{{animation:k{at} {end:.1f}s step-end infinite}}")
        if until >= end:
            parts.append(f"@media (prefers-reduced-motion:reduce){{#t{at}{{animation:none;visibility:visible}}}}")
    parts.append("@media (prefers-reduced-motion:reduce){.s{animation:none}}</style>")
    parts.append(f'<rect width="100%" height="100%" rx="8" fill="{BACKGROUND}"/>')
    parts.append(f'<text class="c" x="{MARGIN}" y="{MARGIN + 12}">$ {html.escape(command)}</text>')
    for at, (row, text, _, _) in enumerate(timed):
        y = MARGIN + 12 + (row + 1) * LINE
        parts.append(f'<text id="t{at}" class="s" x="{MARGIN}" y="{y}">{html.escape(text)}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("svg")
    parser.add_argument("--speed", type=float, default=20)
    parser.add_argument("command", nargs="+")
    given = parser.parse_args()
    shown = " ".join(given.command)
    with open(given.svg, "w") as file:
        file.write(draw(*record(given.command, given.speed), shown, given.speed))
