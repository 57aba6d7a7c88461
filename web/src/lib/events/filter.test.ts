import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isNarrow, matches, queryOf, readFilter, writeFilter } from './filter.ts';

const everything = { kind: '', source: '', subject: '' };

describe('the filter of events', () => {
  it('survives the address', () => {
    const filter = { kind: 'order.*', source: 'hook/a & b', subject: 'ü 17' };
    expect(readFilter(new URLSearchParams(writeFilter(filter)))).toEqual(filter);
    expect([writeFilter(everything), isNarrow(everything), isNarrow(filter)]).toEqual(['', false, true]);
  });

  it('is a query for the newest, whatever the texts have in them', () => {
    expect(queryOf(1n, everything, 200)).toBe('SELECT * FROM events WHERE tenant_id = 1 ORDER BY id DESC LIMIT 200');
    expect(queryOf(1n, { kind: 'order.*', source: "it's", subject: '*' }, 5)).toBe(
      "SELECT * FROM events WHERE tenant_id = 1 AND kind >= 'order.' AND kind < 'order.\u{10FFFF}' AND source = 'it''s' ORDER BY id DESC LIMIT 5",
    );
  });

  it('with a * at its end is about how a text begins', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '.', '\u{10FFFE}'), maxLength: 4 });
    fc.assert(
      fc.property(text, text, (kind, start) => {
        const fits = matches({ ...everything, tenantId: 1n, kind }, 1n, { ...everything, kind: `${start}*` });
        expect(fits).toBe(kind.startsWith(start));
      }),
    );
    expect(matches({ ...everything, tenantId: 2n }, 1n, everything)).toBe(false);
    expect(matches({ ...everything, tenantId: 1n, kind: 'ab' }, 1n, { ...everything, kind: 'a' })).toBe(false);
  });
});
