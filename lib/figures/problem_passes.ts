/**
 * Problem by problem: how many samples of a model pass, beside those of the model before.
 *
 * @module
 */
import { type Figure, makeFigure, type Trace } from "./figure.ts";
import { equalityLine } from "./model_groups.ts";
import { PALETTE, plotText } from "./style.ts";

/** A problem under both models. */
export interface ProblemPassRow {
  /** The problem. */
  readonly task_id: string;
  /** Samples of the model after. */
  readonly samples: number;
  /** Those that pass. */
  readonly passed: number;
  /** Samples of the model before; null where it was not asked. */
  readonly samples_before: number | null;
  /** Those that pass. */
  readonly passed_before: number | null;
}

/** Problems that are named where the pointer is. */
const MOST_NAMED = 12;

/**
 * Draws a bubble for all problems of the same shares before and after; on the line nothing has changed, above it are
 * problems that are solved more often, below it those that are solved less.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { problemPasses } from "./problem_passes.ts";
 *
 * const row = { samples: 2, samples_before: 2 };
 * const rows = [["a", 2, 2], ["b", 2, 2], ["c", 0, 2]].map(([task_id, passed, passed_before]) =>
 *   ({ ...row, task_id: `${task_id}`, passed: Number(passed), passed_before: Number(passed_before) }));
 * const [, bubbles] = problemPasses(rows).data;
 * assertEquals([bubbles!.x, bubbles!.y, bubbles!.text], [[1, 1], [1, 0], ["2", "1"]]);
 * ```
 */
export function problemPasses(rows: readonly ProblemPassRow[]): Figure {
  const both = rows.flatMap((row) => {
    const { samples, passed, samples_before, passed_before } = row;
    if (!samples || !samples_before || passed_before === null) return [];
    return [{ ...row, after: passed / samples, before: passed_before / samples_before }];
  });
  const bubbles = [...Map.groupBy(both, ({ before, after }) => `${before} ${after}`).values()];
  const largest = Math.max(1, ...bubbles.map(({ length }) => length));
  const count = (isCounted: (row: { before: number; after: number }) => boolean) =>
    both.filter(isCounted).length;
  const data: Trace[] = bubbles.length === 0 ? [] : [
    equalityLine("no change"),
    {
      ...{ type: "scatter", mode: "markers+text", name: "problems", showlegend: false },
      x: bubbles.map(([row]) => row!.before),
      y: bubbles.map(([row]) => row!.after),
      text: bubbles.map(({ length }) => String(length)),
      marker: {
        size: bubbles.map(({ length }) => 18 + 34 * Math.sqrt(length / largest)),
        color: bubbles.map(([row]) =>
          row!.after < row!.before
            ? PALETTE.vermillion
            : row!.after > row!.before
            ? PALETTE.green
            : PALETTE.blue
        ),
        opacity: 0.85,
      },
      textfont: { color: "#ffffff", size: 12 },
      customdata: bubbles.map((own) => {
        const names = own.slice(0, MOST_NAMED).map(({ task_id }) => plotText(task_id)).join("<br>");
        return own.length > MOST_NAMED ? `${names}<br>and ${own.length - MOST_NAMED} more` : names;
      }),
      hovertemplate: "%{x:.0%} before, %{y:.0%} after: %{text} problems<br>%{customdata}<extra></extra>",
      cliponaxis: false,
    },
  ];
  const axis = { range: [-0.12, 1.12], tickformat: ".0%", dtick: 0.25, zeroline: false };
  return makeFigure(data, {
    title: "Problem by problem",
    subtitle: both.length === 0
      ? "no run before to compare with"
      : `${both.length} problems: ${
        count(({ before, after }) => before > 0 && after > 0)
      } solved before and after, ` +
        `${count(({ before, after }) => before > 0 && after === 0)} before only, ` +
        `${count(({ before, after }) => before === 0 && after > 0)} after only`,
    layout: {
      height: 520,
      xaxis: { ...axis, title: { text: "share of samples that pass, before" } },
      yaxis: { ...axis, title: { text: "after" } },
    },
  });
}
