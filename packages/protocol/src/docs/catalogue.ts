import type { TSchema } from 'typebox';
import type { FrameDefinition, HttpDefinition, Provenance, RpcDefinition } from '../message.ts';
import { allVdMessages } from '../vd/index.ts';
import { startTalkAudio } from '../vm/audio-frame.ts';
import { vmFrames } from '../vm/index.ts';
import { vrExchanges } from '../vr/index.ts';
import { vsExchanges } from '../vs/index.ts';

export type Definition = RpcDefinition | HttpDefinition | FrameDefinition;

/** One message as the documents see it. */
export interface CatalogueEntry {
  /** Name of the page and of the schema files: the method, or interface and type. */
  readonly name: string;
  readonly interface: 'Vs' | 'Vd' | 'Vm' | 'Vr';
  readonly definition: Definition;
  readonly provenance: Provenance;
  /** The parts that have a body, by name. */
  readonly parts: readonly { readonly name: string; readonly schema: TSchema }[];
}

const vd = (definition: RpcDefinition): CatalogueEntry => ({
  name: definition.method,
  interface: 'Vd',
  definition,
  provenance: definition.provenance,
  parts: [
    { name: 'params', schema: definition.params },
    { name: 'result', schema: definition.result },
  ],
});

const http =
  (face: 'Vs' | 'Vr') =>
  (definition: HttpDefinition): CatalogueEntry => ({
    name: definition.name,
    interface: face,
    definition,
    provenance: definition.provenance,
    parts: [
      { name: 'body', schema: definition.body },
      { name: 'result', schema: definition.result },
    ],
  });

const frame =
  (prefix: string) =>
  (definition: FrameDefinition): CatalogueEntry => ({
    name: `${prefix}.${definition.type}`,
    interface: 'Vm',
    definition,
    provenance: definition.provenance,
    parts: [{ name: 'frame', schema: definition.frame }],
  });

/** Every message of the profile, by interface and then in the order of the contents list. */
export const catalogue: readonly CatalogueEntry[] = [
  ...vsExchanges.map(http('Vs')),
  ...Object.values(allVdMessages).map(vd),
  ...vmFrames.map(frame('vm')),
  frame('vm.talk')(startTalkAudio),
  ...vrExchanges.map(http('Vr')),
];
