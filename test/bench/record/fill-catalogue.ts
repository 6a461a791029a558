import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** Adds `rows` copies of one stored segment of each device to the catalogue in directory `data`, a second apart. */
export function fillCatalogue(data: string, rows: number): void {
  using db = new DatabaseSync(join(data, 'cardea.db'));
  const columns = db
    .prepare('PRAGMA table_info(segment)')
    .all()
    .map(({ name }) => String(name));
  const own: Readonly<Record<string, string>> = {
    id: "printf('0%025d', n)",
    client_segment_id: "printf('0%025d', n)",
    object_key: "printf('h/%s/d/%s/%d', home_id, device_id, n)",
    start_at: 'start_at - 1000 * 60 * (n / devices)',
    end_at: 'end_at - 1000 * 60 * (n / devices)',
  };
  const picked = columns.map((column) => own[column] ?? column).join(', ');
  db.exec('PRAGMA busy_timeout = 30000');
  db.prepare(
    `WITH RECURSIVE counter(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM counter WHERE n + 1 < ?),
       sample AS (SELECT *, row_number() OVER () - 1 AS place, count(*) OVER () AS devices
         FROM segment WHERE id IN (SELECT min(id) FROM segment WHERE state = 'stored' GROUP BY device_id))
     INSERT INTO segment (${columns.join(', ')})
       SELECT ${picked} FROM counter JOIN sample ON sample.place = n % devices`,
  ).run(rows);
}
