import assert from 'node:assert/strict';
import { test } from 'node:test';
import { longestMs, tableOf } from '../../support/revocation-table.ts';
import { RevocationTrials, revocables } from '../../support/revocation-trials.ts';
import { startPlatformHere } from '../device-management/platform-here.ts';

const TRIALS = 2;
const ports = { 'rtsp.listen': '127.0.0.1:0', 'webrtc.listen': '127.0.0.1:0', 'rtmp.listen': 'off', 'wake.listen': 'off' };
const limits = { 'limits.schedulesPerMinute': 1_000_000, 'limits.schedulesPerSecond': 1_000_000, 'limits.replacements': 1_000_000 };

test('whoever loses a right sees and hears nothing more a second later, in whichever way they watch', async (t) => {
  await using platform = await startPlatformHere({ ...ports, ...limits });
  await using trials = await RevocationTrials.open({ owner: platform.owner });
  for (const kind of revocables) {
    const ended = await trials.run(kind, TRIALS);
    const table = tableOf([{ name: kind, trials: ended }]).join('\n');
    t.diagnostic(table);
    // How long the request itself takes depends on what else the machine does; the long test counts that, too.
    assert.ok(Math.max(...longestMs(ended, 'answer')) <= 1_000, table);
  }
});
