import { Type } from 'typebox';
import { defineEvent } from '../message.ts';
import { AlarmType, PictureBox } from '../model/alarm-type.ts';
import { Channel } from '../model/channel.ts';
import { described } from '../model/described.ts';
import { eventFields, Received } from '../model/event-fields.ts';
import { RecordTarget } from '../model/record-mode.ts';
import { Ulid } from '../model/ulid.ts';
import { UploadTicket } from '../model/upload-ticket.ts';
import { alarmTimers, recordLimits } from '../timers.ts';

const DetectedObject = Type.Object({
  type: Type.String({ maxLength: 64, description: 'what it is, e.g. person' }),
  id: Type.Optional(Type.String({ maxLength: 64, description: 'same object in later alarms' })),
  box: Type.Optional(PictureBox),
  confidence: Type.Optional(Type.Number({ minimum: 0, maximum: 1, description: 'how sure, 1 is certain' })),
});

const AlarmMedia = Type.Object(
  {
    wantSnapshotTickets: Type.Optional(
      Type.Integer({ minimum: 0, maximum: alarmTimers.maxSnapshotTickets, description: 'upload tickets wanted in the answer' }),
    ),
    snapshotBytes: Type.Optional(
      Type.Array(Type.Integer({ minimum: 0 }), {
        maxItems: alarmTimers.maxSnapshotTickets,
        description: 'size of each picture to come, in bytes',
      }),
    ),
    segmentIds: Type.Optional(Type.Array(Ulid, { maxItems: 64, description: 'video segments that show it' })),
    preRollSec: Type.Optional(Type.Number({ minimum: 0, maximum: 300, description: 'recorded time before the alarm' })),
  },
  { description: 'pictures and video of the alarm' },
);

/** I.2.16: something happened. Sent within 1 s of the detection and repeated until acknowledged; the newest 200 survive an outage. */
export const alarmNotification = defineEvent({
  method: 'alarm.notify',
  description:
    'Reports an alarm: start at once, update at most every 5 s, stop at the end, or pulse for what has no duration. The acknowledgement brings upload tickets for pictures.',
  delivery: 'acknowledged',
  provenance: { clause: '9.3.2.2', item: 'I.2.16', status: 'title-only' },
  params: Type.Object({
    ...eventFields,
    channel: Channel,
    alarmType: AlarmType,
    state: Type.Enum(['start', 'update', 'stop', 'pulse'] as const, { description: 'phase of the alarm' }),
    correlationId: Type.Optional(described(Ulid, 'same from start to stop')),
    level: Type.Optional(Type.Integer({ minimum: 1, maximum: 4, description: '1 is the most severe' })),
    confidence: Type.Optional(Type.Number({ minimum: 0, maximum: 1, description: 'how sure, 1 is certain' })),
    zones: Type.Optional(Type.Array(Type.String({ maxLength: 64 }), { maxItems: 32, description: 'zones it was seen in' })),
    objects: Type.Optional(Type.Array(DetectedObject, { maxItems: 64, description: 'what was seen' })),
    media: Type.Optional(AlarmMedia),
    text: Type.Optional(Type.String({ maxLength: 1_024, description: 'for people' })),
    data: Type.Optional(Type.Record(Type.String(), Type.Unknown(), { maxProperties: 64, description: 'details of the maker' })),
  }),
  result: Type.Object({
    ...Received.properties,
    snapshotTickets: Type.Optional(
      Type.Array(UploadTicket, { maxItems: alarmTimers.maxSnapshotTickets, description: 'where to put the pictures; PUT, short-lived' }),
    ),
    record: Type.Optional(
      Type.Object(
        { target: RecordTarget, durationSec: Type.Number({ minimum: 1, maximum: recordLimits.durationMaxSec, description: 'how long' }) },
        { description: 'record now' },
      ),
    ),
    muteSec: Type.Optional(Type.Number({ minimum: 0, maximum: 86_400, description: 'do not report this type for so long' })),
  }),
  errors: [],
  examples: [
    {
      title: 'a person at the door, with a picture to come',
      params: {
        eventId: '01KDVB2M6ZP8R0T2V4X6Y8A1CE',
        occurredAt: 1_767_226_240_332,
        channel: 1,
        alarmType: 'person',
        state: 'start',
        correlationId: '01KDVB2M6Z3F5H7J9M1P3R5T7W',
        level: 2,
        confidence: 0.91,
        zones: ['porch'],
        objects: [{ type: 'person', box: { x: 0.41, y: 0.2, w: 0.12, h: 0.55 }, confidence: 0.91 }],
        media: { wantSnapshotTickets: 1, snapshotBytes: [48_213] },
      },
      result: {
        received: true,
        snapshotTickets: [
          {
            ticketId: '01KDVB2MDKB1D3F5H7K9N2Q4S6',
            method: 'PUT',
            url: 'https://home.example/uploads/01KDVB2MDKB1D3F5H7K9N2Q4S6?sig=Zm9v',
            headers: { 'content-type': 'image/jpeg' },
            expiresAt: 1_767_226_300_000,
            maxBytes: 1_048_576,
          },
        ],
      },
    },
    {
      title: 'the person left',
      params: {
        eventId: '01KDVB3FVB9M1Q3S5V7X9Z2C4E',
        occurredAt: 1_767_226_268_651,
        channel: 1,
        alarmType: 'person',
        state: 'stop',
        correlationId: '01KDVB2M6Z3F5H7J9M1P3R5T7W',
      },
      result: { received: true },
    },
  ],
});
