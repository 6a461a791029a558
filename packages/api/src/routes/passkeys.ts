import { Type } from 'typebox';
import { pageOf } from '../model/page.ts';
import {
  Passkey,
  PasskeyAssertion,
  PasskeyAttestation,
  PasskeyCreation,
  PasskeyId,
  PasskeyName,
  PasskeyQuestion,
} from '../model/passkey.ts';
import { Login } from '../model/user.ts';
import { defineRoute } from '../route.ts';

const params = Type.Object({ id: PasskeyId });

export const passkeyRoutes = [
  defineRoute('session.askPasskey', {
    summary: 'What a browser needs to ask for a passkey, for five minutes and one login',
    access: { kind: 'public' },
    success: 200,
    answer: PasskeyQuestion,
  }),
  defineRoute('session.createWithPasskey', {
    summary: 'Logs in with a passkey, without password and second factor; 401 whatever is wrong',
    access: { kind: 'public' },
    body: PasskeyAssertion,
    success: 201,
    audited: true,
    answer: Login,
  }),
  defineRoute('passkey.begin', {
    summary: 'What a browser needs to make a passkey, for five minutes; asks for a fresh login',
    access: { kind: 'login' },
    success: 200,
    answer: PasskeyCreation,
  }),
  defineRoute('passkey.create', {
    summary: 'Keeps the passkey a browser made; asks for a fresh login',
    access: { kind: 'login' },
    body: Type.Object({ name: PasskeyName, credential: PasskeyAttestation }),
    success: 201,
    audited: true,
    answer: Passkey,
  }),
  defineRoute('passkey.list', {
    summary: 'The passkeys of the user',
    access: { kind: 'login' },
    success: 200,
    answer: pageOf(Passkey),
  }),
  defineRoute('passkey.update', {
    summary: 'Gives a passkey another name',
    access: { kind: 'login' },
    params,
    body: Type.Object({ name: PasskeyName }),
    success: 200,
    audited: true,
    answer: Passkey,
  }),
  defineRoute('passkey.delete', {
    summary: 'Removes a passkey, so that it logs nobody in any more; asks for a fresh login',
    access: { kind: 'login' },
    params,
    success: 204,
    audited: true,
  }),
] as const;
