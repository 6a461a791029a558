import { Type } from 'typebox';
import { HomeId } from '../model/home.ts';
import { pageOf } from '../model/page.ts';
import { RecipientKey, RecipientKeyRequest } from '../model/recipient-key.ts';
import { defineRoute } from '../route.ts';

const params = Type.Object({ id: HomeId });

export const recipientKeyRoutes = [
  defineRoute('recipientKey.list', {
    summary: 'The public keys of the members, for whom cameras encrypt recordings',
    access: { kind: 'home', action: 'view.recordings' },
    params,
    success: 200,
    answer: pageOf(RecipientKey),
  }),
  defineRoute('recipientKey.add', {
    summary: 'Adds a public key of the caller: cameras that encrypt do so for it from the next recording on',
    access: { kind: 'home', action: 'view.recordings' },
    params,
    body: RecipientKeyRequest,
    success: 201,
    audited: true,
    answer: RecipientKey,
  }),
  defineRoute('recipientKey.delete', {
    summary: 'Removes a key of the caller: what is recorded from then on is not encrypted for it. What was stays so',
    access: { kind: 'home', action: 'view.recordings' },
    params: Type.Object({ id: HomeId, keyId: Type.String({ maxLength: 32 }) }),
    success: 204,
    audited: true,
  }),
] as const;
