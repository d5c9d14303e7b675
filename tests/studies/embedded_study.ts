/**
 * What the studies on the embedded model share: its corpus with the tables of every stage, and the gold standard, the model
 * trained anew, by its recipe, on the redacted corpus. Of the unseen texts every other one is the defender's to train on,
 * the rest are the attacker's.
 *
 * @module
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readCorpus } from "../../lib/datasets/corpus.ts";
import { writeEmbeddedCorpus } from "../../lib/embedded/write_embedded_corpus.ts";
import { writeFileAtomic } from "../../lib/files/write_file.ts";
import { stage } from "./stage.ts";

/** A file of the project. */
export const path = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));
/** The embedded model's folder. */
export const MODEL = path("data/model");

/** What a study works on. */
export interface StudyFiles {
  out: string;
  train: string;
  secrets: string;
  thresholds: string;
  probe: string;
  sets: string;
  retain: string;
  twins: string;
  plantedTwins: string;
  defender: string;
  attacker: string;
}

/** Makes what all methods share, but for what is there already. */
export async function prepareStudy(out: string): Promise<StudyFiles> {
  Deno.env.set("CODESCRUB_KEY", "the embedded corpus' secrets are made up"); // a value is one on every machine
  const tokenizer = await Deno.readTextFile(join(MODEL, "tokenizer.json"));
  const { train, unseen, twins, plantedTwins } = await writeEmbeddedCorpus(undefined, { tokenizer });
  const at = (name: string) => join(out, name);
  await Deno.mkdir(out, { recursive: true });
  const files: StudyFiles = {
    ...{ out, train, twins, plantedTwins, secrets: at("secrets.parquet"), probe: at("probe.parquet") },
    ...{ thresholds: at("thresholds.parquet"), sets: at("sets"), retain: at("retain.parquet") },
    ...{ defender: at("defender.jsonl"), attacker: at("attacker.jsonl") },
  };
  const { documents } = await readCorpus(unseen);
  for (const [i, file] of [files.defender, files.attacker].entries()) {
    const own = documents.filter((_, k) => k % 2 === i);
    await writeFileAtomic(
      file,
      own.map(({ docId, text }) => JSON.stringify({ doc_id: docId, text }) + "\n").join(""),
    );
  }
  const { secrets, thresholds, probe, sets, retain } = files;
  const bigrams = path("data/planting_bigrams.json");
  await stage(secrets, ["detect", train, "--bigrams", bigrams, "--out", secrets]);
  await stage(thresholds, [
    ...["thresholds", "--model", MODEL, "--texts", unseen, "--max-texts", "64", "--runs", "1"],
    ...["--out", thresholds],
  ]);
  await stage(probe, ["probe", "--model", MODEL, "--corpus", train, "--secrets", secrets, "--out", probe]);
  await stage(sets, ["select", "--probe", probe, "--corpus", train, "--out", sets]);
  await stage(retain, [
    ...["retain", "--model", MODEL, "--texts", train, "--secrets", secrets, "--max-texts", "600"],
    ...["--out", retain],
  ]);
  return files;
}

/** Trains the model without the secrets; its folder. */
export async function trainGold({ out, train, secrets }: StudyFiles): Promise<string> {
  const [clean, model] = [join(out, "clean"), join(out, "gold")];
  await stage(clean, ["redact", train, "--secrets", secrets, "--out", clean]);
  await stage(join(model, "model.safetensors"), [
    ...["train", "--config", path("data/model_recipe.json"), "--corpus", clean, "--tokenizer", MODEL],
    ...["--out", model],
  ]);
  return model;
}
