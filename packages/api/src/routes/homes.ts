import { Type } from 'typebox';
import { BindingCode, Home, HomeId, HomeName, Timezone } from '../model/home.ts';
import { pageOf } from '../model/page.ts';
import { defineRoute } from '../route.ts';

const params = Type.Object({ id: HomeId });

export const homeRoutes = [
  defineRoute('home.list', {
    summary: 'The homes the user belongs to',
    access: { kind: 'user' },
    success: 200,
    answer: pageOf(Home),
  }),
  defineRoute('home.create', {
    summary: 'Makes a home; the user becomes its owner',
    access: { kind: 'login' },
    body: Type.Object({ name: HomeName, timezone: Timezone }),
    success: 201,
    audited: true,
    answer: Home,
  }),
  defineRoute('home.get', {
    summary: 'One home',
    access: { kind: 'home', action: 'view.live' },
    params,
    success: 200,
    answer: Home,
  }),
  defineRoute('home.update', {
    summary: 'Renames a home or moves it to another time zone',
    access: { kind: 'home', action: 'manage' },
    params,
    body: Type.Object({ name: Type.Optional(HomeName), timezone: Type.Optional(Timezone) }),
    success: 200,
    audited: true,
    answer: Home,
  }),
  defineRoute('home.delete', {
    summary: 'Removes a home; 409 while a device belongs to it',
    access: { kind: 'home', action: 'manage' },
    params,
    success: 204,
    audited: true,
  }),
  defineRoute('bindingCode.create', {
    summary: 'Makes a code with which one device can join the home',
    access: { kind: 'home', action: 'manage' },
    params,
    body: Type.Object({}),
    success: 201,
    audited: true,
    answer: BindingCode,
  }),
] as const;
