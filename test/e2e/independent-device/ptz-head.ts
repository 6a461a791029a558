import { type Json, numberAt, objectAt, Refusal, textAt } from './json.ts';

const LOWEST = { pan: -1, tilt: -1, zoom: 0 };
const AXES = ['pan', 'tilt', 'zoom'] as const;

/** A head that turns at once (B5.17). */
export class PtzHead {
  private position = { pan: 0, tilt: 0, zoom: 0 };

  /** Where it looks now. */
  get status(): Json {
    return { state: 'idle', position: { ...this.position } };
  }

  /** Answers ptz.control. @throws Refusal 1200 when no asked axis can move, 1003 for an action it cannot do */
  control(params: Json): Json {
    const action = textAt(params, 'action');
    if (action === 'stop') return this.status;
    if (action === 'relative') return this.move(objectAt(params, 'delta'), this.position);
    if (action === 'absolute') return this.move(objectAt(params, 'position'), { pan: 0, tilt: 0, zoom: 0 });
    throw new Refusal(1003, 'NOT_SUPPORTED');
  }

  private move(wish: Json, from: typeof this.position): Json {
    const target = { ...this.position };
    const limit: string[] = [];
    const asked = AXES.filter((axis) => wish[axis] !== undefined);
    for (const axis of asked) {
      const wanted = from[axis] + numberAt(wish, axis);
      target[axis] = Math.min(Math.max(wanted, LOWEST[axis]), 1);
      if (target[axis] !== wanted) limit.push(axis);
    }
    const stuck = limit.length > 0 && asked.every((axis) => target[axis] === this.position[axis]);
    if (stuck) throw new Refusal(1200, 'LIMIT_REACHED');
    this.position = target;
    return { ...this.status, ...(limit.length > 0 && { limit }) };
  }
}
