import assert from 'node:assert/strict';
import { test } from 'node:test';
import { closeCodes, closeReactionTo } from './close-codes.ts';

test('every close code stands once in the table', () => {
  const codes = Object.values(closeCodes).map(({ code }) => code);
  assert.equal(new Set<number>(codes).size, codes.length);
});

test('the codes of this profile keep their numbers', () => {
  const own = Object.entries(closeCodes)
    .filter(([, { code }]) => code >= 4_000)
    .map(([name, { code }]) => `${code} ${name}`);
  assert.deepEqual(own, [
    '4001 AUTH_FAILED',
    '4002 TOKEN_EXPIRED',
    '4003 DEVICE_DISABLED',
    '4004 UNKNOWN_DEVICE',
    '4008 KEEPALIVE_TIMEOUT',
    '4009 REPLACED',
    '4010 RESCHEDULE',
    '4012 VERSION_UNSUPPORTED',
    '4013 SHUTDOWN_REQUESTED',
    '4014 DELETED',
    '4029 RATE_LIMITED',
  ]);
});

test('a camera reacts to each close as it should', () => {
  const reactions = [1000, 1001, 1006, 1012, 4001, 4002, 4003, 4004, 4008, 4009, 4010, 4012, 4013, 4014].map(closeReactionTo);
  assert.deepEqual(reactions, [
    'retry',
    'retry',
    'retry',
    'retry',
    'schedule',
    'schedule',
    'scheduleLater',
    'scheduleLater',
    'schedule',
    'scheduleAfterReplacement',
    'schedule',
    'scheduleDaily',
    'powerDown',
    'forget',
  ]);
});

test('a code nobody knows is a lost connection', () => assert.equal(closeReactionTo(4_999), 'retry'));
