import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { join } from "node:path";
import { UsageError } from "../../lib/cli/command.ts";
import { readRisks } from "../../lib/cli/secret_risks.ts";
import { writeRows } from "../../lib/datasets/row_table.ts";
import { temporaryFolder } from "./run_cli.ts";

const at = (doc_id: string, start: number, end: number) => ({ doc_id, start, end });

Deno.test("readRisks() takes a column of the forget set, or of a table of secrets by their places", async () => {
  using folder = temporaryFolder();
  const [forget, table] = ["forget.parquet", "harm.csv"].map((name) => join(folder.path, name)) as [
    string,
    string,
  ];
  await writeRows(forget, [{ harm: 2 }, { harm: 0.5 }], { harm: "float" });
  await writeRows(table, [{ ...at("b", 1, 3), harm: 7 }, { ...at("ä", 1, 3), harm: 9 }, {
    ...at("a", 0, 4),
    harm: 1,
  }], {
    ...{ doc_id: "text", start: "int", end: "int" },
    harm: "float",
  });
  const asked = { method: "codeeraser", compat: "sound", forget, risk: "harm", riskTable: undefined };
  const rows = [{ secrets: [at("a", 0, 4), at("ä", 1, 3)] }, { secrets: [at("b", 1, 3)] }];
  const risksOf = async (request: Parameters<typeof readRisks>[0]) =>
    (await readRisks(request))(rows).map(({ risks }) => risks);
  assertEquals(await risksOf(asked), [[2, 2], [0.5]]);
  assertEquals(await risksOf({ ...asked, riskTable: table }), [[1, 9], [7]]);
  assertEquals(await risksOf({ ...asked, risk: undefined }), [undefined, undefined]);
  const other = await readRisks({ ...asked, riskTable: table });
  assertThrows(
    () => other([...rows, { secrets: [at("c", 10, 20)] }]),
    RangeError,
    `Cannot find the risk of 1 of 4 secrets in "${table}", such as that at 10..20 of "c": give each a row`,
  );
});

Deno.test("readRisks() refuses what is no weight, columns that are not there and methods on rows", async () => {
  using folder = temporaryFolder();
  const forget = join(folder.path, "forget.csv");
  await writeRows(forget, [{ harm: 2, none: 0, word: "much", gap: 1 }, {
    harm: -1,
    none: 1,
    word: "less",
    gap: null,
  }], {
    ...{ harm: "float", none: "float", word: "text", gap: "float?" },
  });
  const asked = { method: "npo", compat: "sound", forget, riskTable: undefined };
  const refuses = (changes: Partial<Parameters<typeof readRisks>[0]>, message: string) =>
    assertRejects(() => readRisks({ ...asked, risk: "harm", ...changes }), Error, message);
  await refuses({}, `Cannot use risk -1 of row 1 of "${forget}": more than 0 is needed`);
  await refuses({ risk: "none" }, `Cannot use risk 0 of row 0 of "${forget}": more than 0 is needed`);
  await refuses({ risk: "word" }, 'column "word" of row 0');
  await refuses({ risk: "gap" }, 'column "gap" of row 1 is null');
  await refuses({ risk: "absent" }, "absent");
  await refuses({ method: "cu" }, "Cannot use --risk with cu: it takes whole rows");
  await refuses({ scope: "row" }, "Cannot use --risk with --scope row: it weighs secrets");
  await refuses(
    { method: "ssga", compat: "reference" },
    "Cannot use --risk with --compat reference: it has none",
  );
  const noColumn = () => readRisks({ ...asked, risk: undefined, riskTable: forget });
  await assertRejects(noColumn, UsageError, 'Missing option "--risk": which column of --risk-table');
});
