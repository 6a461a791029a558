import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type StatusEntry, statusNameOf, statusTable } from './status.ts';

const entries = Object.entries<StatusEntry>(statusTable);

test('every code stands once in the table and leads back to its name', () => {
  assert.equal(new Set(entries.map(([, { code }]) => code)).size, entries.length);
  for (const [name, { code }] of entries) assert.equal(statusNameOf(code), name);
  assert.equal(statusNameOf(4_711), undefined);
});

test('application codes keep out of the range JSON-RPC reserves', () => {
  for (const [, { code }] of entries) assert.ok(code >= 1_000 || (code <= -32_600 && code >= -32_700));
});

test('codes that other makers rely on keep their numbers and HTTP status', () => {
  const line = (name: keyof typeof statusTable): string => `${statusTable[name].code} ${statusTable[name].http}`;
  assert.equal(line('UNKNOWN_DEVICE'), '1700 404');
  assert.equal(line('DEVICE_DISABLED'), '1701 403');
  assert.equal(line('AUTH_INVALID'), '1702 401');
  assert.equal(line('CLOCK_SKEW'), '1703 401');
  assert.equal(line('NO_CAPACITY'), '1704 503');
  assert.equal(line('VERSION_UNSUPPORTED'), '1705 426');
  assert.equal(line('NO_STORAGE_PLAN'), '1800 403');
  assert.equal(line('SEGMENT_NOT_FOUND'), '1801 404');
  assert.equal(line('SEGMENT_STATE'), '1802 409');
  assert.equal(line('OBJECT_MISSING'), '1803 409');
  assert.equal(line('OBJECT_MISMATCH'), '1804 409');
  assert.equal(line('SEGMENT_EXPIRED'), '1805 410');
  assert.equal(line('QUOTA_EXCEEDED'), '1806 403');
  assert.equal(line('OVERLAP'), '1807 409');
  assert.equal(line('TIME_INVALID'), '1808 422');
  assert.equal(line('TOO_LARGE'), '1809 413');
});
