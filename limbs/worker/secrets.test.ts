import fc from 'fast-check';
import { expect, test } from 'vitest';
import { jsonLog } from './log.ts';
import { Secrets, secretCharsMin } from './secrets.ts';

const secretText = fc
  .oneof(
    fc.string({ minLength: secretCharsMin, maxLength: 40 }),
    fc.string({ unit: 'binary', minLength: 4 }),
    fc.base64String({ minLength: 8 }),
  )
  .map((text) => text.trim())
  .filter((text) => text.length >= secretCharsMin);
const name = fc.constantFrom(
  'HELIX_LLM_API_KEY',
  'OPENAI_API_KEY',
  'HELIX_PAIR_CODE',
  'HELIX_MCP_TOKEN',
  'DB_PASSWORD',
);

/** How a secret may get into a line. */
const forms: ((secret: string) => string)[] = [
  (secret) => secret,
  (secret) => JSON.stringify({ authorization: secret }),
  (secret) => `http://example.com/?key=${encodeURIComponent(Buffer.from(secret).toString())}`,
  (secret) => Buffer.from(secret).toString('base64'),
  (secret) => Buffer.from(secret).toString('base64url'),
];

test('no line shows a secret of the configuration, in whatever form it got there', () => {
  fc.assert(
    fc.property(
      fc.dictionary(name, secretText, { minKeys: 1 }),
      fc.array(fc.oneof(fc.string(), fc.nat(9), fc.nat(99)), { minLength: 1 }),
      (env, parts) => {
        const secrets = new Secrets(env);
        const all = Object.values(env);
        // Words of others, and secrets in one form or another between them.
        const text = parts
          .map((part) => (typeof part === 'string' ? part : forms[part % forms.length]?.(all[part % all.length] ?? '')))
          .join('');
        let line = '';
        jsonLog((written) => {
          line += written;
        })('info', secrets.redact(text));
        const { message } = JSON.parse(line);
        for (const secret of all) {
          for (const form of forms.filter((_, index) => index !== 1)) {
            const shown = form(secret).replace(/=+$/, '');
            if (shown.length >= secretCharsMin) expect(message).not.toContain(shown);
          }
          expect(message).not.toContain(JSON.stringify(secret).slice(1, -1));
        }
      },
    ),
  );
});

test('text without a secret stays as it is', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('Task', '17', 'done', 'after', '1.2 s', 'http://hub:3000/v1', 'a@b')),
      (words) => {
        const text = words.join(' ');
        expect(new Secrets({ HELIX_LLM_API_KEY: 'sk-1234567890', EMPTY_TOKEN: '', SHORT_KEY: 'a' }).redact(text)).toBe(
          text,
        );
      },
    ),
  );
});

test.each([
  ['postgres://limb:hunter22@db.example/memory', 'postgres://limb:***@db.example/memory'],
  ['sent Authorization: Bearer abcdefghijkl', 'sent Authorization: Bearer ***'],
  ['token eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln was refused', 'token *** was refused'],
])('a secret is known by its shape too: %s', (text, expected) => {
  expect(new Secrets().redact(text)).toBe(expected);
});

test('credentials in an address of the configuration are secrets wherever they appear', () => {
  const secrets = new Secrets({ HELIX_MEMORY_URL: 'postgres://limb:hunter22@db.example/memory' });
  expect(secrets.redact('password authentication failed: hunter22')).toBe('password authentication failed: ***');
});
