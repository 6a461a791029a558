import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareVersions } from './version-order.ts';

test('versions are ordered as people count them', () => {
  const ordered = ['0.9', '1.0.0-alpha', '1.0.0-rc.2', '1.0.0-rc.10', '1.0.0', '1.0.1', '1.9.0', '1.10.0', '2', '2.0.0.1', '10.0'];
  for (const [index, version] of ordered.entries()) {
    for (const [other, later] of ordered.entries()) {
      assert.equal(Math.sign(compareVersions(version, later)), Math.sign(index - other), `${version} against ${later}`);
    }
  }
});

test('a leading v, missing zeros and build numbers make no difference', () => {
  assert.equal(compareVersions('v1.2', '1.2.0+77'), 0);
});
