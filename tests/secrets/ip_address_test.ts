import { assertEquals } from "@std/assert";
import { PythonRandom } from "../../lib/datasets/python_random.ts";
import { detectSecrets } from "../../lib/secrets/detect.ts";
import { ADDRESS, detectIpAddresses, isFoundAddress, isIpAddress } from "../../lib/secrets/ip_address.ts";

function values(text: string): string[] {
  return detectIpAddresses(text).map((span) => text.slice(span.start, span.end));
}

Deno.test("isIpAddress() reads what Python's ipaddress reads", () => {
  const right = [
    ..."0.0.0.0 255.255.255.255 1.2.3.4 :: ::1 1:: 1:2:3:4:5:6:7:8 ::8 1::8 1:2:3:4:5:6:7:: ::2:3:4:5:6:7:8"
      .split(" "),
    ..."::ffff:1.2.3.4 1:2:3:4:5:6:1.2.3.4 fe80::1%eth0 ::%1 2001:DB8::A".split(" "),
  ];
  const wrong = [
    "",
    ..."1.2.3 1.2.3.4.5 256.1.1.1 01.2.3.4 1.2.3.+4 1.2.3.4%a 1:2 1:2:3:4:5:6:7 1:2:3:4:5:6:7:8:9".split(" "),
    ..."1::2::3 ::: :1::2 1::2: 12345::1 g::1 fe80::1% fe80::1%a%b ::1.2.3 ::01.2.3.4 1:2:3:4:5:6:7::8".split(
      " ",
    ),
  ];
  assertEquals(right.filter((text) => !isIpAddress(text)), []);
  assertEquals(wrong.filter(isIpAddress), []);
});

Deno.test("detectIpAddresses() finds what the rule finds when the text is", async (t) => {
  const far = " ".repeat(101);
  const cases: [text: string, found: string[]][] = [
    ["", []],
    ["203.0.113.7", ["203.0.113.7"]],
    ["203.0.113.7 203.0.113.8 203.0.113.9", ["203.0.113.7", "203.0.113.9"]],
    ["203.0.113.7)", []],
    ["(203.0.113.7.", ["203.0.113.7"]],
    ["v203.0.113.7", []],
    ["10.20.30.40", []],
    ["12.34.56.78", []],
    ["10.20.130.40", ["10.20.130.40"]],
    ["1.2.3.4", []],
    ["dns 1.2.3.4", ["1.2.3.4"]],
    ["1.2.3.4 a Server", ["1.2.3.4"]],
    [`dns${far}1.2.3.4`, []],
    ["203.0.113.07", []],
    ["::", []],
    ["fe80::1%eth0", ["fe80::1%eth0"]],
    ["at 2001:db8::5, ", ["2001:db8::5"]],
    ["12:34:56", []],
    ["中203.0.113.7中", ["203.0.113.7"]],
  ];
  for (const [text, found] of cases) {
    await t.step(JSON.stringify(text), () => assertEquals(values(text), found));
  }
});

Deno.test("detectIpAddresses() looks for a version's context as Python slices it", () => {
  // 50 - 100 is negative, so the slice starts 50 characters before the end, behind the address and its neighbours.
  const start = " ".repeat(43) + "server " + "1.2.3.4 ";
  assertEquals(values(start + " ".repeat(300)), []);
  assertEquals(values(start), ["1.2.3.4"]);
  assertEquals(values("😀".repeat(43) + " server 1.2.3.4 "), ["1.2.3.4"]);
});

Deno.test("detectIpAddresses() and detectSecrets() find what the plain expression does", () => {
  const pieces = [
    ..."203.0.113.7 1.2.3.4 12.34.56.78 1.2.3 255 256 7 :: : . fe80: fe80::1 % %1 %eth0 ::ffff: a ffff g std 12:30:45"
      .split(" "),
    ..."1:2:3:4:5:6:7:8 1:2:3:4:5:6:7: 2001:db8::5 ::1.2.3.4 ( ) [ ] , ' \" ; = - _ / dns".split(" "),
    ..." \n\t\r\b\x7f\u00a0\u2028",
    "中",
    "\u{20000}", // Han beyond 16 bits
    "😀",
    "é",
  ];
  const random = new PythonRandom(7);
  let count = 0;
  for (let i = 0; i < 60_000; i++) {
    const text = Array.from(
      { length: 1 + random.randbelow(10) },
      () => pieces[random.randbelow(pieces.length)]!,
    )
      .join("");
    const plain = Array.from(text.matchAll(ADDRESS), ({ 1: before, 2: value, index }) => {
      const start = index + before!.length;
      return { start, end: start + value!.length };
    }).filter(({ start, end }) => isFoundAddress(text, start, end));
    const found = [detectIpAddresses(text), detectSecrets(text).filter(({ tag }) => tag === "IP_ADDRESS")];
    for (const spans of found) {
      assertEquals(spans.map(({ start, end }) => ({ start, end })), plain, JSON.stringify(text));
    }
    count += plain.length;
  }
  assertEquals(count > 5000, true);
});
