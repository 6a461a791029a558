/**
 * Every operation of the user API: its id and where it is found below `/api/v1`. This is all a client needs at run time;
 * what goes in and out stands in `routes/`.
 */
export const addresses = {
  'setup.get': 'GET /setup',
  'setup.create': 'POST /setup',
  'session.create': 'POST /sessions',
  'session.createOnce': 'POST /sessions/one-time',
  'session.list': 'GET /sessions',
  'session.delete': 'DELETE /sessions/{id}',
  'me.get': 'GET /me',
  'me.update': 'PATCH /me',
  'secondFactor.begin': 'POST /me/second-factor',
  'secondFactor.confirm': 'POST /me/second-factor/confirm',
  'secondFactor.end': 'POST /me/second-factor/end',
  'session.askPasskey': 'POST /sessions/passkey/question',
  'session.createWithPasskey': 'POST /sessions/passkey',
  'passkey.begin': 'POST /me/passkeys/begin',
  'passkey.create': 'POST /me/passkeys',
  'passkey.list': 'GET /me/passkeys',
  'passkey.update': 'PATCH /me/passkeys/{id}',
  'passkey.delete': 'DELETE /me/passkeys/{id}',
  'session.methods': 'GET /sessions/methods',
  'provider.begin': 'POST /sessions/provider/begin',
  'session.createWithProvider': 'POST /sessions/provider',
  'provider.logOut': 'POST /sessions/provider/log-out',
  'identity.begin': 'POST /me/identities/begin',
  'identity.create': 'POST /me/identities',
  'identity.list': 'GET /me/identities',
  'identity.delete': 'DELETE /me/identities/{id}',
  'platform.get': 'GET /platform',
  'token.create': 'POST /tokens',
  'token.list': 'GET /tokens',
  'token.delete': 'DELETE /tokens/{id}',
  'home.list': 'GET /homes',
  'home.create': 'POST /homes',
  'home.get': 'GET /homes/{id}',
  'home.update': 'PATCH /homes/{id}',
  'home.delete': 'DELETE /homes/{id}',
  'bindingCode.create': 'POST /homes/{id}/binding-codes',
  'member.list': 'GET /homes/{id}/members',
  'member.invite': 'POST /homes/{id}/members',
  'member.update': 'PATCH /homes/{id}/members/{userId}',
  'member.delete': 'DELETE /homes/{id}/members/{userId}',
  'support.create': 'POST /homes/{id}/support',
  'invitation.show': 'POST /invitations/show',
  'invitation.accept': 'POST /invitations/accept',
  'recipientKey.list': 'GET /homes/{id}/recipient-keys',
  'recipientKey.add': 'POST /homes/{id}/recipient-keys',
  'recipientKey.delete': 'DELETE /homes/{id}/recipient-keys/{keyId}',
  'device.list': 'GET /devices',
  'device.get': 'GET /devices/{id}',
  'device.update': 'PATCH /devices/{id}',
  'device.delete': 'DELETE /devices/{id}',
  'device.command': 'POST /devices/{id}/commands/{method}',
  'live.create': 'POST /devices/{id}/live',
  'live.renew': 'PUT /live/{sessionId}',
  'live.delete': 'DELETE /live/{sessionId}',
  'playback.create': 'POST /devices/{id}/playback',
  'talk.create': 'POST /devices/{id}/talk',
  'talk.delete': 'DELETE /talk/{sessionId}',
  'viewer.list': 'GET /devices/{id}/viewers',
  'uploadStatistics.list': 'GET /devices/{id}/upload-statistics',
  'timeline.get': 'GET /devices/{id}/timeline',
  'vod.create': 'POST /devices/{id}/vod',
  'case.export': 'GET /devices/{id}/case',
  'segment.list': 'GET /devices/{id}/segments',
  'segment.get': 'GET /segments/{id}',
  'segment.media': 'GET /segments/{id}/media',
  'segment.update': 'PATCH /segments/{id}',
  'segment.delete': 'DELETE /segments/{id}',
  'storage.get': 'GET /homes/{id}/storage',
  'retention.ofHome': 'GET /homes/{id}/retention',
  'retention.changeHome': 'PATCH /homes/{id}/retention',
  'retention.ofDevice': 'GET /devices/{id}/retention',
  'retention.changeDevice': 'PATCH /devices/{id}/retention',
  'snapshot.list': 'GET /devices/{id}/snapshots',
  'snapshot.picture': 'GET /devices/{id}/snapshots/{snapshotId}',
  'event.list': 'GET /events',
  'event.get': 'GET /events/{id}',
  'event.update': 'PATCH /events/{id}',
  'event.picture': 'GET /events/{id}/pictures/{number}',
  'eventStream.open': 'GET /event-stream',
  'share.create': 'POST /shares',
  'share.list': 'GET /shares',
  'share.delete': 'DELETE /shares/{id}',
  'share.views': 'GET /shares/{id}/views',
  'deviceLog.list': 'GET /devices/{id}/logs',
  'deviceLog.text': 'GET /logs/{id}',
  'audit.list': 'GET /audit',
  'firmware.create': 'POST /firmware',
  'firmware.list': 'GET /firmware',
  'campaign.create': 'POST /firmware/campaigns',
  'campaign.list': 'GET /firmware/campaigns',
  'campaign.get': 'GET /firmware/campaigns/{id}',
  'campaign.stop': 'POST /firmware/campaigns/{id}/stop',
} as const;

export type RouteId = keyof typeof addresses;

export type HttpMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface Address {
  readonly method: HttpMethod;
  /** With `{parameters}`. */
  readonly path: string;
}

/** Method and path of an operation. */
export function addressOf(id: RouteId): Address {
  const [method, path] = addresses[id].split(' ') as [HttpMethod, string];
  return { method, path };
}
