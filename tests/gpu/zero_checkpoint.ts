/**
 * Checkpoints of zeros in bfloat16, of any size in a moment: files with holes, which take no room on the disk.
 *
 * @module
 */
import { join } from "node:path";
import { architectureOf } from "../../lib/models/models.ts";
import type { Shape } from "./random_model.ts";

/** Writes a folder with config.json, the index and so many files of about as many tensors; the bytes of each file's. */
export async function writeZeros(
  folder: string,
  { json, shards }: { json: Shape["json"]; shards: number },
): Promise<number[]> {
  const architecture = architectureOf(json.model_type);
  const shapes = Object.entries(architecture.shapes(architecture.readConfig(json, "config.json")));
  const weight_map: Record<string, string> = {};
  const sizes: number[] = [];
  await Deno.mkdir(folder, { recursive: true });
  for (let shard = 0; shard < shards; shard++) {
    const file = `model-${shard}.safetensors`;
    const header: Record<string, unknown> = {};
    let end = 0;
    for (const [name, shape] of shapes.filter((_, i) => Math.floor(i * shards / shapes.length) === shard)) {
      const begin = end;
      end += 2 * shape.reduce((product, size) => product * size, 1);
      header[name] = { dtype: "BF16", shape, data_offsets: [begin, end] };
      weight_map[name] = file;
    }
    const text = new TextEncoder().encode(JSON.stringify(header));
    const start = new Uint8Array(8 + text.length);
    new DataView(start.buffer).setBigUint64(0, BigInt(text.length), true);
    start.set(text, 8);
    await Deno.writeFile(join(folder, file), start);
    await Deno.truncate(join(folder, file), start.length + end);
    sizes.push(end);
  }
  await Deno.writeTextFile(join(folder, "model.safetensors.index.json"), JSON.stringify({ weight_map }));
  await Deno.writeTextFile(join(folder, "config.json"), JSON.stringify(json));
  return sizes;
}
