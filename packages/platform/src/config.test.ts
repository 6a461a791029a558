import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { AppError } from '@cardea/core';
import { environmentName, loadConfig, secretSettings, settings } from './config.ts';

function yaml(text: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'cardea-config-')), 'cardea.yaml');
  writeFileSync(path, text);
  return path;
}

test('without any source the defaults stand', () => {
  const config = loadConfig({});
  assert.equal(config.listen, '127.0.0.1:8780');
  assert.equal(config['keepAlive.intervalSec'], 30);
  assert.equal(config.publicUrl, '');
});

test('a flag beats the environment, which beats the file', () => {
  const file = yaml('listen: 127.0.0.1:1\nlogLevel: warn\nkeepAlive:\n  intervalSec: 60\n');
  const config = loadConfig({
    file,
    env: { CARDEA_LISTEN: '127.0.0.1:2', CARDEA_LOG_LEVEL: 'debug', HOME: '/root' },
    flags: { listen: '127.0.0.1:3', data: undefined },
  });
  assert.equal(config.listen, '127.0.0.1:3');
  assert.equal(config.logLevel, 'debug');
  assert.equal(config['keepAlive.intervalSec'], 60);
});

test('environment names are upper snake case and their text is read as the type of the setting', () => {
  assert.equal(environmentName('keepAlive.intervalSec'), 'CARDEA_KEEP_ALIVE_INTERVAL_SEC');
  assert.equal(loadConfig({ env: { CARDEA_KEEP_ALIVE_INTERVAL_SEC: '45' } })['keepAlive.intervalSec'], 45);
  assert.equal(loadConfig({ env: { CARDEA_ENROLMENT_OPEN: 'false' } })['enrolment.open'], false);
});

test('an unknown key stops the start and names file, line and the settings there are', () => {
  const file = yaml('listen: 127.0.0.1:1\nlisen: 127.0.0.1:2\n');
  assert.throws(
    () => loadConfig({ file }),
    (error: Error) => {
      assert.match(error.message, /cardea\.yaml:2: there is no setting lisen; the settings are data, listen,/);
      return true;
    },
  );
});

test('a value that will not do is told by the flag it was given with, which is wrong usage', () => {
  const refusalOf = (sources: Parameters<typeof loadConfig>[0]): AppError => {
    try {
      loadConfig(sources);
    } catch (error) {
      return AppError.from(error);
    }
    return assert.fail('it was taken');
  };
  for (const [name, flag] of [
    ['rtmp.listen', '--rtmp'],
    ['keepAlive.intervalSec', '--keep-alive-interval-sec'],
    ['tls.mode', '--tls'],
    ['listen', '--listen'],
  ] as const) {
    const refusal = refusalOf({ flags: { [name]: 'x' } });
    assert.match(String(refusal), new RegExp(` ${flag}: "x" is not a value of ${name.replace('.', '\\.')} `));
    assert.equal(refusal.details?.where, flag);
  }
  assert.equal(refusalOf({ env: { CARDEA_LISTEN: 'x' } }).details?.where, 'CARDEA_LISTEN');
});

test('a value out of range stops the start and says what is allowed', () => {
  assert.throws(() => loadConfig({ flags: { logLevel: 'loud' } }), /--log-level: "loud" .* allowed: debug, info, warn, error, silent/);
  assert.throws(() => loadConfig({ env: { CARDEA_KEEP_ALIVE_MISSED: '1' } }), /CARDEA_KEEP_ALIVE_MISSED: "1" .* allowed: integer 2\.\.10/);
});

test('whatever is named like a credential is a setting that holds a secret, or the name of a file', () => {
  const named = Object.entries(settings).filter(([name]) => /(secret|password|passcode|token|key)$/i.test(name));
  const unknown = named.filter(
    ([name, { description }]) => !secretSettings.some((secret) => secret === name) && !description.startsWith('File'),
  );
  assert.deepEqual(unknown, []);
  assert.ok(secretSettings.length >= 5);
});

test('a bad value of a setting that holds a secret is refused without saying it', () => {
  for (const name of secretSettings) {
    const canary = 'canary://operator:of-the-bus@host';
    assert.throws(
      () => loadConfig({ flags: { [name]: name === 'bus.url' ? canary : { canary } } }),
      (error: Error) => !JSON.stringify([error.message, error]).includes('canary'),
      name,
    );
  }
});
