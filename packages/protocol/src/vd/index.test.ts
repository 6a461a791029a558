import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventFields } from '../model/event-fields.ts';
import { batteryChange, batteryChangeDelivery } from './battery-change.ts';
import { allVdMessages, extensionMessages, type HandlersFor, type MessagesFrom, vdMessageOf, vdMessages } from './index.ts';
import { ptzControl } from './ptz-control.ts';

const all = Object.values(allVdMessages);
const methodsWhere = (holds: (message: (typeof all)[number]) => boolean): readonly string[] =>
  all
    .filter(holds)
    .map((message) => message.method)
    .sort();

test('every method name is taken once', () => {
  assert.equal(Object.keys(vdMessages).length + Object.keys(extensionMessages).length, all.length);
  assert.equal(new Set(all.map((message) => message.method)).size, 44);
});

test('a device sends six of the 32 messages and the platform the others', () => {
  const fromDevice = Object.values(vdMessages).filter((message) => message.sender === 'device');
  assert.deepEqual(fromDevice.map((message) => message.method).sort(), [
    'alarm.notify',
    'binding.report',
    'device.keepAlive',
    'log.uploadDone',
    'power.batteryChanged',
    'server.getInfo',
  ]);
});

test('an unbound device may do nothing but get ready to be bound', () => {
  assert.deepEqual(
    methodsWhere((message) => message.unbound === true),
    [
      'binding.report',
      'capability.get',
      'device.keepAlive',
      'firmware.changed',
      'firmware.getStatus',
      'firmware.upgrade',
      'log.upload',
      'log.uploadDone',
      'server.getInfo',
      'time.get',
      'time.set',
    ],
  );
});

test('what destroys data or interrupts service is marked', () => {
  assert.deepEqual(
    methodsWhere((message) => message.destructive === true),
    ['channel.reboot', 'config.reset', 'device.reboot', 'disk.format', 'firmware.upgrade'],
  );
});

test('asking for state never wakes a sleeping camera', () => {
  const questions = all.filter((message) => /\.get(Info|Status|Presets)?$/.test(message.method));
  assert.ok(questions.length >= 9);
  for (const message of questions) assert.equal(message.delivery, 'online', message.method);
});

test('a command for a sleeping camera is kept 15 s for live video, a day for configuration, a minute otherwise', () => {
  assert.equal(allVdMessages['live.push'].queueMs, 15_000);
  assert.equal(allVdMessages['config.set'].queueMs, 86_400_000);
  assert.equal(allVdMessages['record.start'].queueMs, 60_000);
  for (const message of all) {
    assert.equal(message.queueMs !== undefined, message.delivery === 'awake' || message.delivery === 'queued', message.method);
  }
});

test('members the platform fills are members of the params', () => {
  for (const message of all) {
    for (const name of message.platformFills ?? []) assert.ok(name in message.params.properties, `${message.method} ${name}`);
  }
});

test('every event can be told from its repetition and says when it happened', () => {
  for (const message of all.filter(({ kind }) => kind === 'event')) {
    for (const name of Object.keys(eventFields)) assert.ok(name in message.params.properties, `${message.method} ${name}`);
  }
});

test('a critical battery is reported until somebody heard it', () => {
  const [example] = batteryChange.examples;
  assert.ok(example !== undefined);
  const { params } = example;
  assert.equal(batteryChangeDelivery(params), 'notification');
  assert.equal(batteryChangeDelivery({ ...params, battery: { ...params.battery, level: 'critical' } }), 'acknowledged');
});

test('a method is found by the name read from the wire, and only methods are', () => {
  assert.equal(vdMessageOf('ptz.control'), ptzControl);
  for (const name of ['', 'ptz', 'constructor', '__proto__', 'toString']) assert.equal(vdMessageOf(name), undefined);
});

test('a table of handlers that lacks one does not compile', () => {
  type Small = Pick<typeof allVdMessages, 'live.stop' | 'talk.stop' | 'alarm.notify'>;
  const complete: HandlersFor<'platform', undefined, Small> = {
    'live.stop': async ({ sessionId }) => ({ stopped: sessionId === undefined ? [] : [sessionId] }),
    'talk.stop': async () => ({ stopped: true }),
  };
  // @ts-expect-error talk.stop is missing
  const lacking: HandlersFor<'platform', undefined, Small> = { 'live.stop': complete['live.stop'] };
  // @ts-expect-error a handler answers with the result of its own message
  const wrong: HandlersFor<'platform', undefined, Small> = { ...complete, 'talk.stop': async () => ({ stopped: 'yes' }) };
  // @ts-expect-error alarm.notify is sent by the device
  const foreign: keyof MessagesFrom<'platform'> = 'alarm.notify';
  assert.deepEqual(
    [Object.keys(complete).length, Object.keys(lacking).length, Object.keys(wrong).length, foreign],
    [2, 1, 2, 'alarm.notify'],
  );
});
