import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Email, NewPassword, UserName } from '@cardea/api';
import { AppError, type Clock, type Logger, type Random } from '@cardea/core';
import { conforms } from '@cardea/protocol';
import { Accounts } from './homes/accounts.ts';
import { Homes } from './homes/homes.ts';
import { InProcessBus } from './store/bus/in-process-bus.ts';
import { openSqlite } from './store/sql/sqlite.ts';
import type { KeyVault } from './tokens/key-vault.ts';
import { loadPlatformKeys } from './tokens/platform-keys.ts';

export interface NewUser {
  readonly email: string;
  readonly name: string;
  readonly password: string;
}

/** Accounts of a data directory for a command, whether a platform runs on it or not. */
export interface StandaloneAccounts extends AsyncDisposable {
  /** Makes a user with a home of their own. @throws AppError INVALID_STATE when the address is taken; INVALID_PARAMS */
  create(user: NewUser): Promise<{ readonly id: string; readonly email: string }>;
}

const wanted = [
  ['email', Email, 'an e-mail address'],
  ['name', UserName, 'a name of at most 80 characters'],
  ['password', NewPassword, 'a password of 8 to 256 characters'],
] as const;

export async function openAccounts(
  directory: string,
  { clock, random, logger, vault }: { readonly clock: Clock; readonly random: Random; readonly logger: Logger; readonly vault: KeyVault },
): Promise<StandaloneAccounts> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const { sessionSecret } = await loadPlatformKeys(join(directory, 'keys'), vault);
  const db = await openSqlite(join(directory, 'cardea.db'));
  const bus = new InProcessBus(logger);
  const accounts = new Accounts({ db, bus, clock, random, logger, sessionSecret });
  const homes = new Homes({ db, clock, random });
  return {
    async create(user) {
      for (const [member, schema, what] of wanted) {
        if (conforms(schema, user[member])) continue;
        throw new AppError('INVALID_PARAMS', { member }, { message: `the ${member} will not do; wanted is ${what}` });
      }
      const { user: made } = await accounts.register(user, { address: 'command line' });
      await homes.create(made.id, { name: 'Home', timezone: Intl.DateTimeFormat().resolvedOptions().timeZone });
      return { id: made.id, email: made.email };
    },
    [Symbol.asyncDispose]: () => db.destroy(),
  };
}
