/**
 * The rules of the extended profile that are only tried at marks, as plain searches of the whole text: what they must find.
 *
 * @module
 */
import { isIpAddress } from "../../lib/secrets/ip_address.ts";
import { addNamedValue, SECRET_NAME } from "../../lib/secrets/named_values.ts";

type Add = (start: number, end: number) => void;

const EMAIL =
  /(?<![\w.%+/-])[\w.%+-]{0,63}\w@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,8}[A-Za-z]{2,24}(?![\w-])/g;
const NO_EMAIL =
  /^(?:git|svn|hg|noreply|no-reply)@|^(?:your|my)[._-]?(?:e?-?mail|name|user|account)|@(?:your|my|some|their)[-_]?(?:own)?[-_]?(?:domain|company|mail|server|site|host|org)|\.tld$|[-]\S*@(?:openssh\.com|libssh\.org|ssh\.com|lysator\.liu\.se)$|@(?:[\w.-]+\.)?example\.[a-z]+$|@localhost|\.(?:png|jpe?g|gif|svg|webp|ico|js|mjs|ts|tsx|css|scss|html?|json|ya?ml|md|py|rb|go|rs|java|txt|sh)$/i;

function findEmails(text: string, add: Add): void {
  for (const { 0: value, index } of text.includes("@") ? text.matchAll(EMAIL) : []) {
    if (NO_EMAIL.test(value) || IN_ADDRESS.test(text.slice(Math.max(0, index - 72), index))) continue;
    add(index, index + value.length);
  }
}

/** `scheme://user:`, after which a password stands and no e-mail address. */
const IN_ADDRESS = /:\/\/[^\s@/"'<>]{0,64}:$/;

const OCTET = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const IPV4 = new RegExp(`(?<![\\w.-])${OCTET}(?:\\.${OCTET}){3}(?![\\w-]|\\.\\d)`, "g");
const IPV6 = /(?<![\w:.])(?=[\da-f:]{0,39}\d)[\da-f]{1,4}(?::[\da-f]{0,4}){2,7}(?![\w:.])/gi;
const BEFORE_VERSION =
  /(?:(?<![a-z])(?:version|release|ver|v|rev|build|section|rfc|chapter|oid)|version__|[<>~^]=?|[=!]=)[^\n\d]{0,12}$|[a-z][\w.-]{0,20}\/$|(?:image|from)\b[^\n]{0,20}[a-z]:$/i;

const NO_ADDRESS = /^(?:0|255)\.|^1\.3\.6\.1$|^2\.5\.(?:4|8|29)\./;
const SECTION = /(?<!:)\/\/(?! ?(?:ip|host|addr|server|dns))[^\n:]{0,60}$/i;
const LOCAL_IPV6 = /^fe[89ab]|^f[cd][\da-f]{2}:|^[0:]+1?$/i;

function findAddresses(text: string, add: Add): void {
  for (const { 0: value, index } of text.matchAll(IPV4)) {
    if (NO_ADDRESS.test(value) || /^(?:\d\.){3}\d$/.test(value) && !isNearHost(text, index)) continue;
    const [before, after] = [text.slice(Math.max(0, index - 64), index), text.slice(index + value.length)];
    const isAmongDecimals = /(?<![\d.])\d*\.\d{1,4}[ ,]$/.test(before.slice(-16)) &&
      /^[ ,-]-?\d/.test(after);
    const isSection = SECTION.test(before) && value.split(".").every((octet) => Number(octet) < 60);
    if (!isAmongDecimals && !isSection && !BEFORE_VERSION.test(before)) add(index, index + value.length);
  }
  for (const { 0: value, index } of text.matchAll(IPV6)) {
    const groups = value.split(":").filter((group) => group !== "");
    const isLong = groups.length >= 3 && groups.some((group) => group.length >= 3);
    if (isLong && !LOCAL_IPV6.test(value) && isIpAddress(value)) add(index, index + value.length);
  }
}

function isNearHost(text: string, index: number): boolean {
  return /dns|server|host|addr|ip\b/i.test(text.slice(Math.max(0, index - 60), index));
}

function findNamedValues(text: string, add: Add): void {
  const names = text.matchAll(new RegExp(SECRET_NAME, "gi"));
  for (const { 0: name, index } of names) addNamedValue(text, { name, index }, add);
}

/** By detector. */
export const PLAIN_RULES = { Email: findEmails, IpAddress: findAddresses, NamedValue: findNamedValues };
