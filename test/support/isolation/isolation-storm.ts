import { ApiProblem, followEvents } from '@cardea/api';
import { ClusterHere } from '../cluster.ts';
import { LightDevice } from '../light-device.ts';
import { Refused } from '../live-forms.ts';
import { isOf, type MarkedCamera, settleCamera } from './marked-camera.ts';
import { marksIn, nameOf, namesIn } from './marked-pictures.ts';
import { type Cell, cellsOf, type MatrixGround, probe } from './matrix.ts';
import { gather, type Person, registerApart } from './principals.ts';
import { type Asker, type Way, ways } from './ways.ts';

export interface StormReport {
  /** Answers with pictures that were the asker's own, by camera and way. */
  readonly own: ReadonlyMap<string, number>;
  /** Pictures that were decoded and read. */
  readonly pictures: number;
  /** Requests for what is somebody else's that were refused. */
  readonly refused: number;
  /** Answers to what the matrix asks. */
  readonly cells: number;
  /** Requests that failed because a process was restarting or the camera was away. */
  readonly failed: number;
  /** What should never be; empty. */
  readonly holes: readonly string[];
}

export interface StormOptions {
  /** Devices that lose their connections all the time. */
  readonly devices: number;
  /** Times everything is asked for, at least; in every `ROUNDS_TO_RESTART`th a process is killed and started again meanwhile. */
  readonly rounds: number;
  /**
   * Of the cells of the matrix one in so many is asked in each round, others in the next; all by default. Rounds go through all of them with either process
   * and every kind of restart if this has no divisor in common with two, five and the number of malformed ids.
   */
  readonly oneCellIn?: number;
  /** The same of the ways to pictures, of which each is tried on every camera by its own people and by others; with three each is tried as both. */
  readonly oneWayIn?: number;
}

const ROUNDS_TO_RESTART = 5;
/** Of fifty devices one loses its connection so often. */
const CUT_MS = 50;
const DEVICES_PER_CUT = 50;
/** Rounds after the last one in which whatever was never seen is asked for again: everything that is refused proves nothing if all is. */
const MAX_MORE_ROUNDS = 50;
/** Cells of the matrix asked at once. */
const WIDTH = 16;
/** Times the matrix asks what was not answered, at the one process and the other. */
const TRIES = 30;
/** How often the cameras lose theirs, counted in cuts of others. */
const CUTS_TO_CAMERAS = 100;
const SECOND = 'second';
const settings = { 'rtsp.listen': '127.0.0.1:0', 'webrtc.listen': '127.0.0.1:0', 'rtmp.listen': 'off', 'wake.listen': 'off' };

/** Two homes on a platform of two processes that loses its devices and is killed piece by piece, while everybody asks for everything. */
export async function runIsolationStorm(options: StormOptions): Promise<StormReport> {
  await using storm = await IsolationStorm.open(options);
  return await storm.run();
}

class IsolationStorm implements AsyncDisposable {
  private readonly options: StormOptions;
  private readonly cluster: ClusterHere;
  private readonly urls: readonly string[];
  private readonly ended = new AbortController();
  private readonly own = new Map<string, number>();
  /** Ways to pictures by which somebody asked for their own since a process was restarted last. */
  private readonly asked = new Set<string>();
  /** Why something was not seen last, for a failure. */
  private readonly faults = new Map<string, string>();
  private readonly holes: string[] = [];
  private readonly crowd: LightDevice[] = [];
  private readonly cameras: MarkedCamera[] = [];
  private askers: readonly (Person & { readonly name: string })[] = [];
  private ground: MatrixGround | undefined;
  private pictures = 0;
  private refused = 0;
  private cells = 0;
  private failed = 0;

  private constructor(options: StormOptions, cluster: ClusterHere, urls: readonly string[]) {
    this.options = options;
    this.cluster = cluster;
    this.urls = urls;
  }

  static async open(options: StormOptions): Promise<IsolationStorm> {
    const cluster = await ClusterHere.start({ hub: 'all', settings });
    const { url } = await cluster.startNode(SECOND, 'access,media,api');
    const storm = new IsolationStorm(options, cluster, [cluster.owner.url, url]);
    try {
      await storm.settle();
      return storm;
    } catch (error) {
      await storm[Symbol.asyncDispose]();
      throw error;
    }
  }

  async run(): Promise<StormReport> {
    for (const asker of this.askers) this.followEventsOf(asker);
    const cutting = this.cutForever();
    for (let round = 0; round < this.options.rounds; round += 1) {
      const isRestart = round % ROUNDS_TO_RESTART === 0;
      if (isRestart) for (const labels of [this.own, this.asked]) labels.clear();
      await Promise.all([
        isRestart ? this.cluster.restart((round / ROUNDS_TO_RESTART) % 2 === 0 ? SECOND : 'hub') : undefined,
        this.askForEverything(round),
        this.goThroughMatrix(round),
      ]);
    }
    this.ended.abort();
    await cutting;
    for (let more = 0; this.unseen().length > 0; more += 1) {
      if (more === MAX_MORE_ROUNDS) throw new Error(`never seen: ${this.unseen().join(', ')}; ${[...this.faults].join('; ')}`);
      await this.askForUnseen(more);
    }
    const { cells, failed, holes, own, pictures, refused } = this;
    return { own, pictures, refused, cells, failed, holes };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.ended.abort();
    await Promise.all([...this.crowd, ...this.cameras.map(({ camera }) => camera.device)].map((device) => device.stop()));
    await this.cluster[Symbol.asyncDispose]();
  }

  private async settle(): Promise<void> {
    const { owner: operator } = this.cluster;
    const [owner, stranger] = [await registerApart(operator, 'owner-one'), await registerApart(operator, 'owner-two')];
    this.askers = [
      { ...owner, name: 'owner' },
      { ...stranger, name: 'other home' },
    ];
    const [shown, hidden, foreign, gone] = await Promise.all([
      settleCamera(owner, { home: 1, camera: 1 }),
      settleCamera(owner, { home: 1, camera: 2 }),
      settleCamera(stranger, { home: 2, camera: 1 }),
      settleCamera(owner, { home: 1, camera: 3 }),
    ]);
    this.cameras.push(shown, hidden, foreign);
    await gone.camera.device.stop();
    await owner.client.call('device.delete', { params: { id: gone.camera.device.id } });
    const home = await owner.client.call('home.create', { body: { name: 'Gone', timezone: 'UTC' } });
    await owner.client.call('home.delete', { params: { id: home.id } });
    const principals = await gather({ operator, owner, stranger, shown, foreign });
    const live = await owner.client.call('live.create', { params: { id: shown.camera.device.id }, body: { channel: 1, stream: 'main' } });
    const deleted = { home: home.id, membership: home.id, device: gone.camera.device.id, command: gone.camera.device.id };
    this.ground = {
      ...{ principals, cameras: this.cameras, userId: owner.userId, liveSession: live.sessionId, liveSessionOf: 'owner' },
      deleted: {
        ...deleted,
        segment: gone.segmentId,
        event: gone.eventId,
        deviceLog: gone.logId,
        share: gone.shareId,
        liveSession: live.sessionId,
      },
    };
    for (let index = 0; index < this.options.devices; index += 1) {
      this.crowd.push(new LightDevice({ platformUrl: operator.url, retry: { baseMs: 50, maxMs: 1_000 } }));
    }
    await Promise.all(this.crowd.map((device) => device.start()));
  }

  private async cutForever(): Promise<void> {
    let next = 0;
    while (!this.ended.signal.aborted) {
      for (const device of this.crowd.filter((_, index) => index % DEVICES_PER_CUT === next % DEVICES_PER_CUT)) device.cut();
      next += 1;
      for (const { camera } of next % CUTS_TO_CAMERAS === 0 ? this.cameras : []) camera.device.cut();
      await new Promise((resolve) => setTimeout(resolve, CUT_MS));
    }
  }

  private followEventsOf({ homeId, name, token, url }: Person & { readonly name: string }): void {
    const others = this.cameras.filter((camera) => camera.homeId !== homeId).map(({ camera }) => camera.device.id);
    void followEvents({
      ...{ baseUrl: url, token, signal: this.ended.signal },
      onEvent: ({ data }) => {
        const text = JSON.stringify(data);
        if (others.some((id) => text.includes(id))) this.holes.push(`the events of ${name} tell of a foreign camera: ${text}`);
      },
    }).catch(() => {});
  }

  /** What is one's own and what is foreign, of all cameras at once, as caches would like to mix them up. */
  private async askForEverything(round: number): Promise<void> {
    const url = this.urls[round % this.urls.length] ?? '';
    const pairs = this.cameras.flatMap((camera) => this.askers.map((asker) => ({ camera, asker, isOwn: camera.homeId === asker.homeId })));
    const asked = Object.entries(ways).flatMap(([name, way]) =>
      [...pairs.filter(({ isOwn }) => isOwn), ...pairs.filter(({ isOwn }) => !isOwn)].map((pair) => ({ name, way, ...pair })),
    );
    await Promise.all(
      asked.filter(isTurn(round, this.options.oneWayIn)).map(({ asker: { token }, camera, isOwn, name, way }) => {
        if (!isOwn) return this.tryInVain(name, way, camera, { url, token });
        this.asked.add(labelOf(name, camera.mark));
        return this.see(name, way, camera, { url, token });
      }),
    );
  }

  private async askForUnseen(round: number): Promise<void> {
    const url = this.urls[round % this.urls.length] ?? '';
    const unseen = new Set(this.unseen());
    for (const camera of this.cameras) {
      const { token = '' } = this.askers.find(({ homeId }) => homeId === camera.homeId) ?? {};
      const left = Object.entries(ways).filter(([name]) => unseen.has(labelOf(name, camera.mark)));
      await Promise.all(left.map(([name, way]) => this.see(name, way, camera, { url, token })));
    }
  }

  /** Every picture in an answer has to be of the camera. */
  private async see(name: string, way: Way, camera: MarkedCamera, asker: Asker): Promise<void> {
    const label = labelOf(name, camera.mark);
    try {
      const bytes = await way.taste(await way.address(camera, asker), way.by === 'bearer' ? asker.token : undefined);
      const names = [...namesIn(bytes)];
      if (names.length > 1 || names.some((found) => found !== nameOf(camera.mark))) this.holes.push(`${label}: ${names}`);
      const marks = way.packing === undefined ? [] : await marksIn(bytes, way.packing, way.tiles);
      const wrong = marks.filter((mark) => !isOf(camera, mark, way.shown));
      if (wrong.length > 0) this.holes.push(`${label}: ${JSON.stringify(wrong)}`);
      this.pictures += marks.length;
      if (marks.length > 0 || (way.packing === undefined && names.length > 0)) this.own.set(label, (this.own.get(label) ?? 0) + 1);
    } catch (error) {
      this.failed += 1;
      this.faults.set(label, String(error));
    }
  }

  /** With what the asker is, and with what opens a camera of theirs. */
  private async tryInVain(name: string, way: Way, camera: MarkedCamera, asker: Asker): Promise<void> {
    if (way.by === 'link') return;
    const lent = this.cameras.find(({ homeId }) => homeId !== camera.homeId);
    const addresses = [
      () => way.address(camera, asker),
      ...(way.by === 'address' && lent !== undefined ? [async () => crossed(await way.address(lent, asker), lent, camera)] : []),
    ];
    for (const addressOf of addresses) {
      try {
        await way.taste(await addressOf(), way.by === 'bearer' ? asker.token : undefined);
        this.holes.push(`${name} of ${nameOf(camera.mark)} was answered to a foreigner`);
      } catch (error) {
        const status = statusOf(error);
        if (status === 401 || status === 404) this.refused += 1;
        else this.failed += 1;
      }
    }
  }

  private async goThroughMatrix(round: number): Promise<void> {
    const { ground } = this;
    if (ground === undefined) throw new Error('nothing was settled');
    const seen = new Map<string, string>();
    let open: readonly Cell[] = cellsOf(ground, round).filter(isTurn(round, this.options.oneCellIn));
    for (let tried = 0; open.length > 0; tried += 1) {
      if (tried === TRIES) throw new Error(`${open.length} cells were never answered, such as ${open[0]?.name}`);
      const url = this.urls[(round + tried) % this.urls.length] ?? '';
      open = await this.goThrough(open, url, ground, seen);
    }
  }

  /** @returns what was not answered */
  private async goThrough(cells: readonly Cell[], url: string, ground: MatrixGround, seen: Map<string, string>): Promise<readonly Cell[]> {
    const left: Cell[] = [];
    const queue = cells.values();
    const work = async (): Promise<void> => {
      for (const cell of queue) {
        try {
          this.holes.push(...(await probe(cell, url, ground, seen)).map((fault) => `${cell.name} ${fault}`));
          this.cells += 1;
        } catch {
          left.push(cell);
          this.failed += 1;
        }
      }
    };
    await Promise.all(Array.from({ length: WIDTH }, work));
    return left;
  }

  /** What was not seen since a process was restarted last. */
  private unseen(): readonly string[] {
    return [...this.asked].filter((label) => !this.own.has(label));
  }
}

/** Those whose turn it is in a round, of things in an order that stays. */
function isTurn(round: number, oneIn = 1): (thing: unknown, index: number) => boolean {
  return (_, index) => index % oneIn === round % oneIn;
}

function labelOf(way: string, mark: MarkedCamera['mark']): string {
  return `${way} of ${nameOf(mark)}`;
}

/** What opens one camera, tried on another. */
function crossed(address: string, own: MarkedCamera, other: MarkedCamera): string {
  return address.replaceAll(own.camera.device.id, other.camera.device.id).replaceAll(own.segmentId, other.segmentId);
}

function statusOf(error: unknown): number | undefined {
  return error instanceof Refused || error instanceof ApiProblem ? error.status : undefined;
}
