import { assert, assertEquals } from "@std/assert";
import { PythonRandom } from "../../lib/datasets/python_random.ts";
import { CLASS_NUMBERS, classifyCode, CODE_CLASSES } from "../../lib/evaluation/code_classes.ts";
import {
  CODE_LANGUAGE_NAMES,
  CODE_LANGUAGES,
  type CodeLanguage,
  languageOf,
} from "../../lib/evaluation/code_languages.ts";

/** Code whose words stand in angles after the first letter of their class (x for other); what stands outside is white. */
const CASES: { readonly [language in CodeLanguage]: string } = {
  python: `k‹async› k‹def› i‹f›o‹(›i‹self›o‹,› i‹x›o‹=›k‹None›o‹):›
    l‹'''doc é😀
  more'''›
    k‹return› l‹f"a›o‹{›i‹x› o‹+› i‹y›l‹!r:.2f›o‹}›l‹ b"› k‹if› i‹x› k‹is› k‹not› l‹0x1F› k‹else› o‹-›l‹1.5e3› c‹# a b›
o‹@›i‹dec›o‹(...)›
k‹class› i‹変数›o‹(›i‹A›o‹):› k‹pass›`,
  java: `c‹/** doc\n */› o‹@›i‹Override› k‹public› k‹final› k‹class› i‹A›o‹<›i‹T› k‹extends› i‹B›o‹> {›
  k‹int›o‹[]› i‹x› o‹= {› l‹0x1L›o‹,› l‹'c'› o‹};› i‹String› i‹s› o‹=› l‹"a\\n b"› o‹+› k‹null›o‹;› c‹// end›
  k‹boolean› i‹b›o‹() {› k‹return› k‹this› o‹!=› k‹true›o‹; } }›`,
  javascript: `c‹#!/usr/bin/env node›
k‹const› i‹a› o‹=› l‹\`x ›o‹\${›i‹b› o‹+› l‹1›o‹}›l‹ y\`›o‹;› k‹let› i‹r› o‹=› l‹/ab+/gi›o‹;› c‹// c›
k‹async› k‹function› i‹f›o‹(...›i‹x›o‹) {› k‹return› k‹undefined› o‹??› i‹x›o‹.›i‹y› o‹}›`,
  typescript:
    `k‹interface› i‹A›o‹<›i‹T›o‹> {› k‹readonly› i‹x›o‹:› k‹string›o‹;› i‹f›o‹?(›i‹n›o‹:› k‹number›o‹):› k‹void› o‹}›
k‹type› i‹U› o‹=› l‹'x'› o‹|› i‹A›o‹<›k‹any›o‹>;› k‹const› i‹j› o‹=› i‹y› k‹as› k‹unknown›o‹;›`,
  tsx: `k‹const› i‹e› o‹= <›i‹div› i‹id›o‹=›l‹"x"›o‹>›l‹hi ›o‹{›i‹name›o‹}›l‹ there›o‹</›i‹div›o‹>;›`,
  c: `k‹#include› l‹<stdio.h>›
k‹#ifdef› i‹A›
k‹static› k‹const› k‹unsigned› k‹int› i‹x› o‹=› l‹0x10UL›o‹;› c‹/* c */›
k‹#endif›
k‹int› i‹f›o‹(›k‹void›o‹) {› k‹char› i‹c› o‹=› l‹'a'›o‹;› k‹return› o‹*›i‹g›o‹(›l‹"%d\\n"›o‹,› k‹NULL›o‹); }›`,
  cpp: `k‹template›o‹<›k‹typename› i‹T›o‹>› k‹class› i‹A› o‹:› k‹public› i‹B› o‹{›
  k‹auto› i‹f›o‹()› k‹const› o‹->› i‹std›o‹::›i‹vector›o‹<›i‹T›o‹> {› k‹return› k‹nullptr›o‹; } };›
i‹S› i‹s› o‹=› l‹R"(a\n b)"›o‹;›`,
  csharp:
    `k‹public› k‹class› i‹B› o‹{› k‹string› i‹s› o‹=› l‹@"v w"›o‹;› k‹bool› i‹t› o‹=› k‹true›o‹;› k‹int›o‹?› i‹n› o‹=› k‹null›o‹;› c‹/// doc›
o‹}›`,
  go:
    `k‹func› i‹f›o‹(›i‹x› o‹[]›i‹int›o‹) (›i‹err› i‹error›o‹) {› i‹s› o‹:=› l‹\`raw\n s\`›o‹;› k‹return› k‹nil› o‹}›
c‹// c›
k‹var› i‹r› o‹=› l‹'a'›`,
  rust: `c‹//! doc›
o‹#[›i‹derive›o‹(›i‹Debug›o‹)]›
k‹pub› k‹fn› i‹f›o‹<'›i‹a›o‹>(›i‹x›o‹: &'›i‹a› k‹mut› k‹str›o‹) ->› k‹u8› o‹{› k‹let› i‹s› o‹=› l‹"a\\n"›o‹;› l‹0u8› o‹}› c‹/* c */›`,
  ruby: `k‹class› i‹A› o‹<› i‹B› c‹# c›
  k‹def› i‹f?›o‹(›i‹a›o‹) =› i‹@x› o‹+› l‹"a›o‹#{›i‹b›o‹}›l‹c"› o‹+› l‹:sym› o‹+› l‹%w(a b)›
  k‹nil› k‹unless› k‹self›o‹.›i‹f?› o‹&&› l‹/re/i›
k‹end›`,
  php: `x‹<html>›k‹<?php›
k‹class› i‹D› k‹extends› i‹E› o‹{› k‹public› k‹int› o‹$›i‹x› o‹=› l‹1›o‹; }› c‹// c›
k‹echo› l‹"x ›o‹$›i‹a›l‹"› o‹.› l‹'y'› o‹.› k‹null›o‹;›`,
  bash: `c‹#!/bin/bash›
k‹if› o‹[› l‹"›o‹$›i‹a›l‹"› o‹];› k‹then› i‹echo› i‹hi› l‹'q r'› o‹>› i‹b›o‹;› k‹fi› c‹# c›
k‹for› i‹i› k‹in› l‹1› l‹2›o‹;› k‹do› i‹x›o‹=\${›i‹y›o‹};› k‹done›`,
};

/** A case as code, and each of its characters' class. */
function readCase(marked: string): { code: string; classes: string[] } {
  let code = "";
  const classes: string[] = [];
  for (const [, letter, words, white] of marked.matchAll(/(\w)‹(.*?)›|(\s)/gsu)) {
    const own = words ?? white!;
    const name = CODE_CLASSES.find((name) => (name === "other" ? "x" : name[0]) === letter) ?? "whitespace";
    code += own;
    for (let i = 0; i < own.length; i++) {
      const isBlank = /\s/.test(own[i]!) && name !== "literal" && name !== "comment";
      classes.push(isBlank ? "whitespace" : name);
    }
  }
  return { code, classes };
}

/** Stretches of one class, for messages that can be read. */
function stretches(code: string, classes: readonly string[]): string[] {
  const found: { name: string; text: string }[] = [];
  classes.forEach((name, i) => {
    const last = found.at(-1);
    if (last?.name === name) last.text += code[i];
    else found.push({ name, text: code[i]! });
  });
  return found.map(({ name, text }) => `${name} ${text}`);
}

async function namesOf(code: string, language: CodeLanguage | null): Promise<string[]> {
  return Array.from(await classifyCode(code, language), (number) => CODE_CLASSES[number]!);
}

for (const language of CODE_LANGUAGE_NAMES) {
  Deno.test(`classifyCode() tells what each character of ${language} is`, async () => {
    const { code, classes } = readCase(CASES[language]);
    assertEquals(stretches(code, await namesOf(code, language)), stretches(code, classes));
  });
}

const HOSTILE = {
  empty: "",
  "one token": "x",
  "one blank": " ",
  broken: "def f(:\n  ) ] }} '''unclosed \n x = $$ ?? 1 {{{ \" ' `",
  CRLF: "a = 1\r\nb = 'c'\r\n",
  "a byte order mark": "\ufeffa = 1\n",
  "NUL and lone surrogates": "a\0b \ud800 = '\udfff' \ud83d\n",
  "other alphabets": "имя = 'значение' # 注释\nحرف = 1 😀 é\u0301 \u200b \u2028 \u00a0 \u3000",
  "no language": "Lorem ipsum — dolor; sit? (amet) “consectetur”",
  "deep nesting": "(".repeat(4000) + ")".repeat(2000),
  "nested strings": "`${".repeat(1500) + 'f"{'.repeat(1500),
  "one long line": `x = [${"1, 'a', ".repeat(1000)}]`,
  quotes: `"'\``.repeat(1500),
  backslashes: "\\".repeat(8000),
};

for (const [name, text] of Object.entries(HOSTILE)) {
  Deno.test(`classifyCode() gives each character a class in every language when the text is ${name}`, async () => {
    for (const language of [...CODE_LANGUAGE_NAMES, null]) {
      const classes = await classifyCode(text, language);
      assertEquals(classes.length, text.length);
      const known = classes.every((number) => number < CODE_CLASSES.length);
      assert(known, `${language}`);
      const blanks = Array.from(text).length === text.length && language === null
        ? classes.filter((number) => number === CLASS_NUMBERS.whitespace).length
        : null;
      if (blanks !== null) assertEquals(blanks, text.match(/\s/g)?.length ?? 0);
    }
  });
}

Deno.test("classifyCode() takes a line of a megabyte, and what it says of its start does not depend on its end", async () => {
  const start = "x = f(1, 'a') # c ";
  const long = await classifyCode(start + "y ".repeat(1 << 19), "python");
  assertEquals(long.length, start.length + (1 << 20));
  assertEquals(long.slice(0, start.length - 1), (await classifyCode(start, "python")).slice(0, -1));
  assertEquals(new Set(long.subarray(start.length)), new Set([CLASS_NUMBERS.comment]).difference(new Set()));
});

Deno.test("classifyCode() gives the same again, whatever was parsed between, at once or one after the other", async () => {
  const random = new PythonRandom(2);
  const codes = CODE_LANGUAGE_NAMES.map((language) => ({ language, ...readCase(CASES[language]) }));
  const jobs = Array.from({ length: 60 }, () => codes[random.randbelow(codes.length)]!);
  const found = await Promise.all(jobs.map(({ code, language }) => namesOf(code, language)));
  assertEquals(found, jobs.map(({ classes }) => classes));
});

Deno.test("classifyCode() leaves white space alone and calls all else other where no grammar is known", async () => {
  const names = await namesOf("local x = 'a b' -- c\n", null);
  assertEquals(
    stretches("local x = 'a b' -- c\n", names).filter((stretch) => !stretch.startsWith("whitespace")),
    ["local", "x", "=", "'a", "b'", "--", "c"].map((word) => `other ${word}`),
  );
});

Deno.test("languageOf() goes by the end of a path, or of an id without one, whatever its case", () => {
  const cases: [docId: string, path: string | null, language: CodeLanguage | null][] = [
    ["a", "src/a.PY", "python"],
    ["a.js", "src/a.rs", "rust"],
    ["p-1.0/q.rb#12", null, "ruby"],
    ["p-1.0/q.rb#x", null, null],
    ["a.b/c", null, null],
    ["c:\\x\\a.hpp", null, "cpp"],
    [".py", null, "python"],
    ["py", null, null],
    ["", null, null],
    ["a.lua", null, null],
    ["a.constructor", null, null],
  ];
  for (const [docId, path, language] of cases) assertEquals(languageOf({ docId, path }), language, docId);
  const ends = Object.values(CODE_LANGUAGES).flatMap(({ ends }): string[] => [...ends]);
  assertEquals(new Set(ends).size, ends.length, "no end tells two languages");
});
