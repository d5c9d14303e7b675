import { assertEquals, assertRejects } from "@std/assert";
import { createProgress } from "../../lib/cli/progress.ts";
import { scoreDocuments } from "../../lib/cli/score_documents.ts";
import { readRows } from "../../lib/datasets/row_table.ts";
import { resolveCorpus } from "../../lib/datasets/resolve_corpus.ts";
import { temporaryFolder } from "./run_cli.ts";

const COLUMNS = { doc_id: "text", row: "int" } as const;

Deno.test("scoreDocuments() keeps the parts of a unit that were made before it was stopped", async () => {
  using folder = temporaryFolder();
  const rows = Array.from(
    { length: 300 },
    (_, i) => JSON.stringify({ id: `d${i}`, text: `x = ${i}` }) + "\n",
  );
  Deno.writeTextFileSync(`${folder.path}/a.jsonl`, rows.join(""));
  const corpus = { source: await resolveCorpus(`${folder.path}/a.jsonl`), options: {} };
  let shown = "";
  const stream = { write: (text: string) => void (shown += text), isTTY: false, columns: 80 };
  const context = { progress: createProgress({ stream, now: () => 0 }), breathe: () => Promise.resolve() };
  const made: number[] = [];
  const run = (name: string, partDocuments?: number, stopAt = Infinity) =>
    scoreDocuments(corpus, {
      ...{ name: "Scoring", folder: `${folder.path}/${name}`, shard: undefined, columns: COLUMNS },
      ...partDocuments !== undefined && { partDocuments },
      score: async (documents, tell) => {
        if (made.length === stopAt) throw new Error("stopped");
        made.push(documents.length);
        await tell(documents.length);
        return {
          rows: documents.map(({ docId, row }) => ({ doc_id: docId, row })),
          counts: documents.length,
        };
      },
    }, context);
  const all = async (parts: readonly string[]) =>
    (await Promise.all(parts.map((part) => readRows(part, COLUMNS)))).flat();
  const whole = await run("whole");
  assertEquals(made.splice(0), [256, 44]);
  await assertRejects(() => run("parts", 100, 2), Error, "stopped");
  assertEquals(made.splice(0), [100, 100]);
  const again = await run("parts", 100);
  assertEquals(made.splice(0), [56, 44]);
  assertEquals(again.counts, [100, 100, 56, 44]);
  assertEquals(await all(again.parts), await all(whole.parts));
  assertEquals([again.documents, again.skipped], [300, 0]);
  assertEquals(/\n(Scoring: .* in 0 s[^\n]*)\n$/.exec(shown)?.[1], "Scoring: 1 MB in 0 s");
  await run("parts", 150); // other parts
  assertEquals(made.splice(0), [150, 106]);
});
