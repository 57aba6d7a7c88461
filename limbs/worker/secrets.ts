import type { Environment } from '../models/config/key.ts';

/** Of a variable that holds a secret, by the usual ends of such names. */
const secretName = /(KEY|TOKEN|SECRET|PASSWORD|CREDENTIALS|CODE)$/i;

const inAddress = /(?<=\/\/[^\s/@:]*:)[^\s/@]+(?=@)/g;

/** What is a secret wherever it comes from: credentials in an address, in a header, and signed tokens. */
const secretShapes: readonly RegExp[] = [
  inAddress,
  /(?<=\b(?:bearer|basic)\s+)[\w.~+/=-]{8,}/gi,
  /\beyJ[\w-]{10,}\.[\w-]+\.[\w-]+/g,
];

/** Shorter ones guard nothing, and would be found in every other word. */
export const secretCharsMin = 4;
/** Shorter than any secret, so that it never holds one. */
const redactedMark = '***';

/** The secrets of a limb's configuration, which no line of its log and no failure that it reports may show. */
export class Secrets {
  /** As they may stand in a text: as they are, in JSON, in an address, in base64; the longest first. */
  #forms: string[] = [];

  constructor(env: Environment = {}) {
    for (const [name, value = ''] of Object.entries(env)) {
      if (secretName.test(name)) this.add(value);
      for (const [credentials] of value.matchAll(inAddress)) this.add(credentials);
    }
  }

  /** One that became known later; undefined and what is too short are nothing. */
  add(secret: string | undefined): void {
    const text = secret?.trim() ?? '';
    if (text.length < secretCharsMin) return;
    const bytes = Buffer.from(text);
    const forms = [
      text,
      JSON.stringify(text).slice(1, -1),
      encodeURIComponent(bytes.toString()),
      bytes.toString('base64').replace(/=+$/, ''),
      bytes.toString('base64url'),
    ];
    this.#forms = [...new Set([...this.#forms, ...forms])].sort((a, b) => b.length - a.length);
  }

  redact(text: string): string {
    let clean = text;
    for (const shape of secretShapes) clean = clean.replace(shape, redactedMark);
    // What is left around a mark may be a secret in its turn; each step makes the text shorter.
    for (let form = this.#found(clean); form !== undefined; form = this.#found(clean))
      clean = clean.replaceAll(form, redactedMark);
    return clean;
  }

  /** The same error without secrets in its words. */
  clean<E>(error: E): E {
    if (error instanceof Error) {
      error.message = this.redact(error.message);
      if (error.stack !== undefined) error.stack = this.redact(error.stack);
    }
    return error;
  }

  #found(text: string): string | undefined {
    return this.#forms.find((form) => text.includes(form));
  }
}
