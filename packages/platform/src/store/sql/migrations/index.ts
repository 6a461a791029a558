import { AppError } from '@cardea/core';
import type { Kysely } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';
import * as firstLight from './0001-first-light.ts';
import * as firmware from './0002-firmware.ts';
import * as uploadsAndAudit from './0003-uploads-and-audit.ts';
import * as pictures from './0004-pictures.ts';
import * as keptCommands from './0005-kept-commands.ts';
import * as people from './0006-people.ts';
import * as timeline from './0007-timeline.ts';
import * as retention from './0008-retention.ts';
import * as logins from './0009-logins.ts';
import * as signedChain from './0010-signed-chain.ts';
import * as recordingPolicy from './0011-recording-policy.ts';
import * as encryptedRecordings from './0012-encrypted-recordings.ts';
import * as damagedRecordings from './0013-damaged-recordings.ts';
import * as eventFollowUps from './0014-event-follow-ups.ts';
import * as loginTries from './0015-login-tries.ts';
import * as supportAccess from './0016-support-access.ts';

/** Every migration in order. A released one is never edited: add the next number. */
const migrations: Record<string, Migration> = {
  '0001-first-light': firstLight,
  '0002-firmware': firmware,
  '0003-uploads-and-audit': uploadsAndAudit,
  '0004-pictures': pictures,
  '0005-kept-commands': keptCommands,
  '0006-people': people,
  '0007-timeline': timeline,
  '0008-retention': retention,
  '0009-logins': logins,
  '0010-signed-chain': signedChain,
  '0011-recording-policy': recordingPolicy,
  '0012-encrypted-recordings': encryptedRecordings,
  '0013-damaged-recordings': damagedRecordings,
  '0014-event-follow-ups': eventFollowUps,
  '0015-login-tries': loginTries,
  '0016-support-access': supportAccess,
};

/** Runs what this database has not seen yet. @throws AppError INTERNAL_ERROR naming the migration that failed */
export async function migrate<T>(db: Kysely<T>): Promise<void> {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations } });
  const { error, results } = await migrator.migrateToLatest();
  if (error === undefined) return;
  const failed = results?.find((result) => result.status === 'Error')?.migrationName;
  throw new AppError('INTERNAL_ERROR', { failed }, { cause: error, message: `database migration ${failed ?? ''} failed` });
}
