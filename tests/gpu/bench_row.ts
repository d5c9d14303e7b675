/**
 * One row of `deno task bench:gpu`, in a process of its own: `bench_row.ts ROW DEVICE PYTHON FOLDER [tiny]`. Results
 * are JSON lines on stdout.
 *
 * @module
 */
import { openTensorFlow } from "../../lib/engine/engine.ts";
import type { RowContext } from "./bench_context.ts";
import { ROWS } from "./bench_rows.ts";
import { openCard } from "./card_memory.ts";
import { shapesOf } from "./random_model.ts";

const [row, device, python, folder, size] = Deno.args as [string, "gpu" | "cpu", string, string, string?];
const tiny = size === "tiny";
const card = device === "gpu" ? openCard() : null;
const start = performance.now();
const context: RowContext = {
  device,
  tiny,
  python,
  folder,
  card,
  shapes: shapesOf({ tiny }),
  open: () => openTensorFlow({ device }),
  emit: (result, { final } = { final: false }) => console.log(JSON.stringify({ ...result, final })),
  log: (line) => console.error(`${row} ${((performance.now() - start) / 1000).toFixed(0)} s: ${line}`),
};
try {
  await ROWS[row]!(context);
  Deno.exit(0);
} catch (error) {
  console.log(JSON.stringify({ error: String((error as Error).message).slice(0, 600) }));
  console.error(error);
  Deno.exit(1);
}
