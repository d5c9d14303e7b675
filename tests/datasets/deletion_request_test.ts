import { assert, assertEquals, assertThrows } from "@std/assert";
import { parseRequest, type RequestedPlace, RequestMatcher } from "../../lib/datasets/deletion_request.ts";
import { fingerprintSecret } from "../../lib/secrets/fingerprint.ts";

const KEY = new Uint8Array(32).fill(7);

function found(doc_id: string, start: number, value: string, path: string | null = null): RequestedPlace {
  const fingerprint = fingerprintSecret(value, KEY);
  return { doc_id, path, tag: "EMAIL", detector: "Email", start, end: start + value.length, fingerprint };
}

Deno.test("parseRequest() reads each kind, by any line end, and passwords that hold colons", () => {
  const hex = "aB".repeat(32);
  const text =
    `\ufeffhunter2\r\n  # no entry\r\n\tuser:pass \nvalue:path:a\nfingerprint:${hex}\rdoc: 7\npath:**/a.py`;
  assertEquals(parseRequest(text).map(({ line, kind, text }) => [line, kind, text]), [
    [1, "value", "hunter2"],
    [3, "value", "user:pass"],
    [4, "value", "path:a"],
    [5, "fingerprint", hex.toLowerCase()],
    [6, "doc", " 7"],
    [7, "path", "**/a.py"],
  ]);
});

Deno.test("parseRequest() names a wrong entry by its line and by nothing else", () => {
  const cases: [text: string, message: string][] = [
    ["a\nfingerprint:letmein", "line 2 is no fingerprint: expected 64 hexadecimal digits"],
    ["path:[letmein", "line 1 is no pattern of paths"],
    ["\n\nvalue:", 'line 3 has nothing behind "value:"'],
  ];
  for (const [text, message] of cases) {
    const error = assertThrows(() => parseRequest(text), SyntaxError, message);
    assert(!error.message.includes("letmein"));
  }
});

Deno.test("RequestMatcher asks for values of documents wherever they were found, each place once", () => {
  const table = [
    found("1", 5, "ada@mail.invalid", "src/a.py"),
    found("1", 5, "ada@mail.invalid", "src/a.py"), // by a second detector
    found("2", 9, "ada@mail.invalid", "src/deep/b.py"),
    found("3", 0, "grace@mail.invalid"),
  ];
  const fingerprint = fingerprintSecret("grace@mail.invalid", KEY);
  const request = [
    "path:src/*.py",
    "doc:2",
    `fingerprint:${fingerprint}`,
    "ada@mail.invalid",
    "path:3",
    "doc:4",
  ];
  const matcher = new RequestMatcher(parseRequest(request.join("\n")), { found: table, key: KEY });
  matcher.add({ docId: "1", path: "src/a.py", text: "mail ada@mail.invalid, ada@mail.invalid" });
  const { places, counts, unmatched } = matcher.finish();
  assertEquals(places.map(({ doc_id, start, detector }) => [doc_id, start, detector]), [
    ["1", 5, "Email"],
    ["2", 9, "Email"],
    ["3", 0, "Email"],
    ["1", 23, "Request"],
  ]);
  assertEquals(places[3]!.fingerprint, table[0]!.fingerprint);
  assertEquals(counts, {
    value: { entries: 1, matched: 1, places: 2 },
    fingerprint: { entries: 1, matched: 1, places: 1 },
    path: { entries: 2, matched: 2, places: 3 }, // of a document without a path its id counts
    doc: { entries: 2, matched: 1, places: 2 },
  });
  assertEquals(unmatched, [6]);
});

Deno.test("RequestMatcher finds many values in code points, tagged by what they are", () => {
  const values = Array.from({ length: 40 }, (_, i) => `s3cr3t-${i}-x`).concat(
    "93.184.216.34",
    "ada@mail.invalid",
  );
  const matcher = new RequestMatcher(parseRequest(values.join("\n")), { found: [], key: KEY });
  assert(matcher.wantsDocuments);
  matcher.add({ docId: "a", path: null, text: `😀 ${values.join("😀")}` });
  const { places, counts } = matcher.finish();
  assertEquals([places.length, counts.value.matched], [42, 42]);
  const text = Array.from(`😀 ${values.join("😀")}`);
  const texts = places.map(({ start, end }) => text.slice(start, end).join(""));
  assertEquals(new Set(texts), new Set(values));
  const tagOf = (value: string) => places[texts.indexOf(value)]!.tag;
  assertEquals(["93.184.216.34", "ada@mail.invalid", "s3cr3t-3-x"].map(tagOf), [
    "IP_ADDRESS",
    "EMAIL",
    "KEY",
  ]);
});
