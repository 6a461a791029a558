import { Type } from 'typebox';
import { Campaign, CampaignId, CampaignRequest, Firmware, FirmwareClaim, FirmwareId } from '../model/firmware.ts';
import { pageOf } from '../model/page.ts';
import { defineRoute } from '../route.ts';

export const firmwareRoutes = [
  defineRoute('firmware.create', {
    summary: 'Puts a signed firmware image in the catalogue; asks for a fresh login and the action `manage` in a home',
    access: { kind: 'user' },
    query: FirmwareClaim,
    consumes: 'application/octet-stream',
    audited: true,
    success: 201,
    answer: Firmware,
  }),
  defineRoute('firmware.list', {
    summary: 'Firmware of the homes the user manages, newest first',
    access: { kind: 'user' },
    success: 200,
    answer: pageOf(Firmware),
  }),
  defineRoute('firmware.delete', {
    summary: 'Removes firmware and its roll-outs, which have to have ended (409); asks for a fresh login',
    access: { kind: 'user' },
    params: Type.Object({ id: FirmwareId }),
    audited: true,
    success: 204,
  }),
  defineRoute('campaign.create', {
    summary: 'Rolls firmware out in waves to the devices the user manages; asks for a fresh login',
    access: { kind: 'user' },
    body: CampaignRequest,
    audited: true,
    success: 201,
    answer: Campaign,
  }),
  defineRoute('campaign.list', {
    summary: 'The newest roll-outs of firmware of the homes the user manages, newest first, at most 100',
    access: { kind: 'user' },
    success: 200,
    answer: pageOf(Campaign),
  }),
  defineRoute('campaign.get', {
    summary: 'How far a roll-out is',
    access: { kind: 'user' },
    params: Type.Object({ id: CampaignId }),
    success: 200,
    answer: Campaign,
  }),
  defineRoute('campaign.stop', {
    summary: 'Halts a roll-out: whoever was asked goes on, nobody else is asked; one that has ended stays as it is',
    access: { kind: 'user' },
    params: Type.Object({ id: CampaignId }),
    audited: true,
    success: 200,
    answer: Campaign,
  }),
] as const;
