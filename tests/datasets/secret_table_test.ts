import { assert, assertEquals } from "@std/assert";
import type { Document } from "../../lib/datasets/corpus.ts";
import { secretRows, secretTable } from "../../lib/datasets/secret_table.ts";

const KEY = new TextEncoder().encode("an obviously made-up key");
// Assembled here, so that no scanner takes them for live ones.
const EMAIL = ["ada", "mail.invalid"].join("@");
const TOKEN = ["QZ7xK2vJ9mWq4bXf", "8pTzR3hLw6cNgYd5"].join("");

function documentOf(text: string): Document {
  return { docId: "d", path: null, text };
}

Deno.test("secretRows() counts code points before, in and after astral characters", () => {
  for (const before of ["", "x", "é", "😀", "日本😀😀 ", "\ufeff", "e\u0301 "]) {
    const [row] = secretRows(documentOf(`${before}\n${EMAIL}\n`), { key: KEY });
    const start = [...before].length + 1;
    assertEquals([row?.start, row?.end], [start, start + EMAIL.length], JSON.stringify(before));
  }
});

Deno.test("secretRows() gives equal values equal fingerprints, under a key its own", () => {
  const document = documentOf(`a = 1 # ${EMAIL}\nb = 2 # ${EMAIL}\nc = '${TOKEN}'\n`);
  const rows = secretRows(document, { key: KEY });
  assertEquals(rows.map((row) => row.tag), ["EMAIL", "EMAIL", "KEY"]);
  assertEquals(rows[0]!.fingerprint, rows[1]!.fingerprint);
  assert(rows[0]!.fingerprint !== rows[2]!.fingerprint);
  assert(rows[0]!.fingerprint !== secretRows(document, { key: new Uint8Array(32) })[0]!.fingerprint);
});

Deno.test("secretRows() filters values unless told otherwise, and holds them only when asked", () => {
  const document = documentOf(`${EMAIL}\n${["bob", "example.org"].join("@")}\n`);
  assertEquals(secretRows(document, { key: KEY }).length, 1);
  assertEquals(secretRows(document, { key: KEY, unfiltered: true }).length, 2);
  assert(!JSON.stringify(secretRows(document, { key: KEY })).includes("mail.invalid"));
  assertEquals(secretRows(document, { key: KEY, reveal: true })[0]?.value, EMAIL);
});

Deno.test("secretTable() has integer spans, null paths, and the value column only when asked", () => {
  const rows = secretRows(documentOf(EMAIL), { key: KEY, reveal: true });
  const frame = secretTable(rows, { reveal: true });
  assertEquals(frame.columns, ["doc_id", "path", "tag", "detector", "start", "end", "fingerprint", "value"]);
  assertEquals([frame.toRecords()[0]?.path, Number(frame.toRecords()[0]?.end)], [null, EMAIL.length]);
  assertEquals(secretTable(rows).columns.includes("value"), false);
  assertEquals(secretTable([]).height, 0);
});
