import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import type { CompiledQuery } from 'kysely';

/** Finds one row by the parameters of a query, or `undefined`. */
export type FindRow<R> = (parameters: readonly SQLInputValue[]) => R | undefined;

/**
 * Reads single rows at once, on a connection of its own: what was committed last, without waiting for a transaction that
 * is under way. For what every message of every device asks; everything else goes through `Db`.
 */
export class RowReader implements Disposable {
  private readonly sqlite: DatabaseSync;

  /** @throws Error when there is no database at `path` */
  constructor(path: string) {
    this.sqlite = new DatabaseSync(path, { readOnly: true });
    this.sqlite.exec('PRAGMA busy_timeout = 5000;');
  }

  /** Prepared once; its rows are of type `R`. */
  prepare<R>({ sql }: Pick<CompiledQuery, 'sql'>): FindRow<R> {
    const statement = this.sqlite.prepare(sql);
    return (parameters) => statement.get(...parameters) as R | undefined;
  }

  [Symbol.dispose](): void {
    this.sqlite.close();
  }
}
