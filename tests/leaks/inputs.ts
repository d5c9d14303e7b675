/** The tables that commands take, and of what kind each is. */
import {
  type Columns,
  FORGET_COLUMNS,
  PROBE_COLUMNS,
  RETAIN_COLUMNS,
  SECRET_COLUMNS,
  THRESHOLD_COLUMNS,
} from "../../lib/datasets/columns.ts";
import { REPOSITORY_COLUMNS } from "../../lib/datasets/collection_columns.ts";
import type { TableKind } from "./bad_files.ts";

const CORPUS: TableKind = { text: ["doc_id", "text"], numbers: [] };

/** Kinds by name. */
export const TABLES = {
  secrets: kindOf(SECRET_COLUMNS),
  found: { text: ["doc_id", "path", "tag", "detector", "fingerprint"], numbers: ["start", "end"] },
  probe: kindOf(PROBE_COLUMNS),
  forget: kindOf(FORGET_COLUMNS),
  retain: kindOf(RETAIN_COLUMNS),
  thresholds: kindOf(THRESHOLD_COLUMNS),
  corpus: CORPUS,
  repositories: kindOf(REPOSITORY_COLUMNS),
  problems: { text: ["task_id", "prompt", "entry_point", "test"], numbers: [] } as TableKind,
};

/** A table with these columns. */
export function kindOf(columns: Columns): TableKind {
  const names = Object.keys(columns);
  const isText = (name: string) => columns[name]!.startsWith("text");
  return { text: names.filter(isText), numbers: names.filter((name) => !isText(name)) };
}

/** The tables that a command takes, by flag. */
export const INPUTS: { [command: string]: { [flag: string]: keyof typeof TABLES } } = {
  detect: { corpus: "corpus", baseline: "found" },
  merge: { table: "found" },
  redact: { corpus: "corpus", secrets: "found" },
  dedupe: { corpus: "corpus", against: "corpus" },
  sample: { corpus: "corpus", problems: "problems" },
  measure: { texts: "corpus" },
  thresholds: { texts: "corpus" },
  probe: { corpus: "corpus", secrets: "secrets", proxy: "probe" },
  analyze: { probe: "probe" },
  select: { probe: "probe", corpus: "corpus" },
  retain: { texts: "corpus", secrets: "secrets" },
  unlearn: { corpus: "corpus", forget: "forget", retain: "retain", thresholds: "thresholds" },
  evaluate: { corpus: "corpus", forget: "forget", retain: "retain", unseen: "corpus" },
  humaneval: { problems: "problems" },
  attack: { corpus: "corpus", forget: "forget", benign: "corpus" },
  scrub: { corpus: "corpus", unseen: "corpus" },
  certify: { forget: "forget" },
  verify: { corpus: "corpus", forget: "forget" },
  train: { corpus: "corpus" },
  collect: { repos: "repositories" },
};
