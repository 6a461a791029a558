import type { Broadcast, BroadcastPart } from './broadcast.ts';

/** One thing of an output for each broadcast, made when it is first asked for: a muxer, a packetiser, a list of segments. */
export class PerBroadcast<P extends BroadcastPart> {
  private readonly parts = new WeakMap<Broadcast, P>();
  private readonly create: (broadcast: Broadcast) => P;

  constructor(create: (broadcast: Broadcast) => P) {
    this.create = create;
  }

  /** It ends with the broadcast; until then it is the same one. */
  of(broadcast: Broadcast): P {
    const known = this.parts.get(broadcast);
    if (known !== undefined) return known;
    const part = this.create(broadcast);
    this.parts.set(broadcast, part);
    broadcast.own(part);
    return part;
  }
}
