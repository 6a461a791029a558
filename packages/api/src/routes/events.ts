import { DeviceId, Instant } from '@cardea/protocol';
import { Type } from 'typebox';
import { EventId, EventKind, HomeEvent, PictureNumber } from '../model/event.ts';
import { HomeId } from '../model/home.ts';
import { pageOf, paging } from '../model/page.ts';
import { defineRoute } from '../route.ts';

const params = Type.Object({ id: EventId });

export const eventRoutes = [
  defineRoute('event.list', {
    summary: 'Alarms and device events, newest first',
    access: { kind: 'user' },
    query: Type.Object({
      homeId: Type.Optional(HomeId),
      deviceId: Type.Optional(DeviceId),
      kind: Type.Optional(EventKind),
      type: Type.Optional(Type.String({ minLength: 1, maxLength: 64, description: 'as `type` of an event' })),
      from: Type.Optional(Instant),
      to: Type.Optional(Instant),
      ...paging,
    }),
    success: 200,
    answer: pageOf(HomeEvent),
  }),
  defineRoute('event.get', {
    summary: 'One event',
    access: { kind: 'event', action: 'view.events' },
    params,
    success: 200,
    answer: HomeEvent,
  }),
  defineRoute('event.update', {
    summary: 'Marks an event as reviewed or not',
    access: { kind: 'event', action: 'view.events' },
    params,
    body: Type.Object({ reviewed: Type.Boolean() }),
    success: 200,
    answer: HomeEvent,
  }),
  defineRoute('event.picture', {
    summary: 'A picture of an event',
    access: { kind: 'event', action: 'view.events' },
    params: Type.Object({ id: EventId, number: PictureNumber }),
    success: 200,
    produces: 'image/jpeg',
  }),
  defineRoute('eventStream.open', {
    summary: 'Server-Sent Events `device`, `alarm`, `live`, `segment` and `reset`; Last-Event-ID resumes',
    access: { kind: 'user' },
    success: 200,
    produces: 'text/event-stream',
  }),
] as const;
