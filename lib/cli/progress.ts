/**
 * Progress of a command on stderr: a bar a stage on a terminal, plain lines elsewhere, at most one in ten
 * seconds beside a stage's start and end. A line is never wider than the terminal: what matters least is left out of a
 * narrow one, the beginning of the note last. Colours stay away under NO_COLOR.
 *
 * Stages may nest: the innermost is shown. A finished stage leaves one line with its count and its time.
 *
 * @module
 */
import { write } from "./console.ts";
import { arrangeLine, BAR_CELL, fitLine } from "./progress_line.ts";

const PLAIN_LINE_MS = 10_000;
/** Between two drawings of a bar. */
const DRAW_MS = 125;
const LINE_START = "\x1b[1G";

/** One stage under way. */
export interface Stage {
  /** `count` more units are done; the note stands at the end of the line, parted by commas, what matters most first. */
  advance(count?: number, note?: string): void;
  /** `count` units were done before this run: they count, and took none of its time. */
  skip(count: number): void;
  /** The stage is over: its line stays. */
  done(note?: string): void;
}

/** What is known of a stage beside its number of units. */
export interface StageOptions {
  /** The total is the most there can be, and a rule may end the stage long before: no bar, no time left. */
  isMost?: boolean;
}

/** Where stages are shown. */
export interface Progress {
  /** A stage of `total` units (null: nobody knows how many). */
  start(name: string, total?: number | null, unit?: string, options?: StageOptions): Stage;
  /** A line of its own, above the bar. */
  log(line: string): void;
  /** Takes a bar away that an error left; later calls write nothing but lines. */
  close(): void;
}

/** What progress is written to. */
export interface ProgressStream {
  write(text: string): unknown;
  isTTY: boolean;
  columns: number;
}

/** Options of {@linkcode createProgress}. */
export interface ProgressOptions {
  stream?: ProgressStream;
  color?: boolean;
  /** Milliseconds; a clock for tests. */
  now?: () => number;
}

/**
 * Progress on `stream`, stderr when none is given.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createProgress } from "./progress.ts";
 *
 * const lines: string[] = [];
 * const stream = { write: (text: string) => lines.push(text), isTTY: false, columns: 80 };
 * const progress = createProgress({ stream, now: () => 0 });
 * const stage = progress.start("Probing", 2, "documents");
 * stage.advance(2);
 * stage.done();
 * assertEquals(lines, ["Probing: 0 of 2 documents\n", "Probing: 2 documents in 0 s\n"]);
 * ```
 */
export function createProgress(options: ProgressOptions = {}): Progress {
  const { stream = stderrStream(), color = !Deno.noColor, now = Date.now } = options;
  const open: ShownStage[] = [];
  let isClosed = false;
  const aside = (work: () => void) => {
    const shown = open.at(-1);
    shown?.hide();
    work();
    if (!isClosed) open.at(-1)?.show();
  };
  return {
    start(name, total = null, unit = "", { isMost = false } = {}) {
      const stage = new ShownStage({ name, total, unit, isMost }, { stream, color, now }, () => {
        open.splice(open.indexOf(stage), 1);
      }, aside);
      aside(() => open.push(stage));
      stage.announce();
      return stage;
    },
    log(line) {
      aside(() => stream.write(line + "\n"));
    },
    close() {
      open.at(-1)?.hide();
      open.length = 0;
      isClosed = true;
    },
  };
}

interface StageText {
  name: string;
  total: number | null;
  unit: string;
  isMost: boolean;
}

class ShownStage implements Stage {
  readonly #text: StageText;
  readonly #out: Required<ProgressOptions>;
  readonly #leave: () => void;
  readonly #aside: (work: () => void) => void;
  readonly #startedAt: number;
  #timer: ReturnType<typeof setInterval> | undefined;
  #drawn = "";
  #drawnAt = 0;
  #count = 0;
  #skipped = 0;
  #note = "";
  #lineAt: number;
  #isDone = false;

  constructor(
    text: StageText,
    out: Required<ProgressOptions>,
    leave: () => void,
    aside: (work: () => void) => void,
  ) {
    this.#text = text;
    this.#out = out;
    this.#leave = leave;
    this.#aside = aside;
    this.#startedAt = this.#lineAt = out.now();
  }

  announce(): void {
    if (!this.#out.stream.isTTY) this.#writeLine(`${this.#text.name}: ${this.#counted() || "started"}`);
  }

  advance(count = 1, note?: string): void {
    if (this.#isDone) return;
    this.#count += count;
    if (note !== undefined) this.#note = note;
    // work that lets no timer in
    if (this.#timer !== undefined && performance.now() - this.#drawnAt > 2 * DRAW_MS) this.#draw();
    if (this.#out.stream.isTTY || this.#out.now() - this.#lineAt < PLAIN_LINE_MS) return;
    this.#writeLine(
      `${this.#text.name}: ${[this.#counted(), ...this.#details()].filter(Boolean).join(", ")}`,
    );
  }

  skip(count: number): void {
    this.#skipped += count;
    this.advance(count);
  }

  done(note = this.#note): void {
    if (this.#isDone) return;
    this.#isDone = true;
    const { name, unit } = this.#text;
    const seconds = formatSeconds(this.#elapsedMs());
    const made = this.#count - this.#skipped;
    const before = this.#skipped > 0 ? ` after ${this.#skipped} of an earlier run` : "";
    const counted = made > 0 ? `${quantity(made, unit)} in ${seconds}${before}` : `done in ${seconds}`;
    this.#aside(() => {
      this.#leave();
      this.#writeLine(`${name}: ${counted}${note && `, ${note}`}`);
    });
  }

  show(): void {
    if (!this.#out.stream.isTTY || this.#timer !== undefined || this.#isDone) return;
    this.#timer = setInterval(() => this.#draw(), DRAW_MS);
    this.#draw();
  }

  /** Takes the bar away after it has shown the last state. */
  hide(): void {
    if (this.#timer === undefined) return;
    this.#draw();
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#drawn = "";
    this.#out.stream.write(`${LINE_START}\x1b[2K`);
  }

  #draw(): void {
    const line = this.#barLine();
    if (line !== this.#drawn) this.#out.stream.write(`${LINE_START}${line}\x1b[0K`);
    this.#drawn = line;
    this.#drawnAt = performance.now();
  }

  #barLine(): string {
    const { name, total, isMost } = this.#text;
    const { stream, color } = this.#out;
    const [time = "", note = ""] = this.#details();
    const short = total === null ? undefined : this.#counted("");
    const parts = { name, counted: this.#counted(), short, time, note, hasBar: Boolean(total) && !isMost };
    // The last column stays free: some terminals wrap when it is written.
    const line = arrangeLine(parts, stream.columns - 1);
    const share = total ? Math.min(1, this.#count / total) : 0;
    return line.replace(new RegExp(`${BAR_CELL}+`), ({ length }) => {
      const full = Math.round(share * length);
      const cells = "█".repeat(full) + "░".repeat(length - full);
      return color ? `\x1b[36m${cells}\x1b[39m` : cells;
    });
  }

  #counted(unit = this.#text.unit): string {
    const { total, isMost } = this.#text;
    if (total === null && this.#count === 0) return "";
    if (total === null) return quantity(this.#count, unit);
    return `${this.#count} of ${isMost ? "at most " : ""}${quantity(total, unit)}`;
  }

  #details(): string[] {
    const { total, isMost } = this.#text;
    const elapsed = this.#elapsedMs();
    const made = this.#count - this.#skipped;
    const left = total && made > 0 && !isMost ? elapsed * (total - this.#count) / made : null;
    const time = left === null ? formatSeconds(elapsed) : `${formatSeconds(Math.max(0, left))} left`;
    return this.#note ? [time, this.#note] : [time];
  }

  #elapsedMs(): number {
    return this.#out.now() - this.#startedAt;
  }

  #writeLine(line: string): void {
    const { stream, now } = this.#out;
    stream.write((stream.isTTY ? fitLine(line, stream.columns - 1) : line) + "\n");
    this.#lineAt = now();
  }
}

/** Such as "1 epoch" and "2 epochs". */
function quantity(count: number, units: string): string {
  return `${count} ${count === 1 ? units.replace(/s\b/g, "") : units}`.trimEnd();
}

/**
 * A time for people.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { formatSeconds } from "./progress.ts";
 *
 * assertEquals([9_400, 83_000].map(formatSeconds), ["9 s", "1 min 23 s"]);
 * ```
 */
export function formatSeconds(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? `${minutes} min ${seconds % 60} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

function stderrStream(): ProgressStream {
  return {
    write: (text: string) => write(text, Deno.stderr),
    isTTY: Deno.stderr.isTerminal() && Deno.env.get("TERM") !== "dumb",
    get columns() {
      try {
        return Deno.consoleSize().columns || 80;
      } catch {
        return 80;
      }
    },
  };
}
