import { PlatformState } from '../model/platform.ts';
import { defineRoute } from '../route.ts';

export const platformRoutes = [
  defineRoute('platform.get', {
    summary: 'How the platform does, for whoever runs it: its certificate, and why the last renewal failed',
    access: { kind: 'operator' },
    success: 200,
    answer: PlatformState,
  }),
] as const;
