import { isUtf8 } from 'node:buffer';
import { urlParts } from './prelude.ts';

/**
 * What the realm's own TextEncoder, TextDecoder and URL classes ask of the host: functions from strings and bytes to
 * strings and numbers, so that no object of the host ever gets into a realm.
 */
export const platform = {
  utf8Length: (text: string): number => Buffer.byteLength(text),

  utf8Write(text: string, target: Uint8Array): number {
    return asBuffer(target).write(text);
  },

  utf8Read(bytes: Uint8Array, start: number): string {
    return asBuffer(bytes).toString('utf8', start);
  },

  isUtf8: (bytes: Uint8Array): boolean => isUtf8(bytes),

  url(url: string, base: string | undefined): string | undefined {
    return URL.canParse(url, base) ? urlJson(new URL(url, base)) : undefined;
  },

  urlWith(href: string, part: string, value: string): string | undefined {
    const url = new URL(href);
    if (part === 'href') return platform.url(value, undefined);
    for (const known of urlParts) if (known === part && known !== 'href') url[known] = value;
    return urlJson(url);
  },

  searchPairs: (text: string): string => JSON.stringify([...new URLSearchParams(text)]),

  searchText: (pairs: string): string => new URLSearchParams(JSON.parse(pairs) as [string, string][]).toString(),
};

const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

function urlJson(url: URL): string {
  return JSON.stringify(Object.fromEntries([...urlParts.map((part) => [part, url[part]]), ['origin', url.origin]]));
}
