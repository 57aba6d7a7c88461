import { z } from 'zod';
import { codeBytesMax, defaultLimits, type RunResult, sandboxLevels } from '../sandbox/index.ts';

/** What the server says and takes, known to it and to its client. */

export const toolName = 'run_python';

export const timeoutMsMax = 120_000;

/** Key in the tool's `_meta` of what sandbox it runs in, as `SandboxDescription`. */
export const sandboxMeta = 'helix/sandbox';
/** Key in a result's `_meta` of an error around a run, as `ErrorDescription`. */
export const errorMeta = 'helix/error';
/** Key in a progress notification's `_meta` of the stream its message was written to. */
export const streamMeta = 'helix/stream';

/** Key in a call's `_meta` of the tools that the program may call in turn, as `OfferedTools`. */
export const toolsMeta = 'helix/tools';
/** The request that asks the client to answer such a call. */
export const callMethod = 'helix/call';

export const offeredTools = z.object({
  /** Names the run, so that the client knows whose call it is. */
  run: z.string().max(64),
  files: z.record(z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,80}$/), z.string().max(64_000)),
});

export const toolCallRequest = z.object({
  method: z.literal(callMethod),
  params: z.object({ run: z.string(), name: z.string(), arguments: z.unknown() }),
});

export const toolCallReply = z.union([
  z.object({ value: z.unknown() }).strict(),
  z.object({ error: z.string() }).strict(),
]);

export const runPythonInput = {
  code: z
    .string()
    .min(1)
    .max(codeBytesMax)
    .describe('A whole Python program. It sees only what it prints: print every result.'),
  timeout_ms: z
    .int()
    .min(1)
    .max(timeoutMsMax)
    .optional()
    .describe(`Milliseconds after which the program is stopped; default ${defaultLimits.timeMs}.`),
};

export const runPythonOutput = {
  outcome: z.enum(['exited', 'timed-out', 'out-of-memory', 'output-limit', 'killed']),
  message: z.string(),
  exitCode: z.int().nullable(),
  stdout: z.string(),
  stderr: z.string(),
  stdoutTruncated: z.boolean(),
  stderrTruncated: z.boolean(),
  durationMs: z.int(),
  engine: z.enum(['docker', 'podman', 'bubblewrap', 'pyodide']),
  level: z.enum(sandboxLevels),
};

export const runResultSchema: z.ZodType<RunResult> = z.object(runPythonOutput);

export const sandboxDescription = z.object({
  engine: runPythonOutput.engine,
  level: runPythonOutput.level,
  /** In words for the operator. */
  detail: z.string(),
});

export type SandboxDescription = z.infer<typeof sandboxDescription>;

export const errorDescription = z.object({ code: z.string(), isRetryable: z.boolean() });

export const streamName = z.enum(['stdout', 'stderr']);
