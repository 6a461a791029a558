import type { GapReason } from '@cardea/api';
import { type RawBuilder, sql } from 'kysely';
import type { Db } from '../../store/ports.ts';
import { MAX_SEGMENT_MS } from '../video-limits.ts';
import { type Evidence, JOIN_MS } from './account.ts';
import type { FactName, Place } from './recording-ledger.ts';
import { readWish, wantedBy } from './recording-wish.ts';
import { type Span, subtract, union } from './spans.ts';

/** Facts and gaps of one range; a device cannot make so many by living on. */
const MAX_ROWS = 20_000;
/** Hours are worked out from so much before a range on, so that one that begins in it is told from one that goes on. */
const BEFORE_MS = 86_400_000;

/** Reasons in the order in which they explain: what was done to the recording, what hindered it, what merely happened then. */
const order: readonly GapReason[] = [
  'deleted',
  'expired',
  'damaged',
  'notKept',
  'privacy',
  'platformDown',
  'restarted',
  'lowBattery',
  'storageFull',
  'deviceDisk',
  'codec',
  'noSignal',
  'offline',
  'asleep',
  'uploadFailed',
  'overload',
  'clock',
];

/** All that is known of one channel in `range`. */
export async function readEvidence(db: Db, place: Place, range: Span): Promise<Evidence> {
  const [video, facts, gaps] = await Promise.all([readVideo(db, place, range), readFacts(db, place, range), readGaps(db, place, range)]);
  const spansOf = (fact: FactName, holds: (value: string) => boolean): Span[] => spansWith(facts, fact, { holds, end: range.to });
  const told = new Map<GapReason, Span[]>();
  for (const { reason, from_at, to_at } of gaps) {
    told.set(reason as GapReason, [...(told.get(reason as GapReason) ?? []), { from: from_at, to: to_at }]);
  }
  const held: Readonly<Partial<Record<GapReason, readonly Span[]>>> = {
    privacy: spansOf('privacy', (value) => value === 'on'),
    noSignal: spansOf('signal', (value) => value === 'lost'),
    offline: spansOf('presence', (value) => value === 'offline'),
    asleep: spansOf('presence', (value) => value === 'asleep'),
  };
  return {
    wanted: union([...wantedByPolicy(facts, range), ...spansOf('task', (value) => value !== 'off')]),
    video,
    absences: order.map((reason) => ({ reason, spans: union([...(told.get(reason) ?? []), ...(held[reason] ?? [])]) })),
  };
}

/** Stretches with stored video that is sound, whatever stream and kind. */
async function readVideo(db: Db, place: Place, range: Span): Promise<Span[]> {
  const { homeId, deviceId, channel } = place;
  const damaged = await db
    .selectFrom('segment')
    .select('id')
    .where((e) => e.and({ home_id: homeId, device_id: deviceId, channel }))
    .where('damaged_at', 'is not', null)
    .where('start_at', '>', range.from - MAX_SEGMENT_MS)
    .where('start_at', '<', range.to)
    .limit(1)
    .executeTakeFirst();
  // Hardly ever there is any, and without the index alone tells all.
  const sound = damaged === undefined ? sql`` : sql`and damaged_at is null`;
  return await readStored(db, place, range, sound);
}

/**
 * Stretches with stored video. The database joins the segments, so that a week of them costs the
 * caller no more than the gaps between them.
 */
async function readStored(db: Db, { homeId, deviceId, channel }: Place, { from, to }: Span, sound: RawBuilder<unknown>): Promise<Span[]> {
  const { rows } = await sql<{ from: number; last: number | null; to: number }>`
    with piece as (
      select start_at, end_at, max(end_at) over (order by start_at, end_at rows between unbounded preceding and 1 preceding) as before
      from segment
      where home_id = ${homeId} and device_id = ${deviceId} and channel = ${channel} and state = 'stored'
        and start_at > ${from - MAX_SEGMENT_MS} and start_at < ${to} and end_at > ${from} ${sound}
    )
    select start_at as "from", before as "last", (select max(end_at) from piece) as "to"
    from piece where before is null or start_at > before + ${JOIN_MS} order by start_at`.execute(db);
  return rows.map((row, index) => ({ from: row.from, to: rows[index + 1]?.last ?? row.to }));
}

interface Step {
  readonly fact: string;
  readonly at: number;
  readonly value: string;
}

/** Each fact as it was at the beginning of the range, and its changes within. */
async function readFacts(db: Db, { homeId, deviceId, channel }: Place, { from, to }: Span): Promise<readonly Step[]> {
  const wanted: readonly (readonly [FactName, number])[] = [
    ['policy', channel],
    ['task', channel],
    ['privacy', channel],
    ['signal', channel],
    ['presence', 0],
    ['wish', 0],
  ];
  const steps = wanted.map(([fact, ofChannel]) => readSteps(db, { homeId, deviceId, channel: ofChannel }, fact, { from, to }));
  return (await Promise.all(steps)).flat();
}

async function readSteps(db: Db, { homeId, deviceId, channel }: Place, fact: FactName, { from, to }: Span): Promise<readonly Step[]> {
  const rows = db
    .selectFrom('recording_fact')
    .select(['fact', 'at', 'value'])
    .where((e) => e.and({ home_id: homeId, device_id: deviceId, channel, fact }));
  const before = await rows.where('at', '<=', from).orderBy('at', 'desc').limit(1).execute();
  const within = await rows.where('at', '>', from).where('at', '<', to).orderBy('at').limit(MAX_ROWS).execute();
  return [...before, ...within];
}

/** What was wanted of the camera, by what the platform said, and where that said nothing by what the camera was set to. */
function wantedByPolicy(facts: readonly Step[], { from, to }: Span): readonly Span[] {
  const steps = facts.filter(({ fact }) => fact === 'wish');
  const said = steps.flatMap((step, index) => {
    const span = { from: Math.max(step.at, from - BEFORE_MS), to: steps[index + 1]?.at ?? to };
    const wanted = wantedBy(readWish(step.value), span);
    return wanted === undefined ? [] : [{ span, wanted }];
  });
  const ofCamera = spansWith(facts, 'policy', { holds: (value) => value === 'continuous', end: to });
  const unsaid = subtract(ofCamera, union(said.map(({ span }) => span)));
  return [...unsaid, ...said.flatMap(({ wanted }) => wanted)];
}

function spansWith(
  steps: readonly Step[],
  fact: FactName,
  { holds, end }: { readonly holds: (value: string) => boolean; readonly end: number },
): Span[] {
  const own = steps.filter((step) => step.fact === fact);
  const spans = own.map((step, index) => ({ from: step.at, to: own[index + 1]?.at ?? end, value: step.value }));
  return union(spans.filter(({ value }) => holds(value)));
}

async function readGaps(db: Db, { homeId, deviceId, channel }: Place, { from, to }: Span) {
  return await db
    .selectFrom('recording_gap')
    .select(['reason', 'from_at', 'to_at'])
    .where((e) =>
      e.or([
        e.and([e('home_id', '=', homeId), e('device_id', '=', deviceId), e('channel', 'in', [0, channel])]),
        e.and([e('home_id', '=', ''), e('device_id', '=', ''), e('channel', '=', 0)]),
      ]),
    )
    .where('from_at', '<', to)
    .where('to_at', '>', from)
    .orderBy('from_at')
    .limit(MAX_ROWS)
    .execute();
}
