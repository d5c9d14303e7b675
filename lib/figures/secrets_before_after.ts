/**
 * Every secret's fall: one vertical bar from its MA before to its MA after unlearning. The stop rule looks at a mean,
 * so single secrets may stay memorized; here each one is seen, grouped by its kind and the stubborn ones at the right.
 *
 * @module
 */
import { type Figure, makeFigure, type Trace } from "./figure.ts";
import { scoreAfter } from "./score_after.ts";
import { isScore, modelStyle, PALETTE, percentText, plotText, SCORE_AXIS, tagStyle } from "./style.ts";

/** One secret, masked: its description has kind, length and first two characters only. */
export interface ReportedSecretRow {
  /** The document that holds it. */
  readonly doc_id: string;
  /** EMAIL, IP_ADDRESS or KEY. */
  readonly tag: string;
  /** What found it. */
  readonly detector: string;
  /** Its kind, length and first two characters. */
  readonly description: string;
  /** Training documents that hold it; null where unknown. */
  readonly copies: number | null;
  /** MA of the model as it came. */
  readonly ma_before: number | null;
  /** MA after each method, by the method's name. */
  readonly ma_after: Readonly<Record<string, number | null>>;
}

/** Options of {@linkcode secretsBeforeAfter}. */
export interface SecretsBeforeAfterOptions {
  /** Mean MA on unseen text. */
  threshold?: number | null;
  /** Mean MA of secrets of each tag that the model was never trained on: drawn across the secrets of that tag. */
  baselines?: ReadonlyMap<string, number>;
  /** Most secrets to draw; of more, every n-th in drawing order is taken and the subtitle says so. */
  maxSecrets?: number;
}

interface Fall {
  readonly row: ReportedSecretRow;
  readonly before: number;
  readonly after: number;
}

/**
 * Draws each secret's MA before and after `method`. Secrets that lack one of the two are left out.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { secretsBeforeAfter } from "./secrets_before_after.ts";
 *
 * const rows = [{
 *   doc_id: "a.py", tag: "KEY", detector: "AWSKeyDetector", description: "KEY, 20 characters, AK...",
 *   copies: 8, ma_before: 1, ma_after: { codeeraser: 0.25 },
 * }];
 * const figure = secretsBeforeAfter(rows, "codeeraser");
 * assertEquals(figure.data.at(-1)?.y, [0.25]);
 * ```
 */
export function secretsBeforeAfter(
  rows: readonly ReportedSecretRow[],
  method: string,
  options: SecretsBeforeAfterOptions = {},
): Figure {
  const { threshold = null, baselines = new Map(), maxSecrets = 300 } = options;
  const falls = rows.flatMap((row) => toFall(row, method)).toSorted(compareFalls);
  const shown = thin(falls, maxSecrets);
  const tags = [...new Set(shown.map(({ row }) => row.tag))];
  const places = new Map(shown.map((fall, index) => [fall, index + 1]));
  const data = shown.length === 0 ? [] : [
    beforeTrace(shown, places),
    ...tags.flatMap((tag) => tagTraces(shown.filter(({ row }) => row.tag === tag), tag, places)),
    ...baselineTrace(shown, { tags, places, baselines }),
    ...isScore(threshold) ? [thresholdTrace(threshold, shown.length)] : [],
  ];
  return makeFigure(data, {
    title: `Every secret before and after ${plotText(modelStyle(method).label)}`,
    subtitle: describeFalls(falls, shown.length, threshold),
    layout: {
      xaxis: {
        title: { text: "secrets, by kind and MA after" },
        range: [0, shown.length + 1],
        showticklabels: false,
        ticks: "",
        zeroline: false,
      },
      yaxis: { ...SCORE_AXIS, title: { text: "secret MA" } },
    },
  });
}

function toFall(row: ReportedSecretRow, method: string): Fall[] {
  const after = scoreAfter(row, method);
  return isScore(row.ma_before) && after !== null ? [{ row, before: row.ma_before, after }] : [];
}

function compareFalls(a: Fall, b: Fall): number {
  if (a.row.tag !== b.row.tag) return a.row.tag < b.row.tag ? -1 : 1;
  return a.after - b.after || a.before - b.before;
}

function thin(falls: readonly Fall[], most: number): readonly Fall[] {
  if (falls.length <= most) return falls;
  return Array.from({ length: most }, (_, index) => falls[Math.floor((index + 0.5) * falls.length / most)])
    .filter((fall) => fall !== undefined);
}

function beforeTrace(falls: readonly Fall[], places: ReadonlyMap<Fall, number>): Trace {
  return {
    type: "scatter",
    mode: "markers",
    name: "before",
    x: falls.map((fall) => places.get(fall) ?? null),
    y: falls.map((fall) => fall.before),
    customdata: falls.map(hoverText),
    marker: { color: PALETTE.grey, symbol: "line-ew-open", size: 6, line: { width: 2 } },
    hovertemplate: "%{customdata}<extra></extra>",
  };
}

/** The bars of a tag in one trace (a gap ends each) and the markers at their lower ends. */
function tagTraces(falls: readonly Fall[], tag: string, places: ReadonlyMap<Fall, number>): Trace[] {
  const { label, color, symbol } = tagStyle(tag);
  return [
    {
      type: "scatter",
      mode: "lines",
      x: falls.flatMap((fall) => [places.get(fall) ?? null, places.get(fall) ?? null, null]),
      y: falls.flatMap((fall) => [fall.before, fall.after, null]),
      line: { color, width: 1.2 },
      opacity: 0.45,
      hoverinfo: "skip",
      showlegend: false,
      legendgroup: plotText(tag),
    },
    {
      type: "scatter",
      mode: "markers",
      name: `${plotText(label)}, after`,
      legendgroup: plotText(tag),
      x: falls.map((fall) => places.get(fall) ?? null),
      y: falls.map((fall) => fall.after),
      customdata: falls.map(hoverText),
      marker: { color, symbol, size: 6 },
      hovertemplate: "%{customdata}<extra></extra>",
    },
  ];
}

/** A dotted line across each tag's secrets, in one trace (a gap ends each). */
function baselineTrace(
  falls: readonly Fall[],
  { tags, places, baselines }: {
    tags: readonly string[];
    places: ReadonlyMap<Fall, number>;
    baselines: ReadonlyMap<string, number>;
  },
): Trace[] {
  const lines = tags.flatMap((tag) => {
    const own = falls.filter(({ row }) => row.tag === tag).map((fall) => places.get(fall)!);
    const ma = baselines.get(tag);
    return isScore(ma) ? [{ from: Math.min(...own) - 0.4, to: Math.max(...own) + 0.4, ma }] : [];
  });
  return lines.length === 0 ? [] : [{
    type: "scatter",
    mode: "lines",
    name: "never-trained twins of the kind",
    x: lines.flatMap(({ from, to }) => [from, to, null]),
    y: lines.flatMap(({ ma }) => [ma, ma, null]),
    line: { color: PALETTE.vermillion, width: 2.2, dash: "dot" },
    hovertemplate: "never-trained twins of the kind: mean MA %{y:.1%}<extra></extra>",
  }];
}

/** Across all of them; its value stands in the legend, where no secret is in its way. */
function thresholdTrace(threshold: number, secrets: number): Trace {
  return {
    type: "scatter",
    mode: "lines",
    name: `threshold ${percentText(threshold)}`,
    x: [0, secrets + 1],
    y: [threshold, threshold],
    line: { color: PALETTE.grey, width: 2, dash: "dash" },
    hoverinfo: "skip",
  };
}

function hoverText({ row, before, after }: Fall): string {
  const copies = isScore(row.copies) ? `<br>${row.copies.toLocaleString("en")} copies` : "";
  return `<b>${plotText(row.description)}</b><br>${plotText(row.doc_id)}${copies}` +
    `<br>MA ${percentText(before)} before, ${percentText(after)} after`;
}

function describeFalls(falls: readonly Fall[], shown: number, threshold: number | null): string {
  const drawn = shown === falls.length ? "" : `; ${shown.toLocaleString("en")} of them drawn`;
  const count = `${falls.length.toLocaleString("en")} secrets`;
  if (!isScore(threshold)) return count + drawn;
  const above = (scores: number[]) => scores.filter((ma) => ma > threshold).length.toLocaleString("en");
  return `above the threshold: ${above(falls.map((fall) => fall.before))} of ${count} before, ` +
    `${above(falls.map((fall) => fall.after))} after${drawn}`;
}
