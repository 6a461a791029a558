import { totalmem } from 'node:os';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const MIB = 1024 * 1024;
const DEFAULT_SEMI_SPACE_MIB = 64;

/** The memory of a process. */
export interface Memory {
  /** How much of what it may have is used, 0 to 1. */
  share(): number;
  /** Frees what nobody uses any more; takes up to a second. */
  collect(): void;
}

/**
 * The memory of this process: of the JavaScript heap (`--max-old-space-size`), or of what its control group allows where that is
 * nearer. Young objects may all have to move among the old ones, whose limit is the one a process dies of.
 */
export function openProcessMemory(): Memory {
  const { heap_size_limit: limitBytes } = getHeapStatistics();
  const heapBytes = Math.max(limitBytes - youngBytes(), limitBytes / 4);
  const groupBytes = process.constrainedMemory();
  const isInGroup = groupBytes > 0 && groupBytes < totalmem();
  return {
    share: () => Math.max(getHeapStatistics().used_heap_size / heapBytes, isInGroup ? process.memoryUsage.rss() / groupBytes : 0),
    collect: () => {
      // The one way to it in a process that was not started with the flag.
      setFlagsFromString('--expose-gc');
      runInNewContext('gc()');
    },
  };
}

/** What V8 counts into its limit for young objects: three semi-spaces, whose size it tells only whoever set it. */
function youngBytes(): number {
  const flags = [process.env.NODE_OPTIONS ?? '', ...process.execArgv].join(' ');
  const [, mib = DEFAULT_SEMI_SPACE_MIB] = /--max[-_]semi[-_]space[-_]size=(\d+)/.exec(flags) ?? [];
  return 3 * Number(mib) * MIB;
}
