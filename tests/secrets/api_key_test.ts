import { assertEquals } from "@std/assert";
import { type Detector, type DetectorName, DETECTORS } from "../../lib/secrets/api_key.ts";

/** What a plugin yields from one line, its triggers heeded. */
function find(name: DetectorName, line: string): string[] {
  const detector: Detector = DETECTORS[name];
  return detector.rules.flatMap((rule) => {
    rule.trigger.lastIndex = 0;
    return rule.trigger.test(line) ? rule.find(line) : [];
  });
}

// Values are put together here, so that no scanner takes one for a live token.
const a = (count: number): string => "q7".repeat(count).slice(0, count);
const hex = (count: number): string => "b4".repeat(count).slice(0, count);

Deno.test("DETECTORS yield what the plugins yield from", async (t) => {
  const cases: [name: DetectorName, line: string, found: string[]][] = [
    ["Artifactory", `k="AKC${a(10)}"`, [`"AKC${a(10)}"`]],
    ["Artifactory", `AP4${a(8)}`, [`AP4${a(8)}`]],
    ["Artifactory", `xAKC${a(10)}`, []],
    ["AWS", "AKIA" + "Q7".repeat(8), ["AKIA" + "Q7".repeat(8)]],
    ["AWS", `aws_secret_token: '${a(40)}'`, [a(40)]],
    ["AWS", `AW\u017f \u212aey "${a(40)}"`, [a(40)]],
    ["AWS", `aws_secret_token: '${a(41)}'`, []],
    ["AzureStorage", `AccountKey=${a(86)}==`, [`AccountKey=${a(86)}==`]],
    ["Cloudant", `cloudant_apikey = '${hex(64)}'`, [hex(64)]],
    ["Cloudant", `https://u:${"q".repeat(24)}@u.cloudant.com`, ["q".repeat(24)]],
    ["Discord", `M${a(23)}.${a(6)}.${a(27)}`, [`M${a(23)}.${a(6)}.${a(27)}`]],
    ["GitHub", `ghp_${a(36)} gho_${a(36)}`, ["ghp", "gho"]],
    ["GitLab", `glpat-${a(20)}`, ["glpat"]],
    ["GitLab", `glcbt-${a(20)} glcbt-a1_${a(20)}`, ["", "a1_"]],
    ["GitLab", `gloas-${a(64)}`, [`gloas-${a(64)}`]],
    ["GitLab", `gloas-${a(65)}`, []],
    ["IbmCloudIam", `["ibm-cloud_iam_apikey"] => ${a(44)}`, [a(44)]],
    ["IbmCloudIam", `ibm_key=${a(45)}`, []],
    ["IbmCosHmac", `cos_hmac_secret_access_key=${hex(48)}`, [hex(48)]],
    ["Mailchimp", `${a(32)}-us12`, [`${a(32)}-us12`]],
    ["Npm", `//r.invalid/:_authToken=npm_${a(8)} x`, [`npm_${a(8)} x`]],
    ["Npm", `//a/:_authToken=npm_${a(4)}/:_authToken=${hex(36)}`, [hex(36)]],
    ["Npm", `///:_authToken=${hex(36)}`, []],
    ["OpenAI", `sk-a-${a(20)}T3BlbkFJ${a(20)}9`, [`sk-a-${a(20)}T3BlbkFJ${a(20)}`]],
    ["PyPI", `pypi-AgEIcHlwaS5vcmc${a(70)}`, [`pypi-AgEIcHlwaS5vcmc${a(70)}`]],
    ["SendGrid", `SG.${a(22)}.${a(43)}`, [`SG.${a(22)}.${a(43)}`]],
    ["Slack", `XOXB-12-34-${a(8)}`, [`XOXB-12-34-${a(8)}`]],
    ["Softlayer", `sl_api_key: ${a(64)}`, [a(64)]],
    ["Softlayer", `https://api.softlayer.com/soap/v3.1/${a(64)}`, [a(64)]],
    ["SquareOAuth", `sq0csp-${a(41)}\\-`, [`sq0csp-${a(41)}\\-`]],
    ["Stripe", `rk_live_${a(24)}`, [`rk_live_${a(24)}`]],
    ["TelegramBot", `12345678901:${a(35)}`, [`2345678901:${a(35)}`]],
    ["Twilio", `SK${a(32)}`, [`SK${a(32)}`]],
    ["IPPublic", "203.0.113.7", []],
  ];
  for (const [name, line, found] of cases) {
    await t.step(`${name}: ${line}`, () => assertEquals(find(name, line), found));
  }
});
