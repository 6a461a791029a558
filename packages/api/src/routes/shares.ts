import { Type } from 'typebox';
import { HomeId } from '../model/home.ts';
import { pageOf } from '../model/page.ts';
import { FreshShare, Share, ShareId, ShareRequest, ShareView } from '../model/share.ts';
import { defineRoute } from '../route.ts';

const params = Type.Object({ id: ShareId });

export const shareRoutes = [
  defineRoute('share.create', {
    summary: 'Makes a link that shows one thing of a device for a time; needs the action `share` and the right to see the thing',
    access: { kind: 'user' },
    body: ShareRequest,
    success: 201,
    audited: true,
    answer: FreshShare,
  }),
  defineRoute('share.list', {
    summary: 'The links that still work, of devices the user may share, newest first',
    access: { kind: 'user' },
    query: Type.Object({ homeId: Type.Optional(HomeId) }),
    success: 200,
    answer: pageOf(Share),
  }),
  defineRoute('share.delete', {
    summary: 'Ends a link at once, and whatever is being watched by it',
    access: { kind: 'share', action: 'share' },
    params,
    success: 204,
    audited: true,
  }),
  defineRoute('share.views', {
    summary: 'When and from where a link was opened, newest first, at most the last 200 times',
    access: { kind: 'share', action: 'share' },
    params,
    success: 200,
    answer: pageOf(ShareView),
  }),
] as const;
