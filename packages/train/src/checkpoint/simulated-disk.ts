import type { FileSystem } from './file-system.ts';

/**
 * A disk in memory, for tests, that forgets what was not forced to it. Every change of a folder is an entry in its journal until the folder
 * is synced, every byte of a file is lost until the file is. After a crash each journal entry, and each file's unsynced tail,
 * may or may not have reached the disk. A rename is one entry, since file systems journal it as one.
 */
export interface SimulatedDisk extends FileSystem {
  /** Primitive operations so far. */
  calls(): number;
  /** What a reboot finds; `survives` decides for each unsynced change. */
  reboot(survives: () => boolean): SimulatedDisk;
  names(path: string): string[];
}

/** What goes wrong at operation `at`: the process dies, or that call, and with `sticky` every later one, fails with an error code. */
export type Fault = { readonly kind: 'crash' | string; readonly at: number; readonly sticky?: boolean };

export type Folder = { readonly kind: 'folder'; names: Map<string, Node>; durable: Map<string, Node>; journal: [string, Node | undefined][][] };
interface File { kind: 'file'; data: Uint8Array; durable: number }
type Node = File | Folder;

class Crash extends Error {}

/** An empty folder. */
export const folder = (): Folder => ({ kind: 'folder', names: new Map(), durable: new Map(), journal: [] });

const split = (path: string): string[] => path.split('/').filter((part) => part !== '');
const used = (node: Node): number => (node.kind === 'file' ? node.data.length : [...node.names.values()].reduce((sum, child) => sum + used(child), 0));

function errno(code: string): Error {
  return Object.assign(new Error(`${code}: simulated`), { code });
}

/** What is left of a disk when `survives` decides for each unsynced change. */
export function rebooted(node: Node, survives: () => boolean): Node {
  if (node.kind === 'file') {
    const tail = survives() ? Math.ceil((node.data.length - node.durable) / 2) : 0;
    const length = survives() ? node.data.length : node.durable + tail;
    return { kind: 'file', data: node.data.slice(0, length), durable: length };
  }
  const names = new Map(node.durable);
  for (const entries of node.journal) {
    if (!survives()) continue;
    for (const [name, child] of entries) {
      if (child === undefined) names.delete(name);
      else names.set(name, child);
    }
  }
  const after = new Map([...names].map(([name, child]) => [name, rebooted(child, survives)]));
  return { kind: 'folder', names: after, durable: new Map(after), journal: [] };
}

/** A disk over the given root on which `fault` strikes, and which is full at `capacityBytes`. */
export function disk(root: Folder, { fault, capacityBytes = Infinity }: { fault?: Fault; capacityBytes?: number } = {}): SimulatedDisk {
  let calls = 0;
  let dead = false;

  /** Counts an operation and lets the fault strike; `half` is what a crash in the middle of it leaves done. */
  function tick(half: () => void = () => {}): void {
    if (dead) throw new Crash();
    calls++;
    if (fault === undefined || (calls !== fault.at && !(calls > fault.at && fault.sticky))) return;
    if (fault.kind !== 'crash') throw errno(fault.kind);
    half();
    dead = true;
    throw new Crash();
  }

  function find(path: string): Node {
    let node: Node = root;
    for (const part of split(path)) {
      const next: Node | undefined = node.kind === 'folder' ? node.names.get(part) : undefined;
      if (next === undefined) throw errno('ENOENT');
      node = next;
    }
    return node;
  }
  function folderAt(path: string): Folder {
    const node = find(path);
    if (node.kind !== 'folder') throw errno('ENOTDIR');
    return node;
  }
  function fileAt(path: string): File {
    const node = find(path);
    if (node.kind !== 'file') throw errno('EISDIR');
    return node;
  }
  function place(path: string): { parent: Folder; name: string } {
    const parts = split(path);
    return { parent: folderAt(parts.slice(0, -1).join('/')), name: parts.at(-1)! };
  }
  function change(parent: Folder, ...entries: [string, Node | undefined][]): void {
    for (const [name, node] of entries) {
      if (node === undefined) parent.names.delete(name);
      else parent.names.set(name, node);
    }
    parent.journal.push(entries);
  }
  function removeTree(parent: Folder, name: string): void {
    const node = parent.names.get(name)!;
    if (node.kind === 'folder') for (const child of [...node.names.keys()]) removeTree(node, child);
    tick();
    change(parent, [name, undefined]);
  }

  return {
    calls: () => calls,
    names: (path) => [...folderAt(path).names.keys()].sort(),
    reboot: (survives) => disk(rebooted(root, survives) as Folder),
    async makeFolder(path) {
      tick();
      let made = false;
      let at = '';
      for (const part of split(path)) {
        const parent = folderAt(at);
        at += `/${part}`;
        if (parent.names.has(part)) continue;
        change(parent, [part, folder()]);
        made = true;
      }
      return made;
    },
    async list(path) {
      tick();
      return [...folderAt(path).names.keys()];
    },
    async create(path) {
      tick();
      const { parent, name } = place(path);
      if (parent.names.has(name)) throw errno('EEXIST');
      const file: File = { kind: 'file', data: new Uint8Array(0), durable: 0 };
      change(parent, [name, file]);
      const append = (bytes: Uint8Array): void => {
        const room = Math.max(0, Math.min(bytes.length, capacityBytes - used(root)));
        const data = new Uint8Array(file.data.length + room);
        data.set(file.data);
        data.set(bytes.subarray(0, room), file.data.length);
        file.data = data;
        if (room < bytes.length) throw errno('ENOSPC');
      };
      return {
        async write(bytes) {
          tick(() => append(bytes.subarray(0, bytes.length >> 1)));
          append(bytes);
        },
        async sync() {
          tick();
          file.durable = file.data.length;
        },
        async close() {
          tick();
        },
      };
    },
    async *read(path) {
      tick();
      const { data } = fileAt(path);
      for (let at = 0; at < data.length; at += 40) {
        tick();
        yield data.slice(at, at + 40);
      }
    },
    async bytes(path) {
      tick();
      return fileAt(path).data.length;
    },
    async rename(from, to) {
      tick();
      const source = place(from);
      const target = place(to);
      const node = source.parent.names.get(source.name);
      if (node === undefined) throw errno('ENOENT');
      const there = target.parent.names.get(target.name);
      if (there?.kind === 'folder' && there.names.size > 0) throw errno('ENOTEMPTY');
      if (source.parent !== target.parent) throw new Error('the checkpoints never rename across folders');
      change(source.parent, [source.name, undefined], [target.name, node]);
    },
    async remove(path) {
      tick();
      const { parent, name } = place(path);
      if (parent.names.has(name)) removeTree(parent, name);
    },
    async syncFolder(path) {
      tick();
      const node = folderAt(path);
      node.durable = new Map(node.names);
      node.journal = [];
    },
  };
}
