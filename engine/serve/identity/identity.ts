import { blake3 } from '@noble/hashes/blake3.js';

/** The prefix that marks bytes as an Identity. */
const identityPrefix = Uint8Array.of(0xc2, 0x00);
const hashBytes = 26;
const checksumBytes = 4;

/** The Identity that an issuer's subject has, everywhere: a hash of both with a checksum in front. */
export function identityOf(issuer: string, subject: string): bigint {
  const hash = blake3(Buffer.from(`${issuer}|${subject}`, 'utf8')).subarray(0, hashBytes);
  const checksum = blake3(Buffer.concat([identityPrefix, hash])).subarray(0, checksumBytes);
  return BigInt(`0x${Buffer.concat([identityPrefix, checksum, hash]).toString('hex')}`);
}

/** 64 digits, big-endian, as in URLs and claims. */
export function identityToHex(identity: bigint): string {
  return identity.toString(16).padStart(64, '0');
}

/** Reads 64 hex digits, with or without `0x`; undefined for anything else. */
export function identityFromHex(text: string): bigint | undefined {
  const digits = text.startsWith('0x') ? text.slice(2) : text;
  return /^[0-9a-fA-F]{64}$/.test(digits) ? BigInt(`0x${digits}`) : undefined;
}

/** 32 digits, big-endian. */
export function connectionIdToHex(connectionId: bigint): string {
  return connectionId.toString(16).padStart(32, '0');
}

/** Reads 1 to 32 hex digits; undefined for anything else. */
export function connectionIdFromHex(text: string): bigint | undefined {
  return /^[0-9a-fA-F]{1,32}$/.test(text) ? BigInt(`0x${text}`) : undefined;
}
