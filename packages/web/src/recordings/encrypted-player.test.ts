import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { createClient, type Segment } from '@cardea/api';
import { makeRecipientKey, type RecipientKey, recipientKey, SegmentSealer } from '@cardea/media';
import { EncryptedPlayer } from './encrypted-player.ts';

const deviceId = '47z33qx1ajh62rkbz1a08vyj4w';
const source = { deviceId, channel: 1, stream: 'main' } as const;
const START = 1_767_268_800_000;

let key: RecipientKey;
let stranger: RecipientKey;
/** What the platform keeps, by the id of the segment. */
const kept = new Map<string, Uint8Array>();
const listed: Segment[] = [];

function box(type: string, content: string): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(8 + content.length);
  head.write(type, 4, 'latin1');
  return Buffer.concat([head, Buffer.from(content)]);
}

const init = Buffer.concat([box('ftyp', 'iso6    '), box('moov', 'tracks')]);
const fragmentOf = (number: number): Buffer => Buffer.concat([box('moof', 'run'), box('mdat', `picture ${number}`)]);

before(async () => {
  const pair = await makeRecipientKey();
  key = await recipientKey(pair);
  stranger = await recipientKey(await makeRecipientKey());
  for (const number of [0, 1]) {
    const startAt = START + number * 10_000;
    const clientSegmentId = `01KDVBW3GQ2T4W6Y8B0D1F3H5${number}`;
    const sealer = await SegmentSealer.create(init, { ...source, segmentId: clientSegmentId, startAt }, [pair.publicKey]);
    kept.set(`S${number}`, Buffer.concat([sealer.init, await sealer.seal(fragmentOf(number), { index: 0, last: true })]));
    listed.push({
      id: `S${number}`,
      deviceId,
      homeId: 'home',
      channel: 1,
      stream: 'main',
      kind: 'continuous',
      clientSegmentId,
      locked: false,
      startAt,
      endAt: startAt + 10_000,
      sizeBytes: 1,
      sha256: '00'.repeat(32),
      encryption: 'aes-256-gcm',
    });
  }
});

/** The platform, as far as a player asks it. */
const platform: typeof fetch = async (input) => {
  const address = new URL(String(input));
  const media = /\/segments\/(\w+)\/media$/.exec(address.pathname)?.[1];
  if (media !== undefined) return new Response(new Uint8Array(kept.get(media) ?? []));
  const from = Number(address.searchParams.get('from'));
  return Response.json({ items: listed.filter(({ endAt }) => endAt > from) });
};

function player(keys = [key]) {
  const video = { src: '', currentTime: 0 };
  const api = createClient({ baseUrl: 'http://127.0.0.1', fetch: platform });
  return { video, player: new EncryptedPlayer(video, { api, keys, fetch: platform }) };
}

async function shown({ src }: { readonly src: string }): Promise<Buffer> {
  return Buffer.from(await (await fetch(src)).arrayBuffer());
}

test('what the platform cannot open is opened here, from the instant asked for, and goes on with the next', async () => {
  const { video, player: opened } = player();
  assert.equal(await opened.play(source, START + 4_000), true);
  assert.equal(video.currentTime, 4);
  assert.equal(opened.instant, START + 4_000);
  assert.deepEqual(await shown(video), Buffer.concat([init, fragmentOf(0)]));
  const before = video.src;
  assert.equal(await opened.next(), true);
  assert.deepEqual(await shown(video), Buffer.concat([init, fragmentOf(1)]));
  await assert.rejects(fetch(before), 'what was shown is forgotten');
  assert.equal(await opened.next(), false, 'nothing follows');
  opened.close();
});

test('without the key, with changed bytes or with another recording in its place nothing is shown', async () => {
  const foreign = player([stranger]);
  await assert.rejects(foreign.player.play(source, START), { code: 'INVALID_REQUEST' });
  const [one, two] = [kept.get('S0'), kept.get('S1')];
  assert.ok(one && two);
  const changed = new Uint8Array(one);
  changed[changed.length - 1] = (changed[changed.length - 1] ?? 0) ^ 1;
  kept.set('S0', changed);
  const { video, player: opened } = player();
  await assert.rejects(opened.play(source, START), { code: 'OBJECT_MISMATCH' });
  kept.set('S0', two);
  assert.equal(await opened.play(source, START), false);
  assert.equal(video.src, '');
  kept.set('S0', one);
  assert.equal(await opened.play(source, START), true);
  opened.close();
});
