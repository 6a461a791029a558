import { AppError, type Clock, withDeadline } from '@cardea/core';
import type { FastifyInstance } from 'fastify';
import { sql } from 'kysely';
import type { Registry } from 'prom-client';
import { sendProblem } from '../http/problem.ts';
import type { Db } from '../store/ports.ts';

const DATABASE_DEADLINE_MS = 2_000;

export interface HealthOptions {
  readonly db: Db;
  readonly clock: Clock;
  readonly registry: Registry;
  /** Whether the process is about to end, so that nobody should be sent to it. */
  readonly isLeaving?: () => boolean;
  /** Whether the process has memory for more work. */
  readonly headroom?: { readonly isEnough: boolean };
}

/** `/healthz`: the process runs. `/readyz`: it can do its work, which asks the database and whether there is memory. `/metrics`: Prometheus text. */
export function registerHealth(app: FastifyInstance, { db, clock, registry, headroom, isLeaving }: HealthOptions): void {
  app.get('/healthz', async () => ({ status: 'up' }));
  app.get('/readyz', async (_request, reply) => {
    const isFull = headroom?.isEnough === false;
    if (isLeaving?.() === true || isFull) {
      const message = isFull ? 'the process is short of memory' : 'the process is about to end';
      return sendProblem(reply, new AppError('NO_CAPACITY', undefined, { message }));
    }
    try {
      await withDeadline(clock, DATABASE_DEADLINE_MS, () => sql`select 1`.execute(db));
      return { status: 'ready' };
    } catch (error) {
      return sendProblem(reply, new AppError('NO_CAPACITY', undefined, { cause: error, message: 'the database does not answer' }));
    }
  });
  app.get('/metrics', async (_request, reply) => reply.type(registry.contentType).send(await registry.metrics()));
}
