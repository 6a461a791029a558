import { mkdir } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Clock, Logger, Random } from '@cardea/core';
import { AuditLog } from '../audit/audit-log.ts';
import { Authorizer } from '../authorization/authorizer.ts';
import type { Caps } from '../authorization/caps.ts';
import { OpenAnswers } from '../authorization/open-answers.ts';
import { type Config, capsOf } from '../config.ts';
import { HttpServer } from '../http/http-server.ts';
import type { Certificates } from '../http/tls/certificates.ts';
import { parseListen } from '../listen-address.ts';
import { openCertificates } from '../ports-and-certificates.ts';
import { type Role, rolesOf } from '../roles.ts';
import { openVault } from '../secrets.ts';
import { InProcessBus } from '../store/bus/in-process-bus.ts';
import { NatsBus } from '../store/bus/nats-bus.ts';
import { RecordedRevocations } from '../store/bus/recorded-revocations.ts';
import { lockDataDirectory } from '../store/data-lock.ts';
import { objectStoreSettings, openObjectStore } from '../store/objects/open-object-store.ts';
import type { Bus, Db, Exchange, ObjectStore } from '../store/ports.ts';
import { RowReader } from '../store/sql/row-reader.ts';
import { openSqlite } from '../store/sql/sqlite.ts';
import { loadPlatformKeys, type PlatformKeys } from '../tokens/platform-keys.ts';
import { TokenIssuer } from '../tokens/token-issuer.ts';
import { UrlSigner } from '../tokens/url-signer.ts';

export const VERSION = '0.1.0';

/** What a process of the platform is given. */
export interface ProcessOptions {
  readonly config: Config;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** What every service of a process stands on: its store, bus, keys, certificates and HTTP server. */
export interface Foundation extends ProcessOptions {
  readonly roles: readonly Role[];
  /** How often devices report, and after how many missed reports one is suspect. */
  readonly keepAlive: { readonly intervalSec: number; readonly missed: number };
  readonly caps: Caps;
  readonly keys: PlatformKeys;
  readonly db: Db;
  readonly rows: RowReader;
  readonly bus: Bus;
  /** To the other processes of the platform; `undefined` where this is the only one. */
  readonly exchange: Exchange | undefined;
  readonly objects: ObjectStore;
  readonly tokens: TokenIssuer;
  readonly signer: UrlSigner;
  readonly authorizer: Authorizer;
  readonly answers: OpenAnswers;
  readonly audit: AuditLog;
  readonly certificates: Certificates | undefined;
  readonly http: HttpServer;
  /** Origin under which this process is reached; known from the start or once it listens. */
  readonly publicUrl: () => string;
  /** Name of this process among those of the platform; as `publicUrl`. */
  readonly nodeId: () => string;
  /** Hears of revocations from now on. */
  start(): void;
  /** Takes requests from now on. @throws AppError INVALID_STATE when the port is in use */
  listen(): Promise<void>;
}

/**
 * Opens what the process owns; `stack` closes it again.
 * @throws AppError INVALID_STATE when the data directory is in use; INVALID_PARAMS for roles or certificates that do not fit
 */
export async function openFoundation(options: ProcessOptions, stack: AsyncDisposableStack): Promise<Foundation> {
  const { config, clock, random, logger } = options;
  const { data } = config;
  await mkdir(data, { recursive: true, mode: 0o700 });
  const roles = rolesOf(config);
  const isOneOfSeveral = config['bus.url'] !== '';
  stack.use(lockDataDirectory(data, { shared: isOneOfSeveral }));
  const vault = await openVault(config);
  const keys = await loadPlatformKeys(join(data, 'keys'), vault);
  const db = stack.adopt(await openSqlite(join(data, 'cardea.db')), (open) => open.destroy());
  const rows = stack.use(new RowReader(join(data, 'cardea.db')));
  const exchange = isOneOfSeveral ? stack.use(await NatsBus.open({ url: config['bus.url'], name: config.node, logger })) : undefined;
  const revocations = exchange && stack.use(new RecordedRevocations({ bus: exchange, db, clock, random, logger }));
  const shared = { db, bus: revocations ?? new InProcessBus(logger), clock, random, logger };
  const objects = await openObjectStore(objectStoreSettings(config), shared);
  const authorizer = new Authorizer(shared);
  const answers = stack.use(new OpenAnswers({ ...shared, authorizer }));
  const certificates = await openCertificates(config, { vault, clock, random, logger });
  if (certificates !== undefined) stack.use(certificates);
  const http = stack.use(new HttpServer({ logger, tls: certificates?.pair, trustedProxies: config.trustedProxies }));
  let url = config.publicUrl;
  return {
    ...shared,
    config,
    roles,
    keepAlive: { intervalSec: config['keepAlive.intervalSec'], missed: config['keepAlive.missed'] },
    caps: capsOf(config),
    keys,
    rows,
    exchange,
    objects,
    tokens: new TokenIssuer(keys.tokenKeyPem, { clock, random }),
    signer: new UrlSigner(keys.uploadSecret, clock),
    authorizer,
    answers,
    audit: new AuditLog({ db, clock }),
    certificates,
    http,
    publicUrl: () => url,
    nodeId: () => config.node || `${hostname()}-${new URL(url).port}`,
    start: () => {
      revocations?.start();
      answers.start();
    },
    listen: async () => {
      const { host, port } = parseListen(config.listen);
      const boundPort = await http.listen(host, port);
      if (url === '') url = `${certificates === undefined ? 'http' : 'https'}://${isIPv6(host) ? `[${host}]` : host}:${boundPort}`;
    },
  };
}
