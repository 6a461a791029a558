import { Accounts } from '../homes/accounts.ts';
import { ApiTokens } from '../homes/api-tokens.ts';
import { Bindings } from '../homes/binding.ts';
import { Homes } from '../homes/homes.ts';
import { Invitations } from '../homes/invitations.ts';
import { Members } from '../homes/members.ts';
import { Operators } from '../homes/operators.ts';
import { RecipientKeys } from '../homes/recipient-keys.ts';
import { Setup } from '../homes/setup.ts';
import { Support } from '../homes/support.ts';
import { type Logins, openLogins } from '../logins.ts';
import type { Foundation } from './foundation.ts';

/** People, the ways they log in, their homes, and how devices come to those. */
export interface People {
  readonly accounts: Accounts;
  readonly apiTokens: ApiTokens;
  readonly homes: Homes;
  readonly recipientKeys: RecipientKeys;
  readonly members: Members;
  readonly invitations: Invitations;
  readonly support: Support;
  readonly bindings: Bindings;
  readonly operators: Operators;
  readonly setup: Setup;
  readonly logins: Logins;
  /** Removes what can no longer be used. */
  purgeExpired(): Promise<void>;
}

/** Those who have to hear of a change among people. */
export interface PeopleWatchers {
  readonly hoursChanged: (homeId: string) => Promise<void>;
  readonly recordInHome: (homeId: string) => void;
  /** Where devices ask for their servers, when that is not here. */
  readonly schedulingUrl: () => string | undefined;
}

/** @throws AppError INVALID_PARAMS when what is set of a login provider does not suffice */
export async function openPeople(base: Foundation, { hoursChanged, recordInHome, schedulingUrl }: PeopleWatchers): Promise<People> {
  const { certificates, config, publicUrl, random } = base;
  const secret = base.keys.sessionSecret;
  const accounts = new Accounts({ ...base, sessionSecret: secret });
  const homes = new Homes({ ...base, onTimezone: hoursChanged });
  const recipientKeys = new RecipientKeys({ ...base, onChange: recordInHome });
  const members = new Members({ ...base, onLess: recordInHome });
  const invitations = new Invitations({ ...base, accounts, members });
  const bindings = new Bindings({
    ...base,
    publicUrl: () => schedulingUrl() ?? publicUrl(),
    authority: certificates?.fingerprint,
  });
  const operators = new Operators(base);
  const logins = await openLogins(config, { ...base, secret, accounts, invitations, operators });
  return {
    accounts,
    apiTokens: new ApiTokens(base),
    homes,
    recipientKeys,
    members,
    invitations,
    support: new Support({ ...base, members }),
    bindings,
    operators,
    setup: new Setup({ accounts, homes, operators, random }),
    logins,
    purgeExpired: async () => {
      await Promise.all([
        accounts.purgeExpired(),
        logins.passkeys.purgeExpired(),
        bindings.purgeExpired(),
        invitations.purgeExpired(),
        recipientKeys.noticeExpired(),
      ]);
    },
  };
}
