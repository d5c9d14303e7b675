/**
 * A secret as attacks are given it: where it stands, and what it is called in their rows.
 *
 * @module
 */
import type { SecretInText, TokenizedSecret } from "../datasets/secret_tokens.ts";

/** A secret in its text; rows name it by its id alone. */
export interface PlacedSecret extends SecretInText {
  /** Names it in rows and messages, and what is drawn for it: its document and place, or its fingerprint. */
  id: string;
  /** EMAIL, IP_ADDRESS, KEY and so on. */
  tag: string;
  /** Its tokens and those before it, where they are known: then the text need not have what stands before it. */
  tokens?: TokenizedSecret;
}
