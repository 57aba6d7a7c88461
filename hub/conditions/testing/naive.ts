// The simplest evaluator of what stands in the conditions of the property test: JavaScript's own operators and regular
// expressions.

export function naiveHolds(written: unknown, scope: Record<string, unknown>): boolean {
  return Object.entries(written as Record<string, unknown>).every(([key, value]) => {
    if (key === 'all') return (value as unknown[]).every((each) => naiveHolds(each, scope));
    if (key === 'any') return (value as unknown[]).some((each) => naiveHolds(each, scope));
    if (key === 'not') return !naiveHolds(value, scope);
    const seen = naiveValue(key, scope);
    if (value === null || typeof value !== 'object') return seen === value;
    return Object.entries(value).every(([op, operand]) => naiveTest(seen, op, operand, scope));
  });
}

function naiveTest(seen: unknown, op: string, operand: unknown, scope: Record<string, unknown>): boolean {
  const isValue = operand !== null && typeof operand === 'object' && 'value' in operand;
  const other = isValue ? naiveValue(String(operand.value), scope) : operand;
  const isOrdered = typeof seen === typeof other && (typeof seen === 'number' || typeof seen === 'string');
  const text = typeof seen === 'string' ? seen : undefined;
  switch (op) {
    case 'equals':
      return seen !== undefined && seen === other;
    case 'notEquals':
      return seen === undefined || seen !== other;
    case 'gt':
      return isOrdered && (seen as number) > (other as number);
    case 'gte':
      return isOrdered && (seen as number) >= (other as number);
    case 'lt':
      return isOrdered && (seen as number) < (other as number);
    case 'lte':
      return isOrdered && (seen as number) <= (other as number);
    case 'between': {
      const [low, high] = other as [number, number];
      return typeof seen === 'number' && low <= seen && seen <= high;
    }
    case 'in':
      return (other as unknown[]).includes(seen);
    case 'notIn':
      return !(other as unknown[]).includes(seen);
    case 'contains':
      return Array.isArray(seen) ? seen.includes(other) : typeof other === 'string' && text?.includes(other) === true;
    case 'startsWith':
      return text?.startsWith(String(other)) === true;
    case 'endsWith':
      return text?.endsWith(String(other)) === true;
    case 'equalsIgnoreCase':
      return text?.toUpperCase() === String(other).toUpperCase();
    case 'matches':
      return text !== undefined && new RegExp(String(other)).test(text);
    case 'exists':
      return (seen !== undefined) === other;
    default:
      throw new Error(`no test ${op}`);
  }
}

/** The few expressions of the property test, each written out. */
function naiveValue(written: string, { kind, payload }: Record<string, unknown>): unknown {
  const { x, y, z, ...rest } = payload as Record<string, unknown>;
  const areNumbers = typeof x === 'number' && typeof y === 'number';
  switch (written) {
    case 'kind':
      return kind;
    case 'payload.x':
      return x;
    case 'payload.y':
      return y;
    case 'payload.z[0]':
      return Array.isArray(z) ? z[0] : undefined;
    case "payload['odd key']":
      return rest['odd key'];
    case 'payload.x + payload.y':
      return areNumbers ? x + y : undefined;
    case 'payload.x * 2 - 1':
      return typeof x === 'number' ? x * 2 - 1 : undefined;
    case 'length(payload.z)':
      return Array.isArray(z) || typeof z === 'string' ? z.length : undefined;
    case 'max(payload.x, payload.y)':
      return areNumbers ? Math.max(x, y) : undefined;
    default:
      throw new Error(`no expression ${written}`);
  }
}
