import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import type { Link } from './link.svelte.ts';
import type { RoleTag } from './model.ts';

// Letters only, so that a code can be read out; without I and O, which are mistaken for others.
const alphabet = 'ABCDEFGHJKLMNPQRSTUVWXYZ';
const groupCount = 6;
const groupChars = 4;

/** A one-time code by the same rule as the terminal's. The hub learns only its hash. */
function createCode(): string {
  return Array.from({ length: groupCount }, () => Array.from({ length: groupChars }, letter).join('')).join('-');
}

/** Each letter is as likely as any other: bytes that would favour the first ones are drawn again. */
function letter(): string {
  const fair = 256 - (256 % alphabet.length);
  for (;;) {
    const [byte = 0] = crypto.getRandomValues(new Uint8Array(1));
    if (byte < fair) return alphabet.charAt(byte % alphabet.length);
  }
}

/** Opens a one-time way in. @returns its code @throws the hub's rejection */
export async function createInvite(
  link: Link,
  tenantId: bigint,
  kind: 'Member' | 'Limb',
  role: RoleTag,
): Promise<string> {
  const code = createCode();
  const invite = {
    tenantId,
    kind: { tag: kind },
    role: { tag: role },
    handle: code.slice(0, groupChars),
    codeHash: bytesToHex(sha256(new TextEncoder().encode(code))),
    lifeMs: 0,
  };
  await link.call((reducers) => reducers.createInvite(invite));
  return code;
}
