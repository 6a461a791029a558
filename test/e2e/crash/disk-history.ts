import { Buffer } from 'node:buffer';

/** What came of a change that was not synced: nothing, all of it, or whatever chance left of it. */
export type Unsynced = 'lost' | 'kept' | 'torn';

/** Chance for `torn`: uniform in 0..1. */
export type Fraction = () => number;

/** A change to a file: bytes at an offset, or a length it was brought to. */
type FileChange =
  | { readonly entry: number; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly entry: number; readonly length: number };

/** The bytes of a file as of its last sync, and every change since. */
class RecordedFile {
  private bytes: Buffer;
  private sizeBytes: number;
  private changes: FileChange[] = [];

  constructor(bytes: Uint8Array = Buffer.alloc(0)) {
    this.bytes = Buffer.from(bytes);
    this.sizeBytes = bytes.length;
  }

  change(change: FileChange): void {
    this.changes.push(change);
  }

  /** Everything that was written before entry `since` is on the disk. */
  sync(since: number): void {
    const reached = this.changes.filter(({ entry }) => entry < since);
    for (const change of reached) this.apply(change);
    this.changes = this.changes.slice(reached.length);
  }

  after(unsynced: Unsynced, fraction: Fraction): Uint8Array {
    const copy = new RecordedFile(this.bytes.subarray(0, this.sizeBytes));
    if (unsynced !== 'lost') for (const change of this.changes) copy.applyPart(change, unsynced, fraction);
    return copy.bytes.subarray(0, copy.sizeBytes);
  }

  private applyPart(change: FileChange, unsynced: Unsynced, fraction: Fraction): void {
    const chance = unsynced === 'kept' ? 1 : fraction();
    if (chance < 0.5) return;
    const cutShort = chance < 0.75 && 'bytes' in change;
    this.apply(cutShort ? { ...change, bytes: change.bytes.subarray(0, Math.floor(fraction() * change.bytes.length)) } : change);
  }

  private apply(change: FileChange): void {
    const isLength = 'length' in change;
    const end = isLength ? change.length : change.offset + change.bytes.length;
    if (isLength || end > this.sizeBytes) this.resize(end);
    if (!isLength) this.bytes.set(change.bytes, change.offset);
  }

  private resize(sizeBytes: number): void {
    if (sizeBytes > this.bytes.length) {
      const grown = Buffer.alloc(Math.max(sizeBytes, 2 * this.bytes.length));
      grown.set(this.bytes.subarray(0, this.sizeBytes));
      this.bytes = grown;
    } else this.bytes.fill(0, sizeBytes, Math.max(sizeBytes, this.sizeBytes));
    this.sizeBytes = sizeBytes;
  }
}

type Entry = RecordedFile | RecordedDirectory;

/** Names that came or went together: the value of one that went is undefined. */
interface NameChange {
  readonly entry: number;
  readonly names: ReadonlyMap<string, Entry | undefined>;
}

/** The names in a directory as of its last sync, and every change since. */
class RecordedDirectory {
  private readonly synced = new Map<string, Entry>();
  private readonly now = new Map<string, Entry>();
  private changes: NameChange[] = [];

  /** A name that was there from the start. */
  hold(name: string, entry: Entry): void {
    this.synced.set(name, entry);
    this.now.set(name, entry);
  }

  change(change: NameChange): void {
    this.changes.push(change);
    put(this.now, change);
  }

  sync(since: number): void {
    const reached = this.changes.filter(({ entry }) => entry < since);
    for (const change of reached) put(this.synced, change);
    this.changes = this.changes.slice(reached.length);
  }

  at(name: string): Entry | undefined {
    return this.now.get(name);
  }

  after(unsynced: Unsynced, fraction: Fraction): ReadonlyMap<string, Entry> {
    const names = new Map(this.synced);
    if (unsynced !== 'lost') for (const change of this.changes) if (unsynced === 'kept' || fraction() < 0.5) put(names, change);
    return names;
  }
}

function put(names: Map<string, Entry>, change: NameChange): void {
  for (const [name, entry] of change.names) {
    if (entry === undefined) names.delete(name);
    else names.set(name, entry);
  }
}

/** A tree of files; the bytes of each, or what is below. */
export type Tree = Map<string, Uint8Array | Tree>;

/**
 * A directory as its disk would hold it after a power cut: files keep the bytes of their last sync, directories the names of
 * theirs (reliability.md D.1). Stricter than file systems are, which is the point.
 */
export class DiskHistory {
  private readonly root = new RecordedDirectory();
  private readonly files = new Map<string, RecordedFile>();

  /** A directory that is there from the start. */
  holdDirectory(path: string): void {
    this.parentOf(path).hold(nameOf(path), new RecordedDirectory());
  }

  /** A file that is there from the start, under the inode it has. */
  holdFile(path: string, inode: string, bytes: Uint8Array): void {
    const file = new RecordedFile(bytes);
    this.files.set(inode, file);
    this.parentOf(path).hold(nameOf(path), file);
  }

  make(entry: number, path: string, inode?: string): void {
    const made = inode === undefined ? new RecordedDirectory() : new RecordedFile();
    if (made instanceof RecordedFile && inode !== undefined) this.files.set(inode, made);
    this.parentOf(path).change({ entry, names: new Map([[nameOf(path), made]]) });
  }

  write(entry: number, inode: string, offset: number, bytes: Uint8Array): void {
    this.files.get(inode)?.change({ entry, offset, bytes });
  }

  resize(entry: number, inode: string, length: number): void {
    this.files.get(inode)?.change({ entry, length });
  }

  rename(entry: number, from: string, to: string): void {
    const [source, target] = [this.parentOf(from), this.parentOf(to)];
    const gone = new Map([[nameOf(from), undefined]]);
    const come = new Map([[nameOf(to), source.at(nameOf(from))]]);
    // Within one directory a name changes at once, between two each has its own sync.
    if (source === target) source.change({ entry, names: new Map<string, Entry | undefined>([...gone, ...come]) });
    else {
      source.change({ entry, names: gone });
      target.change({ entry, names: come });
    }
  }

  remove(entry: number, path: string): void {
    this.parentOf(path).change({ entry, names: new Map([[nameOf(path), undefined]]) });
  }

  syncFile(inode: string, since: number): void {
    this.files.get(inode)?.sync(since);
  }

  syncDirectory(path: string, since: number): void {
    this.directoryAt(path).sync(since);
  }

  /** What is there when the power goes now. */
  after(unsynced: Unsynced, fraction: Fraction): Tree {
    return treeOf(this.root, unsynced, fraction);
  }

  private parentOf(path: string): RecordedDirectory {
    return this.directoryAt(path.slice(0, path.lastIndexOf('/')));
  }

  private directoryAt(path: string): RecordedDirectory {
    let directory = this.root;
    for (const name of path.split('/').filter((part) => part !== '')) {
      const next = directory.at(name);
      if (!(next instanceof RecordedDirectory)) throw new TypeError(`no directory ${path} in the history`);
      directory = next;
    }
    return directory;
  }
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function treeOf(directory: RecordedDirectory, unsynced: Unsynced, fraction: Fraction): Tree {
  const tree: Tree = new Map();
  for (const [name, entry] of directory.after(unsynced, fraction)) {
    tree.set(name, entry instanceof RecordedDirectory ? treeOf(entry, unsynced, fraction) : entry.after(unsynced, fraction));
  }
  return tree;
}
