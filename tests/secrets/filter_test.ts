import { assertEquals } from "@std/assert";
import { type FilterOptions, filterSecrets } from "../../lib/secrets/filter.ts";
import type { SecretTag } from "../../lib/secrets/secret_span.ts";

function kept(tag: SecretTag, values: string[], options?: FilterOptions): string[] {
  return values.filter((value) => {
    return filterSecrets(value, [{ tag, detector: "", start: 0, end: value.length }], options).length === 1;
  });
}

Deno.test("filterSecrets() drops local addresses and keeps others", () => {
  const local = ["127.0.0.1", "10.1.2.3", "192.168.1.1", "169.254.1.1", "172.16.0.1", "172.31.255.255"];
  const others = ["128.0.0.1", "100.1.2.3", "192.169.1.1", "172.15.0.1", "172.32.0.1", "172.2.0.1", "::1"];
  assertEquals(kept("IP_ADDRESS", [...local, ...others]), others);
});

Deno.test("filterSecrets() drops 172.160.0.0 to 172.199.255.255 in the reference's reading only", () => {
  const values = ["172.160.0.1", "172.199.0.1", "172.200.0.1", "172.1.60.1"];
  assertEquals(kept("IP_ADDRESS", values), values);
  assertEquals(kept("IP_ADDRESS", values, { compat: "paper" }), values);
  assertEquals(kept("IP_ADDRESS", values, { compat: "reference" }), ["172.1.60.1"]);
});

Deno.test("filterSecrets() drops e-mail addresses of examples, as they are spelled", () => {
  const values = [
    "a@example.org",
    "test@a.bc",
    "user@a.bc",
    "aaa@b.cd",
    "bbb@a.cd",
    "ccc@a.bd",
    "Test@a.bc",
    "a@b.cd",
  ];
  assertEquals(kept("EMAIL", values), ["Test@a.bc", "a@b.cd"]);
});

Deno.test("filterSecrets() drops placeholders of keys and the bare GitHub prefix", () => {
  const words = ["aaaaaaa", "AAAAAAA", "xxxxxxx", "XXXXXXX", "https", "dummy", "placeholder", "changeme"];
  assertEquals(kept("KEY", ["ghp", ...words.map((word) => `1${word}2`), "ghpx", "aaaaaa", "Dummy"]), [
    ...["ghpx", "aaaaaa", "Dummy"],
  ]);
});

Deno.test("filterSecrets() keeps the rules of one kind from the others", () => {
  assertEquals(kept("KEY", ["10.test"]), ["10.test"]);
  assertEquals(kept("EMAIL", ["dummy@10.ab"]), ["dummy@10.ab"]);
});
