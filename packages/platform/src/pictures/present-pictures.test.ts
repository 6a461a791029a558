import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Action } from '@cardea/api';
import { silentLogger } from '@cardea/core';
import { UserSide } from '../testing/user-side.ts';
import { Pictures } from './pictures.ts';
import { PresentPictures } from './present-pictures.ts';

const none = (): never => assert.fail('a camera that is away was asked');

/** Pictures of a camera that is away: one of a look, one that somebody took, one of an alarm, in this order. */
async function open(side: UserSide): Promise<{ readonly idSeenWith: (allowed: readonly Action[]) => Promise<string> }> {
  const { authorizer, clock, db, random } = side;
  const { homeId } = await side.settle('Owner');
  const deviceId = await side.addDevice(homeId);
  for (const purpose of ['look', 'task', 'alarm'] as const) {
    await clock.advance(60_000);
    const stored = { id: purpose, home_id: homeId, device_id: deviceId, stored_at: clock.now() };
    const upload = {
      kind: 'snapshot',
      reference: purpose,
      object_key: purpose,
      content_type: 'image/jpeg',
      size_bytes: 1,
      sha256: 'ab',
    } as const;
    await db
      .insertInto('upload')
      .values({ ...stored, ...upload })
      .execute();
    await db
      .insertInto('picture')
      .values({ ...stored, purpose, owner_id: purpose, channel: 1, number: 1, width: 320, height: 240 })
      .execute();
  }
  const uploads = { mint: none, onStored: () => {}, read: none, remove: none };
  const pictures = new Pictures({ db, bus: side.bus, logger: silentLogger, uploads, publicUrl: () => side.url });
  const commands = { presenceOf: (): 'offline' => 'offline', assertSource: none, send: none };
  const present = new PresentPictures({ authorizer, pictures, commands, clock, random, logger: silentLogger });
  const idSeenWith = async (allowed: readonly Action[]): Promise<string> => {
    const { userId } = await side.admit(`Member${random.ulid()}`, homeId, allowed);
    const proof = await authorizer.device({ userId, userSessionId: 'S', authenticatedAt: 0 }, 'view.live', deviceId);
    return (await present.of(proof, { deviceId, channel: 1, stream: 'main' }, 86_400_000)).id;
  };
  return { idSeenWith };
}

test('whoever may only watch live is not shown the last alarm, nor what somebody took, as the present picture', async () => {
  await using side = await UserSide.open();
  const { idSeenWith } = await open(side);
  assert.equal(await idSeenWith(['view.live']), 'look');
  assert.equal(await idSeenWith(['view.live', 'view.events']), 'alarm');
  assert.equal(await idSeenWith(['view.live', 'view.recordings']), 'alarm');
});
