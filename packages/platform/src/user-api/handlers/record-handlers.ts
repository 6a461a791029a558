import type { Authorizer } from '../../authorization/authorizer.ts';
import type { Accounts, AuditJournal, DeviceLogService } from '../ports.ts';
import type { RouteHandlers } from '../route-call.ts';

type RecordRoute = 'deviceLog.list' | 'deviceLog.text' | 'audit.list';

/** What is written down about devices and people. */
export function createRecordHandlers({
  accounts,
  audit,
  authorizer,
  logs,
}: {
  readonly accounts: Pick<Accounts, 'namesOf'>;
  readonly audit: AuditJournal;
  readonly authorizer: Authorizer;
  readonly logs: DeviceLogService;
}): Pick<RouteHandlers, RecordRoute> {
  return {
    'deviceLog.list': async ({ proof }) => ({ items: [...(await logs.list(proof))] }),
    'deviceLog.text': async ({ proof, params, reply }) => {
      const text = await logs.text(proof, params.id);
      // A device wrote it: nothing in it may become a page, whatever a browser thinks it looks like.
      reply.header('content-security-policy', "default-src 'none'; sandbox").header('x-content-type-options', 'nosniff');
      reply.type('text/plain; charset=utf-8').send(text);
    },
    'audit.list': async ({ visitor, query }) => {
      const proofs = await authorizer.homes(visitor.principal, 'manage', query.homeId);
      const { items, next } = await audit.list(proofs, query);
      const names = await accounts.namesOf([...new Set(items.flatMap(({ userId }) => userId ?? []))]);
      const named = items.map((item) => {
        const userName = item.userId === null ? undefined : names.get(item.userId);
        return userName === undefined ? item : { ...item, userName };
      });
      return { items: named, ...(next !== undefined && { next }) };
    },
  };
}
