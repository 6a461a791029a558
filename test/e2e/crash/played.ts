import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** How many pictures ffmpeg finds in these files, which have one format, played one after the other without complaint. */
export async function packetsOf(paths: readonly string[]): Promise<number> {
  const look = ['-v', 'error', '-select_streams', 'v:0', '-count_packets', '-show_entries', 'stream=nb_read_packets', '-of', 'csv=p=0'];
  const list = paths.map((path) => `file 'file:${path}'\n`).join('');
  const running = promisify(execFile)('ffprobe', [
    ...look,
    '-f',
    'concat',
    '-safe',
    '0',
    '-protocol_whitelist',
    'file,pipe,fd',
    '-i',
    'pipe:0',
  ]);
  running.child.stdin?.end(list);
  const { stdout, stderr } = await running;
  assert.equal(stderr, '');
  return Number.parseInt(stdout, 10);
}
