import { z } from 'zod';

/** Labels of documents, as `--label` takes them. */
export const labelsInput = z.array(z.string().trim().min(1).max(64)).max(16);
