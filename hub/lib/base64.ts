const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** The bytes of a text in base64 with its padding; none when it is not exactly that. */
export function fromBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined;
  const length = text.indexOf('=') < 0 ? text.length : text.indexOf('=');
  const bytes = new Uint8Array((text.length / 4) * 3 - (text.length - length));
  let bits = 0;
  let at = 0;
  for (let i = 0; i < length; i++) {
    bits = ((bits << 6) | digits.indexOf(text[i] ?? '')) & 0xffffff;
    if (i % 4 === 0) continue;
    const rest = 6 - 2 * (i % 4);
    bytes[at++] = (bits >> rest) & 0xff;
  }
  return bytes;
}
