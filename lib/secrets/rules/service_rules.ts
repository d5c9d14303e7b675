/**
 * Rules for payments, social networks, data, and other services.
 *
 * @module
 */
import { hasJwtHeader } from "../token_checks.ts";
import { isWordy } from "../value_checks.ts";
import { given, type SecretRule, token } from "./secret_rule.ts";

const hasDigit = (value: string) => /\d/.test(value);

/** The rows. */
export const SERVICE_RULES: readonly SecretRule[] = [
  {
    id: "Stripe",
    description: "secret or restricted key, or secret of a webhook",
    pattern: token("(?:[rs]k_(?:live|test|prod)_[0-9a-zA-Z]{10,250}|whsec_[A-Za-z0-9+/]{32,64}=?)"),
    entropy: 2,
    examples: ["«sk_live_<a24>»", "«rk_test_<a99>»", "«whsec_<a32>»"],
    counterExamples: ["pk_live_<a24>", "sk_live_<a9>"],
  },
  {
    id: "SquareOAuth",
    description: "token or secret",
    pattern: token("(?:sq0(?:csp|atp|idp|csb)-[0-9A-Za-z_-]{22,43}|EAAA[\\w-]{56,62})"),
    entropy: 3,
    examples: ["«sq0csp-<w43>»", "«EAAA<a60>»"],
    counterExamples: ["sq0csp-<w9>"],
  },
  {
    id: "Shopify",
    description: "token or shared secret",
    pattern: token("shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}"),
    examples: ["«shpat_<x32>»"],
    counterExamples: ["shpat_<x20>"],
  },
  {
    id: "Payment",
    description: "keys of payment services, by their prefixes",
    pattern: token(
      "(?:access_token\\$(?:production|sandbox)\\$[a-z0-9]{16}\\$[a-f0-9]{32}|FLWSECK(?:_TEST)?-[a-h0-9]{12,32}(?:-X)?|EZ[AT]K[A-Za-z0-9]{54}|duffel_(?:live|test)_[\\w=-]{43}|shippo_(?:live|test)_[a-fA-F0-9]{40}|rzp_(?:live|test)_[A-Za-z0-9]{14}|(?:live|test)_(?:pub_[a-f0-9]{31}|[a-f0-9]{35})|sm_[ps]at_[A-Za-z0-9]{16})",
    ),
    examples: [
      "«access_token$production$<l16>$<x32>»",
      "«FLWSECK_TEST-<x12>»",
      "«EZAK<a54>»",
      "«duffel_test_<w43>»",
      "«shippo_live_<x40>»",
      "«rzp_live_<a14>»",
      "«test_<x35>»",
    ],
    counterExamples: ["rzp_live_<a9>", "test_<x34>", "EZAK<a20>"],
  },
  {
    id: "Payment",
    description: "keys of payment services, by their names",
    ...given(
      "paypal|plaid|coinbase|kraken|kucoin|bittrex|binance|gocardless|finicity|freshbooks",
      "UUID|access-(?:sandbox|development|production)-UUID|live_[\\w=-]{40}|E[A-Za-z0-9_-]{79}|[A-Za-z0-9/=_+-]{80,90}|[a-zA-Z0-9_-]{64}|[a-f0-9]{32}|[a-z0-9]{30}|[a-z0-9]{24}|[a-z0-9]{20}",
    ),
    entropy: 3,
    check: hasDigit,
    examples: [
      'kucoin_secret = "«<x8>-<x4>-<x4>-<x4>-<x12>»"',
      "plaid_token: «access-sandbox-<x8>-<x4>-<x4>-<x4>-<x12>»",
      'PAYPAL_SECRET="«E<w79>»"',
    ],
    counterExamples: ["paypal_mode = sandbox"],
  },
  {
    id: "Facebook",
    description: "access token, or an app's",
    pattern: token("(?:(?<![+/])EAA[A-Za-z0-9]{60,300}(?![+/=])|\\d{15,16}\\|[A-Za-z0-9_-]{27,40})"),
    mark: /EAA[A-Za-z0-9]{60}|\d\|[A-Za-z0-9_-]{27}/,
    entropy: 3,
    check: hasDigit,
    examples: ["«EAAC<a120>7»", "«<d15>|<w27>»"],
    counterExamples: ["EAAC<a20>", "<d9>|<w27>", "base64,iVBORw0KGgo/EAAC<a120>7+/"],
  },
  {
    id: "Social",
    description: "keys of social networks, by their names",
    ...given(
      "facebook|fb_app|twitter|linked_?in|instagram|reddit|twitch|vk_|pinterest|tiktok|youtube",
      "AA[A-Za-z0-9%]{80,110}|\\d{15,25}-[A-Za-z0-9]{20,45}|[A-Za-z0-9]{45,50}|[a-f0-9]{32}|[A-Za-z0-9]{25}|[a-z0-9]{30}|[A-Za-z0-9]{16}(?=[\"'])",
    ),
    entropy: 3,
    check: hasDigit,
    examples: [
      'facebook_app_secret = "«<x32>»"',
      "TWITTER_ACCESS_TOKEN=«<d18>-<a40>»",
      "twitch_key: «<l28>77»",
    ],
    counterExamples: ["twitter: someone"],
  },
  {
    id: "Airtable",
    description: "personal access token",
    pattern: token("pat[A-Za-z0-9]{14}\\.[a-f0-9]{64}"),
    examples: ["«pat<a14>.<x64>»"],
    counterExamples: ["pat<a14>.<x20>"],
  },
  {
    id: "Airtable",
    description: "API key of the old form",
    ...given("airtable", "[A-Za-z0-9]{17}"),
    entropy: 3,
    check: (value) => hasDigit(value) && !isWordy(value),
    examples: ['airtable_key = "«key<a13>7»"'],
    counterExamples: ["airtable_base: <a9>"],
  },
  {
    id: "Service",
    description: "keys of other services, by their prefixes",
    pattern: token(
      "(?:aio_[A-Za-z0-9]{28}|p8e-[a-z0-9]{32}|apify_api_[A-Za-z0-9]{36}|CFPAT-[A-Za-z0-9_-]{43}|4b1d[A-Za-z0-9]{38}|dnkey-[a-z0-9=_-]{26}-[a-z0-9=_-]{52}|sl\\.(?:u\\.)?[A-Za-z0-9_=-]{120,1500}|s-s4t2(?:af|ud)-[a-f0-9]{64}|lin_(?:api|oauth)_[A-Za-z0-9]{40}|[ps]k\\.[a-zA-Z0-9]{60}\\.[A-Za-z0-9]{22}|pat-(?:na|eu)\\d-[a-f0-9]{8}-(?:[a-f0-9]{4}-){3}[a-f0-9]{12}|ntn_\\d{11}[A-Za-z0-9]{35}|secret_[A-Za-z0-9]{43}|tfp_[\\w.=-]{59}|[A-Za-z0-9]{6}_[A-Za-z0-9]{29}_mmk|ghu?ost_[A-Za-z0-9]{32}|sgp_[A-Za-z0-9]{64})",
    ),
    mark:
      /aio_|p8e-|apify_api_|CFPAT-|4b1d[A-Za-z0-9]{38}|dnkey-|sl\.[A-Za-z0-9_=-]{60}|sl\.u\.|s-s4t2|lin_api_|lin_oauth_|[ps]k\.[a-zA-Z0-9]{60}|pat-na\d|pat-eu\d|ntn_\d|secret_[A-Za-z0-9]{40}|tfp_|_mmk|sgp_/,
    entropy: 3,
    check: hasDigit,
    examples: [
      "«aio_<a27>7»",
      "«p8e-<x32>»",
      "«apify_api_<a35>7»",
      "«CFPAT-<w43>»",
      "«dnkey-<l26>-<l52>»",
      "«sl.u.<w140>»",
      "«lin_api_<a40>»",
      "«pk.<a60>.<a22>»",
      "«pat-na1-<x8>-<x4>-<x4>-<x4>-<x12>»",
      "«ntn_<d11><a35>»",
      "«secret_<a43>»",
      "«tfp_<w59>»",
      "«<a6>_<a29>_mmk»",
    ],
    counterExamples: ["aio_<a20>", "lin_api_<a9>", "secret_<a20>"],
  },
  {
    id: "Service",
    description: "UUIDs and numbers that are keys, by the service's name",
    ...given(
      "hubspot|sendbird|message_?bird|squarespace|intercom|contentstack|auth0|scaleway|typeform|segment|bitly|trello|calendly|mixpanel|amplitude|new_?relic",
      "UUID|[A-Za-z0-9]{32}|[A-Za-z0-9=_-]{59,60}",
    ),
    entropy: 2.5,
    check: hasDigit,
    examples: ['sendbird_token: "«<x8>-<x4>-<x4>-<x4>-<x12>»"', "TRELLO_KEY=«<x32>»"],
    counterExamples: ["hubspot_portal: <d7>"],
  },
  {
    id: "Service",
    description: "keys of other services, by their names",
    ...given(
      "adobe|adafruit|algolia|asana|beamer|blynk|confluent|confluence|contentful|dropbox|droneci|etsy|fastly|flickr|gocardless|jira|kagi|linear|looker|mapbox|maxmind|messenger|new_york_times|nytimes|okta|outlook|particle|private_?ai|rapid_?api|shodan|thingsboard|yandex|zendesk|zero_?tier|openweather|weather|maps|truenas|lastfm|spotify|imgur|bitbucket|lob_|launchdarkly|cloudinary",
      "00[\\w=-]{40}|b_[a-z0-9=_-]{44}|\\d{16}(?=[\"'\\s]|$)|[A-Za-z0-9_=-]{64}|[A-Za-z0-9_=-]{40,42}|[A-Za-z0-9_=-]{32}|[a-z0-9]{24}|[a-z0-9]{20}|[a-z0-9]{15,16}",
    ),
    entropy: 2.5,
    check: hasDigit,
    examples: [
      'fastly_token = "«<a31>7»"',
      "OKTA_API_TOKEN=«00<w40>»",
      'asana_client_id: "«<d16>»"',
      "zendesk_secret = '«<l39>7»'",
      'algolia_api_key: "«<x32>»"',
      "BLYNK_AUTH=«<w31>7»",
    ],
    counterExamples: ["asana_project: name", "maps = <a9>"],
  },
  {
    id: "Salesforce",
    description: "access token",
    pattern: token("00[A-Za-z0-9]{13}![A-Za-z0-9._]{80,130}"),
    mark: /![A-Za-z0-9._]{80}/,
    examples: ["«00D<a12>!<a96>»"],
    counterExamples: ["00D<a12>!<a20>"],
  },
  {
    id: "TrueNAS",
    description: "API key",
    pattern: token("\\d{1,4}-[A-Za-z0-9]{64}"),
    mark: /\d-[A-Za-z0-9]{64}/,
    entropy: 4.5,
    examples: ["«1-<a64>»"],
    counterExamples: ["1-<x64>"],
  },
  {
    id: "JWT",
    description: "JSON web token",
    pattern: token("eyJ[A-Za-z0-9_-]{10,2000}\\.eyJ[A-Za-z0-9_-]{10,4000}\\.[A-Za-z0-9_-]{0,1000}"),
    check: hasJwtHeader,
    examples: [
      "«eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NSJ9.<w43>»",
      "«eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NSJ9.<w900>»",
    ],
    counterExamples: ["eyJhIjoxfQ.eyJiIjoyfQ.", "eyJ<a20>"],
  },
  {
    id: "JWT",
    description: "JSON web token, in base64",
    pattern: token("ZXlK[A-Za-z0-9+/_-]{40,8000}={0,2}"),
    check: (value) => {
      try {
        return hasJwtHeader(atob(value.replace(/-/g, "+").replace(/_/g, "/")));
      } catch {
        return false;
      }
    },
    examples: ["«ZXlKaGJHY2lPaUpJVXpJMU5pSjkuZXlKemRXSWlPaUl4TWpNME5TSjkuUTd6Sw»"],
    counterExamples: ["ZXlK<b60>"],
  },
];
