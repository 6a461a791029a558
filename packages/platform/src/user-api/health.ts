import { AppError, type Clock, withDeadline } from '@cardea/core';
import type { FastifyInstance } from 'fastify';
import { sql } from 'kysely';
import type { Registry } from 'prom-client';
import { sendProblem } from '../http/problem.ts';
import type { Db } from '../store/ports.ts';

const DATABASE_DEADLINE_MS = 2_000;

/** `/healthz`: the process runs. `/readyz`: it can do its work, which asks the database. `/metrics`: Prometheus text. */
export function registerHealth(app: FastifyInstance, { db, clock, registry }: { db: Db; clock: Clock; registry: Registry }): void {
  app.get('/healthz', async () => ({ status: 'up' }));
  app.get('/readyz', async (_request, reply) => {
    try {
      await withDeadline(clock, DATABASE_DEADLINE_MS, () => sql`select 1`.execute(db));
      return { status: 'ready' };
    } catch (error) {
      return sendProblem(reply, new AppError('NO_CAPACITY', undefined, { cause: error, message: 'the database does not answer' }));
    }
  });
  app.get('/metrics', async (_request, reply) => reply.type(registry.contentType).send(await registry.metrics()));
}
