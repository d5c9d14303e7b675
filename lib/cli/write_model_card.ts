/**
 * The model card that `unlearn` writes beside its checkpoint.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import deno from "../../deno.json" with { type: "json" };
import { writeFileAtomic } from "../files/write_file.ts";
import { parseHubName } from "../hub/fetch_hub_model.ts";
import { type ModelCard, renderModelCard } from "../report/model_card.ts";
import { METHOD_OPTIONS } from "./method_options.ts";
import { EMBEDDED_MODEL } from "./model_folder.ts";
import { resolvePath } from "./options.ts";

/** The name of the card's file. */
export const MODEL_CARD = "README.md";

/** What of its command a card says: all that the weights depend on. */
const SETTINGS = [
  "lora",
  "dtype",
  "thresholds",
  "stop",
  "lasting",
  "chunkRows",
  "chunkOrder",
  "replay",
  "chunkPasses",
  "epochs",
  "lr",
  "optimizer",
  "risk",
  ...Object.keys(METHOD_OPTIONS),
  "compat",
  "seed",
];

/** Of the Hub's names of licences. */
const LICENCE = /^---\n(?:.*\n)*?license: ?["']?([\w.-]+)["']?\n(?:.*\n)*?---/;

/** Where a model came from. */
export interface ModelSource {
  /** As the user named it. */
  model: string;
  /** Where it lies. */
  folder: string;
  /** Where the user stands. */
  cwd: string;
}

/**
 * Writes the card of a checkpoint.
 *
 * @param out the checkpoint's folder @param settings all that the command was given
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { sourceOf } from "./write_model_card.ts";
 *
 * const folder = await Deno.makeTempDir();
 * await Deno.writeTextFile(`${folder}/README.md`, "---\ntags: [code]\nlicense: apache-2.0\n---\n# A model\n");
 * const source = { model: "org/coder@main", folder, cwd: folder };
 * assertEquals(await sourceOf(source), { base: "coder", repository: "org/coder", license: "apache-2.0" });
 * ```
 */
export async function writeModelCard(
  out: string,
  source: ModelSource,
  { settings, ...content }: Omit<ModelCard, "base" | "repository" | "license" | "version" | "settings"> & {
    settings: Readonly<Record<string, unknown>>;
  },
): Promise<void> {
  const shown = SETTINGS.flatMap((name) => {
    const value = settings[name];
    if (value === undefined || value === false) return [];
    if (name === "thresholds") return [[name, value === "matched" ? value : "of unseen text"]];
    return [[name, value]];
  });
  const card = renderModelCard({
    ...await sourceOf(source),
    version: `CodeScrub ${deno.version}`,
    ...content,
    settings: Object.fromEntries(shown),
  });
  await writeFileAtomic(join(out, MODEL_CARD), card);
}

/**
 * What a card says of the model that it was: no path.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { sourceOf } from "./write_model_card.ts";
 *
 * const folder = await Deno.makeTempDir({ suffix: "-coder" });
 * const { repository, license } = await sourceOf({ model: folder, folder, cwd: "/" });
 * assertEquals([repository, license], [null, null]);
 * ```
 */
export async function sourceOf(
  { model, folder, cwd }: ModelSource,
): Promise<Pick<ModelCard, "base" | "repository" | "license">> {
  if (folder === EMBEDDED_MODEL) return { base: "embedded", repository: null, license: "mit" };
  const repository = existsSync(resolvePath(model, cwd)) ? null : parseHubName(model)?.repository ?? null;
  const base = basename(repository ?? model).replace(/[^\w.-]/g, "_") || "model";
  const card = await Deno.readTextFile(join(folder, MODEL_CARD)).catch(() => "");
  return { base, repository, license: LICENCE.exec(card.replaceAll("\r\n", "\n"))?.[1] ?? null };
}
