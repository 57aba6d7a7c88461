/** What a step can do; each step has exactly one of these keys. */
export const actionKeys = ['skill', 'if', 'parallel', 'map', 'loop', 'wait', 'approve', 'recipe', 'output'] as const;
export type ActionKey = (typeof actionKeys)[number];

/** The keys that any step may have. */
export const commonKeys = ['id', 'about', 'after', 'when', 'timeout', 'onFailure', 'compensate'] as const;

/** Every key that some step may have. */
export const stepKeys: readonly string[] = [
  ...actionKeys,
  ...commonKeys,
  ...['input', 'title', 'labels', 'priority', 'attempts', 'check', 'tries'],
  ...['then', 'else', 'limit', 'steps', 'until', 'role', 'inputs'],
];
