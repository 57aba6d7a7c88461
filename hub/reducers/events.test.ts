import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { joinMember, localTenant, type Mesh, type MeshModule, newTenant, startMesh } from '../../test/hub/mesh.ts';

type Emitted = Parameters<MeshModule['emit']>[1];

const dayMs = 86_400_000;
let mesh: Mesh;
beforeEach(async () => {
  mesh = await startMesh();
});

function emit(changes: Partial<Emitted> = {}, caller = mesh.owner): void {
  const event = { kind: 'order.paid', source: 'shop', subject: '', payload: '{}', dedupeKey: '', dedupeMs: 0 };
  mesh.call(caller, 'emit', { tenantId: localTenant, ...event, ...changes });
}

function keep(retention: Partial<{ eventsMax: number; eventBytesMax: bigint; eventDays: number }>): void {
  const none = { eventsMax: 0, eventBytesMax: 0n, eventDays: 0 };
  mesh.call(mesh.owner, 'setEventRetention', { tenantId: localTenant, ...none, ...retention });
}

const subjects = () => {
  const seen = mesh.seenBy(mesh.owner, 'events').filter(({ tenantId }) => tenantId === localTenant);
  return seen.map(({ subject }) => subject);
};

describe('an event', () => {
  it('is kept with who made it, and seen by the members of its tenant alone', () => {
    const ada = joinMember(mesh, 'Ada');
    const { owner } = newTenant(mesh, 'north');
    emit({ subject: ' order 17 ', payload: '{"total": 12}' }, ada);
    const expected = {
      tenantId: localTenant,
      kind: 'order.paid',
      source: 'shop',
      subject: 'order 17',
      payload: '{"total": 12}',
      origin: { tag: 'Member', value: ada },
      depth: 0,
      at: mesh.now,
    };
    expect(mesh.seenBy(mesh.owner, 'events')).toMatchObject([expected]);
    expect(mesh.seenBy(owner, 'events')).toEqual([]);
  });

  it.each([
    [{ kind: ' ' }, 'invalid-kind: the kind is empty'],
    [{ kind: 'what a day' }, 'invalid-kind: the kind of an event starts with a letter or digit'],
    [{ kind: 'k'.repeat(129) }, 'invalid-kind: the kind has 129 characters, at most 128 are allowed'],
    [{ source: '' }, 'invalid-source: the source is empty'],
    [{ subject: 's'.repeat(257) }, 'invalid-subject: the subject has 257 characters, at most 256'],
    [{ payload: 'nothing' }, 'invalid-payload: the payload is not JSON'],
    [{ payload: `"${'ä'.repeat(32_768)}"` }, 'payload-too-large: the payload is 65538 bytes, at most 65536'],
    [{ dedupeKey: 'k'.repeat(129) }, 'invalid-dedupe-key: the dedupe key has 129 characters'],
    [
      { dedupeKey: 'k', dedupeMs: 31 * dayMs },
      'invalid-window: the dedupe window is 2678400000 ms, at most 2592000000 are allowed',
    ],
  ])('is refused when it is not as it must be (%#)', (changes, message) => {
    expect(() => emit(changes)).toThrow(message);
    expect(mesh.rows('event')).toEqual([]);
  });

  it('of a dedupe key is taken when it makes room for itself by the one that had the key before', () => {
    keep({ eventsMax: 1 });
    emit({ dedupeKey: 'a', subject: '1', dedupeMs: 1000 });
    mesh.advance(2000);
    emit({ dedupeKey: 'a', subject: '2', dedupeMs: 1000 });
    emit({ dedupeKey: 'a', subject: '3', dedupeMs: 1000 });
    expect(subjects()).toEqual(['2']);
  });

  it('of a dedupe key is taken once in a window, in each tenant', () => {
    const { tenantId, owner } = newTenant(mesh, 'north');
    emit({ dedupeKey: 'a', subject: '1', dedupeMs: 60_000 });
    mesh.advance(59_999);
    emit({ dedupeKey: 'a', subject: '2', dedupeMs: 60_000 });
    emit({ dedupeKey: 'b', subject: '3' });
    emit({ dedupeKey: 'a', tenantId, subject: 'of north' }, owner);
    emit({ dedupeKey: 'a', tenantId, subject: 'again' }, owner);
    mesh.advance(1);
    emit({ dedupeKey: 'a', subject: '4', dedupeMs: 60_000 });
    emit({ dedupeKey: 'a', subject: '5', dedupeMs: 60_000 });
    expect(subjects()).toEqual(['1', '3', '4']);
    expect(mesh.seenBy(owner, 'events')).toHaveLength(1);
  });
});

describe('what is kept of events', () => {
  it('is bounded by count: the oldest become daily totals, and their keys are free again', () => {
    keep({ eventsMax: 2 });
    for (const subject of ['1', '2', '3']) emit({ subject, dedupeKey: subject });
    emit({ subject: '4', kind: 'order.sent' });
    expect(subjects()).toEqual(['3', '4']);
    emit({ subject: '1 again', dedupeKey: '1' });
    emit({ subject: '3 again', dedupeKey: '3' });
    expect(subjects()).toEqual(['1 again', '3 again']);
    const totals = mesh.seenBy(mesh.owner, 'eventTotals').map(({ kind, events }) => [kind, events]);
    expect(totals.sort()).toEqual([
      ['order.paid', 3n],
      ['order.sent', 1n],
    ]);
  });

  it('is bounded by bytes', () => {
    keep({ eventBytesMax: 1_048_576n });
    const payload = JSON.stringify('x'.repeat(60_000));
    for (let i = 0; i < 30; i++) emit({ payload, subject: `${i}` });
    const bytes = mesh.seenBy(mesh.owner, 'events').reduce((sum, { payload }) => sum + payload.length, 0);
    expect(bytes).toBeLessThan(1_048_576);
    expect(bytes).toBeGreaterThan(900_000);
    expect(subjects().at(-1)).toBe('29');
  });

  it('is bounded by age, also when nothing more comes', () => {
    keep({ eventDays: 2 });
    emit({ subject: 'old' });
    mesh.jump(dayMs);
    emit({ subject: 'young' });
    mesh.jump(dayMs);
    mesh.advance(61_000);
    expect(subjects()).toEqual(['young']);
    mesh.jump(dayMs);
    mesh.advance(61_000);
    expect(subjects()).toEqual([]);
    expect(mesh.seenBy(mesh.owner, 'eventTotals')).toMatchObject([
      { day: '2026-01-01', kind: 'order.paid', events: 1n },
      { day: '2026-01-02', kind: 'order.paid', events: 1n },
    ]);
  });

  it('cannot be more than the hub allows', () => {
    expect(() => keep({ eventsMax: 1_000_001 })).toThrow(
      'invalid-retention: eventsMax is 1000001, at most 1000000 are allowed',
    );
    expect(() => keep({ eventDays: 3651 })).toThrow(/^invalid-retention: eventDays/);
    expect(() => keep({ eventBytesMax: 1n << 40n })).toThrow(/^invalid-retention: eventBytesMax/);
  });

  it('is what a list would keep, whatever comes', async () => {
    const act = fc.oneof(
      { weight: 6, arbitrary: fc.record({ key: fc.constantFrom('', 'a', 'b'), size: fc.nat({ max: 40 }) }) },
      { weight: 1, arbitrary: fc.record({ eventsMax: fc.integer({ min: 1, max: 6 }) }) },
      { weight: 1, arbitrary: fc.record({ hours: fc.integer({ min: 1, max: 30 }) }) },
    );
    const mark = await mesh.snapshot();
    await fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 30 }), async (acts) => {
        await mesh.rewind(mark);
        keep({ eventsMax: 5, eventDays: 1 });
        let eventsMax = 5;
        let model: { subject: string; key: string; atMs: number }[] = [];
        let gone = 0;
        const drop = (isDue: (event: (typeof model)[number], i: number) => boolean) => {
          const kept = model.filter((event, i) => !isDue(event, i));
          gone += model.length - kept.length;
          model = kept;
        };
        for (const [i, one] of acts.entries()) {
          const nowMs = mesh.now.toDate().getTime();
          if ('hours' in one) {
            mesh.jump(one.hours * 3_600_000);
            mesh.advance(61_000);
            const cutoffMs = mesh.now.toDate().getTime() - dayMs;
            // The step is taken once a minute: what became too old since the last one is there still.
            drop(({ atMs }) => atMs < cutoffMs - 60_000);
            const due = model.filter(({ atMs }) => atMs < cutoffMs);
            if (due.length > 0) return;
          } else if ('eventsMax' in one) {
            eventsMax = one.eventsMax;
            keep({ eventsMax, eventDays: 1 });
          } else {
            emit({ subject: `${i}`, dedupeKey: one.key, payload: JSON.stringify('x'.repeat(one.size)) });
            if (one.key !== '' && model.some(({ key, atMs }) => key === one.key && nowMs < atMs + dayMs)) continue;
            model.push({ subject: `${i}`, key: one.key, atMs: nowMs });
          }
          drop((_, place) => !('eventsMax' in one) && place < model.length - eventsMax);
          if ('hours' in one) drop((_, place) => place < model.length - eventsMax);
          expect(subjects()).toEqual(model.map(({ subject }) => subject));
          const totals = mesh.rows('eventTotal').reduce((sum, { events }) => sum + Number(events), 0);
          expect(totals).toBe(gone);
          const bytes = mesh.rows('event').reduce((sum, row) => sum + row.payload.length + row.subject.length + 14, 0);
          expect(mesh.rows('eventLog').map((log) => Number(log.bytes))).toEqual(model.length + gone > 0 ? [bytes] : []);
        }
      }),
      { numRuns: 40 },
    );
  });
});

describe('the newest events', () => {
  it('are what a subscription asks for, and it keeps being them', () => {
    const client = mesh.connect(mesh.owner);
    const replica = client.subscribe('SELECT * FROM events ORDER BY id DESC LIMIT 2');
    for (const subject of ['1', '2', '3']) emit({ subject });
    expect(replica.rows('events').map(({ subject }) => subject)).toEqual(['2', '3']);
  });
});
