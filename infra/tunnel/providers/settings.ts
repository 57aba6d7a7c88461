import { isAbsolute } from 'node:path';
import { z } from 'zod';

/** An address without a path, user, or query, such as `https://hub.example.org`. */
export const httpAddress = z.string().transform((text, context) => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isPlain =
    url && /^https?:$/.test(url.protocol) && url.pathname === '/' && !url.username && !url.search && !url.hash;
  if (url && isPlain) return url.origin;
  context.addIssue(`${text} is no address: expected one such as https://hub.example.org, without a path`);
  return z.NEVER;
});

export const hostname = z
  .string()
  .regex(
    /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
    'expected a full hostname in small letters, such as limb01.example.org',
  );

/** What would be read as an option never becomes an argument. */
export const word = z.string().regex(/^[^-\s]\S*$/, 'expected one word that does not begin with a hyphen');

export const portNumber = z.int().min(1).max(65_535);

export const filePath = z.string().refine(isAbsolute, 'expected an absolute path');

/** A file of mode 0600, or the name of a variable. */
export const secretSource = z.union([z.strictObject({ file: filePath }), z.strictObject({ env: z.string().min(1) })]);
